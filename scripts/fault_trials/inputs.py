"""What goes in: changed but of the same name; tables against Python's csv and pandas."""

import csv
import io
import os
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
        "random tables", "read_csv gives the numbers that Python's csv and pandas give, or refuses with the place", tables,  # noqa: E501
        rounded,
    ),
]  # fmt: skip
