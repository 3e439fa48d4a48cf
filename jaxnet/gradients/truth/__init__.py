"""What the true gradient is, and how far rounding alone may take one from it.

Read tracing and rounding (what float arithmetic may do to each entry), saturation and kinks (where that needs care),
differences and numerical (the values of f as a judge), oracles and vetting, precision, then comparison.
"""
