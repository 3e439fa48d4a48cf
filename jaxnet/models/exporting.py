"""An export is written, run again as whoever gets it would run it, and compared with the model that it is of."""

import os
import runpy
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks, storage
from jaxnet.models.model_file import ModelParts
from jaxnet.models.numpy_export import as_numpy_source
from jaxnet.models.onnx_columns import INPUT, cells_of, column_inputs, unprepared_columns
from jaxnet.models.onnx_export import as_onnx
from jaxnet.models.sample_rows import sample_rows
from jaxnet.user_paths import file_path

_ROWS = 64  # that are predicted again
Answers = Callable[[Any], np.ndarray]  # X [N, D] or rows -> the probabilities or values of each row


class Exported(NamedTuple):
    """A file that was written, and the largest difference between what it answers and what the model answers, over
    ``rows`` rows drawn at random; None where what runs it is not installed."""

    path: Path
    difference: float | None
    rows: int
    by: str
    note: str = ""

    def __str__(self) -> str:
        if self.difference is None:
            return f"{self.path}: written; not run again, for {self.by} is not installed{self.note}"
        said = f"{self.path}: written; {self.rows} rows again by {self.by}: largest difference {self.difference:.2g}"
        return f"{said}{self.note}"


def export_onnx(path: str | os.PathLike, parts: ModelParts, answers: Answers) -> Exported:
    """Write a model as an ONNX file and run it by onnxruntime, where that is installed; else say that it is not.

    Raises ImportError, with the extra that has it, without the package onnx, and what ``as_onnx`` refuses.
    """
    if find_spec("onnx") is None:
        raise ImportError("ONNX files need the package onnx: pip install 'jaxnet[onnx]'")
    path = file_path("path", path)
    storage.write_atomically(path, as_onnx(parts).SerializeToString())
    outside = [] if parts.preparation is None else unprepared_columns(parts.preparation)
    note = f"; takes the features that prep.features makes of {', '.join(outside)}" if outside else ""
    if find_spec("onnxruntime") is None:
        return Exported(path, None, 0, "onnxruntime", note)
    import onnxruntime

    session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    name = session.get_outputs()[-1].name  # the probabilities stand behind the label
    kind = np.float64 if "double" in session.get_inputs()[0].type else np.float32
    rows = _rows(parts)
    inputs = {INPUT: rows.astype(kind)} if parts.preparation is None else column_inputs(parts.preparation, rows)
    found = session.run([name], inputs)[0]
    return Exported(path, _difference(answers(rows), found), len(rows), "onnxruntime", note)


def export_numpy(path: str | os.PathLike, parts: ModelParts, answers: Answers, *, title: str) -> Exported:
    """Write a model as a Python file that needs NumPy alone, and run that file; raises what ``as_numpy_source`` does,
    and ValueError for another name of the file."""
    path = file_path("path", path)
    checks.require(path.suffix == ".py", "path", "the name of a Python file, as model.py", os.fspath(path))
    storage.write_atomically(path, as_numpy_source(parts, title).encode())
    found: dict[str, Any] = runpy.run_path(os.fspath(path))
    again = found.get("predict_proba", found["predict"])
    rows = taken = _rows(parts)
    if parts.preparation is not None and parts.preparation.positional:
        taken = cells_of(parts.preparation, rows)
    return Exported(path, _difference(answers(rows), again(taken)), len(rows), "NumPy")


def export_skops(path: str | os.PathLike, estimator: Any, difference: Callable[[Any], float]) -> Exported:
    """Write an estimator of scikit-learn as a file of skops, read it, and compare; ImportError without skops."""
    if find_spec("skops") is None:
        raise ImportError("files of scikit-learn's estimators need the package skops: pip install 'jaxnet[skops]'")
    from skops import io

    path = file_path("path", path)
    storage.write_atomically(path, io.dumps(estimator))
    # written a moment ago: every type in it is one that scikit-learn put there
    again = io.load(path, trusted=io.get_untrusted_types(file=path))
    return Exported(path, difference(again), _ROWS, "scikit-learn")


def largest_difference(parts: ModelParts, answers: Answers, again: Answers) -> float:
    """Return the largest absolute difference between two functions' answers for rows drawn at random."""
    X = np.random.default_rng(0).normal(size=(_ROWS, parts.net.sizes[0]))
    return _difference(answers(X), again(X))


def _difference(answered: np.ndarray, again: np.ndarray) -> float:
    expected, found = np.asarray(answered, float), np.asarray(again, float)
    checks.require(expected.shape == found.shape, "answers", f"an array of shape {expected.shape}", found)
    return float(np.max(np.abs(expected - found)))


def _rows(parts: ModelParts) -> Any:
    """Return rows to compare on: of the table that the model is of, or examples [N, D]."""
    if parts.preparation is None:
        return np.random.default_rng(0).normal(size=(_ROWS, parts.net.sizes[0]))
    return sample_rows(parts.preparation, _ROWS)
