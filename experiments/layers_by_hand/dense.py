"""Fully connected layers and the losses above them: affine, relu, softmax with cross-entropy, the hinge of an SVM,
dropout."""

import jax.numpy as jnp
import numpy as np

from layers_by_hand.slips import Layer, Slip, drawn, one_hot


def affine(P, dout):
    """Images x [N, 2, 2] as rows, out = rows w + b; the loss is sum(out * dout), so that dout is what comes back."""
    rows = jnp.reshape(P["x"], (len(P["x"]), -1))
    out = rows @ P["w"] + P["b"]
    return jnp.sum(out * dout)


def affine_backward(P, dout):
    # out_nm = sum_d rows_nd w_dm + b_m. So w_dm is met by dout_nm once an example, with weight rows_nd; b_m with
    # weight 1; and rows_nd goes into every out_nm with weight w_dm.
    rows = P["x"].reshape(len(P["x"]), -1)
    dw = rows.T @ dout
    db = dout.sum(axis=0)
    drows = dout @ P["w"].T
    dx = drows.reshape(P["x"].shape)  # the reshape of the forward pass, undone
    return {"x": dx, "w": dw, "b": db}


AFFINE = Layer(
    "affine", affine, affine_backward, drawn(0, x=(5, 2, 2), w=(4, 3), b=(3,)), (drawn(1, d=(5, 3))["d"],),
    (
        Slip("b takes one example", "db = dout[0]", "bias_not_summed examples_dropped", "out"),
        Slip("b is averaged", "db = dout.mean(axis=0)", "batch_mean_twice factor", "out"),
        Slip("w is averaged", "dw = rows.T @ dout / len(dout)", "batch_mean_twice factor", "out"),
        Slip("w with the wrong sign", "dw = -rows.T @ dout", "sign", "out"),
        Slip("w transposed", "dw = dout.T @ rows", "shape_transposed", "out"),
        Slip("x left as rows", "dx = drows", "shape_reshaped", "rows"),
        Slip("x laid out column by column", 'dx = drows.reshape(P["x"].shape, order="F")', "fortran_order transposed", "rows"),
        Slip("w already updated", 'drows = dout @ (P["w"] - 0.1 * dw).T', "weight_already_updated", "out"),
        Slip("weight decay of no penalty", 'dw = rows.T @ dout + 0.1 * P["w"]', "penalty_extra", "return"),
    ),
)  # fmt: skip


def relu_network(P, X, Y):
    """Columns are examples, X [d, m] and Y [1, m]: relu, a sigmoid, the mean cross-entropy; W1 [h, d], b1 [h, 1]."""
    Z1 = P["W1"] @ X + P["b1"]
    A1 = jnp.maximum(0, Z1)
    Z2 = P["W2"] @ A1 + P["b2"]
    A2 = 1 / (1 + jnp.exp(-Z2))
    losses = -Y * jnp.log(A2) - (1 - Y) * jnp.log(1 - A2)
    return jnp.sum(losses) / X.shape[1]


def relu_network_backward(P, X, Y):
    m = X.shape[1]
    Z1 = P["W1"] @ X + P["b1"]
    A1 = np.maximum(0, Z1)
    A2 = 1 / (1 + np.exp(-P["W2"] @ A1 - P["b2"]))
    dZ2 = A2 - Y  # (A2 - Y) / (A2 (1 - A2)) from the loss, times A2 (1 - A2) from the sigmoid
    dW2 = dZ2 @ A1.T / m
    db2 = dZ2.sum(axis=1, keepdims=True) / m
    dA1 = P["W2"].T @ dZ2
    dZ1 = dA1 * (Z1 > 0)  # relu has slope 1 where its input is positive, else 0
    dW1 = dZ1 @ X.T / m
    db1 = dZ1.sum(axis=1, keepdims=True) / m
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


RELU = Layer(
    "relu network in columns", relu_network, relu_network_backward, drawn(2, W1=(4, 3), b1=(4, 1), W2=(1, 4), b2=(1, 1)),
    (drawn(3, x=(3, 7))["x"], np.array([[1.0, 0, 0, 1, 1, 0, 1]])),
    (
        Slip("the slope of relu left out", "dZ1 = dA1", "local_derivative_missing activation_derivative_missing", "A1"),
        Slip("relu masked by what comes back", "dZ1 = dA1 * (dA1 > 0)", "relu_mask", "A1"),
        Slip("A1 for the mask", "dZ1 = dA1 * A1", "relu_mask activation_derivative_other", "A1"),
        Slip("target minus prediction", "dZ2 = Y - A2", "sign", "Z2 A2 losses return"),
        Slip("the sigmoid's slope once more", "dZ2 = (A2 - Y) * A2 * (1 - A2)", "output_derivative_extra activation_derivative_twice", "A2 losses"),
        Slip("W2 doubled", "dW2 = dZ2 @ A1.T / m * 2", "factor", "Z2"),
        Slip("b1 four times", "db1 = 4.0 / m * dZ1.sum(axis=1, keepdims=True)", "factor", "Z1"),
        Slip("Z1 for A1", "dW2 = dZ2 @ Z1.T / m", "input_pre_activation value_of_another", "Z2 A1"),
        Slip("b1 summed over everything", "db1 = dZ1.sum() / m", "shape_summed_over_everything", "Z1"),
        Slip("W1 not averaged", "dW1 = dZ1 @ X.T", "batch_sum", "Z1"),
    ),
)  # fmt: skip


def softmax_classifier(W, X, y, reg):
    """Rows are examples, X [N, D], labels y [N]: the mean cross-entropy of softmax(X W) and reg * sum(W**2)."""
    scores = X @ W
    shifted = scores - jnp.max(scores, axis=1, keepdims=True)
    total = jnp.sum(jnp.exp(shifted), axis=1)
    losses = jnp.log(total) - shifted[np.arange(len(y)), y]
    penalty = reg * jnp.sum(W * W)
    return jnp.mean(losses) + penalty


def softmax_classifier_backward(W, X, y, reg):
    scores = X @ W
    total = np.exp(scores)
    p = total / total.sum(axis=1, keepdims=True)
    hot = one_hot(y, W.shape[1])
    # loss_n = log sum_k exp(s_nk) - s_ny: the first term has the derivative exp(s_nk) / sum = p_nk, the second -1 at y
    dscores = (p - hot) / len(y)
    dpenalty = 2 * reg * W
    return X.T @ dscores + dpenalty


SOFTMAX = Layer(
    "softmax with cross-entropy", softmax_classifier, softmax_classifier_backward, drawn(4, W=(4, 3))["W"],
    (drawn(5, X=(6, 4))["X"], np.array([0, 2, 1, 1, 2, 0]), 0.1),
    (
        Slip("not averaged", "dscores = p - hot", "batch_sum", "return losses"),
        Slip("half of the penalty", "dpenalty = reg * W", "penalty_factor factor", "penalty return"),
        Slip("no penalty", "dpenalty = 0", "penalty_missing path_not_followed", "penalty return"),
        Slip("the penalty averaged, too", "dpenalty = 2 * reg * W / len(y)", "penalty_factor factor", "penalty return"),
        Slip("the penalty subtracted", "dpenalty = -2 * reg * W", "penalty_factor sign", "penalty return"),
        Slip("the target left out", "dscores = p / len(y)", "target_missing path_not_followed", "losses"),
        Slip("the softmax left out", "dscores = (scores - hot) / len(y)", "output_activation_missing", "total losses"),
        Slip("exponentials not divided", "dscores = (total - hot) / len(y)", "softmax_unnormalised", "total losses"),
        Slip("softmax over the examples", "p = total / total.sum(axis=0)", "softmax_axis reduction_axis", "total"),
        Slip("the softmax's slope again", "dscores = (p - hot) * p * (1 - p) / len(y)", "output_derivative_extra", "losses scores"),
    ),
)  # fmt: skip


def svm(W, X, y, reg):
    """Rows are examples: the mean hinge over the wrong classes, max(0, s_k - s_y + 1), and reg * sum(W**2)."""
    scores = X @ W
    correct = scores[np.arange(len(y)), y]
    margins = jnp.maximum(0, scores - correct[:, None] + 1)
    others = margins * (np.arange(W.shape[1]) != y[:, None])
    penalty = reg * jnp.sum(W * W)
    return jnp.sum(others) / len(y) + penalty


def svm_backward(W, X, y, reg):
    hot = one_hot(y, W.shape[1])
    scores = X @ W
    margins = scores - scores[np.arange(len(y)), y][:, None] + 1
    over = (margins > 0) * (1 - hot)  # each wrong class over the margin pushes its own score by 1 ...
    dscores = over - hot * over.sum(axis=1, keepdims=True)  # ... and that of the right class by -1 each
    dpenalty = 2 * reg * W
    dmargins = X.T @ dscores / len(y)
    return dmargins + dpenalty


SVM = Layer(
    "hinge of an SVM", svm, svm_backward, drawn(6, W=(4, 5))["W"],
    (drawn(7, X=(6, 4))["X"], np.array([0, 2, 1, 4, 2, 3]), 0.05),
    (
        Slip("the right class forgotten", "dscores = over", "path_not_followed", "correct margins"),
        Slip("-1 for minus the count", "dscores = over - hot", "hinge_count", "correct margins"),
        Slip("the right class with +", "dscores = over + hot * over.sum(axis=1, keepdims=True)", "sign", "correct margins"),
        Slip("every class over the margin", "over = 1 - hot", "local_derivative_missing", "margins"),
        Slip("the right class once too often", "dscores = over - hot * (over.sum(axis=1, keepdims=True) + 1)", "hinge_count", "correct margins others"),
        Slip("not averaged", "dmargins = X.T @ dscores", "batch_sum upstream_missing", "return others margins"),
        Slip("no penalty", "dpenalty = 0", "penalty_missing path_not_followed", "penalty return"),
        Slip("the margin itself", "over = np.maximum(0, margins) * (1 - hot)", "activation_derivative_other", "margins"),
    ),
)  # fmt: skip


def dropout_network(P, X, y, mask):
    """Rows: relu, inverted dropout with a fixed mask [N, H] of 0 and 1/keep, and half the mean squared error."""
    hidden = jnp.maximum(X @ P["W1"] + P["b1"], 0)
    kept = hidden * mask
    out = kept @ P["W2"] + P["b2"]
    errors = out - y
    return jnp.sum(errors**2) / (2 * len(y))


def dropout_network_backward(P, X, y, mask):
    hidden = np.maximum(X @ P["W1"] + P["b1"], 0)
    kept = hidden * mask
    errors = kept @ P["W2"] + P["b2"] - y
    dout = errors / len(y)
    dW2 = kept.T @ dout
    db2 = dout.sum(axis=0)
    dkept = dout @ P["W2"].T
    dhidden = dkept * mask  # the same mask as on the way up, its 1/keep included
    dz = dhidden * (hidden > 0)
    dW1 = X.T @ dz
    db1 = dz.sum(axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


_KEEP = 0.5
_MASK = (np.random.default_rng(8).uniform(size=(6, 5)) < _KEEP) / _KEEP

DROPOUT = Layer(
    "dropout with a fixed mask", dropout_network, dropout_network_backward,
    drawn(9, W1=(3, 5), b1=(5,), W2=(5, 2), b2=(2,)), (*drawn(10, X=(6, 3), y=(6, 2)).values(), _MASK),
    (
        Slip("the mask left out", "dhidden = dkept", "local_derivative_missing", "kept"),
        Slip("the mask without 1/keep", "dhidden = dkept * (mask > 0)", "factor", "kept out"),
        Slip("the mask in place of a product", "dhidden = mask", "upstream_missing", "hidden kept"),
        Slip("the hidden units undropped", "dW2 = hidden.T @ dout", "input_of_another_layer value_of_another", "out kept"),
        Slip("the slope of relu left out", "dz = dhidden", "local_derivative_missing activation_derivative_missing", "hidden"),
        Slip("not averaged", "dout = errors", "batch_sum", "return errors"),
        Slip("2 of the square kept", "dout = 2 * errors / len(y)", "factor", "return"),
        Slip("b1 of one example", "db1 = dz[0]", "bias_not_summed examples_dropped", "hidden"),
    ),
)  # fmt: skip

LAYERS = (AFFINE, RELU, SOFTMAX, SVM, DROPOUT)
