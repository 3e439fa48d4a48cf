"""A trained network as a thing: it predicts, says what it is, is saved to a folder and comes back elsewhere."""

from jaxnet.models.loading import load
from jaxnet.models.model import Model
from jaxnet.models.run_or_model import save

__all__ = ["Model", "load", "save"]
