"""Through the socket: what the screen shows is what jn.fit computes; who may speak; and how it ends."""

import contextlib
import json
import socket
import struct
import subprocess
import sys
import threading
import time

import jax
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import jaxnet as jn
from jaxnet.cli import main
from jaxnet.playground.conversation import Conversation
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN
from jaxnet.playground.play_settings import PlaySettings, settings_from
from jaxnet.playground.serving import MOST_MESSAGE, MOST_TABS, PlayServer, hosts_of, listening, serve_play
from jaxnet.playground.shown_data import shown_data

ROUNDING = 3e-5  # float32, in sums of another order, over some dozens of steps; Adam divides by small numbers


@contextlib.contextmanager
def running():
    """A real server on this machine, in a thread of its own: its host with the port, and its token."""
    listener = listening("127.0.0.1", 0)
    port = listener.getsockname()[1]
    served = PlayServer(Conversation, hosts_of("127.0.0.1", port))
    thread = threading.Thread(target=serve_play, args=(served, listener), kwargs={"idle_seconds": 600}, daemon=True)
    thread.start()
    yield f"127.0.0.1:{port}", served.token
    served.seen = -1e9  # nobody was there for long
    thread.join(10)
    assert not thread.is_alive(), "an idle server ends itself"


@pytest.fixture(scope="module")
def address():
    with running() as served:
        yield served


def opened(address, **options):
    return connect(f"ws://{address[0]}/socket", origin=f"http://{address[0]}", max_size=None, proxy=None, **options)


@contextlib.contextmanager
def spoken(address, tab="one", token=None):
    """A page's socket: say(do, ...) sends a command and returns the answer, as JSON or as (head, numbers, pictures)."""
    with opened(address) as page:
        page.send(json.dumps({"token": address[1] if token is None else token, "tab": tab}))

        def say(do, **more):
            page.send(json.dumps({"do": do, **more}))
            message = page.recv()
            return json.loads(message) if isinstance(message, str) else taken_apart(message)

        yield say


def taken_apart(message):
    head, numbers = struct.unpack("<II", message[:8])
    at = 8 + head
    return json.loads(message[8:at]), np.frombuffer(message, "<f4", numbers // 4, at), message[at + numbers :]


SMALL = {"hidden": [3, 2], "activations": ["tanh", "tanh"], "batch": 30, "rate": 0.1}
FIVE = {  # three programs of jn.fit, for each takes seconds to compile
    "momentum, the last batch short": {"batch": 35, "momentum": 0.9, "l2": 0.01},
    "other numbers and another seed": {"batch": 35, "rate": 0.3, "momentum": 0.5, "seed": 5},
    "dropout and Adam": {"batch": 35, "dropout": 0.3, "optimizer": "adam", "rate": 0.01},
    "more dropout": {"batch": 35, "dropout": 0.6, "optimizer": "adam", "rate": 0.03, "l2": 0.1},
    "three classes, no hidden layer, the full batch": {
        "hidden": [], "activations": [], "data": {"name": "three_clusters"}, "batch": 400, "optimizer": "nesterov",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FIVE)
def test_the_frames_of_the_page_are_what_fit_computes(name, address, ready):
    record = {**SMALL, **FIVE[name]}
    settings = settings_from(record, PlaySettings())
    data = shown_data(settings.data)
    net, batch = settings.network(data), min(settings.batch, len(data.X))
    with spoken(address, name) as say:
        assert say("set", settings=record, n=1)["say"] == "scene"
        head, _, _ = say("frame", updates=0)
        say("frame", updates=head["per"] + 1 if head["per"] > 1 else 1)
        head, numbers, _ = say("frame", updates=head["per"] - 1 if head["per"] > 1 else 1)
    assert (head["epoch"], head["step"], head["n"]) == (2, 0, 1)

    f = jn.objective(net, settings.goal.loss, l2=settings.l2)
    key = jax.random.key(settings.seed)
    optimizer = OPTIMIZERS_SHOWN[settings.optimizer](settings.rate, settings.momentum)
    y = data.dense(data.y, net.sizes[-1])
    run = jn.fit(f, net.init(key), (data.X, y), optimizer=optimizer, epochs=2, batch_size=batch, key=key)
    expected = np.concatenate([np.ravel(layer[leaf]) for layer in run.params for leaf in ("w", "b")])
    np.testing.assert_allclose(numbers[: len(expected)], expected, rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(head["loss"], run.history["loss"][-1], rtol=ROUNDING)
    held = f(run.params, data.held_X, data.dense(data.held_y, net.sizes[-1])) - settings.l2 / 2 * sum(
        float(np.square(layer["w"]).sum()) for layer in run.params
    )
    np.testing.assert_allclose(head["losses"][1], held, rtol=1e-4)


def test_each_tab_has_its_own_network_and_finds_it_again(address, ready):
    with spoken(address, "first") as one, spoken(address, "second") as two:
        one("frame", updates=3)
        assert two("frame", updates=0)[0]["step"] == 0
        assert one("set", settings={"rate": 0.5}, n=7)["settings"]["rate"] == 0.5
    with spoken(address, "first") as again:
        head = again("frame", updates=0)[0]
        assert (head["step"], head["n"]) == (3, 7)
        assert again("hello", n=8)["settings"]["rate"] == 0.5


@pytest.mark.parametrize("token", ["", "x", "ü", None, 3, ["a"], {"a": 1}])
def test_without_the_token_nothing_is_answered(token, address):
    with opened(address) as page:
        page.send(json.dumps({"token": token, "tab": "one"}))
        with pytest.raises(ConnectionClosed) as refused:
            page.recv()
    assert refused.value.rcvd.code == 4401


def test_so_many_tabs_and_no_more_and_a_closed_one_makes_room():
    with running() as address:
        with contextlib.ExitStack() as tabs:
            for tab in range(MOST_TABS):
                tabs.enter_context(spoken(address, f"{tab}"))("hello")
            with spoken(address, "late") as late, pytest.raises(ConnectionClosed, match=f"there are {MOST_TABS} tabs"):
                late("hello")
        with spoken(address, "late") as late:
            assert late("hello")["say"] == "scene"


def test_a_message_that_is_too_long_ends_the_socket_and_not_the_server(address):
    with spoken(address) as say:
        with pytest.raises(ConnectionClosed) as refused:
            say("x" * MOST_MESSAGE)
        assert refused.value.rcvd.code == 1009
    with spoken(address) as say:
        assert say("hello")["say"] == "scene"


@pytest.mark.parametrize("name", ["/../pyproject.toml", "/%2e%2e/__init__.py", "/serving.py", "/page", "/index.html/x"])
def test_a_file_that_is_not_of_the_page_is_not_there(name, address):
    answer = raw(address, GET.format(method="GET", host=address[0], more="").replace("GET /", f"GET {name}"))
    assert answer.startswith(b"HTTP/1.1 404")


def port_of(address):
    return address[0].partition(":")[2]


def raw(address, text):
    host, port = address[0].split(":")
    with socket.create_connection((host, int(port)), 5) as line:
        line.sendall(text.replace("\n", "\r\n").encode())
        received = b""
        while chunk := line.recv(65536):
            received += chunk
            if b"\r\n\r\n" in received and b"101" in received[:20]:
                break
    return received


GET = "{method} / HTTP/1.1\nHost: {host}\n{more}Connection: close\n\n"
UPGRADE = (
    "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
)
SOCKET = f"GET /socket HTTP/1.1\nHost: {{host}}\n{{more}}{UPGRADE}\n"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "NONSENSE"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost.evil.example:{port}", "0.0.0.0:{port}", ""])
def test_another_host_gets_nothing_by_any_method(method, host, address):
    answer = raw(address, GET.format(method=method, host=host.format(port=port_of(address)), more=""))
    assert answer.startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))
    assert b"jaxnet playground" not in answer


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_but_reading_is_allowed(method, address):
    answer = raw(address, GET.format(method=method, host=address[0], more="Content-Length: 0\n"))
    assert answer.startswith(b"HTTP/1.1 405")


@pytest.mark.parametrize(
    "more", ["Origin: http://evil.example\n", "Origin: null\n", "Sec-Fetch-Site: cross-site\n", "Host: evil.example\n"]
)
def test_a_page_of_another_origin_gets_nothing(more, address):
    answer = raw(address, GET.format(method="GET", host=address[0].replace("127.0.0.1", "localhost"), more=more))
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 421", b"HTTP/1.1 400"))
    assert b"playground" not in answer


@pytest.mark.parametrize(
    ("host", "more", "status"),
    [
        ("127.0.0.1:{port}", "", b"403"),
        ("127.0.0.1:{port}", "Origin: null\n", b"403"),
        ("127.0.0.1:{port}", "Origin: http://evil.example\n", b"403"),
        ("127.0.0.1:{port}", "Origin: http://127.0.0.1\n", b"403"),
        ("127.0.0.1:{port}", "Origin: https://127.0.0.1:{port}\n", b"403"),
        ("127.0.0.1:{port}", "Origin: http://127.0.0.1:{port}.evil.example\n", b"403"),
        ("evil.example", "Origin: http://127.0.0.1:{port}\n", b"403"),
        ("127.0.0.1:{port}", "Origin: http://127.0.0.1:{port}\n", b"101"),
        ("localhost:{port}", "Origin: http://localhost:{port}\n", b"101"),
    ],
)
def test_a_socket_is_opened_by_this_servers_own_page_alone(host, more, status, address):
    port = port_of(address)
    answer = raw(address, SOCKET.format(host=host.format(port=port), more=more.format(port=port)))
    assert answer.split()[1] == status


def test_the_page_comes_with_a_strict_policy_and_is_small(address):
    answer = raw(address, GET.format(method="GET", host=address[0], more="")).decode()
    head, _, body = answer.partition("\r\n\r\n")
    assert "default-src 'none'" in head
    assert "unsafe" not in head
    assert "nosniff" in head
    assert "x-frame" in head or "frame-ancestors 'none'" in head
    assert "<script>" not in body
    assert "http://" not in body
    assert sum(map(len, PlayServer(Conversation, [])._files.values())) < 300_000


def test_a_port_in_use_is_a_sentence(address, capsys):
    assert main(["play", "--no-browser", "--port", port_of(address)]) == 2
    assert f"cannot listen on 127.0.0.1 port {port_of(address)}: Address already in use" in capsys.readouterr().err


def test_ctrl_c_ends_it_at_once_also_while_it_compiles():
    """While the program is compiled for a page that has asked for a frame."""
    command = [sys.executable, "-m", "jaxnet", "play", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address, _, token = process.stdout.readline().strip().partition("/#token=")
        assert len(token) >= 22
        assert "Ctrl-C" in process.stderr.readline()
        with opened((address.removeprefix("http://"), token)) as page:
            page.send(json.dumps({"token": token, "tab": "one"}))
            page.send(json.dumps({"do": "frame", "updates": 1}))
            head = taken_apart(page.recv())[0]
            assert not head["ready"], "it is compiling, and shows the untrained network"
            began = time.monotonic()
            process.send_signal(2)
            assert process.wait(30) == 130
        assert time.monotonic() - began < 20
        assert "Traceback" not in process.stderr.read()
