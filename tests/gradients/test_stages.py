"""Stage by stage, against a backward pass written out by hand."""

import numpy as np
import pytest

import jaxnet as jn

RANDOM = np.random.default_rng(0)
NET = jn.MLP((3, 4, 2), activation="sigmoid", output="softmax")
PARAMS = [{"w": RANDOM.normal(size=s), "b": RANDOM.normal(size=s[1])} for s in ((3, 4), (4, 2))]
X, Y = RANDOM.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])


def by_hand(mistake=None):
    z1 = X @ PARAMS[0]["w"] + PARAMS[0]["b"]
    a1 = 1 / (1 + np.exp(-z1))
    z2 = a1 @ PARAMS[1]["w"] + PARAMS[1]["b"]
    a2 = np.exp(z2) / np.exp(z2).sum(axis=1, keepdims=True)
    delta2 = a2 - np.eye(2)[Y]
    if mistake == "target":
        delta2 = np.eye(2)[Y] - a2
    delta1 = delta2 @ PARAMS[1]["w"].T * (a1 if mistake == "slope" else a1 * (1 - a1))
    return {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "delta2": delta2, "delta1": delta1}


def report(stages, **options):
    s = by_hand()
    gradient = [{"w": a.T @ s[d] / 5, "b": s[d].mean(axis=0)} for a, d in ((X, "delta1"), (s["a1"], "delta2"))]
    f = jn.objective(NET)
    return jn.check_gradient(f, PARAMS, X, Y, gradient=gradient, stages=stages, **options)


def test_the_stages_of_a_right_derivation_are_right():
    found = report(by_hand())
    assert found.ok, str(found)
    assert list(found.stages) == ["z1", "a1", "z2", "a2", "delta2", "delta1"]
    assert found.first_wrong_stage is None


def test_deltas_may_carry_the_division_by_the_batch_size():
    stages = by_hand()
    assert report({"delta1": stages["delta1"] / 5, "delta2": stages["delta2"] / 5}).ok


@pytest.mark.parametrize(("mistake", "first"), [("slope", "delta1"), ("target", "delta2")])
def test_the_first_wrong_stage_is_named(mistake, first):
    found = report(by_hand(mistake))
    assert not found.ok
    assert found.first_wrong_stage == first
    assert f"First wrong intermediate value: {first}" in str(found)


def test_the_order_is_that_of_the_computation_not_of_the_dict():
    stages = by_hand("target")
    assert report({name: stages[name] for name in ("delta1", "delta2")}).first_wrong_stage == "delta2"


def test_a_stage_of_another_shape_is_wrong():
    found = report({"z1": by_hand()["z1"].T})
    assert found.first_wrong_stage == "z1"
    assert "z1 has shape (4, 5), expected (5, 4)" in str(found)


def test_an_unknown_stage_is_refused():
    with pytest.raises(ValueError, match=r"stages: expected one of z1, a1, z2, a2, delta2, delta1, got 'd1'"):
        report({"d1": 0})


def test_stages_need_a_network_and_a_batch():
    with pytest.raises(
        ValueError, match=r"stages: expected a network= with layers\(params, x\), such as jn.MLP, got None"
    ):
        jn.check_gradient(
            lambda p: (p["w"] ** 2).sum(), {"w": np.ones(2)}, gradient={"w": 2 * np.ones(2)}, stages={"z1": 0}
        )
    with pytest.raises(ValueError, match="stages: expected data of two arguments, X and y, got"):
        jn.check_gradient(
            lambda p: (p["w"] ** 2).sum(),
            {"w": np.ones(2)},
            gradient={"w": 2 * np.ones(2)},
            network=NET,
            stages={"z1": 0},
        )
