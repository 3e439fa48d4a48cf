"""Populations: hundreds of networks as one compiled program, and what can honestly be said of them.

Read number_ranges, parameters, folds, space, sampling (and optuna_study): what is tried. Then configuration, groups,
prepared_groups: what that trains. Then tiles, tilings, devices, engine: the compiled population. Then rungs, pruning,
forecasts, planning, plan_arguments: what a sweep will do; states, history, store: what is known of it; processes,
executors, ray_executor, trainer, population_training, execution: the search; verification: what a folder holds, and
whether it can be had again. Then result: what it says. plan_file reads a plan from TOML; learning_rate_test is a sweep
of one parameter.
"""

from jaxnet.storage.interruption import Interrupted
from jaxnet.sweeps.execution import sweep
from jaxnet.sweeps.executors import Executor, Local, TileTask
from jaxnet.sweeps.folds import Folds
from jaxnet.sweeps.learning_rate_test import Rates, learning_rates
from jaxnet.sweeps.number_ranges import Float, Int, Normal
from jaxnet.sweeps.parameters import Choice, Derived, Layers, Seeds, when
from jaxnet.sweeps.plan_arguments import plan
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.pruning import Pruner
from jaxnet.sweeps.ray_executor import RayExecutor
from jaxnet.sweeps.result import Confirmation, Result
from jaxnet.sweeps.rungs import PBT, Halving, Hyperband
from jaxnet.sweeps.space import Space

__all__ = [
    "PBT",
    "Choice",
    "Confirmation",
    "Derived",
    "Executor",
    "Float",
    "Folds",
    "Halving",
    "Hyperband",
    "Int",
    "Interrupted",
    "Layers",
    "Local",
    "Normal",
    "Plan",
    "Pruner",
    "Rates",
    "RayExecutor",
    "Result",
    "Seeds",
    "Space",
    "TileTask",
    "learning_rates",
    "plan",
    "sweep",
    "when",
]
