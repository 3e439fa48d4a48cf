"""Which configurations differ only in numbers, found without building the training of each.

Of a million configurations a few a kind are built: what jaxnet makes of one follows from the names and the values that
are no floats, and each number of it is a float of the configuration, that float with the other sign, or the same for
all. Whether that is so of a kind is tried at numbers drawn within those of its configurations, and at their ends;
where it is not (a product of two, a rounded share), and where functions of the user's have a say, each is built.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet.sweeps.configuration import Training, TrainingSpec
from jaxnet.sweeps.parameters import Configuration
from jaxnet.sweeps.traced_numbers import Parting

_TRIED = 3  # drawn points, at which no product or sum of numbers is by chance one of them
_WORTH = 3 * (_TRIED + 3)  # configurations, for so many are built to spare the others


class Alike(NamedTuple):
    """Configurations that one program trains."""

    training: Training  # of the first one
    skeletons: tuple[Any, ...]
    configurations: np.ndarray  # [C]
    trainings: tuple[Training, ...]  # [C]; where they differ in numbers alone one stands for all
    numbers: list[list[np.ndarray]]  # leaves [C], in the order of ``partition``


class _Part(NamedTuple):
    skeletons: tuple[Any, ...]
    indices: np.ndarray
    trainings: list[Training]
    numbers: list[list[np.ndarray]]


def group_alike(spec: TrainingSpec, configurations: Sequence[Configuration]) -> list[Alike]:
    """Return the configurations that differ only in numbers, the group of the first one first.

    Raises ValueError or TypeError, naming the parameter, for a configuration that makes no training.
    """
    found: dict[Any, list[_Part]] = {}
    parted = Parting(spec)
    for indices in _kinds(configurations):
        for part in _of_kind(spec, parted, configurations, indices):
            training = part.trainings[0]
            # whether it draws is not in the skeleton, for a dropout of 0 is a number like any other
            key = (part.skeletons, training.batch_size, getattr(training.objective, "random", None))
            found.setdefault(key, []).append(part)
    return sorted(map(_joined, found.values()), key=lambda each: each.configurations[0])


def _joined(parts: list[_Part]) -> Alike:
    indices = np.concatenate([part.indices for part in parts])
    order = np.argsort(indices)
    trainings = [training for part in parts for training in part.trainings]
    columns = zip(*(part.numbers for part in parts), strict=True)
    numbers = [[np.concatenate(leaf)[order] for leaf in zip(*each, strict=True)] for each in columns]
    first = trainings[order[0]]
    return Alike(first, parts[0].skeletons, indices[order], tuple(trainings[i] for i in order), numbers)


def _kinds(configurations: Sequence[Configuration]) -> list[np.ndarray]:
    """Return the indices of configurations that are alike but for floats; 0 is a kind of its own, for it may leave
    something out."""
    found: dict[Any, list[int]] = {}
    for index, configuration in enumerate(configurations):
        key = tuple(
            (name, (float, value == 0)) if type(value) is float else (name, (type(value), value))
            for name, value in configuration.items()
        )
        found.setdefault(key, []).append(index)
    return [np.array(indices) for indices in found.values()]


def _of_kind(
    spec: TrainingSpec, parted: Parting, configurations: Sequence[Configuration], indices: np.ndarray
) -> list[_Part]:
    if not spec.own_functions and len(indices) >= _WORTH:
        part = _spared(spec, parted, [configurations[i] for i in indices], indices)
        if part is not None:
            return [part]
    parts = []
    for index in indices:
        training = parted.settled(spec.training(configurations[index], padding=True))
        skeletons, numbers = parted(training)
        columns = [[np.array([number]) for number in each] for each in numbers]
        parts.append(_Part(skeletons, np.array([index]), [training], columns))
    return parts


def _spared(
    spec: TrainingSpec, parted: Parting, configurations: list[Configuration], indices: np.ndarray
) -> _Part | None:
    """Return what a kind trains by a few of its trainings; None where its numbers are not those of its
    configurations, or some are refused."""
    first = configurations[0]
    names = [name for name, value in first.items() if type(value) is float]
    columns = {name: np.array([each[name] for each in configurations]) for name in names}
    draw = np.random.default_rng(0)
    low, high = ({name: end(columns[name]) for name in names} for end in (np.min, np.max))
    drawn = [{n: low[n] + (high[n] - low[n]) * draw.random() for n in names} for _ in range(_TRIED)]
    tried = [{**first, **{n: float(v) for n, v in each.items()}} for each in ({}, low, high, *drawn)]
    try:
        trainings = [spec.training(each, padding=True) for each in tried]
    except (ValueError, TypeError):  # then it is one of them that is refused, and named
        return None
    skeletons, numbers = zip(*map(parted, trainings), strict=True)
    sized = {(training.batch_size, getattr(training.objective, "random", None)) for training in trainings}
    if len(sized) > 1 or any(each != skeletons[0] for each in skeletons[1:]):
        return None
    found: list[list[np.ndarray]] = []
    for leaves in zip(*numbers, strict=True):  # of objective, optimizer and stopping rule, each at all that was tried
        found.append([])
        for leaf in zip(*leaves, strict=True):
            column = _column(leaf, tried, columns)
            if column is None:
                return None
            found[-1].append(column)
    return _Part(skeletons[0], indices, trainings[:1] * len(indices), found)


def _column(leaf: Sequence[float], tried: Sequence[Configuration], columns: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return a number of every configuration, [C]: the same for all, or one that it names; None where it is neither."""
    if len(set(leaf)) == 1:
        return np.full(len(next(iter(columns.values()))) if columns else 1, leaf[0])
    for name, column in columns.items():
        for sign in (1, -1):  # optax keeps a rate as the factor of the gradient
            if all(value == sign * each[name] for value, each in zip(leaf, tried, strict=True)):
                return sign * column
    return None
