"""A multilayer perceptron of any depth: one frozen description, pure functions over its parameters.

Challenge 3 of the article asks for one program for any number of nodes and layers. Its answer is recursion: a
network of L layers is a network of L - 1 layers feeding some perceptrons, so ``apply`` is a fold over the layers.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

from jaxnet import checks
from jaxnet.accelerators import exact_products, require_memory
from jaxnet.guidance import guided
from jaxnet.html_blocks import html_table
from jaxnet.network.activations import ACTIVATIONS, OUTPUTS, activation
from jaxnet.network.initializers import Initializer, Normal, draw_initial, in_numpy, initializer
from jaxnet.network.products import sums_by_columns, sums_by_rows
from jaxnet.network.threefry import split, words_or_key
from jaxnet.network.width_scaling import PARAMETRIZATIONS, first_spread, scaled_layers, width_factor
from jaxnet.types import ArrayLike, Key, Layer, Params

_HEADER = ("layer", "activation", "shape", "parameters", "operations", "bytes")
WIDE_LAYER, WIDE_PRODUCT = 128, 100_000  # units of a layer, and weights, from which examples as rows are faster
_ROW = "{:<10} {:<12} {:<12} {:>14} {:>14} {:>14}"  # of a summary
_MOST_LAYERS = 5_000  # whose 10,000 arrays are as many as a file may have
_DRAWN_BYTES = 8  # of random bits for a weight
_Activation: TypeAlias = str | Callable[..., Any]


class LayerValues(NamedTuple):
    """What one layer computed for one example: weighted sums ``z`` [H] and activations ``a`` [H]."""

    z: jax.Array
    a: jax.Array


@guided(
    positional="sizes are one tuple, MLP((4, 8, 2))",
    sizes="inputs, hidden units, outputs, as in MLP((4, 8, 2))",
    hidden="hidden units stand between inputs and outputs, as 8 in MLP((4, 8, 2))",
    layers="sizes are one tuple, MLP((4, 8, 2))",
)
@dataclasses.dataclass(frozen=True)
class MLP:
    """A fully connected network; hashable, so that it can be a static argument of ``jax.jit``.

    Attributes:
        sizes: (D, H1, ..., K): inputs, hidden units of each layer, outputs. ``(D, K)`` has no hidden layer: a
            perceptron, logistic regression or softmax regression, by its output.
        activation: a name in ``ACTIVATIONS`` or a callable z -> a, for all hidden layers, or a tuple of one each.
        output: identity, sigmoid, softmax or exp: what ``predict`` does to the logits.
        dropout: probability, from 0 to below 1, that a hidden unit is left out of a training step (inverted
            dropout, Srivastava et al. 2014: what is kept is divided by 1 - dropout, so predictions need no factor).
        weights: an initialiser by name or callable (key, shape, dtype); default U(±sqrt(6 / (D + H))).
        biases: the same for biases; default zeros.
        parametrization: "standard"; "ntk" or "mup" multiply each layer's weights by a factor of its width, so that the
            best learning rate of a narrow network is that of a wide one (``network.width_scaling``), and draw them from
            normal distributions of their own.

    Raises ValueError or TypeError, naming the argument, for anything else.
    """

    sizes: tuple[int, ...]
    activation: _Activation | tuple[_Activation, ...] = dataclasses.field(default="relu", kw_only=True)
    output: str = dataclasses.field(default="identity", kw_only=True)
    dropout: float = dataclasses.field(default=0.0, kw_only=True)
    weights: str | Initializer = dataclasses.field(default="glorot_uniform", kw_only=True)
    biases: str | Initializer = dataclasses.field(default="zeros", kw_only=True)
    parametrization: str = dataclasses.field(default="standard", kw_only=True)

    def __post_init__(self) -> None:
        # what was given as a list becomes a tuple, so that networks can be hashed and compared
        object.__setattr__(self, "sizes", _sizes(self.sizes))
        if isinstance(self.activation, list):
            object.__setattr__(self, "activation", tuple(self.activation))
        object.__setattr__(self, "dropout", checks.number("dropout", self.dropout, minimum=0, below=1))
        checks.choice("output", self.output, OUTPUTS, elsewhere={"activation": ACTIVATIONS})
        _check_single(self.sizes, self.output)
        initializer("weights", self.weights), initializer("biases", self.biases)
        checks.choice("parametrization", self.parametrization, PARAMETRIZATIONS)
        own = self.parametrization != "standard" and self.weights != "glorot_uniform"
        expected = f"its default, for parametrization={self.parametrization!r} says how weights are drawn"
        checks.require(not own, "weights", expected, self.weights)
        for each in self.activations if isinstance(self.activation, tuple) else [self.activation]:
            activation(each)

    @property
    def activations(self) -> tuple[_Activation, ...]:
        """The activation of each hidden layer, from the first to the last; raises ValueError where a tuple of them has
        another length."""
        hidden = len(self.sizes) - 2
        if not isinstance(self.activation, tuple):
            return (self.activation,) * hidden
        expected = f"one name for all hidden layers or {hidden}, one a hidden layer of sizes={self.sizes}"
        checks.require(len(self.activation) == hidden, "activation", expected, self.activation)
        return self.activation

    def init(self, key: Key, dtype: jax.typing.DTypeLike = jnp.float32) -> Params:
        """Draw parameters: ``[{"w": [D, H], "b": [H]}, ...]``, one dict a layer, of the given dtype.

        Raises TypeError for what is no key, ValueError where there is no memory for them.
        """
        size = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(self.sizes))
        require_memory("sizes", size * (jnp.dtype(dtype).itemsize + _DRAWN_BYTES), self._name())

        def layer(key: Any, depth: int, shape: tuple[int, int]) -> Layer:
            key_w, key_b = split(key)
            drawn = functools.partial(draw_initial, dtype=dtype)
            return {
                "w": drawn("weights", self._first_weights(depth), key_w, shape=shape),
                "b": drawn("biases", self.biases, key_b, shape=shape[1:]),
            }

        shapes = list(itertools.pairwise(self.sizes))
        keys = split(words_or_key(checks.random_key("key", key)), len(shapes))
        return [layer(k, depth, shape) for depth, (k, shape) in enumerate(zip(keys, shapes, strict=True))]

    def _first_weights(self, depth: int) -> str | Initializer:
        if self.parametrization == "standard":
            return self.weights
        return Normal(first_spread(self.parametrization, depth, self.sizes))

    def init_compiles(self, dtype: jax.typing.DTypeLike = jnp.float32) -> bool:
        """Whether JAX has to compile programs for ``init``: not for what NumPy draws to the same bits."""
        return not (in_numpy("weights", self._first_weights(0), dtype) and in_numpy("biases", self.biases, dtype))

    @property
    def factors(self) -> tuple[float, ...]:
        """What each layer's weights are multiplied by: ones, but for another ``parametrization``."""
        return tuple(width_factor(self.parametrization, depth, size) for depth, size in enumerate(self.sizes[:-1]))

    def standard_form(self, params: Params) -> tuple["MLP", Params]:
        """Return a network in the standard parametrisation and the parameters with which it computes the same, in their
        dtype: what is saved, exported and looked at."""
        if self.parametrization == "standard":
            return self, params
        return dataclasses.replace(self, parametrization="standard"), scaled_layers(params, self.factors)

    def _scaled(self, w: jax.Array, depth: int, inputs: Any) -> jax.Array:
        """Multiply the weights of a layer by its factor."""
        if self.parametrization == "standard":
            return w
        return w * jnp.asarray(width_factor(self.parametrization, depth, inputs), w.dtype)

    @exact_products()
    def layers(self, params: Params, x: ArrayLike, *, key: Key | None = None) -> list[LayerValues]:
        """Compute every layer for one example ``x`` [D], in the dtype of ``params``; the last layer's ``z`` are the
        logits [K], its ``a`` the prediction. Given a key, hidden units are dropped.

        Raises ValueError or TypeError for parameters of another network and for anything but one example.
        """
        self.check_params(params)
        x = self._example(params, x)
        values = self.columns(params, x[:, None], None if key is None else key[None])
        return [LayerValues(z[:, 0], a[:, 0]) for z, a in values]

    @property
    def by_rows(self) -> bool:
        """Whether a batch is computed with examples as rows: for wide networks, whose time is that of their products.

        The others are computed with examples as columns, because what is done to every unit of a layer (add its bias,
        sum its gradient) then runs along memory: on CPUs small networks train 1.1 to 1.4 times faster so, tiles of
        eight of them 1.5 to 2.7 times. A matter of the network alone, for last bits depend on it.
        """
        return max(self.sizes[1:]) >= WIDE_LAYER or max(map(math.prod, itertools.pairwise(self.sizes))) >= WIDE_PRODUCT

    def columns(self, params: Params, X: jax.Array, keys: Key | None = None) -> list[LayerValues]:
        """Compute every layer for the examples that are the columns of ``X`` [D, N], without checks; ``z`` and ``a``
        are [H, N]. ``keys`` [N] drop hidden units, each example its own. In between examples lie as ``by_rows`` says.
        """
        rows = self.by_rows

        def turned(array: jax.Array) -> jax.Array:
            return array.T if rows else array

        values, a = [], turned(X)
        for depth, (layer, name) in enumerate(zip(params, [*self.activations, None], strict=True)):
            w, b = self._scaled(layer["w"], depth, self.sizes[depth]), layer["b"]
            z = sums_by_rows(w, a) + b[None, :] if rows else sums_by_columns(w, a) + b[:, None]
            # what has a name looks at each number alone, whichever way it lies
            function = OUTPUTS[self.output] if name is None else activation(name)
            a = function(z) if isinstance(name, str) else turned(function(turned(z)))
            if keys is not None and name is not None:
                a = turned(drop_units(turned(a), self.dropout, keys, depth))
            values.append(LayerValues(turned(z), turned(a)))
        return values

    def apply(self, params: Params, x: ArrayLike, *, key: Key | None = None) -> jax.Array:
        """Compute the logits [K] of one example ``x`` [D]; with a key, hidden units are dropped. vmap for a batch."""
        return self.layers(params, x, key=key)[-1].z

    @guided(X="parameters come first, predict(params, X)")
    def predict(self, params: Params, X: ArrayLike) -> jax.Array:
        """Return identity, sigmoid, softmax or exp of the logits: [D] -> [K], [N, D] -> [N, K], in the dtype of params.

        Raises ValueError or TypeError for parameters of another network and for X of another width.
        """
        self.check_params(params)
        X = jnp.asarray(checks.real_array("X", X), params[0]["w"].dtype)
        expected = f"one example of shape ({self.sizes[0]},) or a batch of shape (N, {self.sizes[0]})"
        checks.require(X.ndim in (1, 2) and X.shape[-1] == self.sizes[0], "X", expected, X)
        with exact_products():
            prediction: jax.Array = _predict(self, params, X)
        return prediction

    def summary(self, dtype: jax.typing.DTypeLike = jnp.float32) -> str:
        """Describe the network as a table: layers, shapes, parameters, operations an example, bytes.

        Operations are floating-point operations of one forward pass for one example: a multiplication and an addition
        a weight (the sum of D products and a bias has D additions); activations are not counted. Bytes are those of
        the parameters in ``dtype``.
        """
        rows = self._summary_rows(dtype)
        header = _ROW.format(*_HEADER)
        lines = [header, *(_ROW.format(*row[:3], *(f"{number:,}" for number in row[3:])) for row in rows)]
        return "\n".join([self._name(), *lines])

    def _repr_html_(self) -> str:
        rows = [(*row[:3], *(f"{number:,}" for number in row[3:])) for row in self._summary_rows(jnp.float32)]
        return f"<p>{self._name()}</p>{html_table(rows, _HEADER)}"

    def _name(self) -> str:
        more = f", dropout {self.dropout:g}" if self.dropout else ""
        more += "" if self.parametrization == "standard" else f", {self.parametrization}"
        return f"MLP {'-'.join(map(str, self.sizes))}{more}"

    def _summary_rows(self, dtype: jax.typing.DTypeLike) -> list[tuple[Any, ...]]:
        rows = []
        for depth, (inputs, outputs) in enumerate(itertools.pairwise(self.sizes)):
            last = depth == len(self.sizes) - 2
            function = self.output if last else self.activations[depth]
            name = function if isinstance(function, str) else getattr(function, "__name__", "callable")
            parameters = (inputs + 1) * outputs
            counts = parameters, 2 * inputs * outputs, parameters * jnp.dtype(dtype).itemsize
            rows.append(("output" if last else f"hidden {depth + 1}", name, f"{inputs} x {outputs}", *counts))
        rows.append(("total", "", "", *(sum(column) for column in list(zip(*rows, strict=True))[3:])))
        return rows

    def check_params(self, params: Params) -> None:
        """Refuse parameters that are not ``[{"w": [D, H], "b": [H]}, ...]`` of floating-point numbers for these sizes.

        Raises ValueError or TypeError, naming the leaf, its shape and the shape that fits.
        """
        count = len(self.sizes) - 1
        expected = f"a list of {count} layers with 'w' and 'b', as MLP(sizes={self.sizes}).init(key) returns"
        whole = isinstance(params, list | tuple) and len(params) == count
        whole = whole and all(isinstance(layer, dict) and layer.keys() == {"w", "b"} for layer in params)
        checks.require(whole, "params", expected, params, ValueError if isinstance(params, list | tuple) else TypeError)
        for depth, layer in enumerate(params):
            shape = self.sizes[depth : depth + 2]
            _check_shape(f"params[{depth}]['w']", layer["w"], shape, self.sizes)
            _check_shape(f"params[{depth}]['b']", layer["b"], shape[1:], self.sizes)

    def _example(self, params: Params, x: ArrayLike) -> jax.Array:
        x = jnp.asarray(checks.real_array("x", x), params[0]["w"].dtype)
        expected = f"one example of shape ({self.sizes[0]},); for a batch use predict, or jax.vmap over apply"
        checks.require(x.shape == self.sizes[:1], "x", expected, x)
        return x


@jax.jit(static_argnums=0)
def _predict(net: MLP, params: Params, X: jax.Array) -> jax.Array:
    return net.layers(params, X)[-1].a if X.ndim == 1 else net.columns(params, X.T)[-1].a.T


def drop_units(a: jax.Array, rate: float | jax.Array, keys: Key, depth: int | jax.Array) -> jax.Array:
    """Leave each unit of ``a`` [H, N] out with probability ``rate`` and divide the others by 1 - rate (inverted
    dropout); ``keys`` [N] draw for each example, ``depth`` says which hidden layer it is, from 0.

    A unit's draw depends on its place alone, so a layer that is padded with units draws the same for those before them.
    """
    keep = 1 - jnp.asarray(rate, a.dtype)

    def kept(key: Key) -> jax.Array:
        # a key of its own for each layer, or all would leave the same units out
        return jax.random.bernoulli(jax.random.fold_in(key, depth), keep, a.shape[:1])

    return jnp.where(jax.vmap(kept, out_axes=1)(keys), a / keep, 0)


def _sizes(sizes: Any) -> tuple[int, ...]:
    expected = "two or more layer sizes such as (4, 2, 2)"
    checks.require(isinstance(sizes, list | tuple), "sizes", expected, sizes, TypeError)
    checks.require(len(sizes) >= 2, "sizes", expected, sizes)
    got = checks.Words(f"{len(sizes) - 1} layers")
    checks.require(len(sizes) <= _MOST_LAYERS + 1, "sizes", f"at most {_MOST_LAYERS} layers", got)
    return tuple(checks.countable(f"sizes[{i}]", size) for i, size in enumerate(sizes))


def _check_single(sizes: tuple[int, ...], output: str) -> None:
    """Refuse softmax over a single output, which is 1 whatever the network computes."""
    got = checks.Words("'softmax', which of one output is always 1")
    checks.require(output != "softmax" or sizes[-1] > 1, "output", "'sigmoid' for one output, or two outputs", got)


def _check_shape(name: str, leaf: Any, shape: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    expected = f"an array of shape {shape} for sizes={sizes}"
    checks.require(hasattr(leaf, "shape") and hasattr(leaf, "dtype"), name, expected, leaf, TypeError)
    checks.require(tuple(leaf.shape) == shape, name, expected, leaf)
    checks.require(jnp.issubdtype(leaf.dtype, jnp.floating), name, "floating-point numbers", leaf, TypeError)
