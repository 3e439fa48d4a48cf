"""Bayesian search: Optuna is asked for a batch of configurations, told their scores in order, and asked again.

A batch is trained as one population. The study is seeded and is told everything in the order of its trials, so the
same search asks the same questions again: it is reproducible, and a search that was interrupted goes on by asking and
telling what its folder already knows. One trial is one configuration, its value the mean over seeds and folds.
"""

import importlib
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.sweeps.parameters import Choice, Configuration, Float, Int, Layers, in_words, unconditional
from jaxnet.sweeps.space import Space, configuration_text

_INSTALL = "method='optuna' needs Optuna, which is not installed: pip install 'jaxnet[optuna]'"
_TRIES = 64  # trials in a row that may break a constraint, before it is said to leave nothing


class Budget(NamedTuple):
    """How many trials in all, and how many are trained together."""

    n: int
    batch: int


class Study:
    """A seeded study of Optuna (TPE), asked for configurations of a space."""

    def __init__(self, space: Space, *, goal: str, root: int, budget: Budget) -> None:
        self._optuna = import_optuna()
        sampler = self._optuna.samplers.TPESampler(seed=root)
        direction = "minimize" if goal == "min" else "maximize"
        self._study = _quietly(lambda: self._optuna.create_study(direction=direction, sampler=sampler))
        self._space, self._budget = space, budget
        self._waiting: list[tuple[Any, str]] = []
        self.asked = 0

    @property
    def finished(self) -> bool:
        """Whether all trials were asked for."""
        return self.asked >= self._budget.n

    def ask(self) -> list[dict[str, Any]]:
        """Return the configurations of the next batch, some of which may have been asked for before."""
        found = []
        for _ in range(min(self._budget.batch, self._budget.n - self.asked)):
            trial, configuration = self._ask_one()
            self._waiting.append((trial, configuration_text(configuration)))
            found.append(configuration)
        self.asked += len(found)
        return found

    def tell(self, scores: dict[str, float]) -> None:
        """Tell the scores, by the identity of a configuration, in the order of the trials; NaN is a failed trial."""
        for trial, name in self._waiting:  # in the order of asking, for the sampler draws by what it was told so far
            if np.isfinite(scores[name]):
                self._study.tell(trial, scores[name])
            else:
                self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        self._waiting = []

    def _ask_one(self) -> tuple[Any, dict[str, Any]]:
        """Ask until a configuration keeps the constraints; the others are failed trials."""
        for _ in range(_TRIES):
            trial = self._study.ask(distributions(self._space))
            configuration = self._space.settle(_values(self._space, trial.params))
            if configuration is not None:
                return trial, configuration
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        broken = checks.Words(f"{_TRIES} trials in a row that break one")
        return checks.refuse("constraints", "some that leave configurations to try", broken)


def import_optuna() -> Any:
    """Return the package; raises ImportError, saying what to install."""
    try:
        return importlib.import_module("optuna")
    except ImportError as error:
        raise ImportError(_INSTALL) from error


def _quietly(act: Callable[[], Any]) -> Any:
    """Do something without Optuna's messages on standard error."""
    logger = logging.getLogger("optuna")  # by its level, for Optuna installs a handler of its own
    before, logger.level = logger.level, logging.WARNING
    try:
        return act()
    finally:
        logger.level = before


def distributions(space: Space) -> dict[str, Any]:
    """Return what Optuna draws from, by name; tuples, such as hidden sizes, by the words for them."""
    kinds = import_optuna().distributions
    found: dict[str, Any] = {}
    for name, parameter in _varied(space).items():
        if isinstance(parameter, Float):
            found[name] = kinds.FloatDistribution(parameter.low, parameter.high, log=parameter.log, step=parameter.step)
        elif isinstance(parameter, Int):
            found[name] = kinds.IntDistribution(parameter.low, parameter.high, log=parameter.log)
        else:
            found[name] = kinds.CategoricalDistribution([in_words(value) for value in parameter.levels(None)])
    return found


def completed_study(
    space: Space,
    goal: str,
    *,
    configurations: Sequence[Configuration],
    values: np.ndarray,
    levels: np.ndarray,
    curves: np.ndarray,
) -> Any:
    """Return a study of Optuna whose trials are configurations that were trained, for its dashboard and its plots.

    Args:
        space, goal: what was searched, and "min" or "max".
        configurations: C of them.
        values: [C], the mean over seeds and folds; NaN, where a member diverged, is a failed trial.
        levels: [C], the epochs that each was trained for; fewer than all make a pruned trial.
        curves: [C, epochs], the values after each epoch, which become the trials' intermediate values.
    """
    optuna = import_optuna()
    study = _quietly(lambda: optuna.create_study(direction="minimize" if goal == "min" else "maximize"))
    every, states = distributions(space), optuna.trial.TrialState
    for configuration, value, level, curve in zip(configurations, values, levels, curves, strict=True):
        params = {name: in_words(configuration[name]) for name in every if name in configuration}
        ended = states.COMPLETE if level == curves.shape[1] else states.PRUNED
        state = ended if np.isfinite(value) else states.FAIL
        study.add_trial(
            optuna.trial.create_trial(
                params=params,
                distributions={name: every[name] for name in params},
                value=None if state == states.FAIL else float(value),
                state=state,
                intermediate_values={e + 1: float(v) for e, v in enumerate(curve[:level]) if np.isfinite(v)},
            )
        )
    return study


def _varied(space: Space) -> dict[str, Any]:
    inner = {name: unconditional(p) for name, p in space.parameters.items()}
    return {
        name: parameter for name, parameter in inner.items() if isinstance(parameter, Float | Int | Choice | Layers)
    }


def _values(space: Space, drawn: dict[str, Any]) -> dict[str, Any]:
    """Turn what Optuna drew into values of the space, constants and derived parameters in their places."""
    varied = _varied(space)
    values = {}
    for name, parameter in space.parameters.items():
        inner = unconditional(parameter)
        values[name] = inner
        if name in varied:
            words = {} if isinstance(inner, Float | Int) else {in_words(value): value for value in inner.levels(None)}
            values[name] = words[drawn[name]] if words else drawn[name]
    return values
