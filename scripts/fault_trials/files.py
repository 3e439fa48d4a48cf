"""Damaged and hostile files: every bit of a file, flips of a database, links and pipes."""

import contextlib
import os
import random
import resource
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import safetensors.numpy

from jaxnet import storage
from jaxnet.storage import arrays
from scripts.fault_trials import trained
from scripts.fault_trials.rows import LOST, SILENT, SURVIVED, Budget, Row, in_child

OLD, NEW = {"w": np.arange(3.0)}, {"w": np.arange(3.0) + 1}


def _with_old(budget: Budget) -> Path:
    folder = budget.fresh()
    storage.save_arrays(folder / "a.safetensors", OLD)
    return folder


def bits_of_a_checkpoint(budget: Budget) -> Iterator[str]:
    """Flip every bit, and cut at every length: never another content, and always a CheckpointError with the name."""
    folder = _with_old(budget)
    path = folder / "a.safetensors"
    content = path.read_bytes()
    every = budget.pick(5, 1)
    for at in range(0, 8 * len(content), every):
        damaged = bytearray(content)
        damaged[at // 8] ^= 1 << at % 8
        yield _read(bytes(damaged), str(path))
    for length in range(0, len(content), every):
        yield _read(content[:length], str(path))


def _read(content: bytes, name: str) -> str:
    try:
        found = arrays.decode(content, OLD, source=name)[0]
    except storage.CheckpointError as error:
        return SURVIVED if str(error).startswith(name) else LOST
    except Exception:
        return LOST
    return SURVIVED if np.array_equal(found["w"], OLD["w"]) else SILENT


def unchecked() -> Any:
    """Break: the checksum is not looked at."""

    def decode(content: bytes, *, source: str = "") -> Any:
        return safetensors.numpy.load(content), {}

    return mock.patch.object(arrays, "decode_named", decode)


def flips_of_a_database(budget: Budget) -> Iterator[str]:
    """Flip bits of a sweep's database and manifest: refused in words, trained again, or in bytes that mean nothing."""
    status, found = in_child(_flipped, str(budget.fresh()), budget.pick(60, 1000))
    yield from found if status == 0 else [LOST]


def _flipped(folder: str, flips: int) -> list[str]:
    import jaxnet as jn
    from jaxnet.sweeps.verification import load_sweep

    space = jn.Space(learning_rate=jn.Float(1e-2, 1, log=True), hidden=(4,), seed=jn.Seeds(2))
    plan = jn.plan(space, (trained.X, trained.Y), n=3, epochs=2)
    whole = jn.sweep(plan, out=folder)
    curves = {name: whole.history.curves[name] for name in plan.names}
    chance, outcomes = random.Random(0), []
    for i in range(flips):
        copy = Path(shutil.copytree(folder, f"{folder}-{i}"))
        path = copy / ("manifest.json" if i % 10 == 0 else "members.sqlite")
        content = bytearray(path.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            try:
                back = load_sweep(plan, copy).history
                there = back.epochs > 0
                same = all(np.array_equal(back.curves[n][there], curves[n][there], equal_nan=True) for n in curves)
                outcomes.append(SURVIVED if same else SILENT)
            except (storage.CheckpointError, ValueError, OSError) as error:
                outcomes.append(SURVIVED if str(copy) in str(error) else LOST)
            except Exception:
                outcomes.append(LOST)
        shutil.rmtree(copy)
    return outcomes


def records_unchecked() -> Any:
    """Break: the checksum of a record is not looked at."""
    decode = lambda content, *, source="": (safetensors.numpy.load(content), {})
    return mock.patch("jaxnet.sweeps.store.decode_named", decode)


def hostile(budget: Budget) -> Iterator[str]:
    """Open hostile run folders under an audit hook and 4 GiB of address space: refused, and nothing else is touched."""
    for name in _HOSTILE:
        folder = budget.fresh()
        status, found = in_child(_opened, str(folder), name)
        yield found if status == 0 and found in (SURVIVED, LOST, SILENT) else LOST


def _opened(folder: str, name: str) -> str:
    place, precious = Path(folder) / "run", Path(folder) / "precious"
    place.mkdir()
    precious.write_bytes(b"mine" * 100)
    _HOSTILE[name](place, precious)
    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
    seen: list[str] = []
    forbidden = ("pickle.find_class", "subprocess.Popen", "os.system", "socket.connect", "os.exec")
    sys.addaudithook(lambda event, arguments: seen.append(event) if event in forbidden else None)
    try:
        with storage.hold(place):
            storage.load_arrays(place / "run.safetensors", OLD)
        outcome = SILENT
    except (storage.CheckpointError, OSError):
        outcome = SURVIVED
    return outcome if precious.read_bytes() == b"mine" * 100 and not seen else SILENT


def _bomb(place: Path, precious: Path) -> None:
    with open(place / "run.safetensors", "wb") as file:
        file.truncate(2**42)


def _many(place: Path, precious: Path) -> None:
    names = ",".join(f'"{i}":{{"dtype":"F64","shape":[1000000000],"data_offsets":[0,8]}}' for i in range(60_000))
    header = f"{{{names}}}".encode()
    (place / "run.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)


_HOSTILE = {
    "a lock that is a link": lambda place, precious: (place / "lock").symlink_to(precious),
    "a lock that is a pipe": lambda place, precious: os.mkfifo(place / "lock"),
    "a run that is a link": lambda place, precious: (place / "run.safetensors").symlink_to(precious),
    "a run that is a pipe": lambda place, precious: os.mkfifo(place / "run.safetensors"),
    "a run that is a device": lambda place, precious: (place / "run.safetensors").symlink_to("/dev/zero"),
    "a run that is a folder": lambda place, precious: (place / "run.safetensors").mkdir(),
    "a run of 4 TiB of nothing": _bomb,
    "a run of 60,000 lies": _many,
    "deep": lambda place, precious: (place / "run.safetensors").write_bytes((10**5).to_bytes(8, "little") + b"[" * 10**5),  # noqa: E501
    "a pickle": lambda place, precious: (place / "run.safetensors").write_bytes(b"\x80\x04cposix\nsystem\nX\x02\0\0\0ls\x85R."),  # noqa: E501
}  # fmt: skip


@contextlib.contextmanager
def trusting() -> Iterator[None]:
    """Break: links are followed, and files of any kind opened."""
    opened = lambda path, flags=os.O_RDONLY, mode=0o600: os.open(path, flags | os.O_NONBLOCK, mode)
    with mock.patch("jaxnet.storage.folder.opened_regular", opened):
        yield


ROWS = [
    Row(
        "bits and lengths of a checkpoint", "no flipped bit and no cut is ever read as content; each is a CheckpointError "  # noqa: E501
        "that names the file", bits_of_a_checkpoint, unchecked,
    ),
    Row(
        "flips of a database and a manifest", "a flipped bit is refused with the path, trained again with a word, or means "  # noqa: E501
        "nothing; no value is wrong", flips_of_a_database, records_unchecked,
    ),
    Row(
        "hostile run folders", "links, pipes, devices, sparse and lying files are refused within 4 GiB, and no other file is "  # noqa: E501
        "touched, nothing run", hostile, trusting,
    ),
]  # fmt: skip
