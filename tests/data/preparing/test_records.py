"""A preparation as a dictionary for JSON: the same to the bit on the way back, and nothing else is let in."""

import json

import numpy as np
import pytest

from jaxnet.data import Preparation, prepare
from jaxnet.data.preparing.column_codes import BooleanCode

N = 120
RNG = np.random.default_rng(0)
TABLE = {
    "number": [f"{value:.3f}".replace(".", ",") for value in RNG.normal(size=N)],
    "gaps": [1 / 3, None, *RNG.normal(size=N - 2).tolist()],
    "category": RNG.choice(["u", "v", "w", ""], N).tolist(),
    "many": [f"k{at % 50}" for at in range(N)],
    "open": RNG.choice(["yes", "no"], N).tolist(),
    "day": [f"2020-{1 + at % 12:02d}-{1 + at % 28:02d}" for at in range(N)],
    "id": list(range(N)),
    "label": RNG.choice(["a", "b", "c"], N).tolist(),
    "value": RNG.normal(size=N),
}
OPTIONS = {"most_categories": 20, "rare": 1}


TAMED = {"label": {"clip": 3.0}, "value": {"bins": 4}, None: {}}


@pytest.fixture(scope="module", params=TAMED)
def prep(request):
    return prepare(TABLE, request.param, **OPTIONS, **TAMED[request.param])


def test_it_comes_back_to_the_bit_through_json(prep):
    back = Preparation.from_dict(json.loads(json.dumps(prep.as_dict(), allow_nan=False)))
    assert back.as_dict() == prep.as_dict()
    assert str(back) == str(prep)
    for made, expected in zip(back(TABLE), prep(TABLE), strict=True):
        np.testing.assert_array_equal(made, expected)
    if prep.target:
        np.testing.assert_array_equal(back.labels(back(TABLE)[1]), prep.labels(prep(TABLE)[1]))


def test_a_change_anywhere_is_refused_or_gives_a_whole_preparation(prep):
    """Every value of the dictionary in turn is replaced by something hostile, each by another third of what there is."""
    hostile = [None, -1, float("nan"), float("inf"), 10**400, "x", True, [], {}, [[]], {"type": "number"}]
    whole = json.dumps(prep.as_dict())
    for at, path in enumerate(_paths(prep.as_dict())):
        for value in hostile[at % 3 :: 3]:
            record = json.loads(whole)
            _set(record, path, value)
            try:
                back = Preparation.from_dict(record)
            except ValueError:
                continue
            assert json.dumps(back.as_dict(), allow_nan=False)
            assert len(str(back)) > 0


def _paths(record, path=()):
    if isinstance(record, dict | list):
        # the first few of a long list stand for the rest
        for key in list(record)[:40] if isinstance(record, dict) else range(min(len(record), 3)):
            yield (*path, key)
            yield from _paths(record[key], (*path, key))


def _set(record, path, value):
    for key in path[:-1]:
        record = record[key]
    record[path[-1]] = value


DAMAGED = {
    "no dictionary": (lambda record: [record], "preparation: expected a dictionary made by as_dict"),
    "another version": (lambda record: record | {"version": 99}, "preparation: expected version 1, got 99"),
    "a version that is true": (lambda record: record | {"version": True}, "preparation: expected version 1"),
    "a field more": (lambda record: record | {"import": "os"}, "preparation: expected the fields"),
    "codes without a column": (lambda record: record | {"codes": {}}, "codes: expected one for each input"),
    "no target's code": (lambda record: record | {"target_code": None}, "target_code: expected one where a column is the target"),
    "an unknown code": (lambda record: record | {"target_code": {"type": "os.system"}}, "type: expected one of classes, number"),
    "another clip": (lambda record: record | {"taming": {"type": "smooth_clip", "limit": -1.0}}, "limit: expected a finite number above 0"),
    "bins of others": (lambda record: record | {"taming": {"type": "piecewise_linear", "edges": [[0.0, 1.0]]}}, "edges: expected those of"),
    "bins that fall": (lambda record: record | {"taming": {"type": "piecewise_linear", "edges": [[1.0, 0.0]]}}, "edges: expected none or ascending"),
    "a column twice": (lambda record: record | {"columns": record["columns"] * 2}, "columns: expected different names"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "words"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_dictionary_is_refused_in_words(damage, words):
    with pytest.raises(ValueError, match=words):
        Preparation.from_dict(damage(prepare(TABLE, "label", **OPTIONS).as_dict()))


def test_a_record_of_before_a_field_came_is_read_without_it():
    record = prepare(TABLE, "label", **OPTIONS).as_dict()
    code = next(each for each in record["codes"].values() if each["type"] == "boolean")
    assert code.pop("numbers") is False
    assert not next(c for c in Preparation.from_dict(record).codes.values() if isinstance(c, BooleanCode)).numbers
