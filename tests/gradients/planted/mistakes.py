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
# problem by problem, because the checker compiles its programs once a problem
SINGLE = tuple(
    Planted((mistake,), problem) for problem in PROBLEMS.values() for mistake in MISTAKES if problem.name in mistake.on
)
ONCE = tuple(planted for planted in SINGLE if planted.problem.name == planted.mistakes[0].on[0])
