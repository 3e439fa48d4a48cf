"""The whole suite runs under the strictest configuration: float64 is the court, and no rank is promoted silently."""

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


_HERE = ("localhost", "::1", "0.0.0.0", "", socket.gethostname())
sys.addaudithook(_no_network)


@pytest.fixture
def key() -> jax.Array:
    return jax.random.key(0)
