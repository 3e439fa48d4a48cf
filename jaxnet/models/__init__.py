"""A trained network as a thing: it predicts, says what it is, is saved to a folder and comes back elsewhere."""

from jaxnet.models.model import Model, load

__all__ = ["Model", "load"]
