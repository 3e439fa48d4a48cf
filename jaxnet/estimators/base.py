"""What classifier and regressor share: scikit-learn's methods and checks, over jaxnet's training."""

import inspect
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import jax
import numpy as np
from scipy.sparse import issparse
from sklearn.base import _fit_context, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from jaxnet import checks, compilation_cache, prediction
from jaxnet.estimators.callbacks import CallbackSupportMixin, Epochs, is_listened, with_callbacks
from jaxnet.estimators.descent_plan import run_descent
from jaxnet.estimators.early_stopping import HeldOut, Monitor
from jaxnet.estimators.ensemble import check_ensemble
from jaxnet.estimators.ensemble_estimator import EnsembleEstimator
from jaxnet.estimators.network_estimator import MatrixLike, NetworkEstimator, check_function, hidden_sizes, precision
from jaxnet.estimators.plain_arrays import in_numpy_arrays, numpys_checks
from jaxnet.estimators.quasi_newton import QuasiNewtonSolver
from jaxnet.estimators.rules import int32
from jaxnet.estimators.sick_training import warn_if_sick
from jaxnet.estimators.stochastic import StochasticSolver
from jaxnet.models import Model
from jaxnet.training.batches import Examples
from jaxnet.training.forked_processes import refuse_in_forks
from jaxnet.training.loop import Data
from jaxnet.types import ArrayLike, Batch

Checked = tuple[Any, np.ndarray, np.ndarray]  # X [N, D], dense or sparse, y and targets [N, K], after all checks
UsersValidation = tuple[MatrixLike | None, ArrayLike | None]  # X_val and y_val

_SPARSE = ["csr", "csc"]
_OF_NAMED_SOLVERS = (  # numbers that "sgd" or "adam" read
    "learning_rate", "learning_rate_init", "power_t", "momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon",
)  # fmt: skip
_FLOATS = (np.float64, np.float32)  # what is neither becomes the first


def is_stochastic(mlp: NetworkEstimator) -> bool:
    """Whether ``partial_fit`` is there; raises AttributeError, as scikit-learn does, where it is not."""
    if mlp.solver == "lbfgs":
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


partial_fit_is_there = available_if(is_stochastic)


class BaseMLP(CallbackSupportMixin, EnsembleEstimator, StochasticSolver, QuasiNewtonSolver):
    """A multilayer perceptron with scikit-learn's face; use ``MLPClassifier`` or ``MLPRegressor``."""

    @abstractmethod
    def _validate_input(self, X: Any, y: Any, *, first: bool, incremental: bool) -> Checked:
        """Return X, y and the targets [N, K] that a network learns, after scikit-learn's checks."""

    @abstractmethod
    def _held_targets(self, y: Any, rows: int) -> np.ndarray:
        """Return the targets [N, K] of a validation set, after checking them against those of the fit."""

    @abstractmethod
    def _labels(self, targets: np.ndarray) -> np.ndarray:
        """Return what a scorer compares with predictions."""

    @abstractmethod
    def _weight(self, y: np.ndarray, sample_weight: np.ndarray | None, *, incremental: bool) -> np.ndarray | None:
        """Return the weight [N] of each example."""

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
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
        with numpys_checks():
            if self._forget():
                refuse_in_forks()
                return self._fit_more((X, y, sample_weight), (X_val, y_val))
            return self._fit(X, y, sample_weight, validation=(X_val, y_val))

    def _fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        incremental: bool = False,
        validation: UsersValidation = (None, None),
    ) -> Self:
        refuse_in_forks()
        if incremental:
            check_ensemble(self, incremental=True)
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        compilation_cache.enable()
        hidden_sizes(self.hidden_layer_sizes)  # refused before the data is looked at
        checked = self._validate_input(X, y, first=first, incremental=incremental)
        # one stream for weights, split, dropout and shuffles, in this order, which is scikit-learn's
        random = check_random_state(self.random_state)
        data, held = self._fit_data(
            checked, sample_weight, random, first=first, incremental=incremental, validation=validation
        )
        epochs = Epochs(self, X=X, y=y, sample_weight=sample_weight, silent=incremental)
        with precision(data.train.x.dtype):
            if self.solver == "lbfgs":
                self._fit_lbfgs(data.train, first=first, epochs=epochs)
            else:
                rows, length = len(data.train.x), 1 if incremental else self.max_iter
                self._begin_record(first=first, validated=data.validation is not None)
                descent = self._descent(self._params(), rows, random, incremental=incremental)
                scorer = self._scorer_monitor(held, descent.params)
                # callbacks want to hear of every epoch, so each is a chunk of its own, as it is for a scorer
                monitor = scorer or ((lambda state, history: state) if epochs.listened else None)
                chunks = run_descent(descent, data, length, monitor)
                self._follow(chunks, random, rows=rows, scorer=scorer, incremental=incremental, epochs=epochs)
        epochs.close()
        if not incremental:  # one call of partial_fit is one epoch, which says nothing
            warn_if_sick(self)
        return self

    def _fit_data(
        self,
        checked: Checked,
        sample_weight: ArrayLike | None,
        random: np.random.RandomState,
        *,
        first: bool,
        incremental: bool,
        validation: UsersValidation,
    ) -> tuple[Data, HeldOut | None]:
        """Bring what ``_validate_input`` has checked into the form of a compiled run, and draw a new network's weights.

        Returns the examples in NumPy, not padded yet (the candidates of a search share them), and those held out as a
        scorer wants them. Raises ValueError for what the solver cannot do.
        """
        X, y, targets = checked
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        weight = self._weight(y, weight, incremental=incremental)
        if weight is not None:
            checks.weights("sample_weight", weight, X.shape[0], weight.dtype)
        self._check_solver(validation, incremental=incremental)
        self.n_outputs_ = targets.shape[1]
        if first:
            self._draw_weights(X.shape[1], random, X.dtype)
        X, held = X.toarray() if issparse(X) else X, None
        if validation[0] is not None:
            held, held_targets = self._checked_validation(*validation)
        elif self.early_stopping and self.solver != "lbfgs":
            (X, targets, weight), held, held_targets = self._split((X, targets, weight), random)
        loss = self._loss_of_example()
        if loss is self.loss:  # the user's own
            check_function("loss", loss, (), (self.n_outputs_,), (self.n_outputs_,))
        # in the weights' dtype, which a warm start keeps whatever the new examples have
        in_dtype: Callable[..., Any] = partial(np.asarray, dtype=self.coefs_[0].dtype)
        weights = np.ones(len(X)) if weight is None else weight
        examples = Examples(in_dtype(X), in_dtype(targets), in_dtype(weights), int32(len(X)))
        if held is None:
            return Data(examples, None, None), None
        weights = np.ones(len(held.X)) if held.weight is None else held.weight
        return Data(examples, Batch(in_dtype(held.X), in_dtype(held_targets), in_dtype(weights)), None), held

    def _check_solver(self, validation: UsersValidation, *, incremental: bool) -> None:
        """Refuse what a solver cannot do."""
        if self.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        self._check_no_idle_numbers()
        X_val, y_val = validation
        both = (X_val is None) == (y_val is None)
        checks.require(both, "X_val", "given together with y_val", checks.Words("one of the two"))
        if self.solver == "lbfgs":
            checks.require(X_val is None, "X_val", "a stochastic solver", checks.Words("solver='lbfgs'"))
            checks.require(not self.dropout, "dropout", "0, or a stochastic solver", self.dropout)

    def _check_no_idle_numbers(self) -> None:
        """Refuse what would be ignored without a word: rates beside an optimizer of the user's own, a scoring that
        decides nothing."""
        scores = self.scoring is None or (self.early_stopping and self.solver != "lbfgs")
        checks.require(scores, "scoring", "None, or early_stopping=True with a stochastic solver", self.scoring)
        if isinstance(self.solver, str):
            return
        defaults = inspect.signature(type(self).__init__).parameters
        for name in _OF_NAMED_SOLVERS:
            given = getattr(self, name)
            usual = name not in defaults or given == defaults[name].default
            checks.require(usual, name, "its default beside an optax solver, which has numbers of its own", given)

    def _checked_validation(self, X_val: MatrixLike | None, y_val: ArrayLike | None) -> tuple[HeldOut, np.ndarray]:
        """Return the user's validation set and its targets [N, K]. Raises ValueError where they do not fit."""
        X = validate_data(self, X_val, accept_sparse=_SPARSE, dtype=_FLOATS, reset=False)
        X = X.toarray() if issparse(X) else X
        targets = self._held_targets(y_val, len(X))
        return HeldOut(X, self._labels(targets), None), targets

    def _split(self, data: tuple[Any, ...], random: np.random.RandomState) -> tuple[Any, HeldOut, np.ndarray]:
        """Split a share of X, targets and weight (or None) off, as scikit-learn does. Raises ValueError for too few."""
        X, targets, weight = data
        stratify = targets if is_classifier(self) and self.n_outputs_ == 1 else None
        arrays = [X, targets] if weight is None else [X, targets, weight]
        parts = train_test_split(*arrays, random_state=random, test_size=self.validation_fraction, stratify=stratify)
        train, (X, targets, weight) = [*parts[0::2], None][:3], [*parts[1::2], None][:3]
        if len(X) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        return train, HeldOut(X, self._labels(targets), weight), targets

    @in_numpy_arrays
    def _last_layer(self, X: MatrixLike) -> tuple[np.ndarray, np.ndarray]:
        """Return logits and predictions [N, K]."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=_SPARSE, reset=False)
        logits, outputs = self._uncalibrated(X)
        if not hasattr(self, "temperature_"):
            return logits, outputs
        logits = logits / self.temperature_
        return logits, self._probabilities(logits)

    def _uncalibrated(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return logits and predictions [N, K] for checked X: of the network, or the mean of the members'."""
        if hasattr(self, "members_"):
            theirs = self.members_[0].out_activation_
            expected = f"{theirs!r} for an ensemble, whose answers are the mean of its members'"
            checks.require(self.out_activation_ == theirs, "out_activation_", expected, self.out_activation_)
            outputs = self._averaged(X)
            return self._logits(outputs), outputs
        if self.out_activation_ in ("tanh", "relu"):  # set by hand, as scikit-learn's users do
            logits = prediction.last_layer(self._network(output="identity"), self._params(), X)[0]
            return logits, np.tanh(logits) if self.out_activation_ == "tanh" else np.maximum(logits, 0)
        return prediction.last_layer(self._network(), self._params(), X)

    @in_numpy_arrays
    def activations(self, X: MatrixLike) -> list[np.ndarray]:
        """Return what each hidden layer hands on for X [N, D], from the first to the last, as arrays [N, H].

        Raises NotFittedError before ``fit`` and ValueError for another number of columns.
        """
        check_is_fitted(self)
        expected = "one network: each of members_ has its own activations"
        checks.require(not hasattr(self, "members_"), "activations", expected, self.n_members)
        X = validate_data(self, X, accept_sparse=_SPARSE, reset=False)
        # whatever the output was set to by hand
        return [a for _, a in prediction.all_layers(self._network(output="identity"), self._params(), X)[:-1]]

    def to_model(self) -> Model:
        """Return what was fitted as a ``jn.Model``, which predicts without scikit-learn, is saved and exported.

        Raises NotFittedError before ``fit``.
        """
        check_is_fitted(self)
        labelled = is_classifier(self) and not self._label_binarizer.y_type_.startswith("multilabel")
        calibrated = hasattr(self, "temperature_")
        members = getattr(self, "members_", None)
        one = "calibration=None for an ensemble, for a model has no temperature of a mean"
        checks.require(members is None or not calibrated, "to_model", one, self.calibration)
        params = self._params() if members is None else [member._params() for member in members]
        if calibrated:  # logits that are divided are those of a divided last layer
            params[-1] = {name: (leaf / self.temperature_).astype(leaf.dtype) for name, leaf in params[-1].items()}
        network = (self if members is None else members[0])._network()
        return Model(network, params, classes=self.classes_ if labelled else None)

    def __sklearn_is_fitted__(self) -> bool:
        """Answer ``check_is_fitted`` at once, which else looks at the names of all attributes."""
        return hasattr(self, "coefs_") or hasattr(self, "members_")

    def _decides_between_epochs(self) -> bool:
        """Whether something on the host decides between epochs, or listens: such a fit is no lane of a population."""
        adaptive = self.solver == "sgd" and self.learning_rate == "adaptive"
        return bool(self.solver == "lbfgs" or adaptive or self._monitor() is Monitor.SCORER or is_listened(self))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the optimizer's state, twice the size of the weights, unless ``keep_optimizer_state``."""
        state: dict[str, Any] = super().__getstate__()
        solver, optimizer = state.pop("_optimizer_state", (None, None))
        if self.keep_optimizer_state and optimizer is not None:
            state["_optimizer_state"] = solver, jax.tree.map(np.array, jax.device_get(optimizer))
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
