"""What the parameters of the estimators may be, and the network that they describe."""

import functools
import operator
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import jax
import numpy as np
import optax
from sklearn.utils._param_validation import Interval, Options, StrOptions

from jaxnet import checks
from jaxnet.network import ACTIVATIONS, MLP

STOCHASTIC = ("sgd", "adam")
NAMES = {"logistic": "sigmoid"}  # scikit-learn's name -> the house's
OUTPUTS = {"logistic": "sigmoid", "softmax": "softmax", "identity": "identity", "exp": "exp"}

CONSTRAINTS: dict[str, list] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions({"logistic", *ACTIVATIONS}), tuple, list, callable],
    "solver": [StrOptions({"lbfgs", *STOCHASTIC}), optax.GradientTransformation, callable],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "scoring": [str, callable, None],
    "keep_optimizer_state": ["boolean"],
}


def keep(estimator: Any, given: dict[str, Any]) -> None:
    """Set every parameter of a constructor, given its local variables, as an attribute, untouched."""
    vars(estimator).update({name: value for name, value in given.items() if name != "self"})


def hidden_sizes(hidden_layer_sizes: Any) -> list[int]:
    """Return the hidden units of each layer; a single number is one layer. TypeError for what is no whole number."""
    listed = hasattr(hidden_layer_sizes, "__iter__")
    sizes = list(hidden_layer_sizes) if listed else [hidden_layer_sizes]
    if np.any(np.array(sizes) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [operator.index(size) for size in sizes]


def house_name(activation: Any) -> Any:
    """Translate scikit-learn's name of an activation, or a list of one a hidden layer."""
    if isinstance(activation, tuple | list):
        return tuple(house_name(each) for each in activation)
    return NAMES.get(activation, activation) if isinstance(activation, str) else activation


@functools.lru_cache(maxsize=256)
def network(sizes: tuple[int, ...], activation: Any, output: str, dropout: float) -> MLP:
    """Return the network of these layers, given the name of the activation in this package; kept, for its checks."""
    found = MLP(sizes, activation=activation, output=output, dropout=dropout)
    for each, units in zip(found.activations, sizes[1:], strict=False):
        if callable(each):
            check_function("activation", each, (units,), (units,))
    return found


def check_function(parameter: str, function: Callable, shape: tuple[int, ...], *shapes: tuple[int, ...]) -> None:
    """Refuse a function that does not make an array of ``shape`` of arrays of ``shapes``, or that JAX cannot trace."""
    takes = " and ".join(f"an array of shape {each}" for each in shapes)
    expected = f"a function, written with jax.numpy, that makes an array of shape {shape} of {takes}"
    try:
        arrays = [jax.ShapeDtypeStruct(each, np.float32) for each in shapes]
        value = jax.eval_shape(lambda *arrays: function(*arrays), *arrays)
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        checks.refuse(parameter, expected, checks.Words(f"{function!r}, which wants numbers: {error}".splitlines()[0]))
    got = getattr(value, "shape", None)
    checks.require(got == shape, parameter, expected, checks.Words(f"{function!r}, which makes {value}"))


def each_layer(network: MLP, activation: Any) -> list:
    """Return an activation for each layer, the output layer having that of the last hidden one."""
    if isinstance(activation, tuple):
        return [*network.activations, *(network.activations[-1:] or ["identity"])]
    return [activation] * (len(network.sizes) - 1)
