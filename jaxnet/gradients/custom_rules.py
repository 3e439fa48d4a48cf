"""JAX's own rule for a function, against the function's values: custom_vjp, custom_jvp, gradients of gradients."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.gradients.evidence import Cause, Evidence, Gradient, agrees
from jaxnet.gradients.point import Point, float64, split_arrays
from jaxnet.gradients.truth.finite_differences import Differences, direction, slope_along
from jaxnet.gradients.truth.oracles import Automatic
from jaxnet.gradients.truth.working_precision import DOUBLE

RULE_ORACLE = "extrapolated differences of f; gradient is what jax.grad returns"


def rule_evidence(rule: Automatic, point: Point) -> tuple[Evidence, bool]:
    """Return what ``jax.grad`` returns for rule.f as a gradient under test, and whether f has a corner at the point.

    The truth is the extrapolated differences of its values, which know nothing of rules; their own error is added to
    the noise of rounding.
    """
    truth = Differences(rule.value)
    floor = rule.noise(*point, eps=DOUBLE)
    noise = {path: leaf + floor[path] for path, leaf in truth.noise(*point, eps=DOUBLE).items()}
    evidence = Evidence(
        objective=rule.f,
        params=point[0],
        data=point[1:],
        yours=rule.rule(*point),
        true=truth.gradient(*point),
        noise=noise,
        gradient=rule.rule,
        oracle=truth.gradient,
    )
    return evidence, not agrees(rule.gradient(*point), rule.gradient(*point, slope=1.0), floor)


def as_scalar(f: Callable[..., Any], point: Point) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """Return f itself and no note, or a fixed random weighted sum of all its outputs when it returns arrays.

    One such sum sees every entry of the Jacobian of f: weights drawn at random cancel no mistake. Raises TypeError for
    an f that returns no array.
    """
    taken = split_arrays(point)
    with float64():
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
    f: Callable[..., Any], point: Point, reverse: Gradient, noise: Gradient
) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
    """Compare the Jacobian-vector product along a random direction with the gradient along it: causes, and notes."""
    params, *data = point
    way = direction(params)
    tangent = jax.tree.unflatten(
        jax.tree.structure(params), [way.get(p, np.zeros(leaf.shape)) for p, leaf in reverse.items()]
    )
    try:
        with float64():
            pushed = float(jax.jvp(lambda p: f(p, *data), (params,), (tangent,))[1])
    except TypeError:
        return (), ("f has no forward mode (custom_vjp): only its reverse mode was checked.",)
    expected = slope_along(reverse, way)
    if abs(pushed - expected) <= slope_along(noise, {path: np.abs(d) for path, d in way.items()}):
        return (), ("forward mode (jax.jvp) agrees with reverse mode.",)
    sentence = f"forward mode gives {pushed:.10g} along a direction along which reverse mode gives {expected:.10g}."
    return (Cause("modes_differ", (), (), None, sentence, "jax.jvp and jax.vjp of one function agree", 1.0),), ()
