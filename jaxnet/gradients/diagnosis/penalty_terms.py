"""Which values of a recorded pass are a penalty: terms of parameters alone that are added to the loss of the data.

A value that no data reach is no penalty for that: the mean that a normalisation subtracts is none. What makes one is
the way to the output, which only adds and scales, so that its gradient is the same whatever the data are.
"""

import numpy as np

from jaxnet.gradients.diagnosis.recorded_pass import RecordedPass

_ADDING = {"add", "add_any", "sub", "neg", "reshape", "squeeze", "convert_element_type", "copy", "broadcast_in_dim"}


def penalty_values(recorded: RecordedPass) -> frozenset[int]:
    """Find the numbers of the values of which penalties are made; none where the data do not reach the loss at all."""
    if recorded.output not in recorded.of_data:
        return frozenset()
    added, penalty, elsewhere = {recorded.output}, set[int](), set[int]()
    for op in reversed(recorded.operations):
        out, moving = op.outputs[0], [i for i in op.inputs if i in recorded.moving]
        if out in elsewhere:
            elsewhere.update(moving)
        if out in penalty:
            penalty.update(moving)
        elif out in added and _is_added(recorded, op.name, op.inputs):
            added.update(moving)
            penalty.update(i for i in moving if _begins(recorded, i))
        elif out in added:
            elsewhere.update(moving)
    return frozenset(penalty - elsewhere - set(recorded.leaves))


def _is_added(recorded: RecordedPass, name: str, inputs: tuple[int, ...]) -> bool:
    """Whether an operation only adds its operands, or scales one by a number."""
    still = [k for k, i in enumerate(inputs) if i not in recorded.moving]
    scaling = (name == "mul" and len(still) == 1) or (name == "div" and still == [1])
    return name in _ADDING or (scaling and not recorded.values[inputs[still[0]]].ndim)


def _begins(recorded: RecordedPass, number: int) -> bool:
    """Whether a term is a number made of parameters alone, none of which multiplies another."""
    alone = number not in recorded.of_data and number not in recorded.mixed
    return alone and number in recorded.made_by and np.size(recorded.values[number]) == 1
