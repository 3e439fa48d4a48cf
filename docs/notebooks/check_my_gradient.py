# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Check my gradient
# Put your loss and your backward pass in the place of these.

# %%
import jax.numpy as jnp
import numpy as np

import jaxnet as jn


def loss(params, X, y):
    """The loss, in jax.numpy."""
    logits = jnp.maximum(X @ params["W1"] + params["b1"], 0) @ params["w2"]
    return jnp.mean(jnp.logaddexp(0, logits) - y * logits)


def gradient(params, X, y):
    """My backward pass, in NumPy."""
    h = np.maximum(X @ params["W1"] + params["b1"], 0)
    logits = h @ params["w2"]
    d = 1 / (1 + np.exp(-logits)) - y  # divided by the number of examples? look at what the report says
    dh = np.outer(d, params["w2"]) * (h > 0)
    return {"W1": X.T @ dh, "b1": dh.sum(axis=0), "w2": h.T @ d}


# %%
rng = np.random.default_rng(0)
params = {"W1": rng.normal(size=(3, 4)), "b1": rng.normal(size=4), "w2": rng.normal(size=4)}
X, y = rng.normal(size=(10, 3)), rng.integers(0, 2, 10).astype(float)
report = jn.check_gradient(loss, params, X, y, gradient=gradient)
report

# %% [markdown]
# The same as a figure, and as a check that is compiled once and asked often:

# %%
report.figure()

# %%
checker = jn.gradients.Checker(loss, params, X, y)
mended = lambda *arguments: {name: value / len(arguments[1]) for name, value in gradient(*arguments).items()}
checker(mended).ok
