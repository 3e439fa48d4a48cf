# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # The article: is a 2x2 image a picture of stairs?
# `jupytext --to notebook docs/notebooks/article.py` makes a notebook of this file.

# %%
import jax
import numpy as np
import optax

import jaxnet as jn

train, test = jn.stairs.load()
print(train.x[:3], train.y[:3])

# %% [markdown]
# ## One perceptron, set by hand
# Its score is no probability: over all images that there can be it runs from -.892 to 1.097.

# %%
net, params = jn.stairs.hand_set("perceptron")
scores = np.asarray(net.predict(params, test.x))[:, 0]
print(scores.min(), scores.max(), np.mean((scores > 0) == test.y))

# %% [markdown]
# ## Two layers, set by hand
# The interaction: low, high, high, low. No single unit can.

# %%
net, params = jn.stairs.hand_set("interaction")
corners = np.array([[0, 0, 255, 255], [0, 255, 255, 255], [255, 0, 255, 255], [255, 255, 255, 255]])
print(np.asarray(net.predict(params, corners))[:, 0].round(3))

# %% [markdown]
# ## The worked example: forward, backward, one step

# %%
from jaxnet.stairs.example import initial_weights

trace = jn.stairs.one_step(initial_weights(), train.x, train.targets, 0.1)
print(trace.loss)  # 0.693498469938662
print(trace.gradient_W1)

# %% [markdown]
# ## Trained

# %%
net = jn.MLP((4, 8, 2), activation="sigmoid", output="softmax", weights="uniform(-1, 1)")
run = jn.fit(
    jn.objective(net), net.init(jax.random.key(0)), (train.x / 255, train.y), optimizer=optax.sgd(1.0, momentum=0.9),
    epochs=1000, validation=(test.x / 255, test.y), metrics=["accuracy"],
)  # fmt: skip
print(run, run.history["validation_accuracy"][-1])

# %% [markdown]
# Your turn: more hidden units, another activation, another step. When does the test loss rise again?
