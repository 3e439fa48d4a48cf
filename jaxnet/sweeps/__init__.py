"""Populations: hundreds of networks as one compiled program, and what can honestly be said of them.

Read parameters, space, sampling (and asking, for Optuna): what is tried. Then optimizers, recipe, groups: what that
trains. Then tiles, preparation, devices, engine: the compiled population. Then rungs, planning, estimate, ledger,
executors, execution: the search; progress, store, verification: what is shown, kept and checked. Then tables,
statistics, answers, result, confirmation, finder: what it says. plan_file reads a plan from TOML.
"""

from jaxnet.storage.interruption import Interrupted
from jaxnet.sweeps.confirmation import Confirmation
from jaxnet.sweeps.execution import sweep
from jaxnet.sweeps.finder import Rates, learning_rates
from jaxnet.sweeps.parameters import Choice, Derived, Float, Folds, Int, Layers, Seeds, when
from jaxnet.sweeps.planning import Plan, plan
from jaxnet.sweeps.result import Result
from jaxnet.sweeps.rungs import Halving, Hyperband
from jaxnet.sweeps.space import Space

__all__ = [
    "Choice",
    "Confirmation",
    "Derived",
    "Float",
    "Folds",
    "Halving",
    "Hyperband",
    "Int",
    "Interrupted",
    "Layers",
    "Plan",
    "Rates",
    "Result",
    "Seeds",
    "Space",
    "learning_rates",
    "plan",
    "sweep",
    "when",
]
