"""Reading the backward pass of a gradient function: called on one example, it gives its own delta away.

For one example the gradient of a layer's weights is the outer product of its inputs and delta, plus the penalty, and
that of its biases is delta itself. With the delta of the layer above, also read, what lies between them can be seen:
an error further up does not hide what happens below.
"""

import dataclasses

import numpy as np

from jaxnet.gradients.diagnosis.passes import NetworkModel, Pass
from jaxnet.gradients.diagnosis.tolerances import MATRIX_CONDITION, MOST_READ, NOTHING, SAME_MATRIX, SEEN_MATRIX
from jaxnet.gradients.evidence import Evidence, Gradient
from jaxnet.gradients.example_axis import examples_at


@dataclasses.dataclass(frozen=True)
class Reading:
    """What a gradient function gave for every example of a batch, one at a time."""

    model: NetworkModel
    run: Pass
    singles: tuple[Gradient, ...]

    def deltas(self, layer: int) -> list[np.ndarray]:
        """The delta [N, H] that the function used at a layer: as its biases have it, and as its weights have it."""
        weights, biases = (self._leaf(layer, key) for key in (0, 1))
        found = [(biases - self.run.decay[layer][1] * self.run.b[layer]) / self.model.total]
        inputs = self.run.a[layer]
        norms = np.sum(inputs**2, axis=1)
        if (norms > 0).all():
            data = weights - self.penalty(layer) * self.run.w[layer]
            found.append(np.einsum("nd,ndh->nh", inputs, data) / norms[:, None] / self.model.total)
        return [delta for delta in found if np.isfinite(delta).all()]

    def seen(self, layer: int) -> bool:
        """Whether the deltas of a layer and of the one above it could be read."""
        return all(self.deltas(each) for each in range(layer, min(layer + 2, self.run.last + 1)))

    def penalty(self, layer: int) -> float:
        """The coefficient of the weights in their gradient: from the part of it orthogonal to the inputs."""
        inputs, weights, w = self.run.a[layer], self._leaf(layer, 0), self.run.w[layer]
        unit = inputs / np.maximum(np.linalg.norm(inputs, axis=1, keepdims=True), NOTHING)
        rest = weights - unit[:, :, None] * np.einsum("nd,ndh->nh", unit, weights)[:, None, :]
        mine = w - unit[:, :, None] * (unit @ w)[:, None, :]
        size = float(np.sum(mine**2))
        return float(np.sum(rest * mine) / size) if size > 0 else 0.0

    def slope(self, layer: int) -> np.ndarray:
        """The derivative [N, H] by which the function multiplied what came down to a hidden layer."""
        passed = self.deltas(layer + 1)[0] @ self.run.w[layer + 1].T
        with np.errstate(all="ignore"):
            return self.deltas(layer)[0] / passed

    def matrix(self, layer: int) -> np.ndarray | None:
        """The matrix [H above, H] through which delta came down to a hidden layer, if its slope is right.

        Least squares for every unit; None when there are too few examples, or no matrix fits.
        """
        above, slope = self.deltas(layer + 1)[0], self.run.activations[layer].slope(self.run.z[layer])
        delta = self.deltas(layer)[0]
        columns = [_solved(above[live], (delta[live, h] / slope[live, h])) for h, live in enumerate(slope.T != 0)]
        found = [column for column in columns if column is not None]
        return np.stack(found, axis=1) if len(found) == len(columns) else None

    def located(self, layer: int) -> str:
        """Say more about a wrong delta of a hidden layer that nothing explains: matrix or slope, with numbers."""
        if layer == self.run.last or not self.seen(layer):
            return ""
        right, matrix, above = self.run.w[layer + 1].T, self.matrix(layer), f"W{layer + 2}.T"
        if matrix is not None and np.abs(matrix - right).max() > SEEN_MATRIX * np.abs(right).max():
            i, j = (int(k) for k in np.unravel_index(np.argmax(np.abs(matrix - right)), right.shape))
            return (
                f"the matrix it came down through has {matrix[i, j]:.4g} where {above}[{i}, {j}] is {right[i, j]:.4g}"
            )
        z, slope = self.run.z[layer].ravel(), self.slope(layer).ravel()
        at = int(np.argmin(np.abs(z)))
        true = self.run.activations[layer].slope(z[at : at + 1])[0]
        return f"if {above} is right, the derivative used at z = {z[at]:.4g} is {slope[at]:.4g}, not {true:.4g}"

    def _leaf(self, layer: int, key: int) -> np.ndarray:
        path = self.model.leaves[layer][key]
        return np.stack([single[path] for single in self.singles])


def _solved(above: np.ndarray, passed: np.ndarray) -> np.ndarray | None:
    """The vector m with above @ m = passed, if there are examples enough to see that there is one."""
    if len(above) <= above.shape[1]:
        return None
    column, _, rank, _ = np.linalg.lstsq(above, passed, rcond=MATRIX_CONDITION)
    fits = np.abs(above @ column - passed).max() <= SAME_MATRIX * np.abs(passed).max()
    return column if fits and rank == above.shape[1] else None


def read_backward_pass(evidence: Evidence, model: NetworkModel) -> Reading | None:
    """Call the function under test on every example alone; None if there is none, or it does not work so."""
    singles = _singles(evidence)
    return None if singles is None else Reading(model, model.forward(evidence.params, *evidence.data), singles)


def _singles(evidence: Evidence) -> tuple[Gradient, ...] | None:
    count = len(evidence.data[0])
    if count == 1:
        return (evidence.yours,)
    if evidence.gradient is None or count > MOST_READ:
        return None
    try:
        batches = [examples_at(evidence.data, 0, [i]) for i in range(count)]
        found = tuple(evidence.gradient(evidence.params, *one) for one in batches)
    except Exception:  # whatever the user's own code raises for a batch of one
        return None
    right = all(single[path].shape == leaf.shape for single in found for path, leaf in evidence.true.items())
    return found if right else None


def implied_slopes(evidence: Evidence, model: NetworkModel) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """For every hidden layer, counted from 1: weighted sums z and the derivative that the function implies, flat.

    Drawn over the true curve they show at a glance what is wrong with a derivative. Empty without a function.
    """
    reading = read_backward_pass(evidence, model)
    if reading is None:
        return {}
    hidden = range(reading.run.last)
    return {k + 1: (reading.run.z[k].ravel(), reading.slope(k).ravel()) for k in hidden if reading.seen(k)}
