"""``TabularClassifier`` and ``TabularRegressor``: what a target is, and the defaults of RealMLP-TD-S for each."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_array, column_or_1d
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import check_classification_targets

from jaxnet import checks, losses
from jaxnet.data.preparing.known_targets import ClassTarget, NumberTarget, class_target, number_target
from jaxnet.estimators.plain_arrays import in_numpy_arrays
from jaxnet.estimators.tabular_network import TabularNetwork, with_parameters_of
from jaxnet.types import ArrayLike, Layer, Params


class TabularClassifier(ClassifierMixin, TabularNetwork):
    """A classifier for tables with the defaults of RealMLP-TD-S (Holzmueller et al. 2024, arXiv 2407.04491).

    Args:
        hidden_layer_sizes: units of the hidden layers, of SELU.
        learning_rate: the highest rate of the schedule; .04 by default.
        epochs, batch_size: of the training; the parameters kept are those of the epoch that was best on held-out rows.
        parametrization: "ntk", "mup" or "standard", see ``jaxnet.network.Parametrized``.
        schedule: "coslog4" or "constant".
        clip: where outliers are clipped smoothly, after dividing by the quartiles' distance; None leaves them.
        embedding: "piecewise_linear" spreads each number over ``bins`` quantile bins, in place of clipping.
        front_scale: whether each input has a factor of its own to learn, at ``scale_rate`` times the rate.
        beta_2: of Adam. bias_rate: the biases' share of the rate.
        label_smoothing: costs log-loss and gains accuracy; 0 for none.
        n_members, folds: networks from other starts, and folds that are left out one by one (and choose the epoch);
            all of them are one population, whose probabilities are averaged. "auto" is 5 folds of fewer than 500 rows
            and None from there on: one part of the rows, held out, chooses the epoch.
        validation_fraction: of the rows, to choose the epoch without ``folds``.
        random_state: from which all is drawn.

    Attributes: ``classes_``, ``members_`` (parameters of ``network_``, a ``jn.MLP``), ``best_epochs_``, ``table_``
    (how the table is prepared); with ``folds`` ``oof_prediction_``: of each training row, by those members that did not
    train on it, the probabilities [N, K] (of a regressor, the predictions).

    >>> TabularClassifier(folds=8).schedule
    'coslog4'
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TabularNetwork._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    }
    _usual_rate, _activation, _output, _ranked = 0.04, "selu", "softmax", "validation_accuracy"
    classes_: np.ndarray
    score = in_numpy_arrays(ClassifierMixin.score)

    @with_parameters_of(TabularNetwork.__init__)
    def __init__(self, *sizes: Any, label_smoothing: float = 0.1, **others: Any) -> None:
        super().__init__(*sizes, **others)
        self.label_smoothing = label_smoothing

    def predict(self, X: Any) -> np.ndarray:
        """Return the most likely class of each row, [N]."""
        answers = self._mean_answers(X)
        return self.classes_[answers.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, [N, K], in the order of ``classes_``."""
        return self._mean_answers(X)

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        return outputs

    def _learned(self, y: ArrayLike) -> tuple[np.ndarray, int]:
        labels: np.ndarray = column_or_1d(y, warn=True)
        if labels.dtype.kind == "O":  # in which scikit-learn looks for NaN alone
            gaps = np.flatnonzero([label is None or label != label for label in labels])
            got = checks.Words(f"none in {len(gaps)} rows, the first is row {gaps[0] if len(gaps) else 0}")
            checks.require(not len(gaps), "y", "a label in every row", got)
        check_classification_targets(labels)
        encoder = LabelEncoder().fit(labels)
        self.classes_ = encoder.classes_
        if len(self.classes_) < 2:
            raise ValueError("Classifier can't train when only one class is present.")
        return encoder.transform(labels).astype(np.int32), len(self.classes_)

    def _served(self) -> tuple[ClassTarget, list[Params]]:
        return class_target(self.classes_), self.members_

    def _loss(self) -> Any:
        return losses.SmoothedCrossEntropy(float(self.label_smoothing))


class TabularRegressor(RegressorMixin, TabularNetwork):
    """A regressor for tables with the defaults of RealMLP-TD-S; the target is standardised within.

    Args:
        hidden_layer_sizes: units of the hidden layers, of Mish.
        learning_rate: the highest rate of the schedule; .07 by default.
        epochs and all others: as in ``TabularClassifier``, but for ``label_smoothing``.

    >>> TabularRegressor(embedding="piecewise_linear").bins
    16
    """

    _usual_rate, _activation, _output, _ranked = 0.07, "mish", "identity", "validation_loss"
    score = in_numpy_arrays(RegressorMixin.score)

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions, [N] for one output, else [N, K]."""
        return self._mean_answers(X)

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        values: np.ndarray = outputs * self.spread_ + self.centre_
        return values[:, 0] if values.shape[1] == 1 else values

    def _learned(self, y: ArrayLike) -> tuple[np.ndarray, int]:
        checked: Any = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        targets: np.ndarray = checked.reshape(len(checked), -1)
        self.centre_ = targets.mean(axis=0)
        spread = targets.std(axis=0)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        return ((targets - self.centre_) / self.spread_).astype(np.float32), targets.shape[1]

    def _served(self) -> tuple[NumberTarget | None, list[Params]]:
        if len(self.centre_) == 1:
            return number_target(self.centre_[0], self.spread_[0]), self.members_
        # several outputs have no column to be called by, so the last layer speaks in their units
        return None, [[*others, self._in_units(last)] for *others, last in self.members_]

    def _in_units(self, last: Layer) -> Layer:
        w, b = last["w"] * self.spread_, last["b"] * self.spread_ + self.centre_
        return {"w": w.astype(np.float32), "b": b.astype(np.float32)}

    def _loss(self) -> Any:
        return "mean_squared_error"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
