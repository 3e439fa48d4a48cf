"""A gradient function called on single examples gives its own deltas, slopes, matrices and penalty away."""

import numpy as np
import pytest

from jaxnet.gradients.diagnosis.delta_reading import implied_slopes, read_backward_pass
from jaxnet.gradients.diagnosis.passes import model_of


@pytest.fixture
def reading(pose, example, derive):
    """What is read of a gradient with some wrong lines; 12 examples, 5-4-3-2."""

    def of(l2=0.0, **wrong):
        f, params, data = example(n=12, l2=l2)
        evidence = pose(f, params, data, derive(l2=l2, **wrong))
        return read_backward_pass(evidence, model_of(evidence))

    return of


def test_the_output_delta_is_what_the_function_used(reading):
    found = reading(output=lambda s: (s["p"] - s["t"]) ** 3)
    for delta in found.deltas(2):  # by the biases, and by the weights
        np.testing.assert_allclose(delta, (found.run.a[-1] - found.run.y) ** 3, rtol=1e-9, atol=1e-14)


def test_the_penalty_is_taken_off_before_delta_is_read(reading):
    found = reading(l2=0.1)
    for delta in found.deltas(2):
        np.testing.assert_allclose(delta, found.run.a[-1] - found.run.y, rtol=1e-9, atol=1e-14)


def test_the_slope_is_read_with_the_functions_own_delta_above(reading):
    found = reading(output=lambda s: (s["p"] - s["t"]) ** 3, slope=lambda s, l: np.cos(s["z"][l]))
    for layer in (0, 1):
        np.testing.assert_allclose(found.slope(layer), np.cos(found.run.z[layer]), rtol=1e-7)


def test_the_matrix_is_read_by_least_squares(reading):
    found = reading(down=lambda s, l: s["delta"][l + 1] @ np.abs(s["w"][l + 1].T))
    np.testing.assert_allclose(found.matrix(0), np.abs(found.run.w[1].T), rtol=1e-7)
    assert "the matrix it came down through has" in found.located(0)


def test_a_wrong_slope_is_no_matrix(reading):
    found = reading(slope=lambda s, l: np.cos(s["z"][l]))
    assert found.matrix(0) is None
    assert "the derivative used at z = " in found.located(0)


def test_the_penalty_is_the_part_orthogonal_to_the_inputs(reading):
    found = reading(l2=0.1, penalty=lambda s, l: 0.37 * s["w"][l])
    assert [found.penalty(layer) for layer in range(3)] == pytest.approx([0.37] * 3, rel=1e-9)


def test_a_figure_gets_slopes_over_weighted_sums_by_layer_from_one(pose, example, derive):
    f, params, data = example(n=12)
    evidence = pose(f, params, data, derive(slope=lambda s, l: np.cos(s["z"][l])))
    curves = implied_slopes(evidence, model_of(evidence))
    assert sorted(curves) == [1, 2]
    for z, slope in curves.values():
        np.testing.assert_allclose(slope, np.cos(z), rtol=1e-7)


def test_arrays_alone_cannot_be_read(pose, example, derive):
    f, params, data = example(n=12)
    evidence = pose(f, params, data, derive(), function=False)
    assert read_backward_pass(evidence, model_of(evidence)) is None
    assert implied_slopes(evidence, model_of(evidence)) == {}


def test_a_batch_of_one_is_read_from_its_arrays(pose, example, derive):
    f, params, data = example(n=1)
    evidence = pose(f, params, data, derive(output=lambda s: (s["p"] - s["t"]) ** 3), function=False)
    found = read_backward_pass(evidence, model_of(evidence))
    np.testing.assert_allclose(found.deltas(2)[0], (found.run.a[-1] - found.run.y) ** 3, rtol=1e-9)
