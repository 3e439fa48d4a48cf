"""Arrays of other libraries, with scikit-learn's dispatch by the array API switched on."""

import importlib.util
import os
import subprocess
import sys

import pytest

SCRIPT = """
import warnings
import jax.numpy as jnp, numpy as np, sklearn
from jaxnet.estimators import MLPClassifier, MLPRegressor, TabularClassifier
warnings.simplefilter("ignore")
X = np.random.RandomState(0).normal(size=(40, 3)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)
options = {"hidden_layer_sizes": (4,), "random_state": 0}
for mlp in MLPClassifier(max_iter=3, **options), MLPRegressor(max_iter=3, **options), TabularClassifier(epochs=2, **options):
    expected = mlp.fit(X, y).predict(X), mlp.score(X, y)
    with sklearn.config_context(array_api_dispatch=True):
        mlp.fit(jnp.asarray(X), jnp.asarray(y))
        found = mlp.predict(jnp.asarray(X)), mlp.score(jnp.asarray(X), jnp.asarray(y))
        assert sklearn.get_config()["array_api_dispatch"]
    np.testing.assert_array_equal(found[0], expected[0])
    assert type(found[0]) is np.ndarray and abs(found[1] - expected[1]) < 1e-6
print("all")
"""


@pytest.mark.skipif(importlib.util.find_spec("sklearn.externals.array_api_compat") is None, reason="before 1.7")
def test_arrays_of_jax_are_taken_where_dispatch_is_on():
    # scipy reads the variable when it is imported
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    ran = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True)
    assert ran.stdout == "all\n", ran.stderr
