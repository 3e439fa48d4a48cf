"""What the true gradient is, and how far rounding alone may take one from it.

Read tracing and rounding_noise (what float arithmetic may do to each entry), corners (where that needs care),
finite_differences (the values of f as a judge), oracles, working_precision, then comparison. It is true whatever the
diagnosis says, and knows neither the diagnosis nor any derivative written by hand.
"""
