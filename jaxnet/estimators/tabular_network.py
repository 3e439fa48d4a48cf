"""A modern MLP for tables: RealMLP-TD-S of Holzmueller et al. 2024, each part of it a plain function of jaxnet.

``prepare(scale="robust")`` and ``smooth_clip`` (numbers), ``piecewise_linear`` (an option), ``Parametrized`` (NTK,
scaled inputs, a last layer of zeros), ``SmoothedCrossEntropy``, ``coslog4``, ``scale_by_leaf``: all of them work in
``jn.fit`` and ``jn.plan`` as they stand here.
"""

import inspect
import warnings
from abc import abstractmethod
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self, TypeVar

import jax
import numpy as np
import optax
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted

from jaxnet import checks, losses, prediction
from jaxnet.data.preparing.known_targets import ClassTarget, NumberTarget, with_target
from jaxnet.estimators.network_estimator import hidden_sizes
from jaxnet.estimators.plain_arrays import in_numpy_arrays
from jaxnet.estimators.table_transformer import TableTransformer
from jaxnet.models import Model
from jaxnet.network import MLP, PARAMETRIZATIONS, Parametrized
from jaxnet.sweeps import Folds, Plan, Seeds, Space, plan, sweep
from jaxnet.training import Stop, coslog4, scale_by_leaf
from jaxnet.types import ArrayLike, Params

_Constructor = TypeVar("_Constructor", bound=Callable[..., None])
_NEVER = 2**31 - 1  # epochs of patience
_FEW_ROWS, _FEW_FOLDS = 500, 5  # of folds="auto"


class TabularNetwork(BaseEstimator):
    """What ``TabularClassifier`` and ``TabularRegressor`` share."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "parametrization": [StrOptions(set(PARAMETRIZATIONS))],
        "schedule": [StrOptions({"coslog4", "constant"})],
        "clip": [Interval(Real, 0, None, closed="neither"), None],
        "embedding": [StrOptions({"piecewise_linear"}), None],
        "bins": [Interval(Integral, 1, None, closed="left")],
        "front_scale": ["boolean"],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "bias_rate": [Interval(Real, 0, None, closed="left")],
        "scale_rate": [Interval(Real, 0, None, closed="left")],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "folds": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }
    _usual_rate: ClassVar[float]
    _activation: ClassVar[str]
    _output: ClassVar[str]
    _ranked: ClassVar[str]  # what the best epoch is the best of

    table_: TableTransformer
    network_: MLP
    members_: list[Params]
    best_epochs_: list[int]
    oof_prediction_: np.ndarray  # with folds
    n_features_in_: int

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (256, 256, 256),
        *,
        learning_rate: float | None = None,
        epochs: int = 256,
        batch_size: int = 256,
        parametrization: str = "ntk",
        schedule: str = "coslog4",
        clip: float | None = 3.0,
        embedding: str | None = None,
        bins: int = 16,
        front_scale: bool = True,
        beta_2: float = 0.95,
        bias_rate: float = 0.1,
        scale_rate: float = 6.0,
        n_members: int = 1,
        folds: int | str | None = "auto",
        validation_fraction: float = 0.2,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.parametrization = parametrization
        self.schedule = schedule
        self.clip = clip
        self.embedding = embedding
        self.bins = bins
        self.front_scale = front_scale
        self.beta_2 = beta_2
        self.bias_rate = bias_rate
        self.scale_rate = scale_rate
        self.n_members = n_members
        self.folds = folds
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    @abstractmethod
    def _learned(self, y: ArrayLike) -> tuple[np.ndarray, int]:
        """Return what the network learns of targets, and how many outputs it has."""

    @abstractmethod
    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        """Return mean outputs [N, K] in the form in which users see them."""

    @abstractmethod
    def _loss(self) -> Any:
        """Return the loss of one example."""

    @in_numpy_arrays
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to a table X (a data frame, or an array [N, D]; categories, dates and gaps as they are) and y [N].

        Without ``folds``, ``validation_fraction`` of the rows choose each member's epoch, each class evenly. Returns
        the estimator. Raises ValueError for what cannot be used, a DataError where it is a cell.
        """
        self._target_name = str(getattr(y, "name", None) or "y")  # of a pandas Series
        y = self._checked(y)
        tamed = {"bins": self.bins} if self.embedding else {"clip": self.clip}
        self.table_ = TableTransformer(scale="robust", **tamed).fit(X)
        self.n_features_in_ = self.table_.n_features_in_
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(self.table_, "feature_names_in_"):
            self.feature_names_in_ = self.table_.feature_names_in_
        features = self.table_.transform(X)
        check_consistent_length(features, y)
        targets, outputs = self._learned(y)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, features).astype(np.float32)
        if weight is not None:
            checks.weights("sample_weight", weight, len(features), weight.dtype)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self._train((features, targets, weight), outputs, seed)
        return self

    def _checked(self, y: ArrayLike) -> np.ndarray:
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        return np.asarray(y)

    def _train(self, data: tuple[np.ndarray, np.ndarray, np.ndarray | None], outputs: int, seed: int) -> None:
        """Train all members as one population and keep each at its best epoch."""
        parts, validation = [part for part in data if part is not None], None
        space: dict[str, Any] = {"seed": Seeds(self.n_members)}
        folds = self._folds_of(data[1])
        if folds is None:
            train, held = self._split(data[1], seed)
            parts, validation = [part[train] for part in parts], tuple(part[held] for part in parts)
        else:
            space["fold"] = Folds(folds)
        sizes = (data[0].shape[1], *hidden_sizes(self.hidden_layer_sizes), outputs)
        self.network_ = MLP(sizes, activation=type(self)._activation, output=self._output)
        network = Parametrized(
            self.network_,
            self.parametrization,
            front_scale=self.front_scale,
            last_zero=True,
            noisy_biases=True,
        )
        asked = plan(
            Space(**space),
            tuple(parts),
            network=lambda configuration: network,
            objective=lambda network, configuration: losses.objective(network, self._loss()),
            optimizer=self._optimizer,
            batch_size=self._batch(len(parts[0]) if folds is None else len(parts[0]) * (folds - 1) // folds),
            epochs=self.epochs,
            validation=validation,
            metric=self._ranked,
            # of epochs that are as good the last one: by then the rate has come down
            stop=Stop(self._ranked, _NEVER, latest=True),
            # layers this wide gain nothing from a lane beside, and a lane without a member costs as much as one with
            lanes=1 if jax.default_backend() == "cpu" else None,
            root=seed,
        )
        result = sweep(asked)
        count = len(asked.members.ids)
        self.members_ = [jax.tree.map(np.asarray, network.plain(result.params(member))) for member in range(count)]
        self.best_epochs_ = [int(epoch) for epoch in result.columns()["best_epoch"]]
        _warn_of_diverged(result.curves("loss"))
        self._predict_left_out(asked, data[0])

    def _predict_left_out(self, asked: Plan, x: np.ndarray) -> None:
        """Where members left folds out, answer for each row by those that did not train on it."""
        self.__dict__.pop("oof_prediction_", None)  # of an earlier fit
        if asked.task.folds is not None:
            left_out = np.zeros((len(asked.members.ids), len(x)), bool)
            for member, fold in enumerate(asked.members.fold):
                left_out[member, asked.task.folds[fold].held] = True
            each = np.where(left_out[:, :, None], self._outputs(x), 0)
            self.oof_prediction_ = self._answers(each.sum(axis=0) / left_out.sum(axis=0)[:, None])

    def _folds_of(self, targets: np.ndarray) -> int | None:
        """Return how many folds there are: where rows are few, a fifth of them that teach nothing would be missed."""
        if not isinstance(self.folds, str):
            return self.folds
        return _FEW_FOLDS if 2 * _FEW_FOLDS <= len(targets) < _FEW_ROWS else None

    def _split(self, targets: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows to train on and those that choose the epoch: of each class alike, but for its only row."""
        rows, options = np.arange(len(targets)), {"test_size": self.validation_fraction, "random_state": seed}
        if not isinstance(self, ClassifierMixin):
            train, held = train_test_split(rows, **options)
            return train, held
        counts = np.bincount(targets)
        only, others = rows[counts[targets] == 1], rows[counts[targets] > 1]
        expected = "a class of at least two rows, one to train on and one to choose the epoch"
        checks.require(len(others) > 1, "y", expected, checks.Words(f"{len(targets)} rows, each of another class"))
        room = min(self.validation_fraction, 1 - self.validation_fraction) * len(others) >= np.sum(counts > 1)
        train, held = train_test_split(others, stratify=targets[others] if room else None, **options)
        return np.concatenate([only, train]), held

    def _batch(self, rows: int) -> int:
        """Return the size of batches for ``rows`` rows: near ``batch_size``, but all of an epoch alike, for a last one
        of few rows would be as large a step, of a noisier gradient."""
        return -(-rows // max(1, round(rows / self.batch_size)))

    def _optimizer(self, configuration: Any, steps: int) -> optax.GradientTransformation:
        rate = self._usual_rate if self.learning_rate is None else float(self.learning_rate)
        factors = {"b": float(self.bias_rate)} | ({"scale": float(self.scale_rate)} if self.front_scale else {})
        schedule: Any = coslog4(rate, steps) if self.schedule == "coslog4" else rate
        return optax.chain(
            optax.scale_by_adam(b2=float(self.beta_2)), scale_by_leaf(factors), optax.scale_by_learning_rate(schedule)
        )

    def _outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Return what each member makes of the inputs [N, F] of the network, [members, N, K]."""
        return np.stack([prediction.last_layer(self.network_, params, inputs)[1] for params in self.members_])

    @in_numpy_arrays
    def _mean_answers(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return self._answers(self._outputs(self.table_.transform(X)).mean(axis=0))

    def to_model(self) -> Model:
        """Return what was fitted, and how its table is prepared, as a ``jn.Model``: it predicts without scikit-learn,
        and is saved and exported.

        The target is called as the pandas Series ``y`` was, or "y". Raises NotFittedError before ``fit``.
        """
        check_is_fitted(self)
        code, members = self._served()
        prep = self.table_.preparation_
        return Model(self.network_, members, with_target(prep, self._target_name, code) if code else prep)

    @abstractmethod
    def _served(self) -> tuple[ClassTarget | NumberTarget | None, list[Params]]:
        """Return what outputs stand for, and the members' parameters that make such outputs."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.categorical = tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags


def _warn_of_diverged(losses: np.ndarray) -> None:
    """Say how many of the networks have no loss any more at the end, [P, epochs]."""
    diverged = int(np.isnan(losses).any(axis=1).sum())
    if diverged:
        words = f"{diverged} of {len(losses)} networks diverged; of each the best epoch before that is kept."
        warnings.warn(words, ConvergenceWarning, stacklevel=6)


def with_parameters_of(base: Callable[..., None]) -> Callable[[_Constructor], _Constructor]:
    """Return a decorator of a constructor that takes what ``base`` does, and its own keywords after that: scikit-learn
    and ``help`` read the parameters out of its signature."""

    def extend(own: _Constructor) -> _Constructor:
        more = [each for each in inspect.signature(own).parameters.values() if each.kind is each.KEYWORD_ONLY]
        own.__dict__["__signature__"] = inspect.Signature([*inspect.signature(base).parameters.values(), *more])
        return own

    return extend
