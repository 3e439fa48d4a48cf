"""Training as one compiled program; read lifting, stopping, batches, loop, preparation, then fit."""

from jaxnet.training.fit import Run, fit
from jaxnet.training.preparation import OptimizerState
from jaxnet.training.stopping import Outcome, Stop

__all__ = ["OptimizerState", "Outcome", "Run", "Stop", "fit"]
