"""Compiling in a hurry: only where it pays, said, part of a member's bits, and kept by a folder."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps import compiling, engine, executors
from jaxnet.sweeps.verification import load_sweep

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


def plan(**options: Any) -> jn.sweeps.Plan:
    settings: dict[str, Any] = {"epochs": 2, "n": 2, "hidden": (4,)}
    return jn.plan(jn.Space(learning_rate=jn.Float(0.1, 1)), (X, Y), **settings | options)


def must_stay(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text())["must be the same"]


def test_a_plan_compiles_for_speed_unless_told_otherwise() -> None:
    assert "in a hurry" not in str(plan())
    assert "in a hurry" in str(plan(hurry=True))


@pytest.mark.parametrize(
    ("options", "advised"),
    [({}, True), ({"epochs": 10**7}, False), ({"hurry": True}, False), ({"hidden": (4,)}, False)],
    ids=["many programs, little work", "much work", "taken already", "one program"],
)
def test_a_plan_says_where_a_hurry_pays(options: dict[str, Any], advised: bool) -> None:
    settings = {"hidden": jn.Choice((4,), (9,)), "method": "grid"} | options
    assert ("hurry=True" in str(plan(**settings))) == advised


def test_an_accelerator_has_no_hurry_to_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiling.short(1.0, 1)
    monkeypatch.setattr(compiling, "platform", lambda: "gpu")
    assert not compiling.short(1.0, 1)


@pytest.mark.parametrize("hurry", [1, "yes"])
def test_anything_but_yes_and_no_is_refused(hurry: Any) -> None:
    with pytest.raises(TypeError, match="hurry: expected True or False"):
        plan(hurry=hurry)


@pytest.mark.parametrize("first", [True, False])
def test_a_folder_compiles_as_it_began(tmp_path: Path, first: bool) -> None:
    jn.sweep(plan(hurry=first), out=tmp_path)
    assert (must_stay(tmp_path).get("compiled") == "in a hurry") == first
    with pytest.raises(ValueError, match="compiled: "):
        jn.sweep(plan(epochs=3, hurry=not first), out=tmp_path)
    with pytest.raises(ValueError, match="compiled: "):
        load_sweep(plan(hurry=not first), tmp_path)


def test_a_member_comes_to_the_same_to_rounding() -> None:
    hurried, fast = (jn.sweep(plan(hurry=hurry)).curves("loss") for hurry in (True, False))
    np.testing.assert_allclose(hurried, fast, rtol=1e-5)


@pytest.fixture
def compiled_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads in which programs are compiled, none of which is known before."""
    threads: list[str] = []
    real = compiling.compile_lowered
    said = lambda *given: threads.append(threading.current_thread().name) or real(*given)
    monkeypatch.setattr(compiling, "compile_lowered", said)
    monkeypatch.setattr(engine, "_programs", type(engine._programs)(8))
    return threads


def test_groups_compile_side_by_side_and_what_is_traced_is_traced_here(
    compiled_in: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: set[str] = set()

    def size(params: Any, x: Any, y: Any) -> Any:
        traced.add(threading.current_thread().name)
        return sum((layer["w"] ** 2).sum() for layer in params)

    space = jn.Space(learning_rate=0.1, hidden=jn.Choice((3,), (4,)))
    results = []
    for cores in (2, 1):
        monkeypatch.setattr(executors, "side_by_side", lambda cores=cores: cores)
        engine._programs.clear()
        results.append(jn.sweep(jn.plan(space, (X, Y), method="grid", epochs=2, metrics=[size])).curves("size"))
    assert np.array_equal(*results)
    own = threading.current_thread().name
    assert [name.startswith("jaxnet-compiles") for name in compiled_in] == [True, True, False, False]
    assert traced == {own}


@pytest.mark.parametrize(("load", "programs"), [(0.0, 4), (1.2, 4), (3.0, 2), (20.0, 1)])
def test_only_cores_that_have_nothing_else_to_do_compile_side_by_side(
    load: float, programs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "cores", lambda: 4)
    monkeypatch.setattr(compiling.os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
    assert compiling.side_by_side() == programs


def test_a_program_whose_sweep_ended_before_its_turn_is_compiled_when_it_is_wanted() -> None:
    lowered: Any = Lowered("INVALID_ARGUMENT: No such compile option")
    with ThreadPoolExecutor(1) as pool:
        held, begun = threading.Event(), threading.Event()
        pool.submit(lambda: (begun.set(), held.wait(20)))
        begun.wait(20)
        waiting = compiling.Compiling(lowered, False, pool)
        pool.shutdown(wait=False, cancel_futures=True)
        held.set()
        assert waiting.result() == waiting.result() == "for speed"


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
