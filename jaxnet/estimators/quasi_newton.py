"""L-BFGS: SciPy's search along the compiled objective and its gradient, in float64."""

from functools import partial
from typing import Any

import jax
import numpy as np
import scipy.optimize
from scipy.optimize import OptimizeResult
from sklearn.utils.optimize import _check_optimize_result

from jaxnet.accelerators import exact_products
from jaxnet.estimators.callbacks import Epochs
from jaxnet.estimators.network_estimator import NetworkEstimator, precision
from jaxnet.training.batches import Examples, pad_full_batch
from jaxnet.training.hyperparameters import Skeleton, combine, partition
from jaxnet.types import Array, Batch, Params

Shapes = tuple[tuple[int, int], ...]  # [D, H] of the weights of each layer


class QuasiNewtonSolver(NetworkEstimator):
    """An estimator that can learn by L-BFGS."""

    def _fit_lbfgs(self, train: Examples, *, first: bool, epochs: Epochs) -> None:
        """Search from the present weights, in float64 as scikit-learn does, and keep them in their dtype."""
        shapes: Shapes = tuple((w.shape[0], w.shape[1]) for w in self.coefs_)
        dtype, total = train.x.dtype, float(np.asarray(train.weight).sum())
        objective, numbers = partition(self._objective())
        self.n_iter_, self.loss_curve_ = 0, [] if first else getattr(self, "loss_curve_", [])

        def keep_point(found: OptimizeResult) -> None:
            self._set_weights(jax.tree.map(lambda leaf: leaf.astype(dtype), from_vector(found.x, shapes)))
            self.loss_ = self._reported_loss(float(found.fun), total)

        def after_iteration(intermediate_result: OptimizeResult) -> None:  # SciPy goes by this name
            keep_point(intermediate_result)
            self.n_iter_ += 1
            self.loss_curve_.append(self.loss_)
            self._say(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
            if epochs.end():
                raise StopIteration  # SciPy's way to end a search
            epochs.begin()

        epochs.begin()
        with precision(np.float64):
            batch = jax.tree.map(partial(np.asarray, dtype=np.float64), Batch(*train[:3]))
            data = jax.device_put(pad_full_batch(batch))

            def value_and_gradient(vector: np.ndarray) -> tuple[float, np.ndarray]:
                with exact_products():
                    value, gradient = _evaluate(vector, data, numbers=numbers, objective=objective, shapes=shapes)
                return float(value), np.asarray(gradient)

            result = scipy.optimize.minimize(
                value_and_gradient,
                to_vector(self._params()).astype(np.float64),
                method="L-BFGS-B",
                jac=True,
                options={"maxfun": self.max_fun, "maxiter": self.max_iter, "gtol": self.tol},
                callback=after_iteration,
            )
        keep_point(result)  # where it ended, which is no iteration's point if it gave up within one
        epochs.end()
        self.n_iter_ = _check_optimize_result("lbfgs", result, self.max_iter)


def to_vector(params: Params) -> np.ndarray:
    """Write all weights [D, H], then all biases [H], into one vector, as scikit-learn does."""
    return np.concatenate([np.ravel(layer[name]) for name in ("w", "b") for layer in params])


def from_vector(vector: Any, shapes: Shapes) -> Params:
    """Read the layers back from a vector, given the shapes [D, H] of the weights."""
    sizes = [rows * columns for rows, columns in shapes] + [columns for _, columns in shapes]
    starts = np.cumsum([0, *sizes])
    parts = [vector[start : start + size] for start, size in zip(starts, sizes, strict=False)]
    weights, biases = parts[: len(shapes)], parts[len(shapes) :]
    return [{"w": w.reshape(shape), "b": b} for w, b, shape in zip(weights, biases, shapes, strict=True)]


@jax.jit(static_argnames=("objective", "shapes"))
def _evaluate(
    vector: Array, data: Batch, *, numbers: list[float], objective: Skeleton, shapes: Shapes
) -> tuple[Array, Array]:
    f = combine(objective, numbers)
    lowered = lambda vector: f(from_vector(vector, shapes), data.x, data.y, weight=data.weight)
    return jax.value_and_grad(lowered)(vector)
