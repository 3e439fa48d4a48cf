"""JAX's own rule for a function, against the function's values: custom_vjp, custom_jvp, gradients of gradients."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.gradients import arguments
from jaxnet.gradients.diagnosis.diagnose import diagnose
from jaxnet.gradients.problem import Cause, Gradient, Problem, agrees
from jaxnet.gradients.report import Report
from jaxnet.gradients.truth.numerical import Differences, direction
from jaxnet.gradients.truth.oracles import Automatic
from jaxnet.gradients.truth.precision import DOUBLE
from jaxnet.gradients.truth.vetting import remainders, slope
from jaxnet.gradients.verdict import judge


def check(f: Callable, point: tuple) -> Report:
    """Judge ``jax.grad`` of f(params, *data) by extrapolated differences of its values.

    An f that returns arrays is judged through one random weighted sum of all its outputs, which sees every entry of
    its Jacobian. Forward mode is compared with reverse mode along a random direction; a ``custom_vjp`` has none.
    """
    scalar, notes = as_scalar(f, point)
    rule, truth = Automatic(scalar), Differences(Automatic(scalar).value)
    yours, low, high = rule.rule(*point), rule.gradient(*point), rule.gradient(*point, slope=1.0)
    true = truth.gradient(*point)
    floor = rule.noise(*point, eps=DOUBLE)
    noise = {p: leaf + floor[p] for p, leaf in truth.noise(*point, eps=DOUBLE).items()}
    problem = Problem(scalar, point[0], point[1:], yours, true, noise, rule.rule, truth.gradient)
    causes = () if agrees(yours, true, noise) else diagnose(problem)
    forward, words = forward_mode(scalar, point, yours, noise)
    leaves = {path: judge(path, leaf, true[path], noise[path]) for path, leaf in yours.items()}
    return Report(
        leaves,
        (*causes, *forward),
        "extrapolated differences of f; gradient is what jax.grad returns",
        (*notes, *words),
        taylor=remainders(lambda params: rule.value(params, *point[1:]), point[0], yours),
        corner=not agrees(low, high, floor),
        problem=problem,
    )


def as_scalar(f: Callable, point: tuple) -> tuple[Callable, tuple[str, ...]]:
    """Return f itself, or a fixed random weighted sum of its outputs when it returns arrays."""
    taken = arguments.split(point)
    with arguments.float64():
        shapes = jax.tree.leaves(jax.eval_shape(lambda arrays: f(*taken.joined(arrays)), taken.arrays))
    checks.require(shapes, "f", "a function that returns arrays", shapes, TypeError)
    if len(shapes) == 1 and shapes[0].shape == ():
        return f, ()
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(out.shape) for out in shapes]

    def weighted(*args: Any) -> Any:
        return sum(jnp.vdot(w, out) for w, out in zip(weights, jax.tree.leaves(f(*args)), strict=True))

    return weighted, ("f returns arrays: what is judged is the gradient of a random weighted sum of all its outputs.",)


def forward_mode(
    f: Callable, point: tuple, reverse: Gradient, noise: Gradient
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """Compare the Jacobian-vector product along a random direction with the gradient along it."""
    params, *data = point
    way = direction(params)
    tangent = jax.tree.unflatten(
        jax.tree.structure(params), [way.get(p, np.zeros(leaf.shape)) for p, leaf in reverse.items()]
    )
    try:
        with arguments.float64():
            pushed = float(jax.jvp(lambda p: f(p, *data), (params,), (tangent,))[1])
    except TypeError:
        return (), ("f has no forward mode (custom_vjp): only its reverse mode was checked.",)
    expected, allowed = slope(reverse, way), slope(noise, {path: np.abs(d) for path, d in way.items()})
    if abs(pushed - expected) <= allowed:
        return (), ("forward mode (jax.jvp) agrees with reverse mode.",)
    sentence = f"forward mode gives {pushed:.10g} along a direction along which reverse mode gives {expected:.10g}."
    return (Cause("modes_differ", (), (), None, sentence, "jax.jvp and jax.vjp of one function agree", 1.0),), ()
