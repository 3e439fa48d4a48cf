"""What a network of the playground learns: training rows and rows held out, their names, and the Python for them.

All sources become one thing, ``ShownData``: the article's images, toys, iris and digits, a formula that was typed in,
and a table of one's own, prepared as ``jaxnet train`` prepares it.
"""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.data import Dataset, Preparation, RawTable, catalogue, split_rows, split_table
from jaxnet.playground.formulas_typed import is_comparison, typed_function
from jaxnet.playground.masked_network import MOST_OUTPUTS
from jaxnet.playground.toys import TOYS, toy
from jaxnet.stairs import load as load_stairs

MOST_SHOWN, MOST_HELD, MOST_INPUTS = 2048, 1024, 256  # of what is shown
_TOY_ROWS = 400


@dataclasses.dataclass(frozen=True)
class DataChoice:
    """Which data is shown: a name, and the numbers by which it is drawn and split."""

    name: str = "circle"
    noise: float = 0.0
    share: float = 0.5  # of the rows that train
    seed: int = 0
    formula: str = "x2 > sin(3 * x1) / 2"

    def __post_init__(self) -> None:
        checks.choice("data", self.name, DATA_NAMES)
        checks.number("noise", self.noise, minimum=0, maximum=1)
        checks.number("share", self.share, minimum=0.05, maximum=0.95)
        checks.integer("data seed", self.seed, maximum=2**31 - 1)
        typed_function(self.formula)


DATA_NAMES = ("stairs", *TOYS, "formula", "iris", "digits", "table")


class TableChoice(NamedTuple):
    """A table of one's own and what was said of its columns."""

    table: RawTable
    target: str
    roles: dict[str, str]
    kinds: dict[str, str]


@dataclasses.dataclass(frozen=True, eq=False)
class ShownData:
    """Data as the playground shows it; X are float32 [N, D], y labels (int64) or numbers (float32) [N].

    ``image`` are the rows and columns of a picture that an example is, or None; ``code`` the lines of Python that make
    X, y, Xv and yv; ``note`` what was left out.
    """

    title: str
    X: np.ndarray
    y: np.ndarray
    held_X: np.ndarray
    held_y: np.ndarray
    inputs: tuple[str, ...]
    classes: tuple[str, ...]
    code: tuple[str, ...]
    image: tuple[int, int] | None = None
    preparation: Preparation | None = None
    note: str = ""

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return "classification" if self.classes else "regression"

    @property
    def outputs(self) -> int:
        """How many outputs a softmax needs, or 1 for a number."""
        return len(self.classes) or 1

    def dense(self, y: np.ndarray, outputs: int) -> np.ndarray:
        """Return the targets of labels, or numbers, for that many outputs, float32 [N, outputs]."""
        if self.classes and outputs > 1:
            return np.eye(outputs, dtype=np.float32)[y]
        return np.asarray(y, np.float32)[:, None]


def shown_data(choice: DataChoice, own: TableChoice | None = None) -> ShownData:
    """Return the data that a choice names; ``own`` is the table where its name is "table".

    Raises ValueError for a table without one, for too many classes or features; DataError as ``jn.data`` does.
    """
    if choice.name == "table":
        if own is None:
            checks.refuse("data", "a table that was opened", checks.Words("none"))
        return _from_table(choice, own)
    if choice.name == "stairs":
        return _stairs()
    if choice.name in ("iris", "digits"):
        return _catalogued(choice)
    return _drawn(choice)


def _stairs() -> ShownData:
    train, test = load_stairs()
    code = ("train, test = jn.stairs.load()", "X, y = train.x / 255, train.y", "Xv, yv = test.x / 255, test.y")
    X, held = ((part.x / 255).astype(np.float32) for part in (train, test))
    names = ("x1", "x2", "x3", "x4")
    y, held_y = (part.y.astype(np.int64) for part in (train, test))
    title = "the article's images"
    return ShownData(title, X, y, held, held_y, names, ("something else", "stairs"), code, image=(2, 2))


def _drawn(choice: DataChoice) -> ShownData:
    made = f"noise={choice.noise:g}, seed={choice.seed}"
    if choice.name == "formula":
        data, title = _by_formula(choice), choice.formula
        code = [f"data = jaxnet.playground.formula_data({choice.formula!r}, {_TOY_ROWS}, {made})"]
    else:
        data, title = toy(choice.name, _TOY_ROWS, noise=choice.noise, seed=choice.seed), choice.name.replace("_", " ")
        code = [f"data = jaxnet.playground.toy({choice.name!r}, {_TOY_ROWS}, {made})"]
    cut = round(_TOY_ROWS * choice.share)
    code += [f"X, y, Xv, yv = data.x[:{cut}], data.y[:{cut}], data.x[{cut}:], data.y[{cut}:]"]
    return _halves(data, np.arange(cut), np.arange(cut, len(data)), title=title, code=tuple(code))


def formula_data(formula: str, rows: int = _TOY_ROWS, *, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Draw points of the square -1..1 and what a formula of x1 and x2 says of them: classes for a comparison, else
    numbers. Raises ValueError for what ``typed_function`` refuses, and where a value is not finite or all are alike."""
    of = typed_function(formula)
    generator = np.random.default_rng(seed)
    points = generator.uniform(-1, 1, (rows, 2))
    values = of(points)
    checks.require(np.isfinite(values).all(), "formula", "finite values for x1 and x2 from -1 to 1", formula)
    checks.require(np.ptp(values) > 0, "formula", "values that are not all alike", formula)
    points = points + noise * generator.normal(size=points.shape)
    classes = ("no", "yes") if is_comparison(formula) else ()
    y = values.astype(np.int64) if classes else values
    return Dataset(points, y, inputs=("x1", "x2"), classes=classes, source=formula)


def _by_formula(choice: DataChoice) -> Dataset:
    return formula_data(choice.formula, noise=choice.noise, seed=choice.seed)


def _catalogued(choice: DataChoice) -> ShownData:
    data = catalogue(choice.name)
    split = f"split_rows(len(data), {choice.share:g}, stratify=data.y, seed={choice.seed})"
    train, held = split_rows(len(data), choice.share, stratify=data.y, seed=choice.seed)
    code = [f"data = jn.data.catalogue({choice.name!r})", f"train, held = jn.data.{split}"]
    if choice.name == "digits":
        code += ["data = dataclasses.replace(data, x=data.x / 16)"]
        data = dataclasses.replace(data, x=data.x / 16, inputs=tuple(f"pixel {i + 1}" for i in range(64)))
    else:
        code += ["mean, deviation = data.x[train].mean(0), data.x[train].std(0)"]
        code += ["data = dataclasses.replace(data, x=(data.x - mean) / deviation)"]
        mean, deviation = data.x[train].mean(0), data.x[train].std(0)
        data = dataclasses.replace(data, x=(data.x - mean) / deviation)
    train, held = train[:MOST_SHOWN], held[:MOST_HELD]
    code += ["X, y, Xv, yv = data.x[train], data.y[train], data.x[held], data.y[held]"]
    shown = _halves(data, train, held, title=choice.name, code=tuple(code))
    return dataclasses.replace(shown, image=(8, 8)) if choice.name == "digits" else shown


def _halves(data: Dataset, train: np.ndarray, held: np.ndarray, *, title: str, code: tuple[str, ...]) -> ShownData:
    X = data.x.astype(np.float32)
    y = data.y.astype(np.int64 if data.classes else np.float32)
    return ShownData(title, X[train], y[train], X[held], y[held], data.inputs, data.classes, code)


def _from_table(choice: DataChoice, own: TableChoice) -> ShownData:
    given: dict[str, Any] = {name: value for name, value in (("roles", own.roles), ("kinds", own.kinds)) if value}
    prep, (train, held) = split_table(own.table, own.target, choice.share, seed=choice.seed, **given)
    count = len(prep.classes or ())
    checks.require(count <= MOST_OUTPUTS, "target", f"at most {MOST_OUTPUTS} classes", checks.Words(f"{count}"))
    limit = f"at most {MOST_INPUTS} features (leave columns out)"
    checks.require(prep.inputs <= MOST_INPUTS, "table", limit, checks.Words(f"{prep.inputs}"))
    note = "" if len(train) <= MOST_SHOWN else f"the first {MOST_SHOWN:,} of {len(train):,} training rows are shown"
    train, held = train[:MOST_SHOWN], held[:MOST_HELD]
    parts = [prep(own.table.take(rows)) for rows in (train, held)]
    (X, y), (held_X, held_y) = parts
    # what was handed in as a frame has no file to read it from
    read = "frame)  # your data frame" if own.table.source == "data frame" else f"{own.table.source!r})"
    more = "".join(f", {name}={value!r}" for name, value in given.items())
    code = (
        f"table = jn.data.read_table({read}",
        f"prep, (train, held) = jn.data.split_table(table, {own.target!r}, {choice.share:g}, seed={choice.seed}{more})",
        f"X, y = prep(table.take(train[:{MOST_SHOWN}]))",
        f"Xv, yv = prep(table.take(held[:{MOST_HELD}]))",
    )
    return ShownData(
        own.table.source, X, np.asarray(y), held_X, np.asarray(held_y), prep.feature_names, prep.classes or (), code,
        preparation=prep, note=note,
    )  # fmt: skip
