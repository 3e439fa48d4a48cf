"""Right or wrong, leaf by leaf and entry by entry: a difference is a mistake when rounding does not explain it."""

from dataclasses import dataclass

import numpy as np

from jaxnet.gradients.evidence import within

_SHOWN = 3  # worst entries of a leaf: enough to look up by hand


@dataclass(frozen=True)
class WrongEntry:
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
class LeafVerdict:
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
    worst: tuple[WrongEntry, ...]
    form: str = ""


def leaf_name(path: str) -> str:
    """The path of a leaf; params that are one array have none."""
    return path or "params"


def judge_leaf(path: str, yours: np.ndarray, true: np.ndarray, noise: np.ndarray, *, form: str = "") -> LeafVerdict:
    """Compare the gradient of one parameter array with the true one, entry by entry; all arrays have its shape.

    ``form``: what is wrong with the form in which it came; then it is wrong, whatever its values are.
    """
    right = within(yours, true, noise)
    excess = excesses(yours, true, noise)
    order = np.argsort(-excess, axis=None, kind="stable")[:_SHOWN]
    places = [tuple(map(int, np.unravel_index(i, yours.shape))) for i in order if not right.flat[i]]
    return LeafVerdict(
        path,
        true.shape,
        ok=bool(right.all()) and not form,
        compared=True,
        wrong=int((~right).sum()),
        excess=float(excess.max(initial=0.0)),
        error=_relative(yours, true),
        factor=None if right.all() else _factor(yours, true, noise),
        worst=tuple(WrongEntry(i, float(yours[i]), float(true[i]), float(noise[i])) for i in places),
        form=form,
    )


def unreadable(path: str, shape: tuple[int, ...], form: str) -> LeafVerdict:
    """The verdict on a leaf that cannot be compared: it is wrong in every entry."""
    return LeafVerdict(path, shape, False, False, int(np.prod(shape)), float("inf"), float("inf"), None, (), form)


def excesses(yours: np.ndarray, true: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Divide every difference by its noise; 0 where there is none, infinite where there is noise of 0, or NaN."""
    difference = np.abs(yours - true)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(difference == 0, 0.0, difference / noise)
    return np.where(np.isnan(ratio), np.inf, ratio)


def _relative(yours: np.ndarray, true: np.ndarray) -> float:
    # divided by the largest entry first: squares of entries below 1e-154 are 0
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
    # a gradient times c carries c times the rounding; divided by c it may have been rounded after that
    return factor if within(yours, factor * true, noise * max(1.0, abs(factor))).all() else None
