"""Is my derivation right, and if not, where and why?"""

from jaxnet.gradients.problem import Cause, Problem

__all__ = ["Cause", "Problem"]
