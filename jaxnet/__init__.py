"""jaxnet: networks as pure functions, training runs as compiled programs, populations as one program.

Read the package in the order of its layers, each of which knows only those before it:

    near_names, guidance, html_blocks   the name, or the call, that somebody meant; pieces for notebooks
    operating_system                    what Windows does in another way
    types, checks, user_paths           names; refusals, those of paths too
    accelerators, random_keys           where JAX computes, and how exactly; keys as their words
    compilation_cache                   compiled programs kept on disk
    targets                             what a target may be
    network, storage, identity, data    what a network is; files; what a run is a run of; where examples come from
    losses, metrics, curvature          what training lowers, what people look at, how steep it is
    training                            update -> epoch -> run
    reference                           backpropagation by hand in NumPy
    prediction, reference_agreement     what a network says of new rows, in NumPy; JAX held against the reference
    gradients                           is my derivation right, and if not, where and why?
    grading                             the derivations of a class, each in a process of its own
    models                              a trained network as a thing: predict, score, save, load
    sweeps                              populations: hundreds of networks as one compiled program
    environment                         is everything here as it should be?
    figures, health                     pictures; why does my network not learn?
    stairs, estimators                  the article, told in order; scikit-learn's interface
    tabular                             from a table of one's own to a model and what it is worth
    playground                          a local page on which a network trains live
    cli                                 parse, call the library, print

Every name is imported when it is first used, so ``jaxnet --help`` never waits for JAX.
"""

import importlib as _importlib
from importlib.util import find_spec as _find_spec
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from jaxnet import (
        data,
        estimators,
        figures,
        gradients,
        health,
        network,
        reference,
        stairs,
        sweeps,
        tabular,
        training,
    )
    from jaxnet.curvature import sharpness
    from jaxnet.gradients import assert_gradient, check_gradient
    from jaxnet.health import diagnose
    from jaxnet.losses import objective
    from jaxnet.models import Model, load, save
    from jaxnet.network import MLP
    from jaxnet.reference_agreement import agreement
    from jaxnet.sweeps import (
        PBT,
        Choice,
        Derived,
        Float,
        Folds,
        Halving,
        Hyperband,
        Int,
        Layers,
        Normal,
        Pruner,
        Seeds,
        Space,
        learning_rates,
        plan,
        sweep,
        when,
    )
    from jaxnet.tabular import train_table
    from jaxnet.training import Outcome, Run, Stop, fit, load_run

__version__ = "0.1.0"

_HOMES = {
    "Choice": "jaxnet.sweeps",
    "Derived": "jaxnet.sweeps",
    "Float": "jaxnet.sweeps",
    "Folds": "jaxnet.sweeps",
    "Halving": "jaxnet.sweeps",
    "Hyperband": "jaxnet.sweeps",
    "Int": "jaxnet.sweeps",
    "Layers": "jaxnet.sweeps",
    "MLP": "jaxnet.network",
    "Model": "jaxnet.models",
    "Normal": "jaxnet.sweeps",
    "Outcome": "jaxnet.training",
    "PBT": "jaxnet.sweeps",
    "Pruner": "jaxnet.sweeps",
    "Run": "jaxnet.training",
    "Seeds": "jaxnet.sweeps",
    "Space": "jaxnet.sweeps",
    "Stop": "jaxnet.training",
    "agreement": "jaxnet.reference_agreement",
    "assert_gradient": "jaxnet.gradients",
    "check_gradient": "jaxnet.gradients",
    "diagnose": "jaxnet.health",
    "fit": "jaxnet.training",
    "learning_rates": "jaxnet.sweeps",
    "load": "jaxnet.models",
    "load_run": "jaxnet.training",
    "objective": "jaxnet.losses",
    "plan": "jaxnet.sweeps",
    "save": "jaxnet.models",
    "sharpness": "jaxnet.curvature",
    "sweep": "jaxnet.sweeps",
    "train_table": "jaxnet.tabular",
    "when": "jaxnet.sweeps",
}
_MODULES = (
    "data",
    "estimators",
    "figures",
    "gradients",
    "health",
    "network",
    "reference",
    "stairs",
    "sweeps",
    "tabular",
    "training",
)

__all__ = [
    "Choice",
    "Derived",
    "Float",
    "Folds",
    "Halving",
    "Hyperband",
    "Int",
    "Layers",
    "MLP",
    "Model",
    "Normal",
    "Outcome",
    "PBT",
    "Pruner",
    "Run",
    "Seeds",
    "Space",
    "Stop",
    "agreement",
    "assert_gradient",
    "check_gradient",
    "data",
    "diagnose",
    "estimators",
    "figures",
    "fit",
    "gradients",
    "health",
    "learning_rates",
    "load",
    "load_run",
    "network",
    "objective",
    "plan",
    "reference",
    "save",
    "sharpness",
    "stairs",
    "sweep",
    "sweeps",
    "tabular",
    "train_table",
    "training",
    "when",
]


def __getattr__(name: str) -> _Any:
    # "from jaxnet import checks" asks here first: any module is handed out, before a hint imports all that there is
    if name in _MODULES or (not name.startswith("_") and _find_spec(f"jaxnet.{name}")):
        return _importlib.import_module(f"jaxnet.{name}")
    if name not in _HOMES:
        # name= alone: with obj=, Python would add a suggestion of its own to ours
        raise AttributeError(f"module 'jaxnet' has no attribute {name!r}{_meant(name)}", name=name)
    value = getattr(_importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def _meant(name: str) -> str:
    """Say where a name lives that is not at the front door, or which name there is the nearest."""
    if name.startswith("_"):  # what Python and notebooks ask every module for
        return ""
    import optax

    from jaxnet.near_names import nearest

    if hasattr(optax, name):
        return f" (optimizers are optax's: optax.{name})"
    for module in ("data", "estimators", "figures", "gradients", "health", "stairs", "metrics", "losses"):
        try:
            home = _importlib.import_module(f"jaxnet.{module}")
        except ImportError:  # of an extra that is not installed
            continue
        if name in getattr(home, "__all__", dir(home)):
            return f" (it is jaxnet.{module}.{name})"
    return nearest(name, __all__)


def __dir__() -> list[str]:
    return list(__all__)
