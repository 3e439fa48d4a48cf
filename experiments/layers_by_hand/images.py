"""Layers of convolutional networks: convolution and max pooling, as loops over the few places of a window."""

import jax.numpy as jnp
import numpy as np

from layers_by_hand.slips import Layer, Slip, drawn


def convolution(P, dout):
    """x [N, C, H, W] with a border of zeros, w [F, C, 3, 3], b [F], stride 1; the loss sum(out * dout)."""
    height, width = P["x"].shape[2:]
    padded = jnp.pad(P["x"], ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = P["b"][:, None, None]
    for i in range(3):
        for j in range(3):
            window = padded[:, :, i : i + height, j : j + width]
            out = out + jnp.einsum("nchw,fc->nfhw", window, P["w"][:, :, i, j])
    return jnp.sum(out * dout)


def convolution_backward(P, dout):
    height, width = P["x"].shape[2:]
    padded = np.pad(P["x"], ((0, 0), (0, 0), (1, 1), (1, 1)))
    db = dout.sum(axis=(0, 2, 3))
    dw, dpadded = np.zeros_like(P["w"]), np.zeros_like(padded)
    for i in range(3):
        for j in range(3):
            # w[:, :, i, j] multiplies this window of x at all places of out: an affine layer for every (i, j)
            window = padded[:, :, i : i + height, j : j + width]
            dw[:, :, i, j] = np.einsum("nchw,nfhw->fc", window, dout)
            part = np.einsum("nfhw,fc->nchw", dout, P["w"][:, :, i, j])
            dpadded[:, :, i : i + height, j : j + width] += part  # windows overlap, so their parts add up
    dx = dpadded[:, :, 1:-1, 1:-1]
    return {"x": dx, "w": dw, "b": db}


CONVOLUTION = Layer(
    "convolution", convolution, convolution_backward, drawn(30, x=(2, 2, 4, 3), w=(3, 2, 3, 3), b=(3,)),
    (drawn(31, d=(2, 3, 4, 3))["d"],),
    (
        Slip("windows overwrite each other", "dpadded[:, :, i : i + height, j : j + width] = part", "accumulation_overwritten", "window"),
        Slip("the kernel turned by 180 degrees", "dw[:, :, 2 - i, 2 - j] = np.einsum('nchw,nfhw->fc', window, dout)", "order_reversed permuted_entries", "out window"),
        Slip("x by the turned kernel", "part = np.einsum('nfhw,fc->nchw', dout, P['w'][:, :, 2 - i, 2 - j])", "order_reversed", "out window"),
        Slip("the border kept", "dx = dpadded", "shape", "padded"),
        Slip("the border cut off at one end", "dx = dpadded[:, :, :-2, :-2]", "shifted", "padded"),
        Slip("b averaged over the images", "db = dout.sum(axis=(0, 2, 3)) / len(dout)", "batch_mean_twice factor", "out"),
        Slip("b averaged over the places", "db = dout.mean(axis=(2, 3)).sum(axis=0)", "factor", "out"),
        Slip("b of one image", "db = dout[0].sum(axis=(1, 2))", "bias_not_summed examples_dropped", "out"),
    ),
)  # fmt: skip


def max_pooling(P, dout):
    """x [N, C, 4, 4], the largest of each 2 x 2, as C maps of 2 x 2; the loss sum(out * dout)."""
    n, c, height, width = P["x"].shape
    blocks = jnp.reshape(P["x"], (n, c, height // 2, 2, width // 2, 2))
    out = jnp.max(blocks, axis=(3, 5))
    return jnp.sum(out * dout)


def max_pooling_backward(P, dout):
    n, c, height, width = P["x"].shape
    blocks = P["x"].reshape(n, c, height // 2, 2, width // 2, 2)
    largest = blocks.max(axis=(3, 5), keepdims=True)
    # the largest of a block goes through unchanged, so all that comes back is its; the others went nowhere
    winners = blocks == largest
    back = dout[:, :, :, None, :, None]
    dblocks = winners * back
    dx = dblocks.reshape(P["x"].shape)
    return {"x": dx}


MAX_POOLING = Layer(
    "max pooling", max_pooling, max_pooling_backward, drawn(32, x=(2, 2, 4, 4)), (drawn(33, d=(2, 2, 2, 2))["d"],),
    (
        Slip("shared by the whole block", "winners = np.full(blocks.shape, 0.25)", "average_pooling", "out"),
        Slip("to every place of the block", "winners = np.ones(blocks.shape)", "local_derivative_missing path_not_followed", "out"),
        Slip("the smallest wins", "winners = blocks == blocks.min(axis=(3, 5), keepdims=True)", "other_branch", "out"),
        Slip("the first place wins", "winners = np.arange(4).reshape(2, 1, 2) * np.ones(blocks.shape) == 0", "other_branch", "out"),
        Slip("times the largest", "back = (dout * largest[:, :, :, 0, :, 0])[:, :, :, None, :, None]", "value_of_another", "out return"),
        Slip("rows and columns exchanged", "back = dout.swapaxes(2, 3)[:, :, :, None, :, None]", "transposed", "out"),
    ),
)  # fmt: skip

LAYERS = (CONVOLUTION, MAX_POOLING)
