"""Why a gradient is wrong: a backward pass whose every line can be swapped for a wrong one, and a search over them.

Read kinds (what can be said), passes and replay (the true pass, and one with other lines), written_lines,
output_mistakes and layer_mistakes (the wrong lines that are known), tolerances, algebra, factors and penalty (how the
parts of a leaf become the leaf), layer_leaves and mistake_search, delta_reading (where no known line fits),
experiments, leafwise (no network), swapped_leaves, then causes, sentences and diagnose. Derivatives are those of
``jaxnet.reference``: they are believed only where they reproduce the true gradient.
"""
