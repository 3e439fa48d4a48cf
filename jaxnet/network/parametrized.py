"""The network of the RealMLP recipe: layers scaled by their width, a factor for each input, a start of its own.

What its parameters compute, the plain network computes with scaled weights: ``plain`` says so, and what it returns is
an ``MLP``'s, to be predicted with, exported and judged.
"""

import dataclasses
import itertools
from typing import Any

import jax
import jax.numpy as jnp

from jaxnet import checks
from jaxnet.network.mlp import MLP, LayerValues
from jaxnet.network.width_scaling import PARAMETRIZATIONS, first_spread, scaled_layers, width_factor
from jaxnet.types import Key, Params


@dataclasses.dataclass(frozen=True)
class Parametrized:
    """An ``MLP`` in another parametrisation, as a network of one's own: ``jn.objective``, ``jn.fit`` and ``jn.plan``
    (``network=``) take it.

    Attributes:
        net: the network.
        parametrization: "standard", "ntk" or "mup", as ``MLP`` has it by itself; here together with what follows.
        front_scale: whether each input is first multiplied by a number that is learned, from 1 on.
        last_zero: whether the last layer starts from zeros, so that training starts from the answer of no input.
        noisy_biases: whether biases of hidden layers start from N(0, 1), not as ``net`` says.

    Parameters are {"scale": [D] or nothing, "layers": the ``MLP``'s}. Raises ValueError or TypeError, naming the
    argument, for anything else.
    """

    net: MLP
    parametrization: str = "ntk"
    front_scale: bool = dataclasses.field(default=False, kw_only=True)
    last_zero: bool = dataclasses.field(default=False, kw_only=True)
    noisy_biases: bool = dataclasses.field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        checks.require(isinstance(self.net, MLP), "net", "a jn.MLP", self.net, TypeError)
        checks.choice("parametrization", self.parametrization, PARAMETRIZATIONS)
        expected = "a jn.MLP of the standard parametrisation, which is then given another"
        checks.require(self.net.parametrization == "standard", "net", expected, self.net)

    @property
    def sizes(self) -> tuple[int, ...]:
        """(D, H1, ..., K), as the network has them."""
        return self.net.sizes

    @property
    def output(self) -> str:
        """What a prediction does to the logits."""
        return self.net.output

    @property
    def dropout(self) -> float:
        """The probability that a hidden unit is left out of a step."""
        return self.net.dropout

    @property
    def factors(self) -> tuple[float, ...]:
        """The factor f of each layer."""
        return tuple(width_factor(self.parametrization, depth, size) for depth, size in enumerate(self.sizes[:-1]))

    def init(self, key: Key, dtype: jax.typing.DTypeLike = jnp.float32) -> dict[str, Any]:
        """Draw parameters; raises TypeError for what is no key."""
        layers = self.net.init(key, dtype)
        shapes, last = list(itertools.pairwise(self.net.sizes)), len(self.net.sizes) - 2
        for depth, (layer, (inputs, units)) in enumerate(zip(layers, shapes, strict=True)):
            key_w, key_b = jax.random.split(jax.random.fold_in(key, depth))
            if self.parametrization != "standard":
                spread = first_spread(self.parametrization, depth, self.sizes)
                layer["w"] = spread * jax.random.normal(key_w, (inputs, units), dtype)
            if self.noisy_biases and depth < last:
                layer["b"] = jax.random.normal(key_b, (units,), dtype)
            if self.last_zero and depth == last:
                layer["w"], layer["b"] = jnp.zeros((inputs, units), dtype), jnp.zeros((units,), dtype)
        front = {"scale": jnp.ones((self.net.sizes[0],), dtype)} if self.front_scale else {}
        return front | {"layers": layers}

    def plain(self, params: dict[str, Any]) -> Params:
        """Return the parameters with which ``net`` computes the same, in their dtype."""
        layers = params["layers"]
        # in training the network's dropout is no number, so no other network is made of it here
        first, *others = layers if self.parametrization == "standard" else scaled_layers(layers, self.factors)
        if self.front_scale:
            first = {**first, "w": params["scale"][:, None] * first["w"]}
        return [first, *others]

    def apply(self, params: dict[str, Any], x: jax.Array, *, key: Key | None = None) -> jax.Array:
        """Compute the logits [K] of one example ``x`` [D]; with a key, hidden units are dropped."""
        return self.net.apply(self.plain(params), x, key=key)

    def columns(self, params: dict[str, Any], X: jax.Array, keys: Key | None = None) -> list[LayerValues]:
        """Compute every layer for the examples that are the columns of ``X`` [D, N], as ``MLP.columns`` does; a step
        scales the weights once, not once an example."""
        return self.net.columns(self.plain(params), X, keys)
