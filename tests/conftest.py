"""The whole suite runs under the strictest configuration: float64 is the court, and no rank is promoted silently."""

import gc
import os
import socket
import sys
from typing import Any

import jax
import pytest

# nothing that an earlier run has compiled is taken over, and nothing is left in the user's folder
os.environ["JAXNET_COMPILATION_CACHE"] = "off"
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")


def _no_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection that leaves this machine, and every look-up of a name: nothing here needs one."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):  # not the path of a socket in the file system
        host = str(arguments[1][0])
    elif event == "socket.getaddrinfo":
        host = str(arguments[0] or "localhost")
    else:
        return
    if host not in _HERE and not host.startswith("127."):
        raise PermissionError(f"{event}: {host} is not this machine, and nothing may leave it at run time")


# Of the longest tables the run of all tests takes every so many-th row, to end within minutes; --long takes every row,
# and so does whoever names files or tests
EVERY = {
    "gradients/planted/": 12,
    "gradients/diagnosis/": 3,
    "gradients/test_safety.py": 2,
    "experiments/test_hand_derived.py": 8,
    "estimators/test_scikit_learns_own_tests.py": 14,
    "estimators/test_check_estimator.py": 22,
    "estimators/test_agreement.py": 8,
    "estimators/test_public_statements.py": 4,
    "training/test_optax.py": 10,
    "sweeps/test_nothing_dropped.py": 3,
    "sweeps/test_varied_rows.py": 2,
    "test_reference_agreement.py": 6,
    "laws/test_documents_run.py::test_every_block": 3,
}
_SHORT = "JAXNET_TESTS_SHORT"  # in the environment, for the processes of pytest-xdist are told files


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="every row of the longest tables, also where all tests run")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    everything = config.args_source == pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    os.environ[_SHORT] = "yes" if everything and not config.option.long else ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not os.environ.get(_SHORT):
        return
    rows: dict[str, int] = {}
    chosen, left_out = [], []
    for item in items:
        function = item.nodeid.partition("[")[0]
        row = rows[function] = rows.get(function, -1) + 1
        step = next((step for path, step in EVERY.items() if f"tests/{path}" in function), 1)
        (left_out if row % step else chosen).append(item)
    items[:] = chosen
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    # what was imported and collected, half a million objects, stays to the end and is not gone through again each time
    gc.collect()
    gc.freeze()


_HERE = ("localhost", "::1", "0.0.0.0", "", socket.gethostname())
sys.addaudithook(_no_network)


@pytest.fixture
def key() -> jax.Array:
    return jax.random.key(0)
