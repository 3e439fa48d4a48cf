"""The report: every figure that a sweep has data for, and no markup from its words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.figures.sweep_report import draw, parameter_places, write_report


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
    places = parameter_places(result)
    assert places["learning_rate"].tolist() == pytest.approx([0.5, 1])
    assert places["activation"].tolist() == [0, 1]
    assert places["hidden"].tolist() == [0, 0]
    assert np.isnan(places["momentum"][0])
    assert places["momentum"][1] == pytest.approx(0.25)


def test_figures_are_drawn_for_what_there_is(result: Any) -> None:
    assert [title for title, _ in draw(result)] == [
        "Curves of the best", "loss over learning_rate", "loss over momentum", "Two parameters",
        "Parallel coordinates", "Expected best against budget",
    ]  # fmt: skip


def test_the_page_holds_its_pictures_and_escapes_words(result: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("jaxnet.sweeps.result.describe", lambda result: "<script>alert(1)</script>")
    page = write_report(result, tmp_path / "report.html").read_text()
    assert page.count('<img alt="" src="data:image/png;base64,') == 6
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<tr>") == 3
