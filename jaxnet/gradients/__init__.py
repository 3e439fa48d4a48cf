"""Is my derivation right, and if not, where and why?

Read evidence (the terms), point, submission and forms (what is handed in), truth (what is right, and how well that can
be known), verdict and stages, diagnosis (why it is wrong), report_figure and report, custom_rules, then checker.
"""

from jaxnet.gradients.checker import Checker, assert_gradient, check_gradient
from jaxnet.gradients.evidence import Cause, Evidence
from jaxnet.gradients.report import Report
from jaxnet.gradients.verdict import LeafVerdict, WrongEntry

__all__ = ["Cause", "Checker", "Evidence", "LeafVerdict", "Report", "WrongEntry", "assert_gradient", "check_gradient"]
