"""``plan``: the arguments of a sweep, checked before anything is trained, become a ``Plan``."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optax

from jaxnet import checks
from jaxnet.data import Preparation, StoredArray
from jaxnet.metrics import EXAMPLE_TOP_K, METRICS, is_metric, metric_goal
from jaxnet.sweeps.configuration import PARAMETER_NAMES, TrainingSpec
from jaxnet.sweeps.devices import use_all_cores
from jaxnet.sweeps.groups import Group, Members, Task, check_groups, list_groups, list_members
from jaxnet.sweeps.optuna_study import Budget, Study
from jaxnet.sweeps.own_functions import check_read
from jaxnet.sweeps.parameters import Configuration
from jaxnet.sweeps.plan_data import check_dtype, plan_rows, varied_rows
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.population_training import evolving
from jaxnet.sweeps.rungs import PBT, Bracket, Halving, Hyperband, single
from jaxnet.sweeps.sampling import METHODS, completed, distinct, sample
from jaxnet.sweeps.size_limits import MOST_MEMBERS, require_members
from jaxnet.sweeps.space import Space
from jaxnet.training.loop import history_names
from jaxnet.training.metric_values import check_metrics, metric_name
from jaxnet.training.preparation import check_stop
from jaxnet.training.stopping import Stop
from jaxnet.types import Batch

_ORDERS = ("own", "shared")
# what ``plan`` hands to a TrainingSpec as it is given
_OWN = ("rows", "epochs", "network", "objective", "lanes", "preparation", "stop", "optimizer", "pad", "hurry")
_NEVER = 2**31 - 1  # epochs of patience, the same however long runs are, so that a folder can go on with longer ones
_ASK = 16  # trials at once


def plan(
    space: Space,
    data: Any,
    *,
    method: str = "random",
    n: int | None = None,
    configurations: Sequence[Configuration] | None = None,
    epochs: int,
    validation: Any = None,
    metrics: Sequence[str | Callable[..., Any]] = (),
    metric: str | Sequence[str] | None = None,
    goal: str | Sequence[str] | None = None,
    rank: str | None = None,
    stop: Stop | None = None,
    halving: Halving | Hyperband | None = None,
    ask: int | None = None,
    study: Any = None,
    pbt: PBT | None = None,
    network: Callable[[Configuration], Any] | None = None,
    objective: Callable[[Any, Configuration], Callable[..., Any]] | None = None,
    weight: Callable[[Configuration], Any] | None = None,
    targets: Callable[[Configuration], Any] | None = None,
    preparation: Preparation | None = None,
    class_weights: str | None = None,
    root: int = 0,
    dtype: str = "float32",
    lanes: int | None = None,
    pad: bool = False,
    hurry: bool = False,
    orders: str = "own",
    keep: str = "all",
    **constants: Any,
) -> Plan:
    """Check and count a sweep; nothing is trained.

    Args:
        space: a ``Space``. Its parameters are ``learning_rate``, ``optimizer`` ("sgd", "adam", "adamw", "nadam",
            "rmsprop", "adagrad", "lion") and its numbers (``momentum``, ``nesterov``, ``b1``, ``b2``, ``eps``,
            ``decay``, ``weight_decay``), ``schedule`` ("constant", "cosine", "linear", "exponential",
            "warmup_cosine", over all epochs) and its numbers (``final``, ``warmup``), ``hidden``, ``activation``,
            ``output``, ``dropout``, ``weights``, ``biases``, ``parametrization``, ``loss``, ``l2``, ``batch_size``,
            ``rows`` (the first so many of an order by lot), ``label_noise`` (the share of labels that are others),
            ``seed`` and ``fold``; with functions of one's own (``network``, ``objective``, ``optimizer``, ``weight``,
            ``targets``), any others too.
        data: (X [N, D], y) or (X, y, weight), or an object with ``x`` and ``y``; with a ``preparation`` also a table.
            An X on disk, or batches, stay there as in ``fit``, whose metrics then are "validation_..." ones.
            Weights weigh the loss, and metrics by name or that name ``weight=``, also of rows that ``Folds`` hold out.
        method, n, configurations: "grid" (``n`` values along a Float without a step), "random" or "sobol" (``n``
            configurations), "list" (``configurations``), "optuna" (``n`` trials of its TPE, ``ask`` at once), or "pbt"
            (``n`` random ones, of which the worst take over the networks of the best on the way).
            With another method than "list", ``configurations`` are tried before any that it finds.
        epochs: passes over the data of a run that is neither pruned nor stopped. A parameter ``epochs`` of the space
            gives a configuration fewer.
        validation: (X, y), (X, y, weight), or with a ``preparation`` a table, evaluated after every epoch; not together
            with ``Folds``.
        metrics: names in ``METRICS``, or callables (params, X, y) -> scalar, given ``weight``, ``logits`` and
            ``network`` where they name them.
        metric: the name in the history that configurations are ranked by, averaged over seeds and folds; by default
            the validation loss where there is one, else the loss. Or a list of several, such as
            ["validation_accuracy", "size"] with a metric ``size`` of one's own: configurations are then ranked by
            Pareto fronts, ``result.front()`` being the first, and within one by the first of the names.
        goal: "min" or "max", or a list of them, one a metric; by default "max" for scores by name such as
            accuracy, auc and r2.
        rank: which epoch of a member is ranked, and is what its parameters and model are of: its "last", or its
            "best". By default the best where ``stop`` restores it, else the last.
        stop: a ``jn.Stop``, which ends the run of a member that no longer improves; with rank="best" the best epoch is
            that of what it monitors, else of ``metric``.
        halving: ``Halving`` or ``Hyperband``, to stop bad configurations early.
        ask: for "optuna", how many configurations are asked for, trained as one population and told at once; 16
            by default.
        study: for "optuna", a study of Optuna's, such as ``result.to_optuna()``, whose finished trials it begins with.
        pbt: for "pbt", a ``jn.PBT``: when the worst take over from the best, and how their numbers change; by default
            every tenth of the epochs.
        network: configuration -> any network, in place of an ``MLP``.
        objective: (network, configuration) -> any objective, in place of ``jn.objective``.
        optimizer: a name, or configuration -> any optimizer of optax, given ``steps``, the updates of a run, where it
            names them: clipping, schedules, rates a layer. Numbers in what these three functions return are traced,
            wherever they stand (frozen dataclasses, closures, ``functools.partial``, pytrees): they compile once.
        weight: configuration -> weights [N] of the training rows, times those of the data; 0, or False, leaves a row
            out. Asked once a configuration; subsets, numbers of rows and weights of any kind share a program. With
            mini-batches each is cut from all N rows, and averaged over the weights that are in it. Rows that are
            held out keep the weights of the data.
        targets: configuration -> targets of the training rows, shaped as those of the data, as for noisy labels; those
            that are held out stay as they are.
        preparation: what ``jn.data.prepare`` or ``split_table`` returned: the rows of a table that have a target are
            prepared by it, and the models of the result take such tables.
        class_weights: "balanced" lets every class weigh alike, in training and in what members are ranked by; it
            multiplies the weights of the data.
        root: the one seed from which configurations, folds, parameters and batch orders are drawn.
        dtype: "float32", or "float64" where JAX has it enabled.
        lanes: how many members train in lock step, side by side in a tile; a member's bits depend on it and on nothing
            else in the sweep. By default what suits the device: on an accelerator as many as there are
            configurations, so give it where a sweep is to be extended there.
        pad: True pads the hidden layers of every ``MLP`` with units and layers that count for nothing, to powers of two
            of at least 32 units and 2 layers, so that an architecture search compiles a few programs and not one a
            shape. Worth it for small searches, in which compiling costs more than training. A member then has the
            results of the unpadded network to rounding, and not to the bit.
        hurry: whether programs are compiled in three fifths of the time for code that may take twice as long, which
            pays for searches that compile for longer than they train; on CPUs. A member's last bits depend on it.
        orders: "own" draws the orders of the examples, and dropout, from the seed of a member; "shared" from seed 0 for
            all, so that seeds differ in their first parameters only and share tiles: 16 seeds of one configuration
            train in 2 tiles of 8 in place of 16. What lies between seeds then leaves the chance of orders out.
        keep: whose parameters and optimizer's state are kept, in memory and in a folder, when they train no further:
            "all", those of the "best" configuration, or the "scores" alone, the curves. A member whose state was let go
            and that is wanted again is trained from its beginning, to the same bits.
        constants: further parameters of the space, such as output="softmax".

    Raises ValueError or TypeError for bad input.
    """
    (optimizer, space), (epochs, root, pbt) = _begun(space, constants), _check_length(epochs, root, method, pbt)
    batch, held_out, folds, rows = plan_rows((data, validation), (preparation, class_weights), space.folds, root)
    metrics, names, by, rank, stop = _judged((metrics, metric, goal), (rank, stop), of=(batch, held_out or folds))
    asking, found = _found(space, (method, n, ask, halving, study), configurations, by=by, root=root, pbt=pbt)
    own = (rows, epochs, network, objective, lanes, preparation, stop, optimizer, pad, hurry, (weight, targets))
    made = _grouped(space, own, found, (batch, held_out, folds, metrics, root, dtype, orders), halving=pbt or halving)
    return evolving(Plan(space, method, found, *made, names, *by[0], halving, asking, rank, keep, pbt, tuple(by[1:])))


def _begun(space: Space, constants: dict[str, Any]) -> tuple[Any, Space]:
    """Return the optimizer of one's own, which is taken out of the constants, and the space with the others in it."""
    use_all_cores()  # before anything here makes JAX start
    return _own_optimizer(constants), _complete_space(space, constants)


def _found(
    space: Space,
    asked: tuple[Any, ...],
    configurations: Sequence[Configuration] | None,
    *,
    by: Any,
    root: int,
    pbt: Any,
) -> tuple[Budget | None, list[dict[str, Any]]]:
    """Return what Optuna is to be asked, or None, and the configurations to begin with: of its batches the first, for
    ``sweep`` asks for the others when these have scores."""
    method, n, ask, halving, study = asked
    for name, given in (("halving", halving), ("pbt", pbt)):
        alone = f"none with {len(by)} objectives, for it ranks by one"
        checks.require(len(by) == 1 or given is None, name, alone, given)
    asking = _check_asking(method, n, ask, halving, study=study)
    if not asking:
        how = "random" if method == "pbt" else method
        return None, sample(space, how, n=n, root=root, configurations=configurations)
    asking = asking._replace(first=tuple(completed(space, configurations)))
    return asking, distinct(Study(space, goals=[goal for _, goal in by], root=root, budget=asking).ask())


def _grouped(
    space: Space, own: tuple[Any, ...], configurations: Sequence[Configuration], given: tuple[Any, ...], *, halving: Any
) -> tuple[Members, list[Group], list[Bracket], TrainingSpec, Task, int]:
    """Return the members, the groups that train them and the brackets that rank them, and what they follow from, after
    refusing what does not fit together."""
    *values, of_rows = own
    shared = checks.choice("orders", given[-1], _ORDERS) == "shared"
    task = Task(*given)._replace(dtype=check_dtype(given[-2]), shared_orders=shared)
    how = {"names": {*space.parameters}.union(*configurations), "root": task.root, "dtype": task.dtype}
    batch, varied = varied_rows(task.data, of_rows, task.folds, **how)
    example, together = batch.x.shape[1:], len(configurations)
    options: Any = dict(zip(_OWN, values, strict=True), example=example, together=together, varied=varied)
    spec = TrainingSpec(example[-1], np.asarray(batch.y), **options)
    if spec.own_names:  # what jaxnet builds itself has names of its own, each of which it reads
        check_read(space, configurations, spec.names_read)
    require_members(len(configurations), space.seeds.count, space.folds.parts if space.folds else 1)
    members = list_members(space, spec, configurations)
    groups, task = list_groups(spec, configurations, members), task._replace(data=batch)
    check_groups(groups, task)
    count = len(configurations)
    brackets = halving.brackets(count, spec.epochs) if halving else single(count, spec.epochs)
    return members, groups, brackets, spec, task, spec.epochs


def _own_optimizer(constants: dict[str, Any]) -> Callable[..., Any] | None:
    """Take an optimizer of one's own out of the constants: a function of the configuration, or the optimizer itself."""
    given = constants.get("optimizer")
    if callable(given):
        return constants.pop("optimizer")
    if not isinstance(given, optax.GradientTransformation):
        return None
    del constants["optimizer"]
    return lambda configuration: given


def _complete_space(space: Any, constants: dict[str, Any]) -> Space:
    checks.require(isinstance(space, Space), "space", "a jn.Space(...)", space, TypeError)
    own = {**space.parameters, **({} if space.folds is None else {"fold": space.folds})}
    for name, value in constants.items():
        checks.choice("argument", name, (*PARAMETER_NAMES, "seed", "fold", *_ARGUMENTS))
        checks.require(name not in own, name, "a value in the space or as an argument, not both", value)
    return Space(constraints=space.constraints, **{"seed": space.seeds, **own, **constants})


_ARGUMENTS = tuple(plan.__kwdefaults__ or ())  # of ``plan`` itself, for the hint where one is misspelt


def _judged(
    objectives: tuple[Any, Any, Any], standing: tuple[Any, Any], *, of: tuple[Batch, Any]
) -> tuple[tuple[Any, ...], tuple[str, ...], list[tuple[str, str]], str, Stop | None]:
    """Return by what members are judged: the metrics, the names of the history, name and goal of each objective, and
    which epoch of a member stands for it, by which rule."""
    metrics, names, by = _check_objectives(*objectives, of=of)
    never = Stop(by[0][0], _NEVER, goal=by[0][1], restore_best=True)
    rank, stop = _check_stopping(*standing, names, never)
    return metrics, names, by, rank, stop


def _check_objectives(
    metrics: Sequence[Any], metric: Any, goal: Any, *, of: tuple[Batch, Any]
) -> tuple[tuple[Any, ...], tuple[str, ...], list[tuple[str, str]]]:
    """Return the metrics, the names of the history, and name and goal of each objective; ``of`` are the
    examples, and those that are held out, or None."""
    several = isinstance(metric, list | tuple)
    names = list(metric) if several else [metric]
    whole = not several or (names and all(isinstance(n, str) for n in names) and len(set(names)) == len(names))
    checks.require(whole, "metric", "a name, or a list of different names", metric)
    goals = list(goal) if several and isinstance(goal, list | tuple) else [goal] * len(names)
    checks.require(len(goals) == len(names), "goal", f"one a metric, {len(names)}", goal)
    by = []
    for name, each in zip(names, goals, strict=True):
        metrics, recorded, ranked, found = _check_ranking(metrics, name, each, of=of)
        by.append((ranked, found))
    return tuple(metrics), recorded, by


def _check_ranking(
    metrics: Sequence[Any], metric: str | None, goal: str | None, *, of: tuple[Batch, Any]
) -> tuple[tuple[Any, ...], tuple[str, ...], str, str]:
    """Return the metrics, the names of the history, the name to rank by, whose metric is added where missing, and the
    goal."""
    metrics, validated, stored = check_metrics(metrics), bool(of[1]), isinstance(of[0].x, StoredArray)
    ranked = ("validation_loss" if validated else "loss") if metric is None else metric
    plain = ranked.removeprefix("validation_") if isinstance(ranked, str) else ranked
    named = [ranked if stored else plain] if is_metric(plain) and ranked not in map(metric_name, metrics) else []
    known = history_names(tuple(dict.fromkeys([*metrics, *METRICS, *named, EXAMPLE_TOP_K])), validated=True)
    held_out = checks.choice("metric", ranked, known).startswith("validation_")
    checks.require(validated or not held_out, "metric", "validation= or fold=jn.Folds(k) for it", ranked)
    metrics = (*metrics, *(name for name in named if name not in metrics))
    goal = metric_goal(ranked) if goal is None else checks.choice("goal", goal, ("min", "max"))
    return metrics, tuple(history_names(metrics, validated)), ranked, goal


def _check_stopping(rank: str | None, stop: Stop | None, names: Sequence[str], never: Stop) -> tuple[str, Stop | None]:
    """Return which epoch of a member is ranked, and the rule that ends its run and keeps its best epoch where that is.

    Without a rule it is the one that ``never`` ends a run and watches what is ranked.
    """
    stop = check_stop(stop, list(names))
    if rank is None:
        rank = "best" if stop is not None and stop.restore_best else "last"
    best = checks.choice("rank", rank, ("best", "last")) == "best"
    if stop is None and best:
        return rank, never
    return rank, None if stop is None else dataclasses.replace(stop, restore_best=best)


def _check_asking(method: str, n: int | None, ask: int | None, halving: Any, *, study: Any) -> Budget | None:
    checks.choice("method", method, METHODS)
    kind = halving is None or isinstance(halving, Halving | Hyperband)
    checks.require(kind, "halving", "jn.Halving(...) or jn.Hyperband(...)", halving, TypeError)
    if method != "optuna":
        for name, given in (("ask", ask), ("study", study)):
            checks.require(given is None, name, "none without method='optuna', which alone is asked", given)
        return None
    checks.require(halving is None, "halving", "none with method='optuna', which needs finished runs", halving)
    n = checks.integer("n", n, minimum=1, maximum=MOST_MEMBERS, note="trials")
    batch = checks.integer("ask", _ASK if ask is None else ask, minimum=1, note="trials at once")
    return Budget(n, batch, earlier=study)


def _check_length(epochs: int, root: int, method: str, pbt: Any) -> tuple[int, int, PBT | None]:
    epochs, root = checks.countable("epochs", epochs), checks.integer("root", root, maximum=2**31 - 1)
    if method != "pbt":
        checks.require(pbt is None, "pbt", "none without method='pbt'", pbt)
        return epochs, root, None
    kind = pbt is None or isinstance(pbt, PBT)
    checks.require(kind, "pbt", "jn.PBT(every=...)", pbt, TypeError)
    return epochs, root, PBT(max(1, epochs // 10)) if pbt is None else pbt
