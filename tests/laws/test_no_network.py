"""Nothing leaves this machine at run time: an audit hook in conftest.py refuses it in every test of the suite."""

import socket

import pytest


def test_a_connection_to_another_machine_is_refused_and_one_to_this_is_not() -> None:
    with socket.socket() as client, pytest.raises(PermissionError, match="is not this machine"):
        client.connect(("192.0.2.1", 80))  # an address that is reserved for examples
    with pytest.raises(PermissionError, match="is not this machine"):
        socket.getaddrinfo("example.org", 443)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
