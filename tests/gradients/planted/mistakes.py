"""Every planted mistake, in the order of the backward pass, and every problem it is planted on."""

from .mistake import Planted
from .problems import PROBLEMS
from .wrong_batch import BATCH
from .wrong_layers import DOWN, SLOPES
from .wrong_nameless import NAMELESS
from .wrong_output import OUTPUT_STAGE
from .wrong_parameters import BIAS, OUTER_PRODUCT, PENALTY
from .wrong_whole import ARRANGEMENT, CLIPPING, FILLING, SCALE

MISTAKES = (
    *SCALE,
    *CLIPPING,
    *ARRANGEMENT,
    *FILLING,
    *BATCH,
    *OUTPUT_STAGE,
    *SLOPES,
    *DOWN,
    *OUTER_PRODUCT,
    *BIAS,
    *PENALTY,
    *NAMELESS,
)
SINGLE = tuple(Planted((mistake,), PROBLEMS[name]) for mistake in MISTAKES for name in mistake.on)
ONCE = tuple(Planted((mistake,), PROBLEMS[mistake.on[0]]) for mistake in MISTAKES)
