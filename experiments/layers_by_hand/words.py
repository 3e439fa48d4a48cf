"""Words: an embedding under a softmax classifier, and word2vec with negative sampling.

Both look rows up, some of them more than once: what comes back to a row is the sum over all its uses.
"""

import jax.numpy as jnp
import numpy as np

from layers_by_hand.slips import Layer, Slip, drawn, one_hot


def embedding(P, ids, y):
    """Sentences as ids [N, T]: the mean of their rows of E [V, D], then W [K, D] and b [K], mean cross-entropy."""
    words = P["E"][ids]
    sentence = jnp.mean(words, axis=1)
    logits = sentence @ P["W"].T + P["b"]
    losses = jnp.log(jnp.sum(jnp.exp(logits), axis=1)) - logits[np.arange(len(y)), y]
    return jnp.mean(losses)


def embedding_backward(P, ids, y):
    sentence = P["E"][ids].mean(axis=1)
    p = np.exp(sentence @ P["W"].T + P["b"])
    p = p / p.sum(axis=1, keepdims=True)
    dlogits = (p - one_hot(y, len(P["b"]))) / len(y)
    dW = dlogits.T @ sentence
    db = dlogits.sum(axis=0)
    dsentence = dlogits @ P["W"]
    dwords = np.repeat(dsentence[:, None] / ids.shape[1], ids.shape[1], axis=1)  # each word has 1/T of the mean
    dE = np.zeros_like(P["E"])
    np.add.at(dE, ids, dwords)  # a word that stands twice gets both parts, which dE[ids] += would not do
    return {"E": dE, "W": dW, "b": db}


EMBEDDING = Layer(
    "embedding", embedding, embedding_backward, drawn(50, E=(6, 3), W=(4, 3), b=(4,)),
    (np.array([[0, 1, 1], [4, 0, 2], [3, 3, 3], [2, 5, 0]]), np.array([0, 2, 3, 1])),
    (
        Slip("repeated words overwrite", "dwords = _once(ids, np.repeat(dsentence[:, None] / ids.shape[1], ids.shape[1], axis=1))", "accumulation_overwritten", "words"),
        Slip("a sum for the mean", "dwords = np.repeat(dsentence[:, None], ids.shape[1], axis=1)", "factor", "sentence"),
        Slip("the first word only", "dwords = np.pad(dsentence[:, None] / ids.shape[1], ((0, 0), (0, ids.shape[1] - 1), (0, 0)))", "counted_once bias_not_summed", "words sentence"),
        Slip("not averaged over the sentences", "dlogits = p - one_hot(y, len(P['b']))", "batch_sum", "return losses"),
        Slip("the target left out", "dlogits = p / len(y)", "target_missing path_not_followed", "losses"),
        Slip("W transposed", "dW = sentence.T @ dlogits", "shape_transposed", "logits"),
        Slip("b of one sentence", "db = dlogits[0]", "bias_not_summed examples_dropped", "logits"),
        Slip("the wrong sign into the words", "dsentence = -dlogits @ P['W']", "sign", "words sentence logits"),
    ),
)  # fmt: skip


def _once(ids, dwords):
    """What is left where a later use of a word overwrites the earlier ones."""
    flat = ids.ravel()
    last = [at == len(flat) - 1 - list(flat[::-1]).index(word) for at, word in enumerate(flat)]
    return dwords * np.reshape(last, ids.shape)[:, :, None]


def negative_sampling(P, centers, contexts, negatives):
    """V, U [words, D]; centers, contexts [N], negatives [N, K]: the mean of -log s(u_o v) - sum_k log s(-u_k v)."""
    v = P["V"][centers]
    u = P["U"][contexts]
    near = jnp.sum(u * v, axis=1)
    far = jnp.einsum("nkd,nd->nk", P["U"][negatives], v)
    losses = jnp.log(1 + jnp.exp(-near)) + jnp.sum(jnp.log(1 + jnp.exp(far)), axis=1)
    return jnp.mean(losses)


def negative_sampling_backward(P, centers, contexts, negatives):
    n, v, u, others = len(centers), P["V"][centers], P["U"][contexts], P["U"][negatives]
    sigmoid = lambda z: 1 / (1 + np.exp(-z))
    # -log s(z) has the slope s(z) - 1, -log s(-z) has s(z): prediction minus target, the target 1 for near, 0 for far
    dnear = (sigmoid((u * v).sum(axis=1)) - 1) / n
    dfar = sigmoid(np.einsum("nkd,nd->nk", others, v)) / n
    by_near = dnear[:, None] * u
    by_far = np.einsum("nk,nkd->nd", dfar, others)
    dV, dU = np.zeros_like(P["V"]), np.zeros_like(P["U"])
    np.add.at(dV, centers, by_near + by_far)  # the center meets its context and every negative
    du = dnear[:, None] * v
    np.add.at(dU, contexts, du)
    dothers = dfar[:, :, None] * v[:, None]
    np.add.at(dU, negatives, dothers)
    return {"V": dV, "U": dU}


WORD2VEC = Layer(
    "word2vec with negative sampling", negative_sampling, negative_sampling_backward, drawn(51, V=(7, 3), U=(7, 3)),
    (np.array([0, 1, 1, 4]), np.array([2, 3, 2, 5]), np.array([[3, 6, 6], [0, 2, 5], [6, 4, 0], [1, 3, 1]])),
    (
        Slip("the center without its context", "by_near = 0", "path_not_followed", "near"),
        Slip("the center without the negatives", "by_far = 0", "path_not_followed", "far"),
        Slip("the sign of the negatives", "dfar = -sigmoid(np.einsum('nkd,nd->nk', others, v)) / n", "sign", "far losses"),
        Slip("the 1 forgotten", "dnear = sigmoid((u * v).sum(axis=1)) / n", "target_missing", "losses near"),
        Slip("one negative word", "dothers = dfar[:, :, None] * v[:, None] * (np.arange(negatives.shape[1])[:, None] == 0)", "counted_once", "far"),
        Slip("the context's own row", "du = dnear[:, None] * u", "value_of_another", "near"),
        Slip("the slope of the sigmoid again", "dnear = (lambda s: (s - 1) * s * (1 - s))(sigmoid((u * v).sum(axis=1))) / n", "output_derivative_extra", "near losses"),
        Slip("negatives averaged", "by_far = np.einsum('nk,nkd->nd', dfar, others) / negatives.shape[1]", "factor", "far"),
        Slip("not averaged over the pairs", "dnear = sigmoid((u * v).sum(axis=1)) - 1", "batch_sum factor upstream_missing", "losses near"),
    ),
)  # fmt: skip

LAYERS = (EMBEDDING, WORD2VEC)
