"""With pad=True networks of many shapes share a program and end as the unpadded ones do, to rounding."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.sweeps.verification import verify

SPACE = {"learning_rate": jn.Choice(0.05, 0.2), "hidden": jn.Choice((3,), (6, 2), (5,))}


class Own:
    def init(self, key: Any) -> Any:
        return {}

    def apply(self, params: Any, x: Any) -> Any:
        return x


def plan(problem: Any, pad: bool, **changed: Any) -> jn.sweeps.Plan:
    given = {"method": "grid", "epochs": 5, "batch_size": 16, "activation": "sigmoid", "optimizer": "adam", "l2": 1e-2}
    return jn.plan(jn.Space(**SPACE), problem.train, pad=pad, **given | changed)


@pytest.fixture(scope="module")
def both(problem: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Path]:
    folder = tmp_path_factory.mktemp("padded")
    return jn.sweep(plan(problem, False)), jn.sweep(plan(problem, True), out=folder), folder


def test_networks_of_three_shapes_are_one_program_with_the_results_of_three(both: Any) -> None:
    plain, padded, _ = both
    assert (len(plain.plan.groups), len(padded.plan.groups)) == (3, 1)
    assert "4-32-32-2 of padded networks, sigmoid, adam" in str(padded.plan)
    # 20 steps of float32's rounding, 6e-8, which Adam's first steps raise
    np.testing.assert_allclose(padded.curves("loss"), plain.curves("loss"), rtol=2e-5)
    for member in range(6):
        assert padded.network(member) == plain.network(member)
        for state in ("params", "optimizer_state"):
            mine, other = (getattr(result.run(member), state) for result in (padded, plain))
            assert jax.tree.structure(mine) == jax.tree.structure(other)
            for a, b in zip(jax.tree.leaves(mine), jax.tree.leaves(other), strict=True):
                np.testing.assert_allclose(a, b, atol=2e-5)


def test_the_best_model_is_of_the_network_that_counts(both: Any, problem: Any) -> None:
    plain, padded, _ = both
    x = problem.validation[0]
    np.testing.assert_array_equal(padded.best_model().predict(x), plain.best_model().predict(x))


def test_a_folder_knows_whether_it_is_padded(both: Any, problem: Any) -> None:
    _, _, folder = both
    assert all(verify(jn.sweep(plan(problem, True), out=folder), 1).values())
    with pytest.raises(ValueError, match="pad: true there, null now"):
        jn.sweep(plan(problem, False), out=folder)


def test_a_plan_says_where_padding_pays(both: Any) -> None:
    plain, padded, _ = both
    assert "pad=True pads the networks and compiles 1 of 3" in str(plain.plan)
    assert "pad=True" not in str(padded.plan)


def test_what_cannot_be_padded_is_refused(problem: Any) -> None:
    with pytest.raises(TypeError, match="pad: expected True or False, got 8"):
        plan(problem, 8)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"pad: expected jn\.MLP networks with pad=True"):
        jn.plan(jn.Space(learning_rate=0.1), problem.train, epochs=1, pad=True, network=lambda c: Own())
