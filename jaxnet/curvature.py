"""How steep the bowl is in which training moves: the largest eigenvalue of the objective's Hessian.

A step of gradient descent is stable up to 2 / sharpness; training at a fixed rate tends to raise it until there (Cohen
et al., "Gradient descent on neural networks typically occurs at the edge of stability", 2021).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from jaxnet import checks
from jaxnet.types import Array, Pytree

_BROKEN = 1e-6  # of the largest number seen: a remainder that small is rounding, so nothing new is left to find


def sharpness(f: Callable[..., Any], params: Pytree, *data: Any, steps: int = 30) -> Array:
    """Compute the largest eigenvalue of the Hessian of ``f(params, *data)`` in the parameters, a scalar of their dtype.

    Args:
        f: any differentiable function to a scalar, such as ``jn.objective(net)``.
        params: any pytree of floating-point arrays; data: what f takes besides.
        steps: of Lanczos' method, each of which costs about two gradients. What it finds is never above the largest
            eigenvalue but for rounding, and is that eigenvalue when there are as many steps as parameters; 30 give
            several digits where it stands apart from the others.

    Pure: it may be compiled, mapped, and called by a metric ``(params, X, y) -> scalar`` of ``jn.fit``. Raises
    TypeError for parameters that are no floating-point arrays and an f that gives no scalar, ValueError for no step.
    """
    steps = checks.integer("steps", steps, minimum=1)
    leaves = jax.tree.leaves(params)
    floating = bool(leaves) and all(jnp.issubdtype(jnp.result_type(leaf), jnp.floating) for leaf in leaves)
    checks.require(floating, "params", "floating-point arrays", checks.Words("others, or none"), TypeError)
    flat, tree = ravel_pytree(params)
    loss = lambda at: f(tree(at), *data)
    shape = jax.eval_shape(loss, flat)
    checks.require(getattr(shape, "shape", None) == (), "f", "a function to a scalar", shape, TypeError)
    times = lambda direction: jax.jvp(jax.grad(loss), (flat,), (direction,))[1]
    return _largest(times, flat, min(steps, flat.size))


def _largest(times: Callable[[Array], Array], like: Array, steps: int) -> Array:
    """Lanczos' method for the symmetric matrix that multiplies by ``times``, orthogonalised in full."""
    start = jax.random.normal(jax.random.key(0), like.shape, like.dtype)

    def step(place: Any, found: tuple[Array, ...]) -> tuple[Array, ...]:
        basis, along, across, direction, largest = found
        basis = basis.at[place].set(direction)
        image = times(direction)
        slope = direction @ image
        # twice: once leaves a share of rounding along earlier directions, which would be found again
        rest = image - basis.T @ (basis @ image)
        rest = rest - basis.T @ (basis @ rest)
        size = jnp.linalg.norm(rest)
        largest = jnp.maximum(largest, jnp.linalg.norm(image))
        goes_on = size > _BROKEN * largest
        # once nothing is left the directions are 0, and the first slope stands in for theirs: it is never the largest
        slope = jnp.where(jnp.any(direction != 0), slope, along[0])
        direction = jnp.where(goes_on, rest / jnp.where(goes_on, size, 1), 0)
        return basis, along.at[place].set(slope), across.at[place].set(jnp.where(goes_on, size, 0)), direction, largest

    nothing = jnp.zeros(steps, like.dtype)
    empty = jnp.zeros((steps, *like.shape), like.dtype)
    begun = (empty, nothing, nothing, start / jnp.linalg.norm(start), nothing[0])
    _, along, across, _, _ = jax.lax.fori_loop(0, steps, step, begun)
    small = jnp.diag(along) + jnp.diag(across[:-1], 1) + jnp.diag(across[:-1], -1)
    return jnp.linalg.eigvalsh(small)[-1]
