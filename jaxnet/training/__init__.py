"""Training as one compiled program.

Read hyperparameters, stopping, batches, optimizer_extras, loop, optimizer_state, preparation, training_recipe,
checkpoint, signs, run, then saved_run.
"""

from jaxnet.training.optimizer_state import OptimizerState
from jaxnet.training.run import Run, fit
from jaxnet.training.saved_run import load_run
from jaxnet.training.stopping import Outcome, Stop

__all__ = ["OptimizerState", "Outcome", "Run", "Stop", "fit", "load_run"]
