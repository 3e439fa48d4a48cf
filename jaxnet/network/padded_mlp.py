"""A network that computes what a smaller one does: its layers have more units, and there are more of them, than count.

Networks of many widths and depths then have one shape, and a population of them is one compiled program. Units beyond
the widths hold zeros and stay so: nothing that leaves them counts, so no gradient comes back to them. A layer of
width 0 passes on what it is given.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet import checks
from jaxnet.network.activations import OUTPUTS, activation
from jaxnet.network.mlp import MLP, LayerValues, drop_units
from jaxnet.network.products import sums_by_columns, sums_by_rows
from jaxnet.network.width_scaling import width_factor
from jaxnet.types import Key, Params, Pytree

_FEWEST_UNITS, _FEWEST_LAYERS = 32, 2


@dataclasses.dataclass(frozen=True)
class PaddedMLP(MLP):
    """An ``MLP`` whose hidden layers are as wide as the widest may be; ``widths`` are those that count, floats that may
    be traced, 0 for a layer that passes on what it is given, which has the units of the one before it."""

    widths: tuple[float, ...] = dataclasses.field(default=(), kw_only=True)

    def init(self, key: Key, dtype: jax.typing.DTypeLike = jnp.float32) -> Params:
        """Draw the parameters of the network that counts and pad them with zeros, as ``MLP.init`` does."""
        return params_with_padding(self, self.counted.init(key, dtype))

    @property
    def counted(self) -> MLP:
        """The network that counts, which has this one's answers."""
        hidden = tuple(int(width) for width in self.widths if width)
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(MLP)}
        names = self.activation[: len(hidden)] if isinstance(self.activation, tuple) else self.activation
        return MLP(**given | {"sizes": (self.sizes[0], *hidden, self.sizes[-1]), "activation": names})

    @property
    def factors(self) -> tuple[float, ...]:
        """What each layer's weights are multiplied by, by the widths that count."""
        factors, inputs = [], self.sizes[0]
        for depth, width in enumerate((*self.widths, 0.0)):
            factors.append(width_factor(self.parametrization, depth, inputs))
            inputs = int(width) or inputs
        return tuple(factors)

    def columns(self, params: Params, X: jax.Array, keys: Key | None = None) -> list[LayerValues]:
        """Compute every layer as ``MLP.columns`` does; of a layer that passes on, values are those passed on."""
        rows = self.by_rows
        turned = lambda array: array.T if rows else array
        values, a, width = [], turned(X), jnp.asarray(self.sizes[0], X.dtype)
        for depth, (layer, name) in enumerate(zip(params, [*self.activations, None], strict=True)):
            w, b = self._scaled(layer["w"], depth, width if depth else self.sizes[0]), layer["b"]
            if depth:
                # what leaves a unit beyond the width counts for nothing, whatever its activation of 0 is
                w = jnp.where((jnp.arange(len(w), dtype=X.dtype) < width)[:, None], w, 0)
            z = sums_by_rows(w, a) + b[None, :] if rows else sums_by_columns(w, a) + b[:, None]
            new = (OUTPUTS[self.output] if name is None else activation(name))(turned(z) if name is None else z)
            new = turned(new) if name is None else new
            if keys is not None and name is not None:
                new = turned(drop_units(turned(new), self.dropout, keys, depth))
            if depth and name is not None:
                own = jnp.asarray(self.widths[depth], X.dtype)
                # a layer that may pass on what it is given is as wide as the one before it; others always count
                new = jnp.where(own > 0, new, a) if new.shape == a.shape else new
                width = jnp.where(own > 0, own, width)
            elif name is not None:
                width = jnp.asarray(self.widths[0], X.dtype)
            a = new
            values.append(LayerValues(turned(z), turned(a)))
        return values


def padded(network: Any) -> Any:
    """Return a network with its hidden layers padded, by a rule of the network alone: to the power of two, 32 at least,
    that holds the widest of them, and to the power of two, 2 at least, that holds their number.

    One without a hidden layer stays as it is. Raises TypeError, naming ``pad``, for a network of one's own, and for
    activations that are no names: they may look at all units of an example together.
    """
    checks.require(isinstance(network, MLP), "pad", "jn.MLP networks with pad=True", network, TypeError)
    hidden = network.sizes[1:-1]
    if not hidden:
        return network
    names = network.activations
    named = all(isinstance(name, str) for name in names)
    checks.require(named, "pad", "activations by name with pad=True", network.activation, TypeError)
    units = max(_FEWEST_UNITS, 1 << (max(hidden) - 1).bit_length())
    layers = max(_FEWEST_LAYERS, 1 << (len(hidden) - 1).bit_length())
    given = {field.name: getattr(network, field.name) for field in dataclasses.fields(MLP)}
    beyond = layers - len(hidden)
    given["sizes"] = (network.sizes[0], *[units] * layers, network.sizes[-1])
    given["activation"] = (*names, *[names[-1]] * beyond) if len(set(names)) > 1 else names[0]
    return PaddedMLP(**given, widths=(*map(float, hidden), *[0.0] * beyond))


def params_with_padding(network: PaddedMLP, params: Params) -> Params:
    """Return the parameters of the network that counts as those of the padded one; in NumPy where they are."""
    return layers_in_zeros(params, list(itertools.pairwise(network.sizes)))


def counted_params(network: PaddedMLP, params: Params) -> Params:
    """Return those of the parameters of a padded network that count."""
    return layers_cut_out(params, network.counted.sizes)


def counted_state(network: PaddedMLP, state: Pytree) -> Pytree:
    """Return a state of a padded network (its parameters, its optimizer's state) with all that is shaped like its
    parameters cut to what counts."""
    shapes = [{"w": pair, "b": pair[1:]} for pair in itertools.pairwise(network.sizes)]

    def is_params(part: Any) -> bool:
        layers = isinstance(part, list) and len(part) == len(shapes)
        dicts = layers and all(isinstance(layer, dict) and layer.keys() == {"w", "b"} for layer in part)
        return dicts and [{name: leaf.shape for name, leaf in layer.items()} for layer in part] == shapes

    return jax.tree.map(
        lambda part: counted_params(network, part) if is_params(part) else part, state, is_leaf=is_params
    )


def layers_in_zeros(params: Params, shapes: Sequence[tuple[int, int]]) -> Params:
    """Put the layers of an MLP into larger ones of zeros, whose weights have these shapes; in NumPy where they are.

    The last layer stays the last, the others stay the first.
    """
    found: Any = [
        {"w": np.zeros(shape, params[0]["w"].dtype), "b": np.zeros(shape[1:], params[0]["b"].dtype)} for shape in shapes
    ]
    for place, layer in zip([*range(len(params) - 1), -1], params, strict=True):
        for name, leaf in layer.items():
            room = [(0, have - want) for have, want in zip(found[place][name].shape, leaf.shape, strict=True)]
            found[place][name] = (jnp if isinstance(leaf, jax.Array) else np).pad(leaf, room)
    return found


def layers_cut_out(params: Params, sizes: Sequence[int]) -> Params:
    """Take the layers of an MLP of these sizes out of larger ones: the inverse of ``layers_in_zeros``."""
    layers = [*params[: len(sizes) - 2], params[-1]]
    return [
        {"w": layer["w"][:inputs, :outputs], "b": layer["b"][:outputs]}
        for layer, (inputs, outputs) in zip(layers, itertools.pairwise(sizes), strict=True)
    ]
