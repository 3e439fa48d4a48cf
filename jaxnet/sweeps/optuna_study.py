"""Bayesian search: Optuna is asked for a batch of configurations, told their scores in order, and asked again.

A batch is trained as one population. The study is seeded and is told everything in the order of its trials, so the
same search asks the same questions again: it is reproducible, and a search that was interrupted goes on by asking and
telling what its folder already knows. One trial is one configuration, its value the mean over seeds and folds.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.sweeps.number_ranges import Float, Int, Normal
from jaxnet.sweeps.optuna_package import import_optuna, quietly
from jaxnet.sweeps.parameters import Choice, Configuration, Layers, When, in_words, unconditional
from jaxnet.sweeps.pruning import Pruner
from jaxnet.sweeps.space import Space, configuration_text

_NAME = "jaxnet"  # of every study: pruners deal trials out by it, and a name by lot would be another deal every time
_TRIES = 64  # trials in a row that may break a constraint, before it is said to leave nothing


class Budget(NamedTuple):
    """How many trials in all, how many are trained together, and what a study begins with."""

    n: int
    batch: int
    first: Sequence[Configuration] = ()  # configurations that are tried before any is drawn
    earlier: Any = None  # a study of Optuna's, whose finished trials the first draws already know
    pruner: Pruner | None = None


class Study:
    """A seeded study of Optuna (TPE), asked for configurations of a space; of several goals, for their Pareto front."""

    def __init__(self, space: Space, *, goals: Sequence[str], root: int, budget: Budget) -> None:
        self._optuna = import_optuna()
        sampler = self._optuna.samplers.TPESampler(seed=root)
        directions = _directions(goals)
        pruner = self._optuna.pruners.NopPruner() if budget.pruner is None else budget.pruner.fresh()
        options = {"directions": directions, "sampler": sampler, "pruner": pruner, "study_name": _NAME}
        self._study = quietly(lambda: self._optuna.create_study(**options))
        self._space, self._budget = space, budget
        self._study.add_trials(earlier_trials(space, budget.earlier, directions))
        for configuration in budget.first:
            self._study.enqueue_trial(_params(space, configuration))
        self._waiting: list[tuple[Any, str]] = []
        self._reported: dict[str, dict[int, float]] = {}  # configuration -> epoch -> score, at rungs
        self._heard: set[tuple[int, int]] = set()  # trials and epochs that were reported
        self._ended: set[str] = set()  # the configurations that were pruned
        self.asked = 0

    @property
    def finished(self) -> bool:
        """Whether all trials were asked for."""
        return self.asked >= self._budget.n

    @property
    def prunes(self) -> bool:
        """Whether a pruner may end its trials."""
        return self._budget.pruner is not None

    def ask(self) -> list[dict[str, Any]]:
        """Return the configurations of the next batch, some of which may have been asked for before."""
        found = []
        for _ in range(min(self._budget.batch, self._budget.n - self.asked)):
            trial, configuration = self._ask_one()
            self._waiting.append((trial, configuration_text(configuration)))
            found.append(configuration)
        self.asked += len(found)
        return found

    def prune(self, epochs: int, scores: dict[str, float], *, last: bool) -> set[str]:
        """Report scores at a rung by the identity of a configuration, and return those that the pruner ends, in the
        order of the trials; at the ``last`` rung it is not asked. NaN is not reported: it ends as a failed trial."""
        trials = {name: trial for trial, name in reversed(self._waiting)}  # of one asked for twice in a round the first
        sound = [name for name in reversed(trials) if name in scores and np.isfinite(scores[name])]
        for name in sound:  # all come to a rung together, so all are known when the first is judged
            self._reported.setdefault(name, {})[epochs] = scores[name]
            trials[name].report(scores[name], epochs)
            self._heard.add((trials[name].number, epochs))
        found = set() if last else {name for name in sound if trials[name].should_prune()}
        self._ended |= found
        return found

    def tell(self, scores: dict[str, list[float]]) -> None:
        """Tell the scores, one a goal, by the identity of a configuration, in the order of the trials; NaN is a failed
        trial. One that was asked for before comes to what it came to then."""
        states = self._optuna.trial.TrialState
        for trial, name in self._waiting:  # in the order of asking, for the sampler draws by what it was told so far
            for epochs, score in self._reported.get(name, {}).items():
                if (trial.number, epochs) not in self._heard:
                    trial.report(score, epochs)
            if name in self._ended:
                self._study.tell(trial, state=states.PRUNED)
            elif np.isfinite(scores[name]).all():
                self._study.tell(trial, scores[name])
            else:
                self._study.tell(trial, state=states.FAIL)
        self._waiting = []

    def _ask_one(self) -> tuple[Any, dict[str, Any]]:
        """Ask until a configuration keeps the constraints; the others are failed trials."""
        for _ in range(_TRIES):
            trial = self._study.ask(_asked(self._space, conditional=False))
            self._ask_conditional(trial)
            configuration = self._space.settle(_values(self._space, trial.params))
            if configuration is not None:
                return trial, configuration
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        broken = checks.Words(f"{_TRIES} trials in a row that break one")
        return checks.refuse("constraints", "some that leave configurations to try", broken)

    def _ask_conditional(self, trial: Any) -> None:
        """Ask for each conditional parameter that stands beside what was drawn so far, until none is left that does."""
        waiting = _asked(self._space, conditional=True)
        while standing := [n for n in waiting if self._space.stands(n, _values(self._space, trial.params))]:
            for name in standing:
                _suggest(trial, name, waiting.pop(name))


def distributions(space: Space) -> dict[str, Any]:
    """Return what Optuna draws from, by name; tuples, such as hidden sizes, by the words for them."""
    kinds = import_optuna().distributions
    found: dict[str, Any] = {}
    for name, parameter in _varied(space).items():
        if isinstance(parameter, Float):
            found[name] = kinds.FloatDistribution(parameter.low, parameter.high, log=parameter.log, step=parameter.step)
        elif isinstance(parameter, Int):
            found[name] = kinds.IntDistribution(
                parameter.low, parameter.high, log=parameter.log, step=parameter.step or 1
            )
        elif isinstance(parameter, Normal):
            found[name] = kinds.FloatDistribution(parameter.at([0.0]), parameter.at([1.0]), log=parameter.log)
        else:
            found[name] = kinds.CategoricalDistribution([in_words(value) for value in parameter.levels(None)])
    return found


def completed_study(
    space: Space,
    goals: Sequence[str],
    *,
    configurations: Sequence[Configuration],
    values: np.ndarray,
    levels: np.ndarray,
    curves: np.ndarray,
) -> Any:
    """Return a study of Optuna whose trials are configurations that were trained, for its dashboard and its plots.

    Args:
        space, goals: what was searched, and "min" or "max" for each of M objectives.
        configurations: C of them.
        values: [C, M], the mean over seeds and folds; NaN, where a member diverged, is a failed trial.
        levels: [C], the epochs that each was trained for; fewer than all make a pruned trial.
        curves: [C, epochs], the first objective after each epoch, which become the trials' intermediate values;
            Optuna has none with several objectives.
    """
    optuna = import_optuna()
    study = quietly(lambda: optuna.create_study(directions=_directions(goals)))
    every, states = distributions(space), optuna.trial.TrialState
    for configuration, value, level, curve in zip(configurations, values, levels, curves, strict=True):
        params = {name: in_words(configuration[name]) for name in every if name in configuration}
        ended = states.COMPLETE if level == curves.shape[1] else states.PRUNED
        state = ended if np.isfinite(value).all() else states.FAIL
        steps = enumerate(curve[:level] if len(goals) == 1 else ())
        study.add_trial(
            optuna.trial.create_trial(
                params=params,
                distributions={name: every[name] for name in params},
                values=None if state == states.FAIL else [float(each) for each in value],
                state=state,
                intermediate_values={e + 1: float(v) for e, v in steps if np.isfinite(v)},
            )
        )
    return study


def _directions(goals: Sequence[str]) -> list[str]:
    return ["minimize" if goal == "min" else "maximize" for goal in goals]


def earlier_trials(space: Space, study: Any, directions: list[str]) -> list[Any]:
    """Return the finished trials of a study of Optuna's, ``None`` being none, as a study of this space has them.

    Raises TypeError for what is no study, ValueError where it has another direction, or no finished trial whose
    parameters all lie in the space.
    """
    if study is None:
        return []
    optuna = import_optuna()
    checks.require(isinstance(study, optuna.Study), "study", "a study of Optuna's", study, TypeError)
    theirs, mine = " and ".join(each.name.lower() for each in study.directions), " and ".join(directions)
    checks.require(theirs == mine, "study", f"one to {mine}, as goal= says", checks.Words(f"one to {theirs}"))
    every = _asked(space, conditional=False) | _asked(space, conditional=True)
    found = []
    for trial in study.get_trials(states=(optuna.trial.TrialState.COMPLETE,)):
        params = _params(space, trial.params)
        own = {name: every[name] for name in params if name in every}
        needed = {n for n in every if space.stands(n, {**_values(space, {}), **trial.params})}
        if own.keys() >= needed and all(own[n]._contains(own[n].to_internal_repr(params[n])) for n in own):
            made = {"params": {n: params[n] for n in own}, "distributions": own, "values": trial.values}
            found.append(optuna.trial.create_trial(**made))
    checks.require(found, "study", f"finished trials with {', '.join(every)} in this space", checks.Words("none"))
    return found


def _asked(space: Space, *, conditional: bool) -> dict[str, Any]:
    """Return what Optuna is asked for, by name: parameters with conditions, or those without.

    Of a ``Normal`` it is the share of its values that lie below, for Optuna's reals are all as likely.
    """
    kinds = import_optuna().distributions
    inner = {name: unconditional(parameter) for name, parameter in space.parameters.items()}
    shares = {name: kinds.FloatDistribution(0.0, 1.0) for name, each in inner.items() if isinstance(each, Normal)}
    every = distributions(space) | shares
    return {name: each for name, each in every.items() if isinstance(space.parameters[name], When) is conditional}


def _suggest(trial: Any, name: str, distribution: Any) -> None:
    kinds = import_optuna().distributions
    if isinstance(distribution, kinds.CategoricalDistribution):
        trial.suggest_categorical(name, distribution.choices)
        return
    bounds = {"low": distribution.low, "high": distribution.high, "log": distribution.log, "step": distribution.step}
    whole = isinstance(distribution, kinds.IntDistribution)
    (trial.suggest_int if whole else trial.suggest_float)(name, **bounds)


def _params(space: Space, configuration: Configuration) -> dict[str, Any]:
    """Return the values of a configuration that vary, as Optuna is to have drawn them."""
    varied = _varied(space)
    share = lambda name, value: varied[name].unit(value) if isinstance(varied[name], Normal) else in_words(value)
    return {name: share(name, value) for name, value in configuration.items() if name in varied}


def _varied(space: Space) -> dict[str, Any]:
    inner = {name: unconditional(p) for name, p in space.parameters.items()}
    varied = Float | Int | Normal | Choice | Layers
    return {name: parameter for name, parameter in inner.items() if isinstance(parameter, varied)}


def _values(space: Space, drawn: dict[str, Any]) -> dict[str, Any]:
    """Turn what Optuna drew into values of the space, constants and derived parameters in their places."""
    varied = _varied(space)
    values = {}
    for name, parameter in space.parameters.items():
        inner = unconditional(parameter)
        if name not in varied:
            values[name] = inner
        elif name in drawn:  # a conditional one that does not stand is not
            values[name] = _value(inner, drawn[name])
    return values


def _value(parameter: Any, drawn: Any) -> Any:
    if isinstance(parameter, Normal):
        return parameter.at([drawn])
    if isinstance(parameter, Float | Int):
        return drawn
    return {in_words(value): value for value in parameter.levels(None)}[drawn]
