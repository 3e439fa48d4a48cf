"""The parameters of the estimators, and the network that they describe: what solvers and predictions are built on."""

import functools
import itertools
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from numbers import Integral, Real
from typing import Any, ClassVar, TypeAlias

import jax
import numpy as np
import optax
from scipy.sparse import spmatrix
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, Options, StrOptions

from jaxnet import checks
from jaxnet.accelerators import require_memory
from jaxnet.estimators.drawing import initial_parameters
from jaxnet.estimators.example_losses import BatchObjective, ExampleLoss
from jaxnet.network import ACTIVATIONS, MLP
from jaxnet.types import Array, ArrayLike, Params, Pytree

MatrixLike: TypeAlias = ArrayLike | spmatrix  # [N, D]
Activations: TypeAlias = str | Callable[[Array], Array] | Sequence[str | Callable[[Array], Array]]
Solver: TypeAlias = str | optax.GradientTransformation | Callable[[], optax.GradientTransformation]
Scoring: TypeAlias = str | Callable[..., float] | None
Score: TypeAlias = Callable[[Array, Array, Array], Array]  # (predictions [N, K], targets [N, K], weight [N])

_DRAWN_BYTES = 12  # of a weight: it is drawn in float64 and kept as float32
# scikit-learn's names -> the house's
_HOUSE_ACTIVATIONS = {"logistic": "sigmoid"}
_HOUSE_OUTPUTS = {"logistic": "sigmoid", "softmax": "softmax", "identity": "identity", "exp": "exp"}

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions({"logistic", *ACTIVATIONS}), tuple, list, callable],
    "solver": [StrOptions({"lbfgs", "sgd", "adam"}), optax.GradientTransformation, callable],
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
    "n_members": [Interval(Integral, 1, None, closed="left")],
    "bootstrap": ["boolean"],
    "folds": [Interval(Integral, 2, None, closed="left"), None],
}


class NetworkEstimator(BaseEstimator, ABC):
    """An estimator that holds a network: its parameters, by scikit-learn's names, and its weights.

    The solvers (``StochasticSolver``, ``QuasiNewtonSolver``) extend it by how weights are found, ``BaseMLP`` by
    ``fit`` and by predictions, ``MLPClassifier`` and ``MLPRegressor`` by what a target and a loss are.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS
    _default_scoring: ClassVar[str]

    # the parameters of the constructor
    hidden_layer_sizes: int | Sequence[int]
    activation: Activations
    solver: Solver
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: int | np.random.RandomState | None
    tol: float
    verbose: bool | int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    loss: str | Callable[..., Array]
    dropout: float
    scoring: Scoring
    keep_optimizer_state: bool

    # what a fit sets, as in scikit-learn
    coefs_: list[np.ndarray]  # [D, H] a layer
    intercepts_: list[np.ndarray]  # [H] a layer
    n_outputs_: int
    n_layers_: int
    out_activation_: str
    n_iter_: int
    t_: int  # examples seen
    loss_: float
    loss_curve_: list[float]

    @classmethod
    @functools.cache
    def _get_param_names(cls) -> list[str]:
        """Return the names of the parameters; kept, for scikit-learn inspects the constructor again and again."""
        names: list[str] = super()._get_param_names()
        return names

    def _set_parameters(self, given: Mapping[str, Any]) -> None:
        """Set every parameter of a constructor, given its local variables, as an attribute, untouched."""
        self.__dict__.update({name: value for name, value in given.items() if name != "self"})

    @abstractmethod
    def _output_name(self) -> str:
        """Return scikit-learn's name of what the output layer does."""

    @abstractmethod
    def _loss_of_example(self) -> ExampleLoss:
        """Return the loss of one example."""

    @abstractmethod
    def _score_in_run(self) -> Score:
        """Return the score of held-out examples that a compiled run computes."""

    def _reported_loss(self, minimum: float, weight: float) -> float:
        """Return what ``loss_`` is to say of the minimum that a search has found, for examples of this weight."""
        return minimum

    def _draw_weights(self, inputs: int, random: np.random.RandomState, dtype: np.dtype) -> None:
        """Draw the weights of a new network of ``inputs`` inputs and ``n_outputs_`` outputs."""
        sizes = (inputs, *hidden_sizes(self.hidden_layer_sizes), self.n_outputs_)
        weights = sum(before * units for before, units in itertools.pairwise(sizes))
        require_memory("hidden_layer_sizes", weights * _DRAWN_BYTES, f"{weights} weights")
        self.n_iter_, self.t_, self.n_layers_ = 0, 0, len(sizes)
        self.out_activation_ = self._output_name()
        self._set_weights(initial_parameters(random, sizes, drawn_activations(self._network(sizes)), dtype))

    def _network(self, sizes: tuple[int, ...] | None = None, *, dropout: float = 0.0, output: str | None = None) -> MLP:
        """Return the network of these layers, by default of the fitted ones."""
        sizes = sizes or (len(self.coefs_[0]), *(w.shape[1] for w in self.coefs_))
        # by hand it may be set to any activation, which predictions follow; a network is trained with those it has
        output = output or _HOUSE_OUTPUTS.get(self.out_activation_)
        if output is None:
            checks.choice("out_activation_", self.out_activation_, _HOUSE_OUTPUTS)
        return checked_network(sizes, house_name(self.activation), output, float(dropout))

    def _objective(self) -> BatchObjective:
        """Return what a fit lowers."""
        return BatchObjective(self._network(dropout=self.dropout), self._loss_of_example(), float(self.alpha))

    def _set_weights(self, params: Pytree) -> None:
        """Take over the parameters of a network, as NumPy arrays that can be written to."""
        self.coefs_ = [np.array(layer["w"]) for layer in params]
        self.intercepts_ = [np.array(layer["b"]) for layer in params]

    def _params(self, dtype: np.dtype | None = None) -> Params:
        """Return the weights as the parameters of a network, in a dtype where one is given."""
        pairs: Any = zip(self.coefs_, self.intercepts_, strict=True)
        if dtype is not None:
            pairs = ((w.astype(dtype, copy=False), b.astype(dtype, copy=False)) for w, b in pairs)
        return [{"w": w, "b": b} for w, b in pairs]

    def _say(self, words: str) -> None:
        """Print what scikit-learn prints where an estimator is ``verbose``."""
        if self.verbose:
            print(words)


def precision(dtype: Any) -> AbstractContextManager[Any]:
    """Return the context in which arrays of ``dtype`` keep it: float64 is computed in float64, whether or not the user
    has switched JAX to it."""
    return jax.enable_x64(np.dtype(dtype) == np.float64)


def hidden_sizes(hidden_layer_sizes: int | Sequence[int]) -> list[int]:
    """Return the hidden units of each layer; a single number is one layer.

    Raises ValueError for a size below 1, TypeError for what is no whole number.
    """
    sizes = [*hidden_layer_sizes] if hasattr(hidden_layer_sizes, "__iter__") else [hidden_layer_sizes]
    for size in sizes:
        expected = "a whole number of units a hidden layer, such as (64, 32)"
        checks.require(isinstance(size, Integral), "hidden_layer_sizes", expected, hidden_layer_sizes, TypeError)
    if any(size <= 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [operator.index(size) for size in sizes]


def house_name(activation: Any) -> Any:
    """Translate scikit-learn's name of an activation, or a list of one a hidden layer."""
    if isinstance(activation, tuple | list):
        return tuple(house_name(each) for each in activation)
    return _HOUSE_ACTIVATIONS.get(activation, activation) if isinstance(activation, str) else activation


@functools.lru_cache(maxsize=256)
def checked_network(sizes: tuple[int, ...], activation: Any, output: str, dropout: float) -> MLP:
    """Return the network of these layers, given the name of the activation in this package.

    Kept, because every fit and every prediction asks for it and its checks trace each callable. Raises ValueError for
    an activation that is none.
    """
    network = MLP(sizes, activation=activation, output=output, dropout=dropout)
    for each, units in zip(network.activations, sizes[1:], strict=False):
        if callable(each):
            check_function("activation", each, (units,), (units,))
    return network


def check_function(
    parameter: str, function: Callable[..., Any], shape: tuple[int, ...], *shapes: tuple[int, ...]
) -> None:
    """Refuse a function that does not make an array of ``shape`` of arrays of ``shapes``, or that JAX cannot trace."""
    takes = " and ".join(f"an array of shape {each}" for each in shapes)
    expected = f"a function, written with jax.numpy, that makes an array of shape {shape} of {takes}"
    try:
        arrays = [jax.ShapeDtypeStruct(each, np.float32) for each in shapes]
        # wrapped, because JAX keeps a weak reference to what it traces and a ufunc of NumPy's takes none
        value = jax.eval_shape(lambda *arrays: function(*arrays), *arrays)
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        checks.refuse(parameter, expected, checks.Words(f"{function!r}, which wants numbers: {error}".splitlines()[0]))
    got = getattr(value, "shape", None)
    checks.require(got == shape, parameter, expected, checks.Words(f"{function!r}, which makes {value}"))


def drawn_activations(network: MLP) -> list[Any]:
    """Return an activation for each layer: scikit-learn draws the output layer as if it were one more hidden layer."""
    if isinstance(network.activation, tuple):
        return [*network.activations, *(network.activations[-1:] or ["identity"])]
    return [network.activation] * (len(network.sizes) - 1)
