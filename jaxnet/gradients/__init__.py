"""Is my derivation right, and if not, where and why?

Read problem (the terms), arguments, submission and form (what is handed in), truth (what is right, and how well that
can be known), verdict and stages, diagnosis (why it is wrong), report, text, page and figure, then checker.
"""

from jaxnet.gradients.checker import assert_gradient, check_gradient
from jaxnet.gradients.problem import Cause, Problem
from jaxnet.gradients.report import Report
from jaxnet.gradients.verdict import Entry, Leaf

__all__ = ["Cause", "Entry", "Leaf", "Problem", "Report", "assert_gradient", "check_gradient"]
