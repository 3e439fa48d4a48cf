"""Right or wrong, leaf by leaf and entry by entry: a difference is a mistake when rounding does not explain it."""

from dataclasses import dataclass

import numpy as np

from jaxnet.gradients.problem import within

SHOWN = 3


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient: its index, the value handed in, the true one, and what rounding explains."""

    index: tuple[int, ...]
    yours: float
    true: float
    noise: float

    @property
    def ratio(self) -> float:
        """yours / true; NaN where both are 0, infinite where only the true one is."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.float64(self.yours) / np.float64(self.true))


@dataclass(frozen=True)
class Leaf:
    """The verdict on the gradient of one parameter array.

    Attributes:
        path: its ``jax.tree_util.keystr`` path.
        shape: of the parameter.
        ok: whether its form and every entry are right.
        compared: whether it could be compared; False for a missing leaf or a wrong shape.
        wrong: how many entries differ by more than the noise.
        excess: the largest difference, in units of its noise: right is at most 1.
        error: |yours - true| / |true| in the Euclidean norm; infinite when the true one is 0 and yours is not.
        factor: c when yours = c true within the noise and c is not 1, else None.
        worst: the entries that exceed their noise most, at most three.
        form: what is wrong with its form, or "".
    """

    path: str
    shape: tuple[int, ...]
    ok: bool
    compared: bool
    wrong: int
    excess: float
    error: float
    factor: float | None
    worst: tuple[Entry, ...]
    form: str = ""


def judge(path: str, yours: np.ndarray, true: np.ndarray, noise: np.ndarray, *, form: str = "") -> Leaf:
    """Compare the gradient of one parameter array with the true one."""
    right = within(yours, true, noise)
    excess = excesses(yours, true, noise)
    order = np.argsort(-excess, axis=None, kind="stable")[:SHOWN]
    places = [np.unravel_index(i, yours.shape) for i in order if not right.flat[i]]
    worst = tuple(_entry(place, yours, true, noise) for place in places)
    return Leaf(
        path, true.shape, bool(right.all()) and not form, True, int((~right).sum()),
        float(excess.max(initial=0.0)), _relative(yours, true), None if right.all() else _factor(yours, true, noise),
        worst, form,
    )  # fmt: skip


def unreadable(path: str, shape: tuple[int, ...], form: str) -> Leaf:
    """The verdict on a leaf that cannot be compared."""
    size = int(np.prod(shape))
    return Leaf(path, shape, False, False, size, float("inf"), float("inf"), None, (), form)


def excesses(yours: np.ndarray, true: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Divide every difference by its noise; 0 where there is none, infinite where there is noise of 0, or NaN."""
    difference = np.abs(yours - true)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference == 0, 0.0, difference / noise)
    return np.where(np.isnan(ratio), np.inf, ratio)


def _entry(place: tuple, yours: np.ndarray, true: np.ndarray, noise: np.ndarray) -> Entry:
    index = tuple(int(i) for i in place)
    return Entry(index, float(yours[index]), float(true[index]), float(noise[index]))


def _relative(yours: np.ndarray, true: np.ndarray) -> float:
    largest = float(np.max(np.abs(true), initial=0.0))
    if largest == 0 or not np.isfinite(yours).all():
        return 0.0 if np.array_equal(yours, true) else float("inf")
    return float(np.linalg.norm((yours - true) / largest) / np.linalg.norm(true / largest))


def _factor(yours: np.ndarray, true: np.ndarray, noise: np.ndarray) -> float | None:
    largest = float(np.max(np.abs(true), initial=0.0))
    if largest == 0 or not np.isfinite(yours).all():
        return None
    scaled = true / largest
    factor = float(np.vdot(scaled, yours / largest) / np.vdot(scaled, scaled))
    return factor if within(yours, factor * true, noise * max(1.0, abs(factor))).all() else None
