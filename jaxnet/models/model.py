"""``Model``: a network with its parameters, as a thing that predicts labels or values and can be saved.

Everything here is NumPy on the host. One model may hold several networks of the same description, trained from other
seeds: it predicts their mean.
"""

import dataclasses
import html
import os
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from jaxnet import checks
from jaxnet.data import DataError, Preparation
from jaxnet.models.answers import checked_scores, class_array, explained_variance, most_likely, right_answers
from jaxnet.models.exporting import Exported, export_numpy, export_onnx, export_skops, largest_difference
from jaxnet.models.model_file import ModelParts, save_parts
from jaxnet.models.sklearn_export import as_sklearn
from jaxnet.network import MLP
from jaxnet.prediction import last_layer
from jaxnet.types import ArrayLike, Params

_SHOWN = 8  # classes that are named when a model is printed


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A network and its parameters, and, where it is one of a table, how the table becomes numbers.

    Every method takes a table (a frame, a file, ``jn.data.read_table``'s, {column: values}, a list of {column: value},
    or one such row) where there is a ``preparation``, and X [N, D], an array or lists, with and without: examples as
    the network takes them, or, where the preparation was fitted to an array (``positional``), rows of that.

    Attributes:
        net: the ``MLP``.
        params: its parameters, or a list of several networks' parameters, whose predictions are averaged; kept as
            NumPy arrays that cannot be written to.
        preparation: what ``jn.data.prepare`` returned, or None. Its classes are the model's.
        classes: the labels of a classifier's outputs, in their order; by default 0, 1, ... A softmax output has one a
            class, a single sigmoid output two, and several sigmoid outputs are a yes or no each, without labels.
        scores: what it is known to be worth, as {"accuracy": 0.97}: shown when it is printed, kept when it is saved.

    Raises ValueError or TypeError, naming the argument, for parameters of another network, NaN or infinity among
    them, classes that do not fit.
    """

    net: MLP
    params: Any
    preparation: Preparation | None = None
    classes: Any = dataclasses.field(default=None, kw_only=True)
    scores: Mapping[str, float] = dataclasses.field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        set_field = lambda name, value: object.__setattr__(self, name, value)
        checks.require(isinstance(self.net, MLP), "net", "a jn.MLP", self.net, TypeError)
        several = isinstance(self.params, list | tuple) and not any(isinstance(layer, dict) for layer in self.params)
        checks.require(len(self.params) > 0 if several else True, "params", "at least one network's", self.params)
        members = tuple(map(self._checked, self.params)) if several else (self._checked(self.params),)
        kinds = sorted({str(member[0]["w"].dtype) for member in members})
        checks.require(len(kinds) == 1, "params", "members of one dtype", checks.Words(", ".join(kinds)))
        # what a model predicts, saves and exports needs no factors of its layers
        members = tuple(self.net.standard_form(member)[1] for member in members)
        set_field("net", dataclasses.replace(self.net, parametrization="standard"))
        set_field("params", members if several else members[0])
        self._check_preparation()
        set_field("classes", self._checked_classes())
        set_field("scores", checked_scores(self.scores))

    @property
    def members(self) -> tuple[Params, ...]:
        """The parameters of each network of the model: one, or as many as it averages."""
        return self.params if isinstance(self.params, tuple) else (self.params,)

    @property
    def task(self) -> str:
        """ "classification" where outputs are classes, "labels" for several yes or no at once, else "regression"."""
        if self.net.output not in ("softmax", "sigmoid"):
            return "regression"
        return "labels" if self.net.output == "sigmoid" and self.net.sizes[-1] > 1 else "classification"

    def outputs(self, rows: Any) -> np.ndarray:
        """Return what the network makes of the rows, [N, K], in the dtype of its parameters, the mean over members.

        Raises ValueError or TypeError for another shape, NaN or infinity; DataError for cells that cannot be prepared.
        """
        return self.outputs_of_features(self._features(rows))

    def outputs_of_features(self, X: ArrayLike) -> np.ndarray:
        """Return what ``outputs`` does for examples X [N, D] that are prepared already; raises as it does."""
        dtype = self.members[0][0]["w"].dtype
        X = np.asarray(checks.examples("X", X, self.net.sizes[0], dtype))
        each = [last_layer(self.net, params, X)[1] for params in self.members]
        found = (each[0] if len(each) == 1 else np.mean(each, axis=0)).astype(dtype, copy=False)
        if len(found) and np.isnan(found.min()):
            # a finite input can be too large for the sums: infinity less infinity is no answer
            row = int(np.argmax(np.isnan(found).any(axis=1)))
            raise DataError(f"row {row}: inputs too large for the network, whose outputs are then no numbers")
        return found

    def predict(self, rows: Any) -> np.ndarray:
        """Predict for a table or X [N, D]: the most likely class of each row [N]; 0 or 1 for each of several labels
        [N, K]; or values, in the units of the table, [N] for one output, else [N, K]. Raises as ``outputs`` does."""
        outputs = self.outputs(rows)
        if self.task == "classification":
            return self.classes[most_likely(outputs)]
        if self.task == "labels":
            return (outputs > 0.5).astype(int)
        return self._values(outputs[:, 0] if outputs.shape[1] == 1 else outputs)

    def predict_proba(self, rows: Any) -> np.ndarray:
        """Return the probability of each class, [N, K] in the order of ``classes``, or that of each label.

        Raises ValueError where the outputs are no probabilities, and as ``outputs`` does.
        """
        expected = "a model whose output is softmax or sigmoid"
        given = checks.Words(f"output={self.net.output!r}")
        checks.require(self.task != "regression", "predict_proba", expected, given)
        outputs = self.outputs(rows)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def score(self, rows: Any, y: ArrayLike | None = None) -> float:
        """Return the share of rows predicted right, or, for values, R² (the mean over outputs).

        ``y`` has the labels or values that ``predict`` returns; by default the table's own. Raises ValueError for one
        of another shape or kind, and where there is none.
        """
        table = rows if y is not None or not self._is_table(rows) else self._read(rows)
        predicted = self.predict(table)
        target = np.asarray(self._own_targets(table) if y is None else y)
        fits = target.shape == predicted.shape or (target.ndim == 2 and target.shape == (len(predicted), 1))
        checks.require(fits, "y", f"an array of shape {predicted.shape}, as predict returns", target)
        target = target.reshape(predicted.shape)
        if self.task == "regression":
            return explained_variance(predicted, checks.real_array("y", target))
        return right_answers(predicted, target)

    def save(self, path: str | os.PathLike) -> None:
        """Write the model to the folder ``path``, in one step; ``jn.load(path)`` gives it back.

        A ``path`` that ends in .safetensors is a single file. Raises ValueError, before anything is written, for what
        has no name or no place in a file (a callable activation, a dtype that is not NumPy's).
        """
        save_parts(path, self._parts())

    def to_onnx(self, path: str | os.PathLike) -> Exported:
        """Write the model as an ONNX file: outputs "label" and "probabilities", or "values"; input "X" [N, D], or of a
        table's model one a column, [N, 1]: numbers, 0 or 1, texts, dates as seconds since 1970 (UTC), with NaN or ""
        where a value is missing. Hashed categories ONNX cannot prepare: they are the features [N, F] that
        ``preparation.features`` makes.

        Returns what came out when onnxruntime ran it again. Raises ImportError without the package onnx.
        """
        return export_onnx(path, self._parts(), self._answers)

    def to_numpy(self, path: str | os.PathLike) -> Exported:
        """Write the model as a Python file of its own, with ``predict`` and, of a classifier, ``predict_proba``, that
        needs NumPy alone; of a table's model they take a row {column: value} or a list of rows, else X.

        Returns what came out when the file was run again. Raises ValueError for another kind of file and for what has
        no name."""
        return export_numpy(path, self._parts(), self._answers, title=str(self))

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own ``MLPClassifier`` or ``MLPRegressor`` with the weights set, its classes sorted; of
        several networks a soft ``VotingClassifier`` or a ``VotingRegressor``.

        Raises ValueError for what scikit-learn's networks have not (an activation, several in one network), and
        ImportError without scikit-learn.
        """
        return as_sklearn(self._parts())

    def to_skops(self, path: str | os.PathLike) -> Exported:
        """Write ``to_sklearn()`` as a file of skops, which holds no code; return what came out when it was read and
        run again. Raises what ``to_sklearn`` does, and ImportError without skops."""
        return export_skops(path, self.to_sklearn(), self.difference)

    def difference(self, other: Any) -> float:
        """Return the largest difference between this model's probabilities or values and those of ``other``, an
        estimator of scikit-learn or a function of X [N, D], for rows drawn at random."""
        if callable(other):
            return largest_difference(self._parts(), self._answers, other)
        if self.task == "regression":
            return largest_difference(self._parts(), self._answers, other.predict)
        order = slice(None) if self.classes is None else np.argsort(np.argsort(self.classes))
        return largest_difference(self._parts(), self._answers, lambda X: other.predict_proba(X)[:, order])

    def __repr__(self) -> str:
        return f"<Model {self._kind()}, {self._network()}>"

    def __str__(self) -> str:
        return "\n".join(f"{name:<9} {value}" for name, value in self._told().items())

    def _repr_html_(self) -> str:
        cell = lambda text: f"<td style='text-align:left'>{html.escape(text)}</td>"
        told = {name: value for name, value in self._told().items() if name != "table"}
        rows = "".join(f"<tr>{cell(name)}{cell(value)}</tr>" for name, value in told.items())
        columns = "" if self.preparation is None else self.preparation._repr_html_()
        return f"<table>{rows}</table>{columns}"

    def _told(self) -> dict[str, str]:
        told = {"model": self._kind(), "network": self._network()}
        if self.scores:
            told["scores"] = ", ".join(f"{name} {value:.4g}" for name, value in self.scores.items())
        if self.preparation is not None:
            told["table"] = str(self.preparation)
        return told

    def _kind(self) -> str:
        inputs, outputs = self.net.sizes[0], self.net.sizes[-1]
        if self.task == "classification":
            named = [str(name) for name in self.classes[:_SHOWN]]
            more = f", ... ({len(self.classes)})" if len(self.classes) > _SHOWN else ""
            return f"classification of {inputs} inputs as {', '.join(named)}{more}"
        what = "labels" if self.task == "labels" else "value" + "s" * (outputs > 1)
        return f"{outputs} {what} from {inputs} inputs"

    def _network(self) -> str:
        name = lambda each: each if isinstance(each, str) else getattr(each, "__name__", "callable")
        functions = dict.fromkeys([*map(name, self.net.activations), self.net.output])
        count = sum(leaf.size for layer in self.members[0] for leaf in layer.values())
        size = f"MLP {'-'.join(map(str, self.net.sizes))} ({', '.join(functions)}), {count:,} parameters"
        averaged = f", the mean of {len(self.members)} networks" if len(self.members) > 1 else ""
        return f"{size} in {self.members[0][0]['w'].dtype}{averaged}"

    def _checked(self, params: Any) -> Params:
        self.net.check_params(params)
        checks.parameters("params", params)
        frozen: Any = []
        for depth, layer in enumerate(params):
            kept = {name: np.array(layer[name]) for name in ("w", "b")}
            for name, leaf in kept.items():
                checks.finite(f"params[{depth}][{name!r}]", leaf)
                leaf.flags.writeable = False  # a model does not change behind the back of who predicts with it
            frozen.append(kept)
        return list(frozen)

    def _checked_classes(self) -> np.ndarray | None:
        if self.task != "classification":
            checks.require(self.classes is None, "classes", f"none for {self.task}", self.classes)
            return None
        count = max(2, self.net.sizes[-1])
        if self.preparation is not None and self.preparation.classes:
            checks.require(self.classes is None, "classes", "none beside the preparation's", self.classes)
            return self.preparation.labels(np.arange(count))
        return np.arange(count) if self.classes is None else class_array(self.classes, count)

    def _check_preparation(self) -> None:
        prep, net = self.preparation, self.net
        if prep is None:
            return
        checks.require(isinstance(prep, Preparation), "preparation", "what jn.data.prepare returns", prep, TypeError)
        given = checks.Words(f"sizes={net.sizes}, output={net.output!r}")
        expected = f"a network of the preparation's {prep.inputs} features"
        checks.require(net.sizes[0] == prep.inputs, "net", expected, given)
        if prep.task is not None:
            outputs = net.sizes[-1] if prep.task == "regression" or net.sizes[-1] > 1 else 2
            expected = f"a network for {prep.task} with {prep.outputs} outputs, as output={prep.output!r} has"
            checks.require(self.task == prep.task and outputs == prep.outputs, "net", expected, given)

    def _is_table(self, rows: Any) -> bool:
        """Whether rows have to be prepared: an array, or lists of numbers, are examples already."""
        if self.preparation is None:
            return False
        return self.preparation.positional or not _is_array(rows)

    def _features(self, rows: Any) -> Any:
        return self.preparation.features(_listed(rows)) if self.preparation and self._is_table(rows) else rows

    def _read(self, rows: Any) -> Any:
        return rows if self.preparation is None else self.preparation.read(_listed(rows))

    def _own_targets(self, table: Any) -> np.ndarray:
        y = None if self.preparation is None or not self._is_table(table) else self.preparation.targets(table)
        if self.preparation is None or y is None:
            name = getattr(self.preparation, "target", None)
            checks.refuse("y", f"what is right, or a table with the column {name!r}" if name else "what is right", y)
        return self.preparation.labels(y)

    def _values(self, outputs: np.ndarray) -> np.ndarray:
        regression = self.preparation is not None and self.preparation.task == "regression"
        return self.preparation.labels(outputs) if self.preparation is not None and regression else outputs

    def _answers(self, X: np.ndarray) -> np.ndarray:
        return self.predict(X) if self.task == "regression" else self.predict_proba(X)

    def _parts(self) -> ModelParts:
        classes = None if self.classes is None else self.classes.tolist()
        return ModelParts(self.net, self.members, classes, self.scores, self.preparation)


def _is_array(rows: Any) -> bool:
    lists = isinstance(rows, list | tuple) and not any(isinstance(row, Mapping) for row in rows)
    return lists or isinstance(rows, np.ndarray | jax.Array)


def _listed(rows: Any) -> Any:
    """Return one row, {column: value} or a row of a frame, as a list of it, lists of cells as an array, and everything
    else as it is."""
    if _is_array(rows):
        return np.array(rows, object) if isinstance(rows, list | tuple) else np.asarray(rows)
    if hasattr(rows, "to_dict") and getattr(rows, "ndim", 2) == 1:
        rows = rows.to_dict()
    one = isinstance(rows, Mapping) and all(np.ndim(value) == 0 for value in rows.values())
    return [rows] if one else rows
