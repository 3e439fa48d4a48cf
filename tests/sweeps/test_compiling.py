"""Compiling in a hurry: only where it pays, said, part of a member's bits, and kept by a folder."""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps import compiling
from jaxnet.sweeps.verification import load_sweep

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


def plan(**options: Any) -> jn.sweeps.Plan:
    settings: dict[str, Any] = {"epochs": 2, "n": 2, "hidden": (4,)}
    return jn.plan(jn.Space(learning_rate=jn.Float(0.1, 1)), (X, Y), **settings | options)


def must_stay(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text())["must be the same"]


def test_short_trainings_compile_in_a_hurry_and_long_ones_for_speed() -> None:
    assert plan().spec.hurry
    assert "in a hurry" in str(plan())
    long = plan(epochs=10**7)
    assert not long.spec.hurry
    assert "in a hurry" not in str(long)
    assert plan(epochs=10**7, hurry=True).spec.hurry
    assert not plan(hurry=False).spec.hurry


def test_an_accelerator_never_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "platform", lambda: "gpu")
    assert not compiling.short(1.0, 1)


@pytest.mark.parametrize("hurry", [1, "yes"])
def test_anything_but_yes_and_no_is_refused(hurry: Any) -> None:
    with pytest.raises(TypeError, match="hurry: expected True, False or None"):
        plan(hurry=hurry)


def test_a_folder_keeps_to_what_it_began_with_unless_told_otherwise(tmp_path: Path) -> None:
    jn.sweep(plan(hurry=False), out=tmp_path)
    assert "compiled" not in must_stay(tmp_path)
    longer = jn.sweep(plan(epochs=3), out=tmp_path)
    assert not longer.plan.spec.hurry
    assert longer.history.new == ["epochs: 2 there, 3 now"]
    assert not load_sweep(plan(epochs=3), tmp_path).plan.spec.hurry
    with pytest.raises(ValueError, match=r'compiled: null there, "in a hurry" now'):
        jn.sweep(plan(epochs=3, hurry=True), out=tmp_path)


def test_a_hurried_folder_says_so_and_goes_on_hurried(tmp_path: Path) -> None:
    jn.sweep(plan(), out=tmp_path)
    assert must_stay(tmp_path)["compiled"] == "in a hurry"
    assert jn.sweep(plan(epochs=4), out=tmp_path).plan.spec.hurry
    with pytest.raises(ValueError, match='compiled: "in a hurry" there, null now'):
        jn.sweep(plan(epochs=4, hurry=False), out=tmp_path)


def test_a_member_comes_to_the_same_to_rounding() -> None:
    hurried, fast = (jn.sweep(plan(hurry=hurry)).curves("loss") for hurry in (True, False))
    np.testing.assert_allclose(hurried, fast, rtol=1e-5)


class Lowered:
    """Stands for a program of a jaxlib that knows no choice."""

    def __init__(self, message: str) -> None:
        self.message = message

    def compile(self, options: Any = None) -> str:
        if options:
            raise jax.errors.JaxRuntimeError(self.message)
        return "for speed"


def test_a_jaxlib_without_the_choice_compiles_for_speed_and_other_failures_are_not_hidden() -> None:
    known: Any = Lowered("INVALID_ARGUMENT: No such compile option: 'xla_cpu_use_fusion_emitters'")
    assert compiling.compile_lowered(known, True) == "for speed"
    broken: Any = Lowered("INTERNAL: out of luck")
    with pytest.raises(jax.errors.JaxRuntimeError, match="out of luck"):
        compiling.compile_lowered(broken, True)
