"""Causes: one a mistake however often it is made, root first, with the leaves that it makes wrong."""

import dataclasses

import pytest

from jaxnet.gradients.diagnosis.causes import as_ties, clipped_by_norm
from jaxnet.gradients.diagnosis.diagnose import diagnose
from jaxnet.gradients.evidence import Cause

ONE = Cause("batch_sum", (1,), ("w",), 5.0, "Summed.", "mean", 0.0)
OTHER = dataclasses.replace(ONE, kind="factor", sentence="Five.")
BESIDE = dataclasses.replace(ONE, kind="penalty_missing", sentence="No penalty.")


def test_what_explanations_share_is_no_tie():
    listed = as_ties([[ONE, BESIDE], [OTHER, BESIDE]])
    assert [cause.kind for cause in listed] == ["batch_sum", "penalty_missing", "factor"]
    assert [cause.sentence.startswith("One of 2 explanations") for cause in listed] == [True, False, True]


def test_the_same_explanation_twice_is_no_tie():
    assert as_ties([[ONE], [ONE]]) == (ONE,)


def test_one_mistake_in_several_layers_is_one_cause(pose, example, derive):
    f, params, data = example()
    (cause,) = diagnose(pose(f, params, data, derive(slope=lambda s, l: 1)))
    assert cause.layers == (1, 2)
    assert cause.fix.splitlines() == [
        "delta2 = (delta3 @ W3.T) * (1 - a2**2)",
        "delta1 = (delta2 @ W2.T) * (1 - a1**2)",
    ]


@pytest.mark.parametrize(
    ("keys", "name"),
    [("wb", "Every leaf"), ("w", "Every weight"), ("b", "Every bias")],
)
def test_leaves_are_called_by_what_they_have_in_common(keys, name, pose, example, derive):
    f, params, data = example()
    double = lambda g, s: [{k: 3.3 * v if k in keys else v for k, v in layer.items()} for layer in g]
    causes = diagnose(pose(f, params, data, derive(finish=double)))
    assert causes[0].sentence.startswith(name) or keys == "b"


def test_a_round_norm_of_the_whole_gradient_is_clipping(pose, example, derive):
    f, params, data = example()

    def clip(g, s):
        norm = sum((v**2).sum() for layer in g for v in layer.values()) ** 0.5
        return [{k: 0.05 / norm * v for k, v in layer.items()} for layer in g]

    (cause,) = diagnose(pose(f, params, data, derive(finish=clip)))
    assert cause.kind == "clipped_by_norm"
    assert "scaled to the norm 0.05" in cause.sentence


def test_a_named_factor_is_not_called_clipping(pose, example):
    f, params, data = example()
    evidence = pose(f, params, data, lambda p, X, y: p, function=False)
    assert clipped_by_norm(evidence, [ONE]) == [ONE]
