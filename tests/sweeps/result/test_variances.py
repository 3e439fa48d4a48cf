"""How much scores vary by chance, against SciPy and by simulation."""

import numpy as np
import pytest
import scipy.special

from jaxnet.sweeps.result.variances import digamma, moderated, noise_of, trigamma


@pytest.mark.parametrize("x", [0.5, 1.0, 1.5, 2.0, 7.5, 10.0, 1000.0])
def test_derivatives_of_the_logarithm_of_gamma_are_scipys(x: float) -> None:
    assert digamma(x) == pytest.approx(scipy.special.digamma(x), abs=1e-9)
    assert trigamma(x) == pytest.approx(scipy.special.polygamma(1, x), rel=1e-9)


def test_variances_that_scatter_no_more_than_chance_become_the_common_one() -> None:
    found = moderated(np.array([1.0, 1.1, 0.9, 1.05]), 4)
    assert found.alike
    assert found.variances.tolist() == [pytest.approx(1.0125)] * 4
    assert found.freedom == 16


def test_variances_that_differ_by_orders_of_magnitude_stay_apart() -> None:
    found = moderated(np.array([1e-6, 1e-3, 1.0, 1e3]), 9)
    assert not found.alike
    assert np.log10(found.variances) == pytest.approx([-6, -3, 0, 3], abs=0.3)
    assert 9 < found.freedom < 10


def test_what_varies_with_nothing_has_no_variance() -> None:
    assert moderated(np.zeros(3), 2).variances.tolist() == [0, 0, 0]
    assert noise_of(np.ones((3, 4))).own.tolist() == [0, 0, 0]


@pytest.mark.parametrize("shared", [0.0, 3.0])
def test_what_seeds_add_to_all_alike_is_told_from_noise(shared: float) -> None:
    """Noise of variance 1 beside an effect of seeds of variance ``shared``²; 400 seeds estimate both to a tenth."""
    draw = np.random.default_rng(0)
    scores = draw.normal(size=(6, 400)) + shared * draw.normal(size=400).reshape(1, -1)
    noise = noise_of(scores)
    assert noise.own == pytest.approx(1, abs=0.1)
    variance, freedom = noise.total(0, 400)
    assert variance == pytest.approx(1 + shared**2, rel=0.15)
    assert freedom < 6 * 399


def test_one_configuration_has_its_own_variance_alone() -> None:
    values = np.array([[0.2, 0.5, 0.3]])
    assert noise_of(values).total(0, 3) == (pytest.approx(np.var(values, ddof=1)), 2)
