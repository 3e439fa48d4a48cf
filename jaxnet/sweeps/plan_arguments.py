"""``plan``: the arguments of a sweep, checked before anything is trained, become a ``Plan``."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import optax

from jaxnet import checks
from jaxnet.data import Preparation
from jaxnet.sweeps.configuration import PARAMETER_NAMES, TrainingSpec
from jaxnet.sweeps.devices import use_all_cores
from jaxnet.sweeps.groups import Group, Members, Task, list_groups, list_members
from jaxnet.sweeps.own_functions import check_read
from jaxnet.sweeps.parameters import Configuration
from jaxnet.sweeps.plan_data import check_dtype, plan_rows, varied_rows
from jaxnet.sweeps.plan_objectives import judge
from jaxnet.sweeps.plan_search import Search
from jaxnet.sweeps.planning import Plan
from jaxnet.sweeps.population_training import evolving
from jaxnet.sweeps.prepared_groups import check_groups
from jaxnet.sweeps.rungs import PBT, Halving, Hyperband
from jaxnet.sweeps.size_limits import require_members
from jaxnet.sweeps.space import Space
from jaxnet.training.forked_processes import refuse_in_forks
from jaxnet.training.stopping import Stop

_ORDERS = ("own", "shared")
_OWN = ("network", "objective", "lanes", "preparation", "pad", "hurry")  # which a TrainingSpec takes as they are given


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
    pruner: Any = None,
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
            An X on disk, or batches, stay there as in ``fit``, also what is held out of them; metrics then are names
            such as "validation_accuracy".
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
        pruner: for "optuna", a pruner of Optuna's, such as ``optuna.pruners.MedianPruner()``, or a ``jn.Pruner`` that
            says how often it is asked: the trials that it ends are trained no further.
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
    return _planned(SimpleNamespace(**locals()))  # by their names, for they are many


def _planned(given: SimpleNamespace) -> Plan:
    """Do what ``plan`` says, with its arguments by name."""
    refuse_in_forks()
    use_all_cores()  # before anything here makes JAX start
    optimizer, space = _own_optimizer(given.constants), _complete_space(given.space, given.constants)
    epochs, root = checks.countable("epochs", given.epochs), checks.integer("root", given.root, maximum=2**31 - 1)
    data, table = (given.data, given.validation), (given.preparation, given.class_weights)
    batch, held_out, folds, rows = plan_rows(data, table, space.folds, root)
    of, standing = (batch, held_out or folds), (given.rank, given.stop)
    judged = judge(given.metrics, given.metric, given.goal, of=of, standing=standing)
    search = Search(**{name: getattr(given, name) for name in Search._fields}).checked(epochs, len(judged.by))
    asking, found = search.begin(space, goals=[goal for _, goal in judged.by], root=root)
    shared = checks.choice("orders", given.orders, _ORDERS) == "shared"
    task = Task(batch, held_out, folds, judged.metrics, root, check_dtype(given.dtype), shared)
    own = {name: getattr(given, name) for name in _OWN}
    own |= {"rows": rows, "epochs": epochs, "stop": judged.stop, "optimizer": optimizer, "dtype": task.dtype}
    spec, task = _spec(space, task, found, own, of_rows=(given.weight, given.targets))
    members, groups = _grouped(space, spec, task, found)
    (metric, goal), *others = judged.by
    return evolving(Plan(
        space, search.method, found, members, groups, search.brackets(len(found), epochs), spec, task, epochs,
        judged.names, metric, goal, search.halving, asking, judged.rank, given.keep, search.pbt, tuple(others),
    ))  # fmt: skip


def _spec(
    space: Space, task: Task, configurations: list[dict[str, Any]], own: dict[str, Any], *, of_rows: tuple[Any, Any]
) -> tuple[TrainingSpec, Task]:
    """Return how configurations become trainings, and what all of them look at; ``own`` are fields of the first as
    they were given, ``of_rows`` weight= and targets=. Refuses a parameter that nothing reads."""
    how = {"names": {*space.parameters}.union(*configurations), "root": task.root, "dtype": task.dtype}
    batch, varied = varied_rows(task.data, of_rows, task.folds, **how)
    example = batch.x.shape[1:]
    spec = TrainingSpec(
        example[-1], np.asarray(batch.y), example=example, together=len(configurations), varied=varied, **own
    )
    if spec.own_names:  # what jaxnet builds itself has names of its own, each of which it reads
        check_read(space, configurations, spec.names_read)
    return spec, task._replace(data=batch)


def _grouped(
    space: Space, spec: TrainingSpec, task: Task, configurations: list[dict[str, Any]]
) -> tuple[Members, list[Group]]:
    """Return the members and the groups that train them, after refusing what does not fit together."""
    require_members(len(configurations), space.seeds.count, space.folds.parts if space.folds else 1)
    members = list_members(space, spec, configurations)
    groups = list_groups(spec, configurations, members)
    check_groups(groups, task)
    return members, groups


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
