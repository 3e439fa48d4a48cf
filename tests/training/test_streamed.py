"""Training on rows that stay on disk: the bits of a training from memory, in a memory that they do not fit into."""

import json
import subprocess
import sys

import jax
import numpy as np
import optax
import pytest

import jaxnet as jn
from jaxnet.training.streamed import RowSource
from jaxnet.types import Batch

ROWS = 50
NET = jn.MLP((3, 4, 2), output="softmax")


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("rows")
    X, y, w = rng.normal(size=(ROWS, 3)), rng.integers(0, 2, ROWS), rng.uniform(size=ROWS)
    for name, array in {"X": X, "y": y, "w": w}.items():
        np.save(folder / f"{name}.npy", array)
    return X, y, w, folder


def fit(data, f=None, **options):
    given = {"optimizer": optax.sgd(0.1), "epochs": 3, "batch_size": 16, "key": jax.random.key(1)}
    return jn.fit(f or jn.objective(NET), NET.init(jax.random.key(0)), data, **(given | options))


def same(one, other):
    leaves = [jax.tree.leaves((run.params, dict(run.history))) for run in (one, other)]
    return all(np.array_equal(*pair) for pair in zip(*leaves, strict=True))


@pytest.fixture(scope="module")
def from_memory(arrays):
    return fit(arrays[:3])


def stored(arrays):
    return tuple(jn.data.read_npy(arrays[3] / f"{name}.npy") for name in "Xyw")


WAYS = {
    "stored": stored,
    "mapped": lambda arrays: (np.load(arrays[3] / "X.npy", mmap_mode="r"), *arrays[1:3]),
    "generator": lambda arrays: (tuple(a[i : i + 20] for a in arrays[:3]) for i in range(0, ROWS, 20)),
    "function": lambda arrays: lambda: [arrays[:3]],
}


@pytest.mark.parametrize("way", WAYS)
def test_rows_on_disk_train_to_the_bits_of_rows_in_memory(arrays, from_memory, way):
    assert same(fit(WAYS[way](arrays)), from_memory)


def own(params, x, y):
    return jn.objective(NET)(params, x, y)


def test_so_does_an_objective_without_weights_whose_last_batch_is_short_in_orders_that_are_given(arrays):
    orders = [np.random.default_rng(epoch).permutation(ROWS) for epoch in range(3)]
    runs = [fit(data[:2], own, shuffle=orders, key=None) for data in (arrays, stored(arrays))]
    assert same(*runs)


def test_an_interrupted_run_goes_on_and_is_known_by_the_contents_of_its_files(arrays, from_memory, tmp_path):
    fit(stored(arrays), epochs=2, out=tmp_path / "run")
    np.save(tmp_path / "X.npy", arrays[0] + 1)
    other = jn.data.read_npy(tmp_path / "X.npy")
    with pytest.raises(ValueError, match="a run of something else: data was"):
        fit((other, *arrays[1:3]), out=tmp_path / "run")
    assert same(fit(stored(arrays), out=tmp_path / "run"), from_memory)


def test_metrics_are_those_of_validation_data(arrays):
    held_out = arrays[0][:9], arrays[1][:9]
    run = fit(stored(arrays), validation=held_out, metrics=["validation_accuracy"])
    assert list(run.history) == ["loss", "validation_loss", "validation_accuracy"]
    with pytest.raises(ValueError, match="names such as 'validation_accuracy' while data stay on disk"):
        fit(stored(arrays), metrics=["accuracy"])
    with pytest.raises(ValueError, match=r"validation: expected \(X, y\) for the metric"):
        fit(arrays[:2], metrics=["validation_accuracy"])
    with pytest.raises(ValueError, match="a metric of both data or of validation data alone"):
        fit(arrays[:2], validation=held_out, metrics=["accuracy", "validation_accuracy"])


def test_validation_data_stay_on_disk_where_the_others_do_and_are_known_by_their_contents(arrays, tmp_path):
    X, y, w, _ = arrays
    fewer = tuple(array.take(np.arange(20)) for array in stored(arrays))
    runs = [fit(stored(arrays), validation=data, out=tmp_path / "run") for data in (stored(arrays), stored(arrays))]
    assert same(*runs)
    expected = float(jn.objective(NET)(runs[0].params, X, y, weight=w))
    assert runs[0].history["validation_loss"][-1] == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="a run of something else: validation was"):
        fit(stored(arrays), validation=fewer, out=tmp_path / "run")
    # what looks at X itself is given it in memory
    run = fit(stored(arrays)[:2], own, validation=stored(arrays)[:2])
    assert run.history["validation_loss"][-1] == pytest.approx(float(own(run.params, X, y)), rel=1e-6)


def test_what_is_wrong_in_a_file_is_said_with_its_rows(arrays):
    with pytest.raises(ValueError, match=r"labels from 0 to 1 .*among the rows 0 to 49"):
        fit((stored(arrays)[0], arrays[1] + 1))
    with pytest.raises(ValueError, match="one target for each of the 50 examples"):
        fit((stored(arrays)[0], arrays[1][:-1]))
    with pytest.raises(ValueError, match="data: expected data in memory with a mesh"):
        fit(stored(arrays)[:2], mesh=jax.make_mesh((1,), ("batch",)))


def test_targets_in_memory_are_looked_at_again_where_the_file_was_looked_at_before(arrays):
    _, y, _, folder = arrays
    x = jn.data.read_npy(folder / "X.npy")
    fit((x, y), epochs=1)
    with pytest.raises(ValueError, match=r"y: expected .*among the rows 0 to 49"):
        fit((x, np.where(y, 7, 0)), epochs=1)


def test_the_next_batch_is_read_ahead(monkeypatch):
    source = RowSource(Batch(np.arange(8.0)[:, None], np.arange(8)), 8)
    first, second = np.arange(3, dtype=np.int32), np.arange(3, 6, dtype=np.int32)
    source.fetch(first, second)
    source._ahead[second.tobytes()].result()
    monkeypatch.setattr(RowSource, "_read", None)  # what was read ahead is not read again
    assert source.fetch(second, second)[1].tolist() == [3, 4, 5]


LIMITED = """
import json, resource, sys
import jax, numpy as np, optax
import jaxnet as jn

net = jn.MLP((1024, 2, 2), output="softmax")
def fit(rows):
    data = jn.data.read_npy(sys.argv[1])
    data = data.take(np.arange(rows)) if rows else data
    rows = data.standardised(), np.zeros(len(data), np.int8)
    return jn.fit(jn.objective(net), net.init(jax.random.key(0)), rows, optimizer=optax.sgd(0.1), epochs=1,
                  batch_size=512, key=jax.random.key(0), validation=rows)
fit(1024)  # libraries, threads and compiler take their addresses
warm = {line.split()[0]: int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("Vm")}
allowed = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (warm["VmSize:"] * 1024 + allowed,) * 2)
try:
    np.asarray(jn.data.read_npy(sys.argv[1]))
    print("the limit does not hold")
except MemoryError:
    print(json.dumps(float(fit(0).history["loss"][0])))
"""


def test_ten_times_the_memory_that_is_allowed_is_trained_on(tmp_path):
    allowed = 48 * 2**20
    rows = 10 * allowed // 1024
    with open(tmp_path / "X.npy", "wb") as file:  # of nothing but zeros: it takes no room on the disk
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (rows, 1024)})
        file.truncate(file.tell() + rows * 1024)
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "X.npy"), str(allowed)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert 0 < json.loads(ran.stdout) < np.log(2)
