"""The report: every figure that a sweep has data for, and no markup from its words."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.figures.sweep_axes import parameter_axes, value_words, wide
from jaxnet.figures.sweep_report import draw, write_report
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.verification import load_sweep


@pytest.fixture(scope="module")
def result() -> Any:
    space = jn.Space(
        learning_rate=jn.Float(0.01, 1, log=True), activation=jn.Choice("relu", "tanh"), hidden=jn.Layers((1, 2), (2, 4)),
        momentum=jn.when(jn.Float(0, 0.8), activation="tanh"), seed=jn.Seeds(2),
    )  # fmt: skip
    configurations = [
        {"learning_rate": 0.1, "activation": "relu", "hidden": (2,)},
        {"learning_rate": 1.0, "activation": "tanh", "hidden": (2,), "momentum": 0.2},
    ]
    drawn = np.random.default_rng(0).normal(size=(20, 3))
    options = {"method": "list", "epochs": 2, "configurations": [{"momentum": 0.0} | c for c in configurations]}
    return jn.sweep(jn.plan(space, (drawn, (drawn[:, 0] > 0).astype(int)), **options))


def test_each_value_has_its_place_between_its_bounds(result: Any) -> None:
    axes = {axis.name: axis for axis in parameter_axes(result)}
    assert axes["learning_rate"].ends == ("0.01", "1")
    assert axes["hidden"].ends == ("2", "4 4")
    places = {name: axis.places for name, axis in axes.items()}
    assert places["learning_rate"].tolist() == pytest.approx([0.5, 1])
    assert places["activation"].tolist() == [0, 1]
    assert places["hidden"].tolist() == [0, 0]
    assert np.isnan(places["momentum"][0])
    assert places["momentum"][1] == pytest.approx(0.25)


def test_figures_are_drawn_for_what_there_is(result: Any) -> None:
    assert [drawn.title for drawn in draw(result)] == [
        "Curves of the best", "loss over learning_rate", "loss over activation", "loss over hidden",
        "loss over momentum", "Two parameters", "Parallel coordinates", "Expected best against budget",
    ]  # fmt: skip


def test_a_grid_of_numbers_has_its_axes_too() -> None:
    """Choices that are all numbers lie on a line, on its logarithm where they are far apart."""
    drawn = np.random.default_rng(0).normal(size=(12, 3))
    space = jn.Space(learning_rate=jn.Choice(0.01, 0.1, 1.0), momentum=jn.Choice(0.0, 0.5), l2=jn.Choice(0.1))
    grid = jn.sweep(jn.plan(space, (drawn, (drawn[:, 0] > 0).astype(int)), method="grid", epochs=1))
    rate, momentum = parameter_axes(grid)
    assert (rate.log, rate.bounds, rate.labels) == (True, (0.01, 1.0), ())
    assert rate.places.tolist() == pytest.approx([0, 0, 0.5, 0.5, 1, 1])
    assert (momentum.log, momentum.bounds) == (False, (0.0, 0.5))
    assert "Two parameters" in [each.title for each in draw(grid)]


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [([1, 20], True), ([1, 19], False), ([0, 20], False), ([1, np.nan, 30], True), ([np.nan], False)],
)
def test_a_logarithm_is_taken_where_positive_numbers_lie_far_apart(values: list, logarithmic: bool) -> None:
    assert wide(np.array(values, float)) == logarithmic


@pytest.mark.parametrize(("value", "said"), [((16, 8), "16 8"), ((), "none"), (0.123456, "0.123"), ("relu", "relu")])
def test_values_are_said_in_few_words(value: Any, said: str) -> None:
    assert value_words(value) == said


@pytest.mark.parametrize("calls", [0, 1])
def test_a_sweep_that_is_not_finished_has_a_page_and_files_too(
    calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = np.random.default_rng(0).normal(size=(20, 3))
    space = jn.Space(learning_rate=jn.Float(0.01, 1), hidden=jn.Choice((2,), (3,)), batch_size=5)
    plan = jn.plan(space, (drawn, (drawn[:, 0] > 0).astype(int)), n=4, epochs=2)
    real, made = Engine.train, []

    def ending(*arguments: Any) -> Any:
        made.append(1)
        if len(made) > calls:
            raise KeyboardInterrupt("in the middle")
        return real(*arguments)

    monkeypatch.setattr(Engine, "train", ending)
    with pytest.raises(KeyboardInterrupt, match="in the middle"):
        jn.sweep(plan, out=tmp_path)
    found = load_sweep(plan, tmp_path)
    page = write_report(found, tmp_path / "report.html").read_text()
    assert "not finished: 0 of 1 rungs are decided" in page
    assert "Expected best" not in page
    assert "it was pruned" not in page
    assert found.export(tmp_path)[2].read_text() == "bracket,epochs,configuration,rank,score,kept\n"


def test_the_page_holds_its_pictures_and_escapes_words(result: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("jaxnet.sweeps.result.overview", lambda plan, history: "<script>alert(1)</script>")
    page = write_report(result, tmp_path / "report.html").read_text()
    assert page.count('src="data:image/png;base64,') == page.count("<figcaption>") == 8
    assert '<img alt="Two parameters"' in page
    assert "<h1>2 configurations of learning_rate, activation, hidden, momentum</h1>" in page
    assert "lanes of a tile" in page
    (script,) = re.findall("<script>(.*?)</script>", page, re.DOTALL)  # its own, which alone the policy lets run
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{allowed}'\">" in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.split("What every bit")[0].count("<tr>") == 3
