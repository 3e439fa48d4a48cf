"""What an optimizer is handed beside the gradient: line searches and Polyak steps need the loss, others refuse it."""

import inspect
import types
from typing import Any

import optax

from jaxnet.training.hyperparameters import parts_of

EXTRAS = ("value", "grad", "value_fn")  # what optimizers are offered beside the gradient, under optax's names
UPDATE = ["updates", "state", "params"]  # how optax names what every update function takes


def extras_taken(optimizer: optax.GradientTransformationExtraArgs) -> list[str]:
    """Say which of EXTRAS may be handed over: what no part of the optimizer would refuse.

    optax hands all of them on to every update function that takes extra arguments. One that names its own and has no
    ``**`` (that of ``optax.contrib.sam``) refuses the others; one that names none is never handed any.
    """
    taken: list[str] = list(EXTRAS)
    waiting: list[Any] = [optimizer]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, types.FunctionType):
            parameters = list(inspect.signature(part).parameters.values())
            own = [each.name for each in parameters[3:]]
            updates = [each.name for each in parameters[:3]] == UPDATE
            if updates and own and parameters[-1].kind != inspect.Parameter.VAR_KEYWORD:
                taken = [name for name in taken if name in own]
        waiting += [inner for inner, _ in parts_of(part) or []]
    return taken
