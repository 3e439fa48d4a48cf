"""Populations: hundreds of networks as one compiled program, and what can honestly be said of them.

Read parameters, space, sampling; optimizers, recipe, groups; tiles, preparation, engine; rungs, plan, ledger, sweep;
then result.
"""

from jaxnet.sweeps.parameters import Choice, Derived, Float, Folds, Int, Layers, Seeds, when
from jaxnet.sweeps.plan import Plan, plan
from jaxnet.sweeps.result import Result
from jaxnet.sweeps.rungs import Halving, Hyperband
from jaxnet.sweeps.space import Space
from jaxnet.sweeps.sweep import sweep

__all__ = [
    "Choice",
    "Derived",
    "Float",
    "Folds",
    "Halving",
    "Hyperband",
    "Int",
    "Layers",
    "Plan",
    "Result",
    "Seeds",
    "Space",
    "plan",
    "sweep",
    "when",
]
