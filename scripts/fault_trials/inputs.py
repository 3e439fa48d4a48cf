"""What goes in: changed but of the same name; tables against Python's csv and pandas."""

import contextlib
import csv
import functools
import io
import os
import shutil
import warnings
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np

from scripts.fault_trials import trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, in_child


def changed(budget: Budget) -> Iterator[str]:
    """Change each thing under its name: the folder is refused; do not change it: it goes on."""
    status, found = in_child(_changed, str(budget.fresh()))
    yield from found if status == 0 else [LOST]


def _changed(folder: str) -> list[str]:
    import jax
    import jax.numpy as jnp
    import optax

    import jaxnet as jn
    from jaxnet.training.checkpoint import checkpoint
    from jaxnet.training.loop import history_names
    from jaxnet.training.optimizer_state import OptimizerState
    from jaxnet.training.preparation import plan_fit

    net = jn.MLP((3, 4, 2), activation="tanh", output="softmax")
    params = net.init(jax.random.key(0))
    own = lambda c: lambda q, x, y: c * jnp.mean(q[0]["w"] ** 2)
    state = lambda c: OptimizerState(jax.tree.map(lambda a: a + int(c), optax.adam(0.1).init(params)), jnp.int32(0))
    update = lambda c: lambda g, s, p=None: (jax.tree.map(lambda leaf: -c * leaf, g), s)

    class Held:
        def __init__(self, c: float) -> None:
            self.c = c

        def __call__(self, q: Any, x: Any, y: Any) -> Any:
            return self.c * jnp.mean(q[0]["w"] ** 2)

    def metric(c: float) -> Any:
        def shown(q: Any, x: Any, y: Any) -> Any:
            return c * jnp.mean(y)

        return shown

    table: dict[str, Any] = {
        "objective, a closure": lambda c: {"f": own(c)},
        "objective, an array": lambda c: {"f": own(np.array(c, np.float32))},
        "objective, an attribute": lambda c: {"f": Held(c)},
        "objective, a default": lambda c: {"f": lambda q, x, y, scale=c: scale * jnp.mean(q[0]["w"] ** 2)},
        "activation": lambda c: {
            "f": jn.objective(jn.MLP((3, 4, 2), activation=lambda z: jnp.tanh(c * z), output="softmax"))
        },
        "loss": lambda c: {"f": jn.objective(net, lambda z, y: c * jnp.sum(z**2))},
        "penalty": lambda c: {"f": jn.objective(net, l2=c)},
        "schedule": lambda c: {"optimizer": optax.sgd(lambda step: c / (1 + step))},
        "rate, an array": lambda c: {"optimizer": optax.sgd(jnp.float32(c))},
        "optimizer": lambda c: {"optimizer": optax.GradientTransformation(lambda p: optax.EmptyState(), update(c))},
        "mask": lambda c: {"optimizer": optax.adamw(0.1, mask=lambda p: jax.tree.map(lambda a: a.ndim > c, p))},
        "state": lambda c: {"optimizer_state": state(c)},
        "metric": lambda c: {"metrics": [metric(c)]},
        "data": lambda c: {"data": (trained.X + np.float32(c), trained.Y)},
        "weights": lambda c: {"data": (trained.X, trained.Y, np.full(30, c, np.float32))},
        "start": lambda c: {"params": net.init(jax.random.key(int(c)))},
        "key": lambda c: {"key": jax.random.key(int(c))},
        "validation": lambda c: {"validation": (trained.X, trained.Y * int(c - 1))},
        "stop": lambda c: {"stop": jn.Stop("loss", int(c))},
    }

    def begin(place: str, options: dict[str, Any]) -> None:
        given: dict[str, Any] = {
            "optimizer": optax.adam(0.1), "epochs": 2, "batch_size": 10, "key": jax.random.key(1), "validation": None,
            "stop": None, "metrics": (), "shuffle": True, "optimizer_state": None, **options,
        }  # fmt: skip
        f, start, data = given.pop("f", jn.objective(net)), given.pop("params", params), given.pop("data", None)
        plan = plan_fit(f, start, data or (trained.X, trained.Y), **given)
        names = history_names(plan.program.metrics, plan.data.validation is not None)
        with checkpoint(place, plan) as kept:
            assert kept is not None
            kept.restore(plan)
            kept.keep(plan.state, lambda: {name: np.zeros(0, np.float32) for name in names}, now=True)

    outcomes = []
    for name, make in table.items():
        place = os.path.join(folder, name)
        begin(place, make(1.0))
        try:
            begin(place, make(1.0))
            begin(place, make(2.0))
            outcomes.append(SILENT)
        except ValueError as error:
            outcomes.append(SURVIVED if "something else" in str(error) else LOST)
    return outcomes


def changed_sweeps(budget: Budget) -> Iterator[str]:
    """Change what a sweep is of under its name: the folder is refused, or trained anew with a word."""
    status, found = in_child(_changed_sweeps, str(budget.fresh()))
    yield from found if status == 0 else [LOST]


def _changed_sweeps(folder: str) -> list[str]:
    import jax
    import jax.numpy as jnp
    import optax

    import jaxnet as jn

    net = functools.partial(jn.MLP, (3, 4, 2), output="softmax")
    # c is what changes; all else has the same name
    inner = lambda c: lambda p, x, y, weight=None: c * jnp.mean((x @ p[0]["w"]) ** 2)
    spread = lambda p, x, y, scale=1.0: scale * jnp.mean((x @ p[0]["w"]) ** 2)
    step = lambda c: optax.GradientTransformation(
        lambda p: optax.EmptyState(), lambda g, s, p=None: (jax.tree.map(lambda leaf: -c * leaf, g), s)
    )

    def metric(c: float) -> Any:
        def shown(p: Any, x: Any, y: Any) -> Any:
            return c * jnp.mean(y)

        return shown

    table: dict[str, Any] = {
        "objective, a closure": lambda c: {"objective": lambda net, configuration: inner(c)},
        "objective, a partial": lambda c: {"objective": lambda net, configuration: functools.partial(spread, scale=c)},
        "start": lambda c: {"network": lambda configuration: net(weights=lambda key, shape, d: c * jnp.ones(shape, d))},
        "activation": lambda c: {"network": lambda configuration: net(activation=lambda z: jnp.tanh(c * z))},
        "optimizer": lambda c: {"optimizer": lambda configuration: step(c)},
        "schedule": lambda c: {"optimizer": lambda configuration: optax.sgd(lambda count: c / (1 + count))},
        "metric": lambda c: {"metrics": [metric(c)]},
        "data": lambda c: {"data": (trained.X + np.float32(c), trained.Y)},
        "weights": lambda c: {"data": (trained.X, trained.Y, np.linspace(c, 3, 30, dtype=np.float32))},
        "root": lambda c: {"root": int(c)},
    }  # fmt: skip

    def go(place: str, options: dict[str, Any]) -> Any:
        given = {"data": (trained.X, trained.Y), "epochs": 1, "method": "list", **options}
        space = jn.Space(**({"learning_rate": 0.1} if "optimizer" not in options else {}))
        return jn.sweep(jn.plan(space, given.pop("data"), configurations=[{}], **given), out=place)

    outcomes = []
    for name, make in table.items():
        place = os.path.join(folder, name)
        first = go(place, make(1.0)).curves("loss")
        if not np.array_equal(first, go(place, make(1.0)).curves("loss")):
            outcomes.append(LOST)
        outcomes.append(_refused(lambda place=place, make=make: go(place, make(2.0)), place))  # type: ignore[misc]
    ours, theirs = (os.path.join(folder, name) for name in ("data", "root"))
    os.remove(os.path.join(ours, "manifest.json"))
    outcomes.append(_refused(lambda: go(ours, table["data"](2.0)), ours))  # a lost manifest hides nothing
    shutil.copy(os.path.join(theirs, "members.sqlite"), ours)  # nor does another sweep's database go for this one's
    outcomes.append(_refused(lambda: go(ours, table["data"](1.0)), ours))
    return outcomes


def _refused(act: Any, place: str) -> str:
    try:
        act()
    except ValueError as error:
        return SURVIVED if str(error).startswith(place) and "another sweep's folder" in str(error) else LOST
    return SILENT


@contextlib.contextmanager
def blind_to_members() -> Iterator[None]:
    """Break: what a sweep's members are of is not compared."""
    with (
        mock.patch("jaxnet.sweeps.member_identity.MemberIdentity.changes", return_value=[]),
        mock.patch("jaxnet.sweeps.store.Store._compare", return_value=[]),
    ):
        yield


def blind() -> Any:
    """Break: programs are compared by their names."""
    return mock.patch("jaxnet.training.run_manifest.odd_programs", return_value=[])


def tables(budget: Budget) -> Iterator[str]:
    """Read random documents, and let Python's csv and pandas read them: equal numbers, or a refusal with its place."""
    import pandas

    from jaxnet.data import DataError, read_csv

    chance, path = budget.random, budget.fresh() / "a.csv"
    for _ in range(budget.pick(300, 10_000)):
        text = _document(chance)
        path.write_bytes(text.encode())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = read_csv(path)
        except DataError as error:
            yield SURVIVED if str(error).startswith(f"{path}") else LOST
            continue
        except ValueError:
            yield SURVIVED
            continue
        rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
        expected = np.array([[float(cell) for cell in row[:-1]] for row in rows if row])
        other = pandas.read_csv(io.StringIO(text), float_precision="round_trip", skipinitialspace=True)
        same = np.array_equal(data.x, expected) and np.array_equal(data.x, other.iloc[:, :-1].to_numpy(np.float64))
        yield SURVIVED if same else SILENT


def _document(chance: Any) -> str:
    """Return a table, mostly sound, with now and then what files have."""
    columns, odd = (
        chance.randint(2, 4),
        ("1_000", "", " 7", "0x10", "1e400", '"1"', "٣", "1,5", "NaN", "+.5", "5.", "\t2"),
    )
    number = lambda: repr(chance.choice((chance.randint(-99, 99), chance.gauss(0, 1), chance.gauss(0, 1) * 1e200)))
    cell = lambda: chance.choice(odd) if chance.random() < 0.02 else number()
    rows = [",".join(f"c{i}" for i in range(columns))]
    rows += [",".join(cell() for _ in range(columns)) for _ in range(chance.randint(1, 6))]
    return chance.choice(("\n", "\n", "\r\n", "\r")).join(rows) + chance.choice(("", "\n", "\n\n"))


def rounded() -> Any:
    """Break: a reader of numbers that is a little off."""
    from jaxnet.data import csv_files

    real = csv_files.dataset_of

    def off(table: Any, target: Any, missing: str) -> Any:
        columns = [each._replace(values=each.values.astype(np.float32)) for each in table.columns]
        return real(table._replace(columns=columns), target, missing)

    return mock.patch.object(csv_files, "dataset_of", off)


ROWS = [
    Row(
        "changed under the same name", "what was changed in an objective, optimizer, schedule, metric, activation, state, "  # noqa: E501
        "start, key or data is refused by what it computes, and what was not goes on", changed, blind,
    ),
    Row(
        "changed sweeps of the same name", "what was changed in the objective, network, optimizer, schedule, metric, data or root "  # noqa: E501
        "of a sweep is refused, also where its manifest is lost or another sweep's database was put there",
        changed_sweeps, blind_to_members, long_only=True,
    ),
    Row(
        "random tables", "read_csv gives the numbers that Python's csv and pandas give, or refuses with the place", tables,  # noqa: E501
        rounded,
    ),
]  # fmt: skip
