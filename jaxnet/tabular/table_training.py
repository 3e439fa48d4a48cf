"""``train_table``: what ``jaxnet train`` calls, from a table to a model with the score that it has earned."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxnet import checks, storage
from jaxnet.data import Preparation, RawTable, table_and_target
from jaxnet.data.table_sources import reading_apart
from jaxnet.models import Model
from jaxnet.network import MLP
from jaxnet.tabular.column_importance import permutation_importance
from jaxnet.tabular.holding_out import Held, hold_out
from jaxnet.tabular.small_population import Chosen, PreparedRows, Recipe, recipe, search
from jaxnet.tabular.table_report import TableReport, read_report, save_report, settings_of
from jaxnet.tabular.table_scores import class_scores, confusion, main_score, r_squared, residuals, value_scores
from jaxnet.types import Params

_OUTPUTS_AT_ONCE = 10_000  # rows that are predicted at once, for their features may be many


def train_table(
    table: Any,
    target: str | int,
    *,
    hidden: Any = None,
    epochs: int | None = None,
    learning_rate: float | None = None,
    ensemble: int = 1,
    quick: bool = False,
    seed: int = 0,
    group: str | None = None,
    time: str | None = None,
    class_weights: str | None = None,
    out: str | os.PathLike | None = None,
    progress: bool = False,
    **preparation: Any,
) -> TableReport:
    """Train a model to predict one column of a table from the others, and say what it is worth.

    A fifth of the rows, by lot and each class evenly, is scored once, at the end. Another sixth chooses among some
    learning rates, penalties and sizes, which train as one population, and the epoch at which the best one was best.
    The trivial answer (the commonest class, the mean) and a network without hidden layers (logistic or linear
    regression), chosen in the same way, are scored beside it.

    Args:
        table: a ``RawTable``, or what ``jn.data.read_table`` reads: a file, a data frame, columns by name.
        target: the column to predict, by name or position; beside an .npy or IDX file another of its targets.
        hidden: units of the hidden layers, such as (64, 32), in place of the sizes that are tried.
        epochs: the longest training; by default 20 to 300, more for a table of few rows.
        learning_rate: of Adam, in place of those that are tried.
        ensemble: how many networks, trained from other seeds, the model averages.
        quick: try less, for a first look.
        seed: of everything that is drawn: the rows held out, parameters, batches.
        group: a column whose equal values stay together, as those of one patient, so that none is on both sides; it is
            no input unless ``roles={group: "input"}`` says so.
        time: a column of numbers or dates: the latest rows judge, and those before them choose, in place of a lot.
        class_weights: "balanced" lets every class weigh alike in training and in choosing, however rare it is.
        out: a folder for the model (``jn.load(out)``), the report and the work so far: it can be killed at any moment,
            and the same call goes on. What is finished is read, not scored again.
        progress: show a bar, where standard error is a terminal.
        preparation: further arguments of ``jn.data.prepare``, such as ``kinds=``, ``drop=`` or ``missing=``, and of
            ``read_table``, such as ``decimal=``.

    Returns a ``TableReport``, whose ``model`` predicts. Raises DataError for a table or target that cannot be used,
    ValueError or TypeError for bad arguments and for an ``out`` of another training, ``Locked`` where another process
    trains there, ``Interrupted`` after a signal, when all that was done is saved.
    """
    reading, preparation = reading_apart(preparation)
    table, target = table_and_target(table, target, **reading)
    seed = checks.integer("seed", seed, maximum=2**31 - 1)
    prep, held = hold_out(table, target, preparation, seed=seed, group=group, time=time)
    tried = recipe(
        len(held.train), hidden=hidden, epochs=epochs, learning_rate=learning_rate, ensemble=ensemble, quick=quick,
        seed=seed, class_weights=_checked_weights(class_weights, prep),
    )  # fmt: skip
    with _folder(out) as folder:
        settings = settings_of(table, target, tried, {**preparation, "group": group, "time": time})
        finished = None if folder is None else read_report(folder, settings)
        if finished is not None:
            return finished
        train, validation = _examples(prep, table, held.train), _examples(prep, table, held.validation)
        network, linear = search(PreparedRows(train, validation, prep.output), tried, out=folder, progress=progress)
        report = _judged(table, prep, held, network, linear=linear, tried=tried)
        report = dataclasses.replace(report, settings=settings)
        if folder is not None:
            save_report(report, folder)
        return report


def _checked_weights(class_weights: Any, prep: Preparation) -> str | None:
    if class_weights is None:
        return None
    checks.choice("class_weights", class_weights, ("balanced",))
    words = checks.Words(f"{class_weights!r} for the regression of {prep.target!r}")
    checks.require(prep.classes, "class_weights", "None, or a target of classes", words)
    return class_weights


def _examples(prep: Preparation, table: RawTable, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Prepare some rows, all of which have a target."""
    X, y = prep(table.take(rows))
    return X, np.asarray(y)


@contextlib.contextmanager
def _folder(out: str | os.PathLike | None) -> Iterator[Path | None]:
    if out is None:
        yield None
        return
    with storage.hold(out) as folder:
        yield folder


def _judged(
    table: RawTable, prep: Preparation, held: Held, network: Chosen, *, linear: Chosen, tried: Recipe
) -> TableReport:
    """Score the model, the linear one and the trivial answer on the test rows, once, and say what there is to say."""
    model, plain = (_model(prep, chosen.hidden, chosen.networks) for chosen in (network, linear))
    X, y = _examples(prep, table, held.test)
    _, train = _examples(prep, table, held.train)
    outputs = _outputs(model, X)
    scores = {"model": _scored(prep, y, outputs), "linear": _scored(prep, y, _outputs(plain, X))}
    scores["trivial"] = _scored(prep, y, _trivial(prep, train, len(y)))
    name = main_score(scores["model"])
    kept = {key: value for key, value in scores["model"].items() if isinstance(value, float) and np.isfinite(value)}
    details = (
        {"confusion": confusion(y, outputs.argmax(axis=1), prep.outputs)}
        if prep.classes
        else {"residuals": residuals(prep.labels(y), prep.labels(outputs))}
    )
    return TableReport(
        model=_model(prep, network.hidden, network.networks, scores=kept),
        rows={
            "total": len(table), **{part: len(rows) for part, rows in held._asdict().items()},
            "left_out": len(table) - sum(map(len, held)),
        },
        scores=scores, score=name, details=details,
        importance=_importance(table, prep, held, model=model, seed=tried.seed),
        chosen={"epoch": network.epoch, "epochs": tried.epochs, **_plain(network.configuration)},
        curves=network.curves, settings={},
    )  # fmt: skip


def _model(
    prep: Preparation, hidden: tuple[int, ...], networks: list[Params], scores: Mapping[str, float] | None = None
) -> Model:
    net = MLP((prep.inputs, *hidden, prep.outputs), activation="relu", output=prep.output)
    return Model(net, networks if len(networks) > 1 else networks[0], preparation=prep, scores=scores or {})


def _outputs(model: Model, X: np.ndarray) -> np.ndarray:
    parts = [model.outputs_of_features(X[at : at + _OUTPUTS_AT_ONCE]) for at in range(0, len(X), _OUTPUTS_AT_ONCE)]
    return np.concatenate(parts)


def _trivial(prep: Preparation, train: np.ndarray, count: int) -> np.ndarray:
    """What one would say without looking: the shares of the classes, or the mean, of the training rows."""
    if prep.classes:
        return np.tile(np.bincount(train, minlength=prep.outputs) / len(train), (count, 1))
    return np.full((count, 1), train.mean(dtype=np.float64))


def _scored(prep: Preparation, y: np.ndarray, outputs: np.ndarray) -> dict[str, Any]:
    if prep.classes:
        return class_scores(y, outputs)
    return value_scores(prep.labels(y).astype(float), prep.labels(outputs).astype(float))


def _importance(table: RawTable, prep: Preparation, held: Held, *, model: Model, seed: int) -> dict[str, float]:
    """On the validation rows: the test rows are for one score."""
    X, y = _examples(prep, table, held.validation)

    def score(features: np.ndarray, rows: np.ndarray) -> float:
        outputs = _outputs(model, features)
        right = outputs.argmax(axis=1) == y[rows] if prep.classes else None
        return r_squared(y[rows], outputs[:, 0]) if right is None else float(np.mean(right))

    first = {name: at for at, name in reversed(list(enumerate(prep.feature_names)))}
    columns = {c.name: [first[name] for name in c.features] for c in prep.columns if c.role == "input"}
    return permutation_importance(X, score, columns, seed)


def _plain(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in configuration.items()}
