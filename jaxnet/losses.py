"""What training lowers: the loss of one example by name, and the objective, its mean over a batch plus a penalty.

Every loss is computed from the logits, so it is finite for any finite logit: a network that is certain and wrong has
a large loss, not an infinite one, and cross-entropy of the probabilities 0 and 1 needs no clipping.

A loss takes values and targets of one example, [K] and [K], and gives a scalar; of N examples as columns, [K, N] and
[K, N], it gives [N]. It computes in the dtype that it is given.
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxnet import checks
from jaxnet.accelerators import exact_products
from jaxnet.guidance import guided
from jaxnet.network import MLP, OUTPUTS, Parametrized
from jaxnet.targets import Target, check_targets, dense_targets
from jaxnet.types import ArrayLike, Key, Pytree


class Loss(NamedTuple):
    """A loss of one example and what its target is.

    ``of(values [K], target [K]) -> scalar``, where values are the logits, or the predictions for a regression loss,
    so that squared error of sigmoid outputs is what its name says.
    ``outputs`` are those whose ``predict`` says what the loss has taught the logits to be: probabilities by a softmax
    are not what binary cross-entropy trains. () is any: a loss on predictions is of whatever is predicted.
    """

    of: Callable[[jax.Array, jax.Array], jax.Array]
    target: Target
    outputs: tuple[str, ...] = ()

    @property
    def on_predictions(self) -> bool:
        """Whether values are the predictions, not the logits."""
        return not self.outputs


def cross_entropy(logits: jax.Array, target: jax.Array) -> jax.Array:
    """-sum_k target_k log softmax(logits)_k, for a one-hot or probability target [K]."""
    # where, because 0 * -inf is NaN and an outcome of probability 0 costs nothing
    return -jnp.sum(jnp.where(target == 0, 0, target * jax.nn.log_softmax(logits, axis=0)), axis=0)


def binary_cross_entropy(logits: jax.Array, target: jax.Array) -> jax.Array:
    """Sum over outputs of -t log sigmoid(z) - (1 - t) log(1 - sigmoid(z)) = max(z, 0) - z t + log(1 + exp(-|z|))."""
    # log(1 - sigmoid(z)) = -softplus(z): no logarithm of what has been rounded to 0 or 1
    return jnp.sum(jax.nn.softplus(logits) - logits * target, axis=0)


@dataclasses.dataclass(frozen=True)
class SmoothedCrossEntropy:
    """Cross entropy of a label smoothed by ``amount``: 1 - amount of it on the label, the rest evenly on all classes.

    A callable loss for ``jn.objective``: (logits [K], label) -> scalar. It keeps logits from growing without end, and
    so costs log-loss and gains accuracy. Source: Szegedy et al. 2016. Raises ValueError for an amount outside [0, 1).
    """

    amount: float = 0.1

    def __post_init__(self) -> None:
        checks.number("amount", self.amount, minimum=0, below=1)

    def __call__(self, logits: jax.Array, label: jax.Array) -> jax.Array:
        """Compute the loss of one example."""
        logarithms = jax.nn.log_softmax(logits)
        return -(1 - self.amount) * logarithms[label] - self.amount * jnp.mean(logarithms)


def squared_error(prediction: jax.Array, target: jax.Array) -> jax.Array:
    """Half the sum over outputs of (prediction - target)², whose derivative is prediction - target."""
    return jnp.sum(jnp.square(prediction - target), axis=0) / 2


def mean_squared_error(prediction: jax.Array, target: jax.Array) -> jax.Array:
    """The mean over outputs of (prediction - target)²."""
    return jnp.mean(jnp.square(prediction - target), axis=0)


def huber(prediction: jax.Array, target: jax.Array) -> jax.Array:
    """Sum over outputs of e²/2 for |e| <= 1 and |e| - 1/2 beyond (Huber 1964, delta 1)."""
    error = jnp.abs(prediction - target)
    return jnp.sum(jnp.where(error <= 1, jnp.square(error) / 2, error - 0.5), axis=0)


def hinge(logits: jax.Array, target: jax.Array) -> jax.Array:
    """Sum over outputs of max(0, 1 - s z) with s = 1 where target is 1 and -1 where it is 0: one against the rest."""
    return jnp.sum(jax.nn.relu(1 - (2 * target - 1) * logits), axis=0)


def poisson(logits: jax.Array, target: jax.Array) -> jax.Array:
    """Sum over outputs of exp(z) - t z: the negative log-likelihood of counts with log-rates z, but for log t!."""
    return jnp.sum(jnp.exp(logits) - target * logits, axis=0)


LOSSES: Mapping[str, Loss] = MappingProxyType(
    {
        "cross_entropy": Loss(cross_entropy, Target.DISTRIBUTION, ("softmax",)),
        "binary_cross_entropy": Loss(binary_cross_entropy, Target.PROBABILITY, ("sigmoid",)),
        "squared_error": Loss(squared_error, Target.REAL),
        "mean_squared_error": Loss(mean_squared_error, Target.REAL),
        "huber": Loss(huber, Target.REAL),
        # margins; a sigmoid of one is no probability, yet above 1/2 where the margin is above 0: the same decision
        "hinge": Loss(hinge, Target.PROBABILITY, ("identity", "sigmoid")),
        "poisson": Loss(poisson, Target.COUNT, ("exp",)),
    }
)
CANONICAL: Mapping[str, str] = MappingProxyType(
    {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "identity": "squared_error", "exp": "poisson"}
)


@dataclasses.dataclass(frozen=True)
class Objective:
    """Mean loss over the examples + l2 / 2 * the sum of squared weights; made by ``objective``, called as
    ``f(params, X [N, D], y, *, weight=None, key=None) -> scalar``.

    Weights are the leaves of ``params`` with two axes or more; biases are never penalised.
    """

    network: Any
    loss: str | Callable[..., Any]
    l2: float

    @guided(y="parameters come first, f(params, X, y)", positional="f(params, X, y)")
    @exact_products()
    def __call__(
        self, params: Pytree, X: ArrayLike, y: ArrayLike, *, weight: ArrayLike | None = None, key: Key | None = None
    ) -> jax.Array:
        """Compute the objective of X [N, D] and y [N] or [N, K], a scalar in the dtype of ``params``.

        ``weight`` [N] weighs the examples (their mean is sum(w loss) / sum(w)); with a ``key`` units are dropped.
        Raises ValueError or TypeError for what does not fit, as ``checked`` says.
        """
        x, target, example_weight = self.checked(params, X, y, weight)
        losses = self.examples(params, x, target, key)
        return self._penalised(params, losses, example_weight)

    @exact_products()
    def of_logits(self, params: Pytree, logits: jax.Array, y: jax.Array, weight: jax.Array | None) -> jax.Array:
        """Compute the objective of examples whose logits [N, K] are known, a scalar."""
        return self._penalised(params, self._losses(logits.T, y), weight)

    def _penalised(self, params: Pytree, losses: jax.Array, weight: jax.Array | None) -> jax.Array:
        return weighted_mean(losses, weight) + self.l2 / 2 * squared_weights(params)

    def logits(self, params: Pytree, X: jax.Array, key: Key | None = None) -> jax.Array:
        """Compute the logits [N, K] of X [N, D]; with a key, each example has its own dropped units."""
        return self._columns(params, X, key).T

    def _columns(self, params: Pytree, X: jax.Array, key: Key | None) -> jax.Array:
        keys = None if key is None else jax.random.split(key, len(X))
        if isinstance(self.network, MLP | Parametrized):
            return self.network.columns(params, X.T, keys)[-1].z

        def one(x: jax.Array, extra: dict[str, Key]) -> jax.Array:
            logits: jax.Array = self.network.apply(params, x, **extra)
            return logits

        return jax.vmap(one, out_axes=1)(X, {} if keys is None else {"key": keys})

    def examples(self, params: Pytree, X: jax.Array, y: jax.Array, key: Key | None = None) -> jax.Array:
        """Compute the loss of every example [N] of X [N, D] and y [N] or [N, K], without the penalty."""
        return self._losses(self._columns(params, X, key), y)

    def _losses(self, logits: jax.Array, y: jax.Array) -> jax.Array:
        if callable(self.loss):
            # one's own takes one example; its targets stand as they were given, in rows
            losses: jax.Array = jax.vmap(self.loss, (1, 0))(logits, y)
            return losses
        loss = LOSSES[self.loss]
        values = OUTPUTS[self.output](logits) if loss.on_predictions else logits
        return loss.of(values, dense_targets(loss.target, y, len(logits), logits.dtype).T)

    @property
    def output(self) -> str:
        """What the network does to its logits; a network of one's own without ``output`` leaves them as they are."""
        return getattr(self.network, "output", "identity")

    @property
    def random(self) -> bool:
        """Whether training needs a key: only for dropout."""
        return bool(getattr(self.network, "dropout", 0))

    def checked(self, params: Pytree, X: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
        """Return X [N, D], y [N] or [N, K] and weight [N] (or None) in the dtype of ``params``, labels as int32.

        Raises ValueError for wrong shapes, labels out of range, NaN and infinity, TypeError for wrong dtypes, naming
        the argument.
        """
        if isinstance(self.network, MLP):
            self.network.check_params(params)
        dtype = checks.parameters("params", params)
        X = checks.examples("X", X, getattr(self.network, "sizes", (None,))[0], dtype)
        if not callable(self.loss):
            # an MLP says how many: tracing it to count was most of the time of a call of fit that compiles nothing
            mlp = isinstance(self.network, MLP)
            outputs = self.network.sizes[-1] if mlp else jax.eval_shape(self.network.apply, params, X[0]).shape[-1]
            kind = LOSSES[self.loss].target
            classes = self.output != "identity" or kind is Target.PROBABILITY
            y = check_targets(kind, y, len(X), outputs, classes=classes)
        y = checks.targets("y", y, len(X), dtype)
        return X, y, None if weight is None else checks.weights("weight", weight, len(X), dtype)


@guided(network="a network, as in objective(net)", positional="objective(net, loss, l2), called as f(params, X, y)")
def objective(network: Any, loss: str | Callable[..., Any] | None = None, l2: float = 0.0) -> Objective:
    """Build the objective of a network: the mean loss of the examples + l2 / 2 * the sum of squared weights.

    Args:
        network: an ``MLP``, or any hashable object with init(key) and apply(params, x [D]) -> logits [K].
        loss: a name in ``LOSSES``, or a callable (logits [K], target) -> scalar of one example; by default the
            canonical one, whose derivative at the logits is prediction - target: cross_entropy for softmax,
            binary_cross_entropy for sigmoid, squared_error for identity, poisson for exp.
        l2: the penalty's factor, at least 0; never applied to biases.

    Returns a frozen, hashable ``Objective``. Raises ValueError or TypeError for anything else.
    """
    methods = callable(getattr(network, "apply", None)) and callable(getattr(network, "init", None))
    checks.require(methods, "network", "an object with init(key) and apply(params, x)", network, TypeError)
    if loss is None:
        loss = CANONICAL[getattr(network, "output", "identity")]
    elif not callable(loss):
        checks.choice("loss", loss, LOSSES)
    _check_pair(loss, getattr(network, "output", None))
    return Objective(network, loss, checks.number("l2", l2, minimum=0))


def _check_pair(loss: str | Callable[..., Any], output: str | None) -> None:
    """Refuse a loss that teaches the logits something else than the output makes of them; a network of one's own
    without ``output`` says nothing of it."""
    names = [name for name, known in LOSSES.items() if loss in (name, known.of)]
    if output is None or not names or not LOSSES[names[0]].outputs:
        return
    fitting = LOSSES[names[0]].outputs
    got = checks.Words(f"{names[0]!r}, which fits output={' or '.join(map(repr, fitting))}")
    checks.require(output in fitting, "loss", f"a loss for {output!r} outputs such as {CANONICAL[output]}", got)


def weighted_mean(values: jax.Array, weight: jax.Array | None) -> jax.Array:
    """Compute sum(w v) / sum(w) of values [N] and weights [N], a scalar: 0 where all weights are 0; without weights the
    plain mean."""
    if weight is None:
        return jnp.mean(values)
    total = jnp.sum(weight)
    # a row of weight 0 counts for nothing, whatever its loss: 0 * inf would be NaN
    summed = jnp.sum(jnp.where(weight == 0, 0, weight * values))
    return summed / jnp.where(total == 0, 1, total)


def squared_weights(params: Pytree) -> jax.Array:
    """Sum the squares of all weights, the leaves with two axes or more, to a scalar."""
    weights = [leaf for leaf in jax.tree.leaves(params) if leaf.ndim >= 2]
    return sum((jnp.sum(jnp.square(w)) for w in weights), start=jnp.zeros((), weights[0].dtype if weights else None))
