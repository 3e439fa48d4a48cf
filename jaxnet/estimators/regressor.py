"""The regressor: one output a target."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import check_array, column_or_1d
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from jaxnet import checks
from jaxnet import losses as house_losses
from jaxnet.estimators import early_stopping, example_losses
from jaxnet.estimators.base import BaseMLP, Checked, partial_fit_is_there
from jaxnet.estimators.calibration import conformal_width
from jaxnet.estimators.example_losses import ExampleLoss
from jaxnet.estimators.network_estimator import CONSTRAINTS, Activations, MatrixLike, Score, Scoring, Solver
from jaxnet.estimators.plain_arrays import in_numpy_arrays
from jaxnet.types import Array, ArrayLike


class MLPRegressor(RegressorMixin, BaseMLP):
    """Multilayer perceptron for numbers, with the parameters of ``sklearn.neural_network.MLPRegressor`` and more.

    The same ``random_state`` gives the same model as scikit-learn's: in float64 its weights and losses agree to
    rounding. With several outputs and squared error, scikit-learn descends the sum over outputs but reports their
    mean (its issue 8349). Solvers "sgd" and "adam" do the same, so that ``coefs_`` and ``loss_curve_`` agree. Its
    "lbfgs" searches along a value that does not belong to its gradient; here it minimises the sum, and ``loss_`` is
    the mean, as ever.

    scikit-learn's documentation holds for all of its parameters; what is added:

    Args:
        loss: also "huber" (delta 1), "absolute_error", "quantile", or a callable (prediction [K], target [K]) ->
            scalar of one example.
        activation, solver, dropout, keep_optimizer_state, n_members, bootstrap, folds: as in ``MLPClassifier``.
        calibration: "conformal" holds rows out, as "temperature" does there, for ``predict_interval``.
        quantile: the share of targets that are to lie below a prediction, for loss "quantile".
        scoring: with ``early_stopping``, what decides: None for R², "loss" for the validation loss, or any scorer of
            scikit-learn by name or callable (estimator, X, y).

    Attributes beyond scikit-learn's: ``validation_loss_curve_`` (a list, where examples are held out),
    ``learning_rate_`` (the present rate of solver "sgd"), and for solver "lbfgs", which with ``verbose`` also says
    its loss, ``loss_curve_`` (one an iteration). What a first fit compiles can be kept: see
    ``MLPClassifier``.

    >>> MLPRegressor("quantile", (16,), quantile=0.9).quantile
    0.9
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "calibration": [StrOptions({"conformal"}), None],
        "loss": [StrOptions({"squared_error", "poisson", "huber", "absolute_error", "quantile"}), callable],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
    }
    _default_scoring = "r2"

    def __init__(
        self,
        loss: str | Callable[..., Array] = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: Activations = "relu",
        *,
        solver: Solver = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        quantile: float = 0.5,
        dropout: float = 0.0,
        scoring: Scoring = None,
        keep_optimizer_state: bool = False,
        n_members: int = 1,
        bootstrap: bool = False,
        folds: int | None = None,
        calibration: str | None = None,
    ) -> None:
        self._set_parameters(locals())

    def _validate_params(self) -> None:
        given = checks.Words(f"{self.loss!r}: as in scikit-learn loss comes first, so give hidden_layer_sizes by name")
        sizes = isinstance(self.loss, int | tuple | list)
        checks.require(not sizes, "loss", "a name or a callable", given, InvalidParameterError)
        super()._validate_params()

    score = in_numpy_arrays(RegressorMixin.score)

    @partial_fit_is_there
    @in_numpy_arrays
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> "MLPRegressor":
        """Go once over the examples, going on from the weights and the optimizer's state of the last call."""
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return the predictions, [N] for one output, else [N, K]."""
        return self._labels(self._last_layer(X)[1])

    def predict_interval(self, X: MatrixLike, level: float = 0.9) -> np.ndarray:
        """Return for each row the two ends between which its target lies with probability ``level``, [N, 2], or
        [N, K, 2] for several outputs, each by itself.

        Conformal intervals: about the prediction, as wide as held-out rows were off, so that on average over such rows
        the share holds whatever the network is. They need rows that were held out: ``calibration="conformal"``,
        ``folds``, ``bootstrap``, or ``calibrate``. Raises ValueError without them, and for a level above what so few
        rows can promise.
        """
        expected = 'a fit with calibration="conformal", folds or bootstrap, or calibrate(X, y) with rows of their own'
        check_is_fitted(self)
        checks.require(hasattr(self, "conformal_scores_"), "predict_interval", expected, checks.Words("none of these"))
        outputs, width = self._last_layer(X)[1], conformal_width(self.conformal_scores_, level)
        ends = np.stack([outputs - width, outputs + width], axis=-1)
        return ends[:, 0] if ends.shape[1] == 1 else ends

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        return self._labels(outputs)

    def _logits(self, outputs: np.ndarray) -> np.ndarray:
        return outputs

    def _probabilities(self, logits: np.ndarray) -> np.ndarray:
        return logits

    def _validate_input(self, X: Any, y: Any, *, first: bool, incremental: bool) -> Checked:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=first,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if self.loss == "poisson":
            checks.require(np.min(y) >= 0, "y", "targets of at least 0 for loss='poisson'", float(np.min(y)))
        return X, y, y.reshape(len(y), -1)

    def _held_targets(self, y: Any, rows: int) -> np.ndarray:
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y_val")
        checks.require(len(y) == rows, "y_val", f"one target for each of the {rows} rows of X_val", y)
        targets = y.reshape(rows, -1)
        checks.require(targets.shape[1] == self.n_outputs_, "y_val", f"{self.n_outputs_} outputs a row", y)
        return targets

    def _labels(self, targets: np.ndarray) -> np.ndarray:
        return targets.ravel() if targets.shape[1] == 1 else targets

    def _weight(self, y: np.ndarray, sample_weight: np.ndarray | None, *, incremental: bool) -> np.ndarray | None:
        return sample_weight

    def _output_name(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    def _loss_of_example(self) -> ExampleLoss:
        if callable(self.loss):
            return self.loss
        summed = self.solver == "lbfgs"  # a search needs a value and the gradient of the same function
        losses_of: dict[str, ExampleLoss] = {
            "squared_error": house_losses.squared_error if summed else example_losses.reported_squared_error,
            "poisson": example_losses.half_poisson_deviance,
            "huber": house_losses.huber,
            "absolute_error": example_losses.absolute_error,
            "quantile": example_losses.Quantile(float(self.quantile)),
        }
        return losses_of[self.loss]

    def _reported_loss(self, minimum: float, weight: float) -> float:
        if self.loss != "squared_error":
            return minimum
        penalty = self.alpha / 2 * sum(float(np.sum(np.square(w, dtype=np.float64))) for w in self.coefs_) / weight
        return (minimum - penalty) / self.n_outputs_ + penalty

    def _score_in_run(self) -> Score:
        return early_stopping.finite_r2
