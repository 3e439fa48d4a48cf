"""Is my derivation right, and if not, where and why?

Read evidence (the terms), arguments, submission and form (what is handed in), truth (what is right, and how well that
can be known), verdict and stages, diagnosis (why it is wrong), report, text, page and figure, then checker.
"""

from jaxnet.gradients.checker import assert_gradient, check_gradient
from jaxnet.gradients.evidence import Cause, Evidence
from jaxnet.gradients.report import Report
from jaxnet.gradients.verdict import LeafVerdict, WrongEntry

__all__ = ["Cause", "WrongEntry", "LeafVerdict", "Evidence", "Report", "assert_gradient", "check_gradient"]
