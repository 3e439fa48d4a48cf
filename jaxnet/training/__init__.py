"""Training as one compiled program.

Read hyperparameters, stopping, batches, loop, preparation, checkpoint, then run.
"""

from jaxnet.training.preparation import OptimizerState
from jaxnet.training.run import Run, fit
from jaxnet.training.stopping import Outcome, Stop

__all__ = ["OptimizerState", "Outcome", "Run", "Stop", "fit"]
