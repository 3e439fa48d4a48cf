"""Training as one compiled program.

Read hyperparameters, stopping, batches, optimizer_extras, loop, optimizer_state, preparation, training_recipe,
checkpoint, signs, run, then saved_run; schedules_and_rates and forked_processes by themselves.
"""

from jaxnet.training.optimizer_state import OptimizerState
from jaxnet.training.run import Run, fit
from jaxnet.training.saved_run import load_run
from jaxnet.training.schedules_and_rates import coslog4, scale_by_leaf
from jaxnet.training.stopping import Outcome, Stop

__all__ = ["OptimizerState", "Outcome", "Run", "Stop", "coslog4", "fit", "load_run", "scale_by_leaf"]
