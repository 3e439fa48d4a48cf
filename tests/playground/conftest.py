"""One compiled program is shared by all tests of the playground: it takes seconds to compile, and never needs two. A
browser and a server are shared by those of a module."""

import importlib.util
import os
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxnet.playground.compiled_programs import Bucket, wait_for
from jaxnet.playground.conversation import Conversation
from jaxnet.playground.masked_network import (
    MOST_OUTPUTS,
    flat_params,
    layers_of,
    padded_params,
    structure_of,
    true_params,
)
from jaxnet.playground.masked_training import PlayNumbers, Progressed, Shown, frame
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN, empty_slots
from jaxnet.playground.serving import PlayServer, hosts_of, listening, serve_play
from jaxnet.training.batches import Examples

ROWS, INPUTS = 512, 16  # what the program is padded to


def padded_examples(x, y, length):
    """Pad rows [N, D] and dense targets [N, K] to what the program takes."""
    both = np.zeros((length, INPUTS), np.float32), np.zeros((length, MOST_OUTPUTS), np.float32)
    for wide, given in zip(both, (x, y), strict=True):
        wide[: given.shape[0], : given.shape[1]] = given
    return Examples(*both, (np.arange(length) < len(x)).astype(np.float32), np.int32(len(x)))


class Masked:
    """A training by the masked program, with the arguments of jn.fit."""

    def __init__(self, net, params, goal, **numbers):
        self.structure = structure_of(net.sizes, net.activations, goal)
        self.sizes = net.sizes
        flat = jnp.asarray(flat_params(padded_params(params, INPUTS)))
        numbers = {
            "rate": 0.05,
            "momentum": 0.0,
            "l2": 0.0,
            "dropout": net.dropout,
            "batch": 25,
            "optimizer": "sgd",
        } | numbers
        name, batch = numbers.pop("optimizer"), numbers.pop("batch")
        position = np.int32(list(OPTIMIZERS_SHOWN).index(name))
        self.numbers = PlayNumbers(
            **{k: np.float32(v) for k, v in numbers.items()}, batch=np.int32(batch), optimizer=position
        )
        numbers = np.int32(0), np.int32(0), np.zeros(ROWS, np.int32), np.float32(0), np.float32(np.nan), np.bool_(True)
        self.state = Progressed(flat, empty_slots(name, flat), *map(jax.device_put, numbers))

    def train(self, x, y, updates, held=None, grid=None):
        held = padded_examples(*(held or (x[:0], y[:0])), ROWS)
        points = np.zeros((60 * 60 + 1, INPUTS), np.float32)
        if grid is not None:
            points[: len(grid), : grid.shape[1]] = grid
        shown = Shown(held, points, np.float32(0.5), np.float32(0.5))
        seen = jax.device_put((padded_examples(x, y, ROWS), shown))
        self.state, self.picture = frame(
            self.state, self.structure, self.numbers, seen, key=jax.random.key(7), updates=np.int32(updates)
        )
        return self.picture

    @property
    def padded(self):
        return layers_of(np.asarray(self.state.flat), INPUTS)

    @property
    def params(self):
        return true_params(self.padded, self.sizes)


@pytest.fixture(scope="session")
def masked():
    return Masked


@pytest.fixture(scope="session")
def ready():
    """The program for small data, compiled; where a test waits for it, the trainer trains from its first frame on."""
    assert wait_for(Bucket(INPUTS, ROWS, ROWS), 600)


def _browsers():
    """The module in scripts that starts the browser, for the tests and the measurements alike."""
    path = Path(__file__).parents[2] / "scripts" / "browsers.py"
    specification = importlib.util.spec_from_file_location("browsers", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


BROWSERS = _browsers()
EPOCH = "() => parseInt(document.querySelector('.numbers dd').textContent) > {}"


def _not_here(reason):
    """Skip, saying why and what mends it; where the browser has to be there, as in CI, fail instead."""
    if os.environ.get("JAXNET_BROWSER_TESTS") == "required":
        pytest.fail(f"{reason} (JAXNET_BROWSER_TESTS=required)")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    """Chromium, started once a module: a driver that outlives its module would be in the way of other tests' loops."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _not_here("no playwright: pip install playwright")
    if BROWSERS.chromium() is None:
        _not_here(BROWSERS.INSTALL)
    with sync_playwright() as driver:
        yield BROWSERS.launched(driver)


@pytest.fixture(scope="module")
def served():
    """A playground that is served, in a thread."""
    listener = listening("127.0.0.1", 0)
    served = PlayServer(Conversation, hosts_of(*listener.getsockname()[:2]))
    thread = threading.Thread(target=serve_play, args=(served, listener), kwargs={"idle_seconds": 600}, daemon=True)
    thread.start()
    served.address = f"http://127.0.0.1:{listener.getsockname()[1]}/#token={served.token}"
    yield served
    served.seen = -1e9
    thread.join(10)


@pytest.fixture(scope="module")
def server(served):
    """The address of a playground that is served, with its token."""
    return served.address


class Person:
    """Somebody in front of a page: looks at what is seen, presses what is there, and waits for what comes of it."""

    def __init__(self, browser, address, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        self.page = self.context.new_page()
        self.faults, self.requests = [], []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        self.until("() => window.playground && playground.acknowledged !== null")

    def until(self, question):
        BROWSERS.until(self.page, question)

    def rests(self):
        """Wait until all that was asked for has come and is painted, and nothing more is asked for."""
        self.until("() => playground.resting()")

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def open(self, panel):
        self.page.locator("summary").filter(has_text=panel).click()

    def trains(self, epochs=1):
        """Press "Epoch" so often, each time until it is seen."""
        for _ in range(epochs):
            before = self.epoch()
            self.press("Epoch")
            self.until(EPOCH.format(before))

    def epoch(self):
        return int(self.page.locator(".numbers dd").first.inner_text().split(",")[0])

    def shown(self, canvas=".plane"):
        return self.page.evaluate("(which) => document.querySelector(which).toDataURL()", canvas)


@pytest.fixture
def people(browser, server, ready):
    """A function that seats somebody before a page of the server; all are gone at the end, and no page had a fault."""
    seated = []

    def seat(address=None, **options):
        seated.append(Person(browser, address or server, **options))
        return seated[-1]

    yield seat
    for someone in seated:
        assert not someone.faults
        someone.context.close()


@pytest.fixture
def person(people):
    return people()


@pytest.fixture(scope="session")
def until():
    return BROWSERS.until
