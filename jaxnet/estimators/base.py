"""What classifier and regressor share: scikit-learn's methods and checks, over jaxnet's training."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from jaxnet import checks
from jaxnet.estimators import prediction, quasi_newton, settings
from jaxnet.estimators.callbacks import CallbackSupportMixin, Epochs, with_callbacks
from jaxnet.estimators.drawing import initial_parameters
from jaxnet.estimators.holding_out import hold_out
from jaxnet.estimators.losses import BatchObjective
from jaxnet.estimators.precision import precision
from jaxnet.estimators.problem import Problem
from jaxnet.estimators.stochastic import fit_stochastic
from jaxnet.network import MLP


def is_stochastic(mlp: "BaseMLP") -> bool:
    """Whether ``partial_fit`` is there; raises AttributeError, as scikit-learn does, where it is not."""
    if mlp.solver == "lbfgs":
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


class BaseMLP(CallbackSupportMixin, BaseEstimator, ABC):
    """A multilayer perceptron with scikit-learn's face; use ``MLPClassifier`` or ``MLPRegressor``."""

    _parameter_constraints: ClassVar[dict] = settings.CONSTRAINTS
    _default_scoring: str

    @classmethod
    @functools.cache
    def _get_param_names(cls) -> list[str]:
        """Return the names of the parameters; kept, for scikit-learn inspects the constructor again and again."""
        return super()._get_param_names()

    @abstractmethod
    def _validate_input(self, X: Any, y: Any, *, first: bool, incremental: bool) -> tuple[Any, Any, np.ndarray]:
        """Return X, y and the targets [N, K] that a network learns, after scikit-learn's checks."""

    @abstractmethod
    def _held_targets(self, y: Any, rows: int) -> np.ndarray:
        """Return the targets of a validation set, after checking them against those of the fit."""

    @abstractmethod
    def _labels(self, targets: np.ndarray) -> np.ndarray:
        """Return what a scorer compares with predictions."""

    @abstractmethod
    def _weight(self, y: Any, sample_weight: np.ndarray | None, *, incremental: bool) -> np.ndarray | None:
        """Return the weight of each example."""

    @abstractmethod
    def _output_name(self) -> str:
        """Return scikit-learn's name of what the output layer does."""

    @abstractmethod
    def _loss_of_example(self) -> Callable:
        """Return the loss of one example."""

    @abstractmethod
    def _score_in_run(self) -> Callable:
        """Return the score of held-out examples that a compiled run computes."""

    def _reported_loss(self, minimum: float, weight: float) -> float:
        """Return what ``loss_`` is to say of the minimum that a search has found, for examples of this weight."""
        return minimum

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> Any:
        """Fit to X [N, D] and y [N] or [N, K].

        Args:
            X: array-like or sparse matrix; float32 is computed in float32, all else in float64.
            y: labels or targets.
            sample_weight: a weight of at least 0 an example.
            X_val: examples that are looked at after every epoch; with ``early_stopping`` they decide, in place of a
                share of X.
            y_val: their labels or targets.

        Returns the estimator. Raises ValueError for bad input, with scikit-learn's words where it has them.
        """
        return self._fit(X, y, sample_weight, validation=(X_val, y_val))

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, *, incremental: bool = False, validation: tuple = (None, None)
    ) -> Any:
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        problem = self._prepared(X, y, sample_weight, first=first, incremental=incremental, validation=validation)
        epochs = Epochs(self, X=X, y=y, sample_weight=sample_weight, silent=incremental)
        with precision(problem.params[0]["w"].dtype):
            if self.solver == "lbfgs":
                quasi_newton.fit_lbfgs(self, problem, first=first, epochs=epochs)
            else:
                fit_stochastic(self, problem, first=first, incremental=incremental, epochs=epochs)
        epochs.close()
        return self

    def _prepared(
        self, X: Any, y: Any, sample_weight: Any, *, first: bool, incremental: bool, validation: tuple
    ) -> Problem:
        """Check everything, and draw the weights of a new network."""
        settings.hidden_sizes(self.hidden_layer_sizes)
        checked = self._validate_input(X, y, first=first, incremental=incremental)
        return self._posed(checked, sample_weight, first=first, incremental=incremental, validation=validation)

    def _posed(
        self, checked: tuple, sample_weight: Any, *, first: bool, incremental: bool, validation: tuple
    ) -> Problem:
        """Make a problem of data that ``_validate_input`` has checked."""
        X, y, targets = checked
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        weight = self._weight(y, weight, incremental=incremental)
        if weight is not None:
            checks.weights("sample_weight", weight, X.shape[0], weight.dtype)
        self._check_solver(validation, incremental=incremental)
        random = check_random_state(self.random_state)
        self.n_outputs_ = targets.shape[1]
        if first:
            hidden = settings.hidden_sizes(self.hidden_layer_sizes)
            self._begin((X.shape[1], *hidden, self.n_outputs_), random, X.dtype)
        return self._problem((X.toarray() if issparse(X) else X, targets, weight), validation, random)

    def _check_solver(self, validation: tuple, *, incremental: bool) -> None:
        """Refuse what a solver cannot do."""
        if self.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        X_val, y_val = validation
        both = (X_val is None) == (y_val is None)
        checks.require(both, "X_val", "given together with y_val", checks.Words("one of the two"))
        if self.solver == "lbfgs":
            checks.require(X_val is None, "X_val", "a stochastic solver", checks.Words("solver='lbfgs'"))
            checks.require(not self.dropout, "dropout", "0, or a stochastic solver", self.dropout)

    def _begin(self, sizes: tuple[int, ...], random: np.random.RandomState, dtype: np.dtype) -> None:
        """Draw the weights of a new network."""
        self.n_iter_, self.t_, self.n_layers_ = 0, 0, len(sizes)
        self.out_activation_ = self._output_name()
        network = self._network(sizes)
        activations = settings.each_layer(network, network.activation)
        self._hold(initial_parameters(random, sizes, activations, dtype))

    def _network(self, sizes: tuple[int, ...], dropout: float = 0.0) -> MLP:
        activation = settings.house_name(self.activation)
        output = settings.OUTPUTS[self.out_activation_]
        return settings.network(sizes, activation, output, float(dropout))

    def _fitted_network(self, dropout: float = 0.0) -> MLP:
        return self._network((len(self.coefs_[0]), *(w.shape[1] for w in self.coefs_)), dropout)

    def _problem(self, data: tuple, validation: tuple, random: np.random.RandomState) -> Problem:
        params = self._params()
        dtype = params[0]["w"].dtype
        train, held = hold_out(self, data, validation, random=random, dtype=dtype)
        training = self._fitted_network(self.dropout)
        loss = self._loss_of_example()
        if loss is self.loss:  # the user's own
            settings.check_function("loss", loss, (), (self.n_outputs_,), (self.n_outputs_,))
        objective = BatchObjective(training, loss, float(self.alpha))
        return Problem(self._fitted_network(), objective, params, train, held, random)

    def _hold(self, params: Any) -> None:
        """Take over the parameters of a network, as NumPy arrays that can be written to."""
        self.coefs_ = [np.array(layer["w"]) for layer in params]
        self.intercepts_ = [np.array(layer["b"]) for layer in params]

    def _params(self) -> Any:
        return [{"w": w, "b": b} for w, b in zip(self.coefs_, self.intercepts_, strict=True)]

    def _last_layer(self, X: Any) -> Any:
        """Return logits and predictions [N, K] of checked rows."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        return prediction.last_layer(self._fitted_network(), self._params(), X)

    def activations(self, X: Any) -> list[np.ndarray]:
        """Return what each hidden layer hands on, from the first to the last, as arrays [N, H]."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        layers: Any = prediction.all_layers(self._fitted_network(), self._params(), X)
        return [layer.a for layer in layers[:-1]]

    def __getstate__(self) -> dict:
        """Leave out the optimizer's state, twice the size of the weights, unless ``keep_optimizer_state``."""
        state = super().__getstate__()
        solver, optimizer = state.pop("_optimizer_state", (None, None))
        if self.keep_optimizer_state and optimizer is not None:
            state["_optimizer_state"] = solver, jax.tree.map(np.array, jax.device_get(optimizer))
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


partial_fit_is_there = available_if(is_stochastic)
