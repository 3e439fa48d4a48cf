"""The classifier: labels become one-hot targets, outputs become classes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels
from sklearn.utils.validation import validate_data

from jaxnet import checks, metrics
from jaxnet import losses as house_losses
from jaxnet.estimators import early_stopping, example_losses
from jaxnet.estimators.base import BaseMLP, Checked, partial_fit_is_there
from jaxnet.estimators.example_losses import ExampleLoss
from jaxnet.estimators.network_estimator import CONSTRAINTS, Activations, MatrixLike, Score, Scoring, Solver
from jaxnet.estimators.plain_arrays import in_numpy_arrays
from jaxnet.types import Array, ArrayLike


def _has_probabilities(mlp: "MLPClassifier") -> bool:
    """Whether outputs are probabilities; raises AttributeError, as scikit-learn does, where they are margins."""
    if isinstance(mlp.loss, str) and mlp.loss == "hinge":
        raise AttributeError("probability estimates are not available for loss='hinge'")
    return True


probabilities_are_there = available_if(_has_probabilities)


class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multilayer perceptron for classes, with the parameters of ``sklearn.neural_network.MLPClassifier`` and more.

    The same ``random_state`` gives the same model as scikit-learn's: in float64 its weights and losses agree to
    rounding (but where a ``warm_start`` with ``early_stopping`` does not improve: the best weights are kept here, and
    overwritten there). scikit-learn's documentation holds for all of its parameters; what is added:

    Args:
        activation: also leaky_relu, elu, selu, gelu, silu, mish, softplus, sigmoid, any callable z -> a, or a
            tuple of one a hidden layer.
        solver: also any optax optimizer, with its own learning rate or schedule, or a function without arguments
            that makes one (which can be pickled).
        loss: "log_loss", "hinge", or a callable (logits [K], target [K]) -> scalar of one example.
        class_weight: None, "balanced" or {class: weight}; multiplies ``sample_weight``.
        dropout: probability that a hidden unit is left out of a training step.
        scoring: with ``early_stopping``, what decides: None for accuracy, "loss" for the validation loss, or any
            scorer of scikit-learn by name or callable (estimator, X, y).
        keep_optimizer_state: whether pickles hold the optimizer's state, so that ``partial_fit`` continues exactly;
            it is twice the size of the weights.
        n_members: networks that are averaged, trained in float32 as one population. The first is the one that would
            be trained alone, the others start from weights of their own and look at the same batches.
        bootstrap: whether each member weighs rows as often as they were drawn, with replacement.
        folds: member k leaves out fold k modulo ``folds`` (each class evenly). With ``early_stopping``, what a member
            leaves out, by folds or bootstrap, decides when it stops.
        calibration: "temperature" divides the logits by the number that is best on rows that were held out: X_val,
            else what members leave out, else ``validation_fraction`` of the rows. See ``calibrate``.

    Attributes of several members: ``members_`` (fitted estimators of one network each; ``coefs_`` and curves are
    theirs), ``oof_prediction_`` (with ``folds`` or ``bootstrap``, ``predict_proba`` of each row by members that left it
    out, NaN where all were trained on it); ``temperature_``.

    Attributes beyond scikit-learn's: ``validation_loss_curve_`` (a list, where examples are held out),
    ``learning_rate_`` (the present rate of solver "sgd"), and for solver "lbfgs", which with ``verbose`` also says
    its loss, ``loss_curve_`` (one an iteration).

    ``CalibratedClassifierCV`` calibrates ``decision_function``, the logits, where there is one, and scikit-learn's
    class has none, so its probabilities differ, by either method and on few rows by much. To calibrate the
    probabilities as there, hide it: ``class Plain(MLPClassifier): decision_function = property()``.

    From scikit-learn 1.9 on ``set_callbacks`` takes its callbacks, such as ``sklearn.callback.ProgressBar()``: they are
    told of every epoch, can score its weights, and can end the fit.

    The first fit of a kind (shapes, solver, losses, never numbers) compiles for a second or so. To keep what is
    compiled for the next process, set JAX_COMPILATION_CACHE_DIR to a folder and
    JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS to 0 in the environment, before Python starts.

    >>> MLPClassifier((16, 16), activation="gelu", dropout=0.1, class_weight="balanced").hidden_layer_sizes
    (16, 16)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "calibration": [StrOptions({"temperature"}), None],
        "loss": [StrOptions({"log_loss", "hinge"}), callable],
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }
    _default_scoring = "accuracy"

    def __init__(
        self,
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
        loss: str | Callable[..., Array] = "log_loss",
        class_weight: str | Mapping[Any, float] | None = None,
        dropout: float = 0.0,
        scoring: Scoring = None,
        keep_optimizer_state: bool = False,
        n_members: int = 1,
        bootstrap: bool = False,
        folds: int | None = None,
        calibration: str | None = None,
    ) -> None:
        self._set_parameters(locals())

    score = in_numpy_arrays(ClassifierMixin.score)

    @partial_fit_is_there
    @in_numpy_arrays
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> "MLPClassifier":
        """Go once over the examples, going on from the weights and the optimizer's state of the last call.

        ``classes`` are all labels that any call will have; the first call needs them.
        """
        if _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer()
            self._label_binarizer.fit(y if type_of_target(y).startswith("multilabel") else classes)
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return the most likely class of each row, [N], or the labels that are more likely than not, [N, K]."""
        outputs = self._outputs(X)
        return most_likely_labels(self._label_binarizer, outputs)

    @probabilities_are_there
    def predict_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the probability of each class, [N, K], in the order of ``classes_``."""
        outputs = self._outputs(X)
        return np.vstack([1 - outputs, outputs]).T if outputs.ndim == 1 else outputs

    @probabilities_are_there
    def predict_log_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the logarithm of ``predict_proba``."""
        probability = self.predict_proba(X)
        return np.log(probability, out=probability)

    def decision_function(self, X: MatrixLike) -> np.ndarray:
        """Return the logits: [N] for two classes, positive for the second, else [N, K]."""
        return self._flat(self._last_layer(X)[0])

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def _logits(self, outputs: np.ndarray) -> np.ndarray:
        tiny = np.finfo(outputs.dtype).tiny  # a certain answer has a logit, too
        logits: np.ndarray = np.log(np.maximum(outputs, tiny))
        return logits if self.out_activation_ == "softmax" else logits - np.log(np.maximum(1 - outputs, tiny))

    def _probabilities(self, logits: np.ndarray) -> np.ndarray:
        probabilities: np.ndarray = softmax(logits, axis=1) if self.out_activation_ == "softmax" else expit(logits)
        return probabilities

    def _outputs(self, X: MatrixLike) -> np.ndarray:
        return self._flat(self._last_layer(X)[1])

    def _flat(self, values: np.ndarray) -> np.ndarray:
        return values.ravel() if self.n_outputs_ == 1 else values

    def _validate_input(self, X: Any, y: Any, *, first: bool, incremental: bool) -> Checked:
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=(np.float64, np.float32), reset=first
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        known = hasattr(self, "classes_") and (self.warm_start or incremental)
        if not known:
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        targets = binarized_labels(self._label_binarizer, y)
        if known and (self.warm_start or targets is None):
            self._check_classes(unique_labels(y))
        if targets is None:
            # bool, because the split for early stopping names these values in its errors as scikit-learn's does
            targets = self._label_binarizer.transform(y).astype(bool)
        return X, y, targets

    def _check_classes(self, classes: np.ndarray) -> None:
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}"
            )
        if not self.warm_start and len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _held_targets(self, y: Any, rows: int) -> np.ndarray:
        y = np.asarray(y)
        checks.require(len(y) == rows, "y_val", f"one label for each of the {rows} rows of X_val", y)
        unknown = np.setdiff1d(unique_labels(y), self.classes_)
        checks.require(not len(unknown), "y_val", f"labels among {self.classes_}", checks.Words(f"also {unknown}"))
        return self._label_binarizer.transform(y).astype(bool)

    def _labels(self, targets: np.ndarray) -> np.ndarray:
        return self._label_binarizer.inverse_transform(targets)

    def _weight(self, y: np.ndarray, sample_weight: np.ndarray | None, *, incremental: bool) -> np.ndarray | None:
        if self.class_weight is None:
            return sample_weight
        fits = self.class_weight != "balanced" or not incremental
        checks.require(fits, "class_weight", "weights by class, for partial_fit sees a part only", self.class_weight)
        weight = compute_sample_weight(self.class_weight, y)
        return weight if sample_weight is None else weight * sample_weight

    def _output_name(self) -> str:
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"

    def _loss_of_example(self) -> ExampleLoss:
        if callable(self.loss):
            return self.loss
        if self.loss == "hinge":
            return house_losses.hinge
        return example_losses.log_loss if self.out_activation_ == "softmax" else example_losses.binary_log_loss

    def _score_in_run(self) -> Score:
        return metrics.accuracy if self.out_activation_ == "softmax" else early_stopping.subset_accuracy

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def binarized_labels(labels: LabelBinarizer, y: np.ndarray) -> np.ndarray | None:
    """Return the one-hot targets of labels [N] as booleans [N, K], or [N, 1] for two classes.

    What scikit-learn's binarizer returns, without its second look at labels that are checked already, which took as
    long as a small fit. None where there is a label that ``labels`` has not met, or where a row has several: then the
    binarizer has to look for itself.
    """
    if y.ndim != 1 or labels.y_type_.startswith("multilabel") or y.dtype.kind != labels.classes_.dtype.kind:
        return None
    classes = labels.classes_
    index = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    if not np.array_equal(classes[index], y):
        return None
    if len(classes) <= 2:
        return np.expand_dims(index == 1, 1)
    return np.expand_dims(index, 1) == np.arange(len(classes))


def most_likely_labels(labels: LabelBinarizer, outputs: np.ndarray) -> np.ndarray:
    """Return the most likely class of each row of outputs [N, K], or what the binarizer makes of [N] or labels."""
    if labels.y_type_ == "multiclass":
        return labels.classes_[outputs.argmax(axis=1)]
    return labels.inverse_transform(outputs)
