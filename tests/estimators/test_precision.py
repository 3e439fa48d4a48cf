"""float64 is computed in float64 for users who have not switched JAX to it."""

import jax
import numpy as np
import pytest
import sklearn.neural_network as scikit

from jaxnet.estimators import MLPClassifier


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_float64_needs_no_switch(iris):
    parameters = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 12}
    theirs = scikit.MLPClassifier(**parameters).fit(*iris)
    with jax.enable_x64(False):
        ours = MLPClassifier(**parameters).fit(*iris)
        proba = ours.predict_proba(iris[0])
    assert proba.dtype == np.float64
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-13)
    np.testing.assert_allclose(proba, theirs.predict_proba(iris[0]), rtol=1e-12)
