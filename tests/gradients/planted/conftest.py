"""Tables of right and wrong gradients as parameters of tests, by the name of a test's argument."""

import importlib
import sys
from pathlib import Path

import pytest

import jaxnet as jn

sys.path.insert(0, str(Path(__file__).parents[1]))  # `planted` is a namespace package: experiments read it too

_TABLES = {
    "problem": ("problems", lambda module: module.PROBLEMS.values()),
    "mistake": ("mistakes", lambda module: module.SINGLE),
    "each_mistake_once": ("mistakes", lambda module: module.ONCE),
    "mistake_on_the_article": (
        "mistakes",
        lambda module: [case for case in module.SINGLE if "article" in str(case)][:3],
    ),
    "tie": ("ties", lambda module: module.TIES),
    "pair": ("pairs", lambda module: module.PAIRS),
    "sound": ("sound", lambda module: module.SOUND),
    "sound_elsewhere": ("sound_elsewhere", lambda module: module.ELSEWHERE),
    "malformed": ("malformed", lambda module: module.MALFORMED),
}


def pytest_generate_tests(metafunc):
    for argument, (name, table) in _TABLES.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, table(importlib.import_module(f"planted.{name}")), ids=str)


def pytest_collection_modifyitems(items):
    """Network by network, because the checker keeps the compiled programs of a few objectives only."""
    here = [place for place, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    for place, item in zip(here, sorted((items[place] for place in here), key=_network), strict=True):
        items[place] = item


def _network(item):
    case = next(iter(item.callspec.params.values()))
    case = getattr(case, "planted", case)
    return str(getattr(getattr(case, "problem", case), "network", None))


@pytest.fixture(scope="session")
def backpropagate():
    module = importlib.import_module("planted.backpropagation")
    return lambda problem: module.backpropagate(module.RIGHT, problem, problem.params, *problem.data)


@pytest.fixture(scope="session")
def report_of():
    """The report on planted mistakes; each is checked once for all tests."""
    seen = {}

    def report(planted, arrays=False):
        key = (str(planted), arrays)
        if key not in seen:
            problem, f = planted.problem, planted.problem.objective
            gradient = planted.gradient(problem.params, *problem.data) if arrays else planted.gradient
            seen[key] = jn.check_gradient(f, problem.params, *problem.data, gradient=gradient, network=problem.network)
        return seen[key]

    return report
