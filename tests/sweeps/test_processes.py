"""Several processes train one sweep: the same bits as one, and the same troubles.

Most of it is tested with two threads that stand for two processes and meet at a barrier; one test is the real thing.
"""

import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from jaxnet import sweeps
from jaxnet.storage import CheckpointError
from jaxnet.sweeps import execution, processes
from jaxnet.sweeps import store as store_module
from jaxnet.sweeps import trainer as trainer_module
from jaxnet.sweeps.engine import Engine
from jaxnet.sweeps.history import empty_history
from jaxnet.sweeps.processes import ALONE, Processes, join
from jaxnet.sweeps.states import States
from jaxnet.sweeps.trainer import Trainer

SCRIPT = """
import hashlib, sys
import jax
port, rank, root, out = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
jax.config.update("jax_num_cpu_devices", 2)
jax.distributed.initialize(f"127.0.0.1:{port}", 2, rank)
sys.path.insert(0, root)
import numpy as np
from jaxnet import sweeps
draw = np.random.default_rng(0)
x = draw.normal(size=(96, 4)).astype(np.float32)
y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(np.int32)
x, y = x[:64], y[:64]
space = sweeps.Space(learning_rate=sweeps.Float(1e-2, 1e30, log=True), hidden=(5,), batch_size=16, seed=sweeps.Seeds(3))
plan = sweeps.plan(space, (x, y), n=19, epochs=4, halving=sweeps.Halving(3, 2))
result = sweeps.sweep(plan, executor="distributed", out=out)
parts = [*result.history.curves.values(), *jax.tree.leaves([states.read_all() for states in result.history.states]), result.history.epochs]
print(hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest())
"""


def small(problem: Any, n: int = 19) -> sweeps.Plan:
    space = sweeps.Space(
        learning_rate=sweeps.Float(1e-2, 1e30, log=True), hidden=(5,), batch_size=16, seed=sweeps.Seeds(3)
    )
    return sweeps.plan(space, (problem.train[0], problem.train[1]), n=n, epochs=4, halving=sweeps.Halving(3, 2))


def digest(result: sweeps.Result) -> str:
    parts = [
        *result.history.curves.values(),
        *jax.tree.leaves([states.read_all() for states in result.history.states]),
        result.history.epochs,
    ]
    return hashlib.sha256(b"".join(np.asarray(part).tobytes() for part in parts)).hexdigest()


@pytest.fixture(scope="module")
def whole(problem: Any) -> str:
    return digest(sweeps.sweep(small(problem)))


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Run a function (processes) in two threads, as two processes; return what each returned or raised."""
    barrier, given = threading.Barrier(2, timeout=20), {}
    mine = threading.local()

    def allgather(array: np.ndarray) -> np.ndarray:
        given[mine.rank] = array.copy()
        barrier.wait()
        everything = np.stack([given[0], given[1]])
        barrier.wait()
        return everything

    def handed(buffer: np.ndarray, pairs: tuple) -> np.ndarray:
        sent = allgather(buffer)
        return next((sent[owner] for owner, to in pairs if to == mine.rank), np.zeros_like(buffer))

    monkeypatch.setattr(processes.multihost_utils, "process_allgather", allgather)
    monkeypatch.setattr(processes, "handed", handed)
    monkeypatch.setattr(execution, "join", lambda: Processes(mine.rank, 2))

    def run(act: Callable) -> list:
        found: list = [None, None]

        def one(rank: int) -> None:
            mine.rank = rank
            try:
                found[rank] = act(Processes(rank, 2))
            except Exception as error:
                found[rank] = error
                if not isinstance(error, ValueError | RuntimeError | CheckpointError):
                    barrier.abort()

        threads = [threading.Thread(target=one, args=(rank,)) for rank in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    return run


def test_rows_are_exchanged_to_the_last_bit(together: Callable) -> None:
    """-0.0 and the bits of a NaN too, whatever the dtypes and shapes; shares need not be of equal size."""
    full = [
        np.array([[1.5, -0.0], [np.nan, 2.0], [3.0, 4.0]], np.float32), np.arange(3), np.array([True, False, True]),
    ]  # fmt: skip
    shares = [np.array([2, 0]), np.array([1])]

    def exchange(processes: Processes) -> list[np.ndarray]:
        held = [np.zeros_like(array) for array in full]
        for array, whole in zip(held, full, strict=True):
            array[shares[processes.rank]] = whole[shares[processes.rank]]
        processes.exchange(held, shares)
        return held

    for held in together(exchange):
        assert [array.tobytes() for array in held] == [array.tobytes() for array in full]


def test_the_first_process_gives_what_it_has(together: Callable) -> None:
    def give(processes: Processes) -> list[int]:
        held = np.full(3, 7 if processes.rank == 0 else 0)
        processes.give([held])
        return held.tolist()

    assert together(give) == [[7, 7, 7], [7, 7, 7]]


def test_what_is_not_the_same_everywhere_is_refused_everywhere(together: Callable) -> None:
    for error in together(lambda processes: processes.same(f"plan {processes.rank}", "plan")):
        assert str(error) == "plan: expected the same in every process, got another in process 1"
    assert together(lambda processes: processes.same("plan", "plan")) == [None, None]


def test_a_trouble_of_one_process_is_told_to_the_others(together: Callable) -> None:
    first, second = together(lambda processes: processes.agree("" if processes.rank else "no space left"))
    assert first is None
    assert isinstance(second, RuntimeError)
    assert str(second) == "process 0: no space left"


def test_two_processes_train_a_share_each_and_come_to_the_bits_of_one(
    whole: str, problem: Any, together: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: dict[str, set[int]] = {}
    real = Engine.train

    def noting(engine: Engine, tiling: Any, first: int, epochs: int) -> Any:
        found = real(engine, tiling, first, epochs)
        trained.setdefault(threading.current_thread().name, set()).update(found.slots.tolist() if first == 0 else [])
        return found

    monkeypatch.setattr(Engine, "train", noting)
    assert together(lambda processes: digest(sweeps.sweep(small(problem), executor="distributed"))) == [whole, whole]
    first, second = trained.values()
    assert not first & second
    assert first | second == set(range(19 * 3))


def test_a_state_travels_to_the_process_that_wants_it_alone_and_in_pieces(
    problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = small(problem)
    count, size = len(plan.members.ids), 19
    trainer = Trainer(plan, empty_history(plan), lambda *_: None, Processes(0, size))
    owners = trainer._owners[0] = np.arange(count) * size // count  # a run of 3 members each
    state = trainer._history.states[0].layout.bytes
    monkeypatch.setattr(trainer_module, "_EXCHANGED_BYTES", 2 * state)
    told: list[dict] = []

    def hand(_: Any, mine: list[np.ndarray], counts: dict) -> list[np.ndarray] | None:
        told.append(counts)
        mine_of = {to: (owner, rows) for (owner, to), rows in counts.items()}
        if 0 not in mine_of:
            return None
        owner, rows = mine_of[0]
        return [np.full((rows, *part.shape[1:]), owner, part.dtype) for part in mine]

    monkeypatch.setattr(Processes, "hand", hand)
    everyone = np.arange(count)
    trainer._send(0, everyone, {0: everyone})
    assert told == [{(owner, 0): rows} for owner in range(size - 1, 0, -1) for rows in (2, 1)]
    states = trainer._history.states[0].read_all()  # and each state came from the process that has it
    for leaf in jax.tree.leaves(states.params):
        assert (leaf[3:] == owners[3:].reshape(-1, *[1] * (leaf.ndim - 1))).all()
    told.clear()
    trainer._send(0, everyone[::2], {5: np.array([4, 14, 15, 16]), 7: np.array([24])})  # 16 is of 5 itself, 15 is odd
    assert told == [{(4, 5): 1}, {(1, 5): 1}, {(8, 7): 1}]


def test_without_a_folder_states_stay_with_whoever_trained_them(
    problem: Any, together: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless they are few; a member that goes on after a rung may go on elsewhere."""
    monkeypatch.setattr(trainer_module, "HELD_BYTES", 0)
    results = together(lambda processes: sweeps.sweep(small(problem), executor="distributed"))
    held = [set(result.history.states[0]._held) for result in results]
    with pytest.raises(ValueError, match=r"a member whose state was kept: .*in the process of its training"):
        results[0].params(min(held[1] - held[0]))
    assert held[0] | held[1] == set(range(19 * 3))
    assert max(map(len, held)) < 19 * 3


def test_the_first_process_writes_what_it_is_sent_before_more_comes(
    whole: str, problem: Any, together: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_module, "HELD_BYTES", 0)
    monkeypatch.setattr(store_module, "HELD_BYTES", 0)
    held, real = [], States.write

    def write(states: States, slots: np.ndarray, lanes: Any) -> None:
        real(states, slots, lanes)
        held.append(len(states._held))

    monkeypatch.setattr(States, "write", write)
    first, _ = together(lambda processes: sweeps.sweep(small(problem), executor="distributed", out=tmp_path))
    assert digest(first) == whole
    assert len(first.history.states[0]._held) == 0
    assert max(held) < 19 * 3


def test_processes_with_other_plans_train_nothing(problem: Any, together: Callable) -> None:
    errors = together(lambda processes: sweeps.sweep(small(problem, 5 + processes.rank), executor="distributed"))
    assert [str(error) for error in errors] == [
        "plan: expected the same in every process, got another in process 1"
    ] * 2


def test_a_folder_that_the_first_process_cannot_use_ends_the_others_too(
    problem: Any, together: Callable, tmp_path: Path
) -> None:
    (tmp_path / "members.sqlite").write_text("no database")
    first, second = together(lambda processes: sweeps.sweep(small(problem), executor="distributed", out=tmp_path))
    assert isinstance(first, CheckpointError)
    assert isinstance(second, RuntimeError)
    assert str(second) == f"process 0: {first}"


def test_processes_of_jax_distributed_come_to_the_bits_of_one_and_go_on_from_a_folder(
    whole: str, problem: Any, tmp_path: Path
) -> None:
    sweeps.sweep(small(problem, 9), out=tmp_path)  # 9 of the 19 configurations are there already
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = [sys.executable, "-c", SCRIPT, str(port)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([*run, str(rank), os.getcwd(), str(tmp_path)], **pipes) for rank in range(2)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert [out.splitlines()[-1] for out, _ in said] == [whole, whole]
    assert digest(sweeps.sweep(small(problem), out=tmp_path)) == whole


def test_one_process_is_alone() -> None:
    with pytest.raises(ValueError, match=r"executor: expected 'local', or first jax.distributed.initialize\(...\)"):
        join()
    assert ALONE.agree("what happened") is None
