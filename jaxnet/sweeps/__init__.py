"""Populations: hundreds of networks as one compiled program, and what can honestly be said of them.

Read parameters, space, sampling; optimizers, recipe, groups; tiles, preparation, engine; rungs, plan, ledger, sweep;
statistics, answers, result, confirmation, finder; store and interruption keep it all on disk.
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
