"""Sequences: a vanilla recurrent net through time, one step of an LSTM, attention."""

import jax.numpy as jnp
import numpy as np

from layers_by_hand.slips import Layer, Slip, drawn, one_hot


def recurrent_net(P, ids, targets):
    """Characters by their ids, columns [V, 1] and [H, 1] as in min-char-rnn; the summed cross-entropy over the steps."""
    h, loss = jnp.zeros((P["Whh"].shape[0], 1)), 0.0
    for t in range(len(ids)):
        x = jnp.eye(P["Wxh"].shape[1])[:, ids[t]][:, None]
        h = jnp.tanh(P["Wxh"] @ x + P["Whh"] @ h + P["bh"])
        y = P["Why"] @ h + P["by"]
        loss = loss + jnp.log(jnp.sum(jnp.exp(y))) - y[targets[t], 0]
    return loss


def recurrent_net_backward(P, ids, targets):
    V, H = P["Wxh"].shape[1], P["Whh"].shape[0]
    xs, hs, ps = [], [np.zeros((H, 1))], []
    for t in range(len(ids)):
        xs.append(one_hot(ids[t : t + 1], V).T)
        hs.append(np.tanh(P["Wxh"] @ xs[t] + P["Whh"] @ hs[t] + P["bh"]))
        exponentials = np.exp(P["Why"] @ hs[t + 1] + P["by"])
        ps.append(exponentials / exponentials.sum())
    # dnext is what comes back from the step after: nothing, from the one after the last
    d, dnext = {name: np.zeros_like(leaf) for name, leaf in P.items()}, np.zeros((H, 1))
    for t in reversed(range(len(ids))):
        dy = ps[t] - one_hot(targets[t : t + 1], V).T
        d["Why"] += dy @ hs[t + 1].T
        d["by"] += dy
        dh = P["Why"].T @ dy + dnext  # h goes into the output and into the next step: two ways back
        draw = (1 - hs[t + 1] ** 2) * dh
        d["bh"] += draw
        d["Wxh"] += draw @ xs[t].T
        d["Whh"] += draw @ hs[t].T
        dnext = P["Whh"].T @ draw
    return d


_IDS = np.array([0, 2, 1, 1, 3])
RECURRENT = Layer(
    "vanilla recurrent net", recurrent_net, recurrent_net_backward,
    drawn(40, Wxh=(3, 4), Whh=(3, 3), Why=(4, 3), bh=(3, 1), by=(4, 1)), (_IDS, np.array([2, 1, 1, 3, 0])),
    (
        Slip("the next step forgotten", 'dh = P["Why"].T @ dy', "path_not_followed", "h"),
        Slip("Whh not transposed", 'dnext = P["Whh"] @ draw', "weight_not_transposed", "h"),
        Slip("through Whh without the slope", 'dnext = P["Whh"].T @ dh', "local_derivative_missing delta_before_derivative", "h"),
        Slip("the slope of tanh left out", "draw = dh", "local_derivative_missing activation_derivative_missing", "h"),
        Slip("the slope at the step before", "draw = (1 - hs[t] ** 2) * dh", "activation_derivative_other_layer value_of_another", "h"),
        Slip("Whh by the new h", "d['Whh'] += draw @ hs[t + 1].T", "value_of_another input_shifted", "h"),
        Slip("the last step only", "d['bh'] = draw", "accumulation_overwritten", "h"),
        Slip("the target left out", "dy = ps[t]", "target_missing path_not_followed", "loss"),
        Slip("averaged over the steps", "dy = (ps[t] - one_hot(targets[t : t + 1], V).T) / len(ids)", "factor", "loss return"),
        Slip("the sign of the output", "dy = one_hot(targets[t : t + 1], V).T - ps[t]", "sign", "loss y return"),
    ),
)  # fmt: skip


def lstm_step(P, x, dh, dc):
    """x [N, D], h and c [N, H] of the step before; gates i, f, o, g from Wx [D, 4H]; the loss sum(h dh) + sum(c dc)."""
    H = P["h"].shape[1]
    a = x @ P["Wx"] + P["h"] @ P["Wh"] + P["b"]
    i = 1 / (1 + jnp.exp(-a[:, :H]))
    f = 1 / (1 + jnp.exp(-a[:, H : 2 * H]))
    o = 1 / (1 + jnp.exp(-a[:, 2 * H : 3 * H]))
    g = jnp.tanh(a[:, 3 * H :])
    c = f * P["c"] + i * g
    h = o * jnp.tanh(c)
    return jnp.sum(h * dh) + jnp.sum(c * dc)


def lstm_step_backward(P, x, dh, dc):
    H = P["h"].shape[1]
    a = x @ P["Wx"] + P["h"] @ P["Wh"] + P["b"]
    i, f, o = (1 / (1 + np.exp(-a[:, k * H : (k + 1) * H])) for k in range(3))
    g = np.tanh(a[:, 3 * H :])
    tanh_c = np.tanh(f * P["c"] + i * g)
    do = dh * tanh_c
    dcell = dc + dh * o * (1 - tanh_c**2)  # c goes to the next step and into h: two ways back
    df = dcell * P["c"]
    dbefore = dcell * f
    di = dcell * g
    dg = dcell * i
    dai = di * i * (1 - i)
    daf = df * f * (1 - f)
    dao = do * o * (1 - o)
    dag = dg * (1 - g**2)  # g is a tanh where the gates are sigmoids
    da = np.hstack([dai, daf, dao, dag])
    dprevious = da @ P["Wh"].T
    return {"h": dprevious, "c": dbefore, "Wx": x.T @ da, "Wh": P["h"].T @ da, "b": da.sum(axis=0)}


LSTM = Layer(
    "step of an LSTM", lstm_step, lstm_step_backward, drawn(41, h=(4, 2), c=(4, 2), Wx=(3, 8), Wh=(2, 8), b=(8,)),
    tuple(drawn(42, x=(4, 3), dh=(4, 2), dc=(4, 2)).values()),
    (
        Slip("c's way into h forgotten", "dcell = dc", "path_not_followed", "h"),
        Slip("c's way to the next step forgotten", "dcell = dh * o * (1 - tanh_c**2)", "path_not_followed", "return"),
        Slip("the slope of tanh(c) left out", "dcell = dc + dh * o", "local_derivative_missing activation_derivative_missing", "h"),
        Slip("the slope at tanh(c)", "dcell = dc + dh * o * (1 - np.tanh(tanh_c) ** 2)", "activation_derivative_at_a", "h"),
        Slip("a sigmoid's slope for g", "dag = dg * g * (1 - g)", "activation_derivative_other", "g"),
        Slip("the slope of i left out", "dai = di", "local_derivative_missing activation_derivative_missing", "i"),
        Slip("half of the slope of f", "daf = df * (1 - f)", "activation_derivative_part", "f"),
        Slip("i for g", "di = dcell * i", "value_of_another", "c"),
        Slip("the new c for the old", "df = dcell * (f * P['c'] + i * g)", "value_of_another", "c"),
        Slip("gates in the order i, f, g, o", "da = np.hstack([dai, daf, dag, dao])", "permuted_columns parts_exchanged", "o g a"),
    ),
)  # fmt: skip


def attention(P, X, dout):
    """One causal head of X [T, D]: queries, keys and values by Wq, Wk, Wv [D, E]; the loss sum(out * dout)."""
    q = X @ P["Wq"]
    k = X @ P["Wk"]
    v = X @ P["Wv"]
    scores = q @ k.T / np.sqrt(q.shape[1])
    allowed = jnp.where(np.tri(len(X)) > 0, scores, -1e9)
    exponentials = jnp.exp(allowed - jnp.max(allowed, axis=1, keepdims=True))
    weights = exponentials / jnp.sum(exponentials, axis=1, keepdims=True)
    out = weights @ v
    return jnp.sum(out * dout)


def attention_backward(P, X, dout):
    q, k, v = X @ P["Wq"], X @ P["Wk"], X @ P["Wv"]
    root = np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(X)) > 0, q @ k.T / root, -1e9)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = weights / weights.sum(axis=1, keepdims=True)
    dv = weights.T @ dout
    dweights = dout @ v.T
    # w_s = exp(a_s) / sum_r exp(a_r): da_s = w_s (dw_s - sum_r w_r dw_r), the second term from the sum
    shared = (weights * dweights).sum(axis=1, keepdims=True)
    dscores = weights * (dweights - shared)  # 0 where masked, for the weights are
    dq = dscores @ k / root
    dk = dscores.T @ q / root
    return {"Wq": X.T @ dq, "Wk": X.T @ dk, "Wv": X.T @ dv}


ATTENTION = Layer(
    "attention", attention, attention_backward, drawn(43, Wq=(4, 3), Wk=(4, 3), Wv=(4, 3)),
    tuple(drawn(44, X=(5, 4), dout=(5, 3)).values()),
    (
        Slip("the softmax cut to its diagonal", "shared = weights * dweights", "softmax_diagonal", "weights exponentials"),
        Slip("the softmax's sum forgotten", "shared = 0", "path_not_followed", "weights exponentials"),
        Slip("the softmax left out", "dscores = dweights", "local_derivative_missing", "allowed weights exponentials"),
        Slip("the scale left out", "dq = dscores @ k", "factor local_derivative_missing delta_before_derivative", "scores q"),
        Slip("scaled by d, not by its root", "dk = dscores.T @ q / root**2", "factor", "scores q"),
        Slip("scores not transposed", "dk = dscores @ q / root", "transposed weight_not_transposed", "scores"),
        Slip("weights not transposed", "dv = weights @ dout", "weight_not_transposed", "out"),
        Slip("q for k", "dq = dscores @ q / root", "value_of_another", "scores q"),
        Slip("the sum over the wrong axis", "shared = (weights * dweights).sum(axis=0, keepdims=True)", "reduction_axis", "weights exponentials"),
    ),
)  # fmt: skip

LAYERS = (RECURRENT, LSTM, ATTENTION)
