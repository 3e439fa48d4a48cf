"""Is my derivation right, and if not, where and why?"""

from jaxnet.gradients.checker import assert_gradient, check_gradient
from jaxnet.gradients.problem import Cause, Problem
from jaxnet.gradients.report import Report
from jaxnet.gradients.verdict import Entry, Leaf

__all__ = ["Cause", "Entry", "Leaf", "Problem", "Report", "assert_gradient", "check_gradient"]
