"""What nobody could wait for or hold is refused in words, at once: no memory is asked for first."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet import accelerators

HUGE = {
    "seeds": (lambda: jn.Seeds(10**9), "Seeds.count: expected an integer from 1 to 1048576"),
    "steps of a Float": (lambda: jn.Float(0, 1, step=1e-9).levels(None), "step: expected at most 1048576 levels"),
    "an Int": (lambda: jn.Int(1, 10**15).levels(None), "high: expected at most 1048576 levels"),
    "steps of an Int": (lambda: jn.Int(1, 10**15, step=3).levels(None), "step: expected at most 1048576 levels"),
    "quantiles": (lambda: jn.Normal(0, 1).levels(10**9), "n: expected an integer from 1 to 1048576"),
    "depths": (lambda: jn.Layers((1, 10**6), (1, 2)), "depth: expected an integer from 0 to 4998"),
    "widths": (lambda: jn.Layers((1, 2), (1, 2**30), powers=False).levels(None), "depth and width: expected at most"),
    "a grid": (lambda: list(jn.Space(**dict.fromkeys(("l2", "momentum", "dropout"), jn.Choice(*range(999)))).grid(1)),
               "space: expected a grid of at most 67108864 points, got 999 x 999 x 999"),
}  # fmt: skip


@pytest.mark.parametrize("make", HUGE)
def test_what_is_too_large_is_refused_before_it_is_made(make: str) -> None:
    build, words = HUGE[make]
    with pytest.raises(ValueError, match=words):
        build()


def test_a_point_of_a_wide_range_is_found_without_listing_it() -> None:
    assert jn.Int(0, 2**52, step=2).at([0.5]) == 2**51
    assert jn.Layers((1, 1), (1, 2**30), powers=False).at([0.0, 0.5]) == (2**29 + 1,)


def test_curves_and_networks_that_no_memory_holds_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerators, "free_memory", lambda: 2**30)
    x, y = np.ones((4, 3), np.float32), np.array([0, 1, 0, 1])
    plan: Callable[..., Any] = lambda **of: jn.plan(jn.Space(learning_rate=jn.Choice(0.1, 0.2)), (x, y), n=2, **of)
    with pytest.raises(ValueError, match=r"epochs: expected what fits in the 1.0 GiB .* curves of 1000000000 epochs"):
        jn.sweep(plan(epochs=10**9))
    with pytest.raises(ValueError, match=r"sizes: expected what fits in the 1.0 GiB .* MLP 3-1000000000-2, about 67"):
        jn.sweep(plan(epochs=1, hidden=(10**9,)))
