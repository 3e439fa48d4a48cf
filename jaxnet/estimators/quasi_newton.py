"""L-BFGS: SciPy's search along the compiled objective and its gradient, in float64."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import scipy.optimize
from scipy.optimize import OptimizeResult
from sklearn.utils.optimize import _check_optimize_result

from jaxnet.estimators.callbacks import Epochs
from jaxnet.estimators.precision import precision
from jaxnet.estimators.problem import Problem
from jaxnet.estimators.recording import say
from jaxnet.training.batches import pad_full_batch
from jaxnet.training.hyperparameters import Skeleton, combine, partition
from jaxnet.types import Array, Batch, Params


def fit_lbfgs(mlp: Any, problem: Problem, *, first: bool, epochs: Epochs) -> None:
    """Search from an estimator's present weights, in float64 as scikit-learn does, and keep them in their dtype."""
    shapes: Any = tuple(layer["w"].shape for layer in problem.params)
    mlp.n_iter_, mlp.loss_curve_ = 0, [] if first else getattr(mlp, "loss_curve_", [])
    options = {"maxfun": mlp.max_fun, "maxiter": mlp.max_iter, "gtol": mlp.tol}
    epochs.begin()
    with precision(np.dtype(np.float64)):
        result = scipy.optimize.minimize(
            evaluator(problem, shapes),
            flatten(problem.params).astype(np.float64),
            method="L-BFGS-B",
            jac=True,
            options=options,
            callback=recorder(mlp, problem, shapes, epochs),
        )
    hold(mlp, problem, result, shapes)
    epochs.end()
    mlp.n_iter_ = _check_optimize_result("lbfgs", result, mlp.max_iter)


def recorder(mlp: Any, problem: Problem, shapes: tuple, epochs: Epochs) -> Callable[[OptimizeResult], None]:
    """Return what SciPy calls after every iteration: to keep its loss, say it, and tell the callbacks."""

    def after_iteration(intermediate_result: OptimizeResult) -> None:  # SciPy goes by this name
        hold(mlp, problem, intermediate_result, shapes)
        mlp.n_iter_ += 1
        mlp.loss_curve_.append(mlp.loss_)
        say(mlp, f"Iteration {mlp.n_iter_}, loss = {mlp.loss_:.8f}")
        if epochs.end():
            raise StopIteration
        epochs.begin()

    return after_iteration


def hold(mlp: Any, problem: Problem, found: OptimizeResult, shapes: tuple) -> None:
    """Take over weights and loss of a point that the search has reached."""
    dtype = problem.params[0]["w"].dtype
    layers = unflatten(found.x, shapes)
    mlp._hold([{name: leaf.astype(dtype) for name, leaf in layer.items()} for layer in layers])
    mlp.loss_ = mlp._reported_loss(float(found.fun), float(np.asarray(problem.train.weight).sum()))


def evaluator(problem: Problem, shapes: tuple) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Return what computes the objective and its gradient, in float64, from a vector of all parameters."""
    skeleton, numbers = partition(problem.objective)
    data = jax.device_put(pad_full_batch(jax.tree.map(lambda array: array.astype(np.float64), problem.train)))

    def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = _evaluate(flat, data, numbers=numbers, skeleton=skeleton, shapes=shapes)
        return float(value), np.asarray(gradient)

    return value_and_gradient


def flatten(params: Params) -> np.ndarray:
    """Write all weights, then all biases, into one vector, as scikit-learn does."""
    return np.concatenate([np.ravel(layer[name]) for name in ("w", "b") for layer in params])


def unflatten(flat: Any, shapes: tuple[tuple[int, int], ...]) -> Params:
    """Read the layers back from a vector, given the shapes [D, H] of the weights."""
    sizes = [rows * columns for rows, columns in shapes] + [columns for _, columns in shapes]
    starts = np.cumsum([0, *sizes])
    parts = [flat[start : start + size] for start, size in zip(starts, sizes, strict=False)]
    weights, biases = parts[: len(shapes)], parts[len(shapes) :]
    return [{"w": w.reshape(shape), "b": b} for w, b, shape in zip(weights, biases, shapes, strict=True)]


@jax.jit(static_argnames=("skeleton", "shapes"))
def _evaluate(flat: Array, data: Batch, *, numbers: list, skeleton: Skeleton, shapes: tuple) -> tuple[Array, Array]:
    objective = combine(skeleton, numbers)
    return jax.value_and_grad(lambda flat: objective(unflatten(flat, shapes), data.x, data.y, weight=data.weight))(flat)
