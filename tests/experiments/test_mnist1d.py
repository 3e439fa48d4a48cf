"""MNIST-1D's networks, its noisy labels, and what is claimed of the errors."""

import jax
import numpy as np
import pytest

import jaxnet as jn


def test_the_second_layer_adds_to_the_first(experiment):
    net, x = experiment.Residual(), np.linspace(-1, 1, 40)
    params = net.init(jax.random.key(0), np.float64)
    (w1, b1), (w2, b2), (w3, b3) = [(np.asarray(layer["w"]), np.asarray(layer["b"])) for layer in params]
    first = np.maximum(x @ w1 + b1, 0)
    second = first + np.maximum(first @ w2 + b2, 0)
    np.testing.assert_allclose(net.apply(params, x), second @ w3 + b3, rtol=1e-12)
    assert sum(array.size for array in jax.tree.leaves(params)) == 15_210  # as the notebook counts


def test_weights_start_where_pytorchs_do(experiment):
    weights = np.asarray(experiment.narrow(jax.random.key(0), (25, 1000), np.float64))
    assert np.abs(weights).max() < 0.2
    assert weights.std() == pytest.approx(0.4 / 12**0.5, rel=0.02)


def test_fifteen_in_a_hundred_labels_are_drawn_anew(experiment):
    data = jn.data.Dataset(np.zeros((100_000, 1)), np.zeros(100_000, int))
    labels = experiment.noisy(data).y
    # a tenth of the drawn labels is the old one: .15 * .9 differ, within 4 deviations of .0011
    assert np.mean(labels != 0) == pytest.approx(0.135, abs=0.0044)
    assert set(labels) == set(range(10))


CASES = {
    "as published": ({16: [47, 48], 47: [54, 54], 300: [45, 46]}, [True, True]),
    "no peak": ({16: [47, 48], 47: [46, 46], 300: [45, 46]}, [False, True]),
    "too low a peak": ({16: [47, 48], 47: [49, 49], 300: [46, 47]}, [False, True]),
    "no second descent": ({16: [47, 48], 47: [54, 54], 300: [50, 51]}, [True, False]),
}


@pytest.mark.parametrize(("errors", "holds"), CASES.values(), ids=CASES)
def test_the_shape_is_judged_by_peak_and_second_descent(experiment, errors, holds):
    assert [claim.holds for claim in experiment.descends(errors)[-2:]] == holds


PENALISED = {
    "falls": ({16: {0.0: [48, 48], 1e-3: [47, 47]}, 47: {0.0: [54, 54], 1e-3: [46, 46]}}, True),
    "still rises": ({16: {0.0: [48, 48], 1e-3: [47, 47]}, 47: {0.0: [54, 54], 1e-3: [49, 49]}}, False),
}


@pytest.mark.parametrize(("errors", "holds"), PENALISED.values(), ids=PENALISED)
def test_widths_are_compared_at_the_best_penalty_of_each(experiment, errors, holds):
    narrow, wide, claim = experiment.mitigated(errors)
    assert narrow.what == "width 16, best penalty, 0.001: error in %"
    assert (narrow.measured, wide.holds) == ("47 ± 0 (47 to 47)", None)
    assert claim.holds is holds


def test_a_sweep_gives_errors_by_width_and_penalty_a_seed_a_number(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "PENALTIES", (0.0, 1e-3))
    found = experiment.descent((4, 5), seeds=2, epochs=1)
    assert {width: list(table) for width, table in found.items()} == {4: [0.0, 1e-3], 5: [0.0, 1e-3]}
    assert all(len(values) == 2 and 50 < min(values) < 100 for table in found.values() for values in table.values())


def test_an_accuracy_is_judged_by_what_was_asked_for(experiment):
    found = {"logistic": [31.4, 31.6], "network": [61.0, 62.0]}
    assert [claim.holds for claim in experiment.published(found, quick=False)] == [True, False]
    assert [claim.holds for claim in experiment.published(found, quick=True)] == [None, None]
