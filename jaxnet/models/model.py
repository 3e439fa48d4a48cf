"""``Model``: a network with its parameters, as a thing that predicts labels or values and can be saved.

Everything here is NumPy on the host. One model may hold several networks of the same description, trained from other
seeds: it predicts their mean.
"""

import dataclasses
import html
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.models.exporting import Exported, export_numpy, export_onnx, largest_difference
from jaxnet.models.model_file import MODEL_FILE, ModelParts, decode_parts, save_parts
from jaxnet.models.sklearn_export import as_sklearn
from jaxnet.network import MLP
from jaxnet.prediction import last_layer
from jaxnet.storage import CheckpointError, read_bytes
from jaxnet.types import ArrayLike, Params

_MOST_CLASS_CHARACTERS = 10_000_000  # classes as one NumPy array take the longest's room each
_SHOWN = 8  # classes that are named when a model is printed


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A network and its parameters.

    Attributes:
        net: the ``MLP``.
        params: its parameters, or a list of several networks' parameters, whose predictions are averaged; kept as
            NumPy arrays that cannot be written to.
        classes: the labels of a classifier's outputs, in their order; by default 0, 1, ... A softmax output has one a
            class, a single sigmoid output two, and several sigmoid outputs are a yes or no each, without labels.
        scores: what it is known to be worth, as {"accuracy": 0.97}: shown when it is printed, kept when it is saved.

    Raises ValueError or TypeError, naming the argument, for parameters of another network, NaN or infinity among
    them, classes that do not fit.
    """

    net: MLP
    params: Any
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
        set_field("params", members if several else members[0])
        set_field("classes", self._checked_classes())
        set_field("scores", _checked_scores(self.scores))

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

    def outputs(self, X: ArrayLike) -> np.ndarray:
        """Return what the network makes of X [N, D]: [N, K], in the dtype of the parameters, the mean over members.

        Raises ValueError or TypeError for another shape, NaN or infinity.
        """
        dtype = self.members[0][0]["w"].dtype
        X = np.asarray(checks.examples("X", X, self.net.sizes[0], dtype))
        each = [last_layer(self.net, params, X)[1] for params in self.members]
        return (each[0] if len(each) == 1 else np.mean(each, axis=0)).astype(dtype, copy=False)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict for X [N, D]: the most likely class of each row [N]; 0 or 1 for each of several labels [N, K]; or
        values, [N] for one output, else [N, K]."""
        outputs = self.outputs(X)
        if self.task == "classification":
            return self.classes[_most_likely(outputs)]
        if self.task == "labels":
            return (outputs > 0.5).astype(int)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the probability of each class, [N, K] in the order of ``classes``, or that of each label.

        Raises ValueError where the outputs are no probabilities.
        """
        expected = "a model whose output is softmax or sigmoid"
        given = checks.Words(f"output={self.net.output!r}")
        checks.require(self.task != "regression", "predict_proba", expected, given)
        outputs = self.outputs(X)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Return the share of rows predicted right, or, for values, R² (the mean over outputs).

        ``y`` has the labels or values that ``predict`` returns. Of several labels all have to be right.
        """
        predicted = self.predict(X)
        target = np.asarray(y)
        fits = target.shape == predicted.shape or (target.ndim == 2 and target.shape == (len(predicted), 1))
        checks.require(fits, "y", f"an array of shape {predicted.shape}, as predict returns", target)
        target = target.reshape(predicted.shape)
        if self.task == "regression":
            return _r2(predicted, checks.real_array("y", target))
        return float(np.mean((predicted == target).reshape(len(target), -1).all(axis=1)))

    def save(self, path: str | os.PathLike) -> None:
        """Write the model to the folder ``path``, in one step; ``jn.load(path)`` gives it back.

        A ``path`` that ends in .safetensors is a single file. Raises ValueError, before anything is written, for what
        has no name or no place in a file (a callable activation, a dtype that is not NumPy's).
        """
        save_parts(path, self._parts())

    def to_onnx(self, path: str | os.PathLike) -> Exported:
        """Write the model as an ONNX file: input "X", outputs "label" and "probabilities", or "values".

        Returns what came out when onnxruntime ran it again. Raises ImportError without the package onnx.
        """
        return export_onnx(path, self._parts(), self._answers)

    def to_numpy(self, path: str | os.PathLike) -> Exported:
        """Write the model as a Python file of its own, with ``predict`` and, of a classifier, ``predict_proba``, that
        needs NumPy alone; return what came out when it was run again."""
        return export_numpy(path, self._parts(), self._answers, title=str(self))

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own ``MLPClassifier`` or ``MLPRegressor`` with the weights set, its classes sorted; of
        several networks a soft ``VotingClassifier`` or a ``VotingRegressor``.

        Raises ValueError for what scikit-learn's networks have not (an activation, several in one network), and
        ImportError without scikit-learn.
        """
        return as_sklearn(self._parts())

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
        rows = "".join(f"<tr>{cell(name)}{cell(value)}</tr>" for name, value in self._told().items())
        return f"<table>{rows}</table>"

    def _told(self) -> dict[str, str]:
        told = {"model": self._kind(), "network": self._network()}
        if self.scores:
            told["scores"] = ", ".join(f"{name} {value:.4g}" for name, value in self.scores.items())
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
        return np.arange(count) if self.classes is None else _class_array(self.classes, count)

    def _answers(self, X: np.ndarray) -> np.ndarray:
        return self.predict(X) if self.task == "regression" else self.predict_proba(X)

    def _parts(self) -> ModelParts:
        classes = None if self.classes is None else self.classes.tolist()
        return ModelParts(self.net, self.members, classes, self.scores)


def load(path: str | os.PathLike) -> Model:
    """Load the model that ``Model.save`` wrote to a folder or file.

    Nothing in it is executed, and every byte is vouched for. Raises ``CheckpointError``, a ValueError whose words name
    the file and the fault, for what is missing, damaged, hostile or of a newer format.
    """
    place = Path(path)
    file = place / MODEL_FILE if place.is_dir() else place
    if not file.is_file():  # a pipe or a device would be read for ever
        raise CheckpointError(f"{file}: no such file, expected a model that Model.save wrote")
    parts = decode_parts(read_bytes(file), str(file))
    try:
        return Model(parts.net, list(parts.members), classes=parts.classes, scores=parts.scores)
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{file}: {error}") from error


def _most_likely(outputs: np.ndarray) -> np.ndarray:
    """Return the index of the most likely class of each row: of one sigmoid output, 1 above one half."""
    return (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def _r2(predicted: np.ndarray, target: np.ndarray) -> float:
    """Return 1 - residual / total sum of squares, the mean over outputs; of a target that never varies 1 where it is
    met exactly and else 0, as scikit-learn's ``r2_score`` has it."""
    predicted, target = (array.reshape(len(array), -1).astype(np.float64) for array in (predicted, target))
    residual = np.sum((target - predicted) ** 2, axis=0)
    total = np.sum((target - target.mean(axis=0)) ** 2, axis=0)
    constant = np.where(residual == 0, 1.0, 0.0)
    return float(np.mean(np.where(total > 0, 1 - residual / np.where(total > 0, total, 1), constant)))


def _class_array(classes: Any, count: int) -> np.ndarray:
    """Return the labels as an array of text, numbers or booleans, each once; refuse anything else."""
    expected = f"{count} different labels, all text, all numbers or all booleans"
    listed = isinstance(classes, Sequence | np.ndarray) and not isinstance(classes, str)
    checks.require(listed, "classes", expected, classes, TypeError)
    values = classes.tolist() if isinstance(classes, np.ndarray) else list(classes)
    kinds = {bool if isinstance(v, bool) else float if isinstance(v, int | float) else type(v) for v in values}
    checks.require(len(kinds) == 1 and kinds <= {bool, float, str}, "classes", expected, classes, TypeError)
    checks.require(len(values) == count == len(set(values)), "classes", expected, classes)
    finite = kinds != {float} or all(map(math.isfinite, values))
    checks.require(finite, "classes", "finite numbers", classes)
    longest = max(map(len, values)) if kinds == {str} else 0
    checks.require(
        longest * count <= _MOST_CLASS_CHARACTERS, "classes", "shorter names", checks.Words(f"{longest} letters")
    )
    return np.array(values)


def _checked_scores(scores: Any) -> Mapping[str, float]:
    named = isinstance(scores, Mapping) and all(isinstance(name, str) for name in scores)
    checks.require(named, "scores", "a mapping of names to numbers", scores, TypeError)
    return MappingProxyType({name: checks.number(f"scores[{name!r}]", value) for name, value in scores.items()})
