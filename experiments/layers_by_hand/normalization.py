"""Normalizations: batch norm with n (staged) and with n - 1 (in one line), layer norm, group norm.

All three let every output depend on every input of its group in three ways: straight, through the mean and through the
variance. A gradient that treats mean or variance as constants looks right and is not.
"""

import jax.numpy as jnp
import numpy as np

from layers_by_hand.slips import Layer, Slip, drawn, one_hot

EPS = 1e-5


def batch_norm(P, dout):
    """x [N, D] normalized over the examples by their variance with 1/n, scaled and shifted; the loss sum(out * dout)."""
    mu = jnp.mean(P["x"], axis=0)
    xmu = P["x"] - mu
    var = jnp.mean(xmu**2, axis=0)
    std = jnp.sqrt(var + EPS)
    xhat = xmu / std
    out = P["gamma"] * xhat + P["beta"]
    return jnp.sum(out * dout)


def batch_norm_backward(P, dout):
    n = len(P["x"])
    xmu = P["x"] - P["x"].mean(axis=0)
    std = np.sqrt((xmu**2).mean(axis=0) + EPS)
    xhat = xmu / std
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * P["gamma"]
    # xhat = xmu / std: each of the two has a way back, and std was shared by all n examples, so their parts add up
    dstd = -(dxhat * xmu).sum(axis=0) / std**2
    dvar = dstd / (2 * std)
    dxmu = dxhat / std + 2 * xmu * dvar / n
    dmu = -dxmu.sum(axis=0)  # the mean went into every example, with weight -1
    dx = dxmu + dmu / n
    return {"x": dx, "gamma": dgamma, "beta": dbeta}


BATCH_NORM = Layer(
    "batch norm with n", batch_norm, batch_norm_backward, drawn(20, x=(6, 3), gamma=(3,), beta=(3,)),
    (drawn(21, d=(6, 3))["d"],),
    (
        Slip("the mean taken as a constant", "dx = dxmu", "path_not_followed", "mu xmu"),
        Slip("the variance taken as a constant", "dxmu = dxhat / std", "path_not_followed", "var std xhat"),
        Slip("the 2 of the square left out", "dxmu = dxhat / std + xmu * dvar / n", "factor", "var std xhat"),
        Slip("1/n of the variance left out", "dxmu = dxhat / std + 2 * xmu * dvar", "factor batch_sum local_derivative_missing", "var std xhat"),
        Slip("gamma left out", "dxhat = dout", "local_derivative_missing", "out"),
        Slip("x for xhat", 'dgamma = (dout * P["x"]).sum(axis=0)', "value_of_another", "out xhat"),
        Slip("std not squared", "dstd = -(dxhat * xmu).sum(axis=0) / std", "local_derivative_missing", "xhat"),
        Slip("the root's 2 left out", "dvar = dstd / std", "factor", "std var xhat"),
        Slip("std with +", "dstd = (dxhat * xmu).sum(axis=0) / std**2", "sign", "var std xhat"),
        Slip("beta averaged", "dbeta = dout.mean(axis=0)", "batch_mean_twice factor", "out"),
    ),
)  # fmt: skip


def sample_batch_norm(P, X, y):
    """tanh network with batch norm by the variance with 1/(n - 1), gain [1, H] and bias [1, H], mean cross-entropy."""
    before = X @ P["W1"] + P["b1"]
    centred = before - jnp.mean(before, axis=0, keepdims=True)
    var = jnp.sum(centred**2, axis=0, keepdims=True) / (len(X) - 1)
    raw = centred * (var + EPS) ** -0.5
    pre = P["gain"] * raw + P["bias"]
    h = jnp.tanh(pre)
    logits = h @ P["W2"] + P["b2"]
    losses = jnp.log(jnp.sum(jnp.exp(logits), axis=1)) - logits[np.arange(len(y)), y]
    return jnp.mean(losses)


def sample_batch_norm_backward(P, X, y):
    n = len(X)
    before = X @ P["W1"] + P["b1"]
    centred = before - before.mean(axis=0, keepdims=True)
    inv = ((centred**2).sum(axis=0, keepdims=True) / (n - 1) + EPS) ** -0.5
    raw = centred * inv
    h = np.tanh(P["gain"] * raw + P["bias"])
    p = np.exp(h @ P["W2"] + P["b2"])
    p = p / p.sum(axis=1, keepdims=True)
    dlogits = (p - one_hot(y, p.shape[1])) / n
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(axis=0)
    dh = dlogits @ P["W2"].T
    dpre = dh * (1 - h**2)
    dgain = (dpre * raw).sum(axis=0, keepdims=True)
    dbias = dpre.sum(axis=0, keepdims=True)
    draw = dpre * P["gain"]
    # raw = centred * inv: straight inv * draw, less its mean (the batch mean's way back), less the part along raw (the
    # variance's way back, with its 1/(n - 1))
    straight = inv * draw
    by_mean = inv * draw.mean(axis=0, keepdims=True)
    by_variance = inv * raw * (draw * raw).sum(axis=0, keepdims=True) / (n - 1)
    dbefore = straight - by_mean - by_variance
    dW1 = X.T @ dbefore
    db1 = dbefore.sum(axis=0)  # zero but for rounding: the mean takes every bias away again
    return {"W1": dW1, "b1": db1, "gain": dgain, "bias": dbias, "W2": dW2, "b2": db2}


SAMPLE_BATCH_NORM = Layer(
    "batch norm with n - 1", sample_batch_norm, sample_batch_norm_backward,
    drawn(22, W1=(3, 4), b1=(4,), gain=(1, 4), bias=(1, 4), W2=(4, 3), b2=(3,)),
    (drawn(23, X=(7, 3))["X"], np.array([0, 2, 1, 1, 2, 0, 1])),
    (
        Slip("the mean taken as a constant", "by_mean = 0", "path_not_followed", "centred"),
        Slip("the variance taken as a constant", "by_variance = 0", "path_not_followed", "var raw"),
        Slip("n for n - 1", "by_variance = inv * raw * (draw * raw).sum(axis=0, keepdims=True) / n", "factor", "var raw"),
        Slip("both statistics taken as constants", "dbefore = straight", "path_not_followed", "centred var raw"),
        Slip("the gain left out", "draw = dpre", "local_derivative_missing", "pre"),
        Slip("the slope of tanh at h", "dpre = dh * (1 - np.tanh(h) ** 2)", "activation_derivative_at_a", "h"),
        Slip("the slope of tanh left out", "dpre = dh", "local_derivative_missing activation_derivative_missing", "h"),
        Slip("the gain not summed", "dgain = dpre * raw", "shape_not_summed", "pre"),
        Slip("not averaged", "dlogits = p - one_hot(y, p.shape[1])", "batch_sum", "return losses"),
        Slip("the target left out", "dlogits = p / n", "target_missing path_not_followed", "losses"),
    ),
)  # fmt: skip


def layer_norm(P, dout):
    """x [N, D] normalized over the features of each example, scaled and shifted; the loss sum(out * dout)."""
    mu = jnp.mean(P["x"], axis=1, keepdims=True)
    xmu = P["x"] - mu
    var = jnp.mean(xmu**2, axis=1, keepdims=True)
    xhat = xmu / jnp.sqrt(var + EPS)
    out = P["gamma"] * xhat + P["beta"]
    return jnp.sum(out * dout)


def layer_norm_backward(P, dout):
    xmu = P["x"] - P["x"].mean(axis=1, keepdims=True)
    std = np.sqrt((xmu**2).mean(axis=1, keepdims=True) + EPS)
    xhat = xmu / std
    dbeta = dout.sum(axis=0)  # gamma and beta are shared by the examples, as in batch norm ...
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * P["gamma"]
    by_mean = dxhat.mean(axis=1, keepdims=True)  # ... mean and variance by the features
    by_variance = xhat * (dxhat * xhat).mean(axis=1, keepdims=True)
    dx = (dxhat - by_mean - by_variance) / std
    return {"x": dx, "gamma": dgamma, "beta": dbeta}


LAYER_NORM = Layer(
    "layer norm", layer_norm, layer_norm_backward, drawn(24, x=(5, 4), gamma=(4,), beta=(4,)),
    (drawn(25, d=(5, 4))["d"],),
    (
        Slip("the mean taken as a constant", "by_mean = 0", "path_not_followed", "mu xmu"),
        Slip("the variance taken as a constant", "by_variance = 0", "path_not_followed", "var xhat"),
        Slip("the mean over the examples", "by_mean = dxhat.mean(axis=0, keepdims=True)", "reduction_axis", "mu xmu"),
        Slip("a sum for the mean", "by_mean = dxhat.sum(axis=1, keepdims=True)", "factor local_derivative_missing", "mu xmu"),
        Slip("half of the variance's part", "by_variance = xhat * (dxhat * xhat).mean(axis=1, keepdims=True) / 2", "factor", "var xhat"),
        Slip("gamma left out", "dxhat = dout", "local_derivative_missing", "out"),
        Slip("dout for dout * xhat", "dgamma = dout.sum(axis=0)", "local_derivative_missing input_missing wrong_leaf", "out"),
        Slip("gamma summed over the features", "dgamma = (dout * xhat).sum(axis=1)", "shape", "out"),
        Slip("not divided by std", "dx = dxhat - by_mean - by_variance", "local_derivative_missing", "xhat"),
    ),
)  # fmt: skip


def group_norm(P, dout):
    """x [N, C, H, W] normalized over pairs of channels of each image, gamma and beta [1, C, 1, 1]."""
    shape = P["x"].shape
    groups = jnp.reshape(P["x"], (shape[0], shape[1] // 2, -1))
    xmu = groups - jnp.mean(groups, axis=2, keepdims=True)
    var = jnp.mean(xmu**2, axis=2, keepdims=True)
    xhat = xmu / jnp.sqrt(var + EPS)
    out = P["gamma"] * jnp.reshape(xhat, shape) + P["beta"]
    return jnp.sum(out * dout)


def group_norm_backward(P, dout):
    shape = P["x"].shape
    groups = P["x"].reshape(shape[0], shape[1] // 2, -1)
    xmu = groups - groups.mean(axis=2, keepdims=True)
    std = np.sqrt((xmu**2).mean(axis=2, keepdims=True) + EPS)
    xhat = xmu / std
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)  # one number a channel, shared by images and places
    dgamma = (dout * xhat.reshape(shape)).sum(axis=(0, 2, 3), keepdims=True)
    dxhat = (dout * P["gamma"]).reshape(groups.shape)
    by_mean = dxhat.mean(axis=2, keepdims=True)  # layer norm's formula, group by group
    by_variance = xhat * (dxhat * xhat).mean(axis=2, keepdims=True)
    dgroups = (dxhat - by_mean - by_variance) / std
    dx = dgroups.reshape(shape)
    return {"x": dx, "gamma": dgamma, "beta": dbeta}


GROUP_NORM = Layer(
    "group norm", group_norm, group_norm_backward,
    drawn(26, x=(3, 4, 2, 2), gamma=(1, 4, 1, 1), beta=(1, 4, 1, 1)), (drawn(27, d=(3, 4, 2, 2))["d"],),
    (
        Slip("the mean taken as a constant", "by_mean = 0", "path_not_followed", "xmu"),
        Slip("the variance taken as a constant", "by_variance = 0", "path_not_followed", "var xhat"),
        Slip("gamma left out", "dxhat = dout.reshape(groups.shape)", "local_derivative_missing", "out"),
        Slip("the mean of the whole image", "by_mean = dxhat.mean(axis=(1, 2), keepdims=True)", "reduction_axis", "xmu"),
        Slip("beta not summed over places", "dbeta = dout[:, :, :1, :1].sum(axis=0, keepdims=True)", "counted_once", "out"),
        Slip("beta's axes dropped", "dbeta = dout.sum(axis=(0, 2, 3))", "shape_reshaped", "out"),
        Slip("not divided by std", "dgroups = dxhat - by_mean - by_variance", "local_derivative_missing", "xhat"),
        Slip("the variance's part added", "by_variance = -xhat * (dxhat * xhat).mean(axis=2, keepdims=True)", "sign", "var xhat"),
    ),
)  # fmt: skip

LAYERS = (BATCH_NORM, SAMPLE_BATCH_NORM, LAYER_NORM, GROUP_NORM)
