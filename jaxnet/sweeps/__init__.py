"""Populations: hundreds of networks as one compiled program, and what can honestly be said of them.

Read parameters, space, sampling (and asking, for Optuna): what is tried. Then optimizers, recipe, groups: what that
trains. Then tiles, preparation, devices, engine: the compiled population. Then rungs, plan, estimate, ledger, sweep:
the search; progress, store, interruption, verification: what is shown, kept and checked. Then tables, statistics,
answers, result, confirmation, finder: what it says. plan_file reads a plan from TOML.
"""

from jaxnet.sweeps.confirmation import Confirmation
from jaxnet.sweeps.finder import Rates, learning_rates
from jaxnet.sweeps.interruption import Interrupted
from jaxnet.sweeps.parameters import Choice, Derived, Float, Folds, Int, Layers, Seeds, when
from jaxnet.sweeps.plan import Plan, plan
from jaxnet.sweeps.result import Result
from jaxnet.sweeps.rungs import Halving, Hyperband
from jaxnet.sweeps.space import Space
from jaxnet.sweeps.sweep import sweep

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
