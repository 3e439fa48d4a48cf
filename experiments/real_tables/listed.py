"""The tables: where each comes from, what is predicted from what, and why some of its columns are left out."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import sklearn.datasets

from jaxnet.data import data_folder

ROWS = 2000  # of larger tables as many are drawn, once


class Table(NamedTuple):
    """A table of ``scripts/get_data tables``, in the file of its name.

    Attributes:
        name: of the file, without .csv.
        target: the column that is predicted.
        classes: whether the target is one of several classes, not a number.
        left_out: columns that are not inputs.
    """

    name: str
    target: str
    classes: bool = True
    left_out: tuple[str, ...] = ()


class Rows(NamedTuple):
    """The rows of a table: inputs as a frame, whose columns are numbers or texts, and targets [N]."""

    name: str
    x: pd.DataFrame
    y: np.ndarray
    classes: bool


TABLES = (
    Table("sonar", "Class"),
    Table("glass", "Type"),
    Table("ionosphere", "Class"),
    Table("soybean", "Class"),
    Table("breastcancer", "Class", left_out=("Id",)),
    Table("pimaindiansdiabetes", "diabetes"),
    Table("vehicle", "Class"),
    Table("vowel", "Class", left_out=("V1",)),  # the speaker
    Table("attrition", "Attrition"),
    Table("cells", "class", left_out=("case",)),  # which of two samples
    Table("dna", "Class"),
    Table("credit_data", "Status"),
    Table("spam", "type"),
    Table("mlc_churn", "churn"),
    Table("satellite", "classes"),
    Table("letterrecognition", "lettr"),
    Table("meats", "protein", False, ("water", "fat")),  # other targets
    Table("ozone", "V4", False),
    Table("bostonhousing", "medv", False),
    Table("car_prices", "Price", False),
    Table("sacramento", "price", False),
    Table("concrete", "compressive_strength", False),
    Table("ames", "Sale_Price", False),
    Table("diamonds", "price", False),
)


def read(table: Table, most: int = ROWS) -> Rows:
    """Return at most ``most`` rows, drawn by lot, of those whose target is there.

    A column whose cells are all numbers is one of numbers, also where R calls it a factor. Raises FileNotFoundError
    where the table was not fetched.
    """
    path = data_folder() / "tables" / f"{table.name}.csv"
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file; fetch it by: scripts/get_data tables")
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""]).dropna(subset=[table.target])
    if len(frame) > most:
        frame = frame.sample(most, random_state=0)
    x = frame.drop(columns=[table.target, *table.left_out]).reset_index(drop=True)
    y = frame[table.target].astype(str) if table.classes else frame[table.target].astype(float)
    return Rows(table.name, x, y.to_numpy(), table.classes)


def toys(most: int = 90) -> list[Rows]:
    """Return two tables that scikit-learn ships, for a trial without the others."""
    found = []
    for name, load, classes in (
        ("iris", sklearn.datasets.load_iris, True),
        ("sugar", sklearn.datasets.load_diabetes, False),
    ):
        x, y = load(return_X_y=True, as_frame=True)
        at = np.random.default_rng(0).permutation(len(x))[:most]
        found.append(Rows(name, x.iloc[at].reset_index(drop=True), y.to_numpy()[at], classes))
    return found
