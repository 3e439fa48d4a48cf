"""A plan in a TOML file is the plan that Python would build; what it may not say is refused by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jaxnet.data import DataError
from jaxnet.storage import CheckpointError
from jaxnet.sweeps import Choice, Float, Halving, Hyperband, Int, Layers, Normal, Seeds, when
from jaxnet.sweeps.plan_file import Product, kept_changes, read_plan
from jaxnet.training.stopping import Stop

HEAD = "epochs = 3\n[data]\nname = 'digits'\n[space]\nlearning_rate = 0.1\n"


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(text: str) -> Path:
        (tmp_path / "plan.toml").write_text(text)
        return tmp_path / "plan.toml"

    return write


def test_every_kind_of_parameter_has_its_spelling(written: Any) -> None:
    plan = read_plan(
        written("""
        method = "random"
        n = 3
        epochs = 9
        metrics = ["accuracy"]
        metric = "validation_loss"
        hyperband = { eta = 3, min_epochs = 3 }
        root = 5
        [data]
        name = "digits"
        validation = 0.25
        standardise = true
        [space]
        learning_rate = { min = 1e-3, max = 1, log = true }
        optimizer = { choices = ["sgd", "adamw"] }
        momentum = { min = 0.0, max = 0.9, step = 0.3, when = { optimizer = "sgd" } }
        nesterov = { value = true, when = { optimizer = "sgd" } }
        weight_decay = { times = 0.1, of = "learning_rate", when = { optimizer = "adamw" } }
        hidden = { depth = [1, 2], width = [8, 16] }
        batch_size = { min = 16, max = 64, step = 16 }
        dropout = { mean = 0.2, sd = 0.1, min = 0, max = 0.5 }
        l2 = { min = 0, max = 1 }
        activation = "tanh"
        seed = { count = 2, first = 7 }
        """)
    )
    parameters = plan.space.parameters
    assert parameters["learning_rate"] == Float(1e-3, 1, log=True)
    assert parameters["optimizer"] == Choice("sgd", "adamw")
    assert parameters["momentum"] == when(Float(0, 0.9, step=0.3), optimizer="sgd")
    assert parameters["nesterov"] == when(True, optimizer="sgd")
    assert parameters["weight_decay"].parameter.of == Product(0.1, "learning_rate")
    assert parameters["hidden"] == Layers((1, 2), (8, 16))
    assert parameters["batch_size"] == Int(16, 64, step=16)
    assert parameters["dropout"] == Normal(0.2, 0.1, low=0, high=0.5)
    assert parameters["l2"] == Float(0, 1)
    assert parameters["activation"] == "tanh"
    assert plan.space.seeds == Seeds(2, 7)
    assert (plan.halving, plan.task.root, plan.metric) == (Hyperband(3, 3), 5, "validation_loss")
    assert len(plan.task.data.x) + len(plan.task.validation.x) == 1797
    np.testing.assert_allclose(plan.task.data.x.mean(0), 0, atol=1e-12)


def test_tables_are_read_beside_the_plan(written: Any, tmp_path: Path) -> None:
    for name, rows in {"a.csv": 4, "b.csv": 3}.items():
        lines = [f"{i}.5;{i % 2};{-i}.25" for i in range(rows)]
        (tmp_path / name).write_text("\n".join(["p;label;q", *lines]) + "\n")
    data = "[data]\nfile = 'a.csv'\nvalidation = 'b.csv'\ntarget = 'label'\ndelimiter = ';'\n"
    searched = 'epochs = 3\nhalving = { eta = 2 }\nrank = "last"\nstop = { patience = 4, tolerance = 0.1 }\n'
    plan = read_plan(written(f"{searched}{data}[space]\nlearning_rate = 0.1\n"))
    assert plan.task.data.x.tolist() == [[0.5, 0.25], [1.5, -1.25], [2.5, -2.25], [3.5, -3.25]]
    assert plan.task.validation.y.tolist() == [0, 1, 0]
    assert plan.halving == Halving(2)
    assert (plan.rank, plan.spec.stop) == ("last", Stop(patience=4, tolerance=0.1, restore_best=False))


def test_a_list_of_configurations_is_tried_as_it_stands(written: Any) -> None:
    text = """
        method = "list"
        epochs = 3
        configurations = [{ learning_rate = 0.1, hidden = [8, 4] }, { learning_rate = 0.2 }]
        [data]
        name = "iris"
        [space]
        activation = "tanh"
        """
    assert read_plan(written(text)).configurations == [
        {"activation": "tanh", "learning_rate": 0.1, "hidden": (8, 4)},
        {"activation": "tanh", "learning_rate": 0.2},
    ]


def test_a_parquet_file_is_read_by_its_target(written: Any, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pandas.DataFrame({"kind": [0, 1, 0], "length": [1.5, 2.5, 3.5]}).to_parquet(tmp_path / "a.parquet")
    plan = read_plan(written("epochs = 3\n[data]\nfile = 'a.parquet'\ntarget = 'kind'\n[space]\nlearning_rate = 0.1\n"))
    assert plan.task.data.x.tolist() == [[1.5], [2.5], [3.5]]
    assert plan.task.data.y.tolist() == [0, 1, 0]


def test_a_table_of_any_kind_is_prepared_by_its_training_rows(written: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sizes, colours = rng.normal(5, 2, 60), rng.choice(["red", "green"], 60)
    rows = [
        f"{size:.3f};{colour};{'uv'[at % 3 == 0]}" for at, (size, colour) in enumerate(zip(sizes, colours, strict=True))
    ]
    (tmp_path / "a.csv").write_text("\n".join(["size;colour;kind", *rows, "1;red;NA"]).replace(".", ","))
    head = "epochs = 3\n[data]\nfile = 'a.csv'\ntarget = 'kind'\nvalidation = 0.2\nprepare = "
    tail = "\n[space]\nlearning_rate = 0.1\n"
    plan = read_plan(written(head + "true" + tail))
    data, held = plan.task.data, plan.task.validation
    assert (data.x.shape, held.x.shape, held.y.tolist().count(1)) == ((48, 3), (12, 3), 4)
    np.testing.assert_allclose([data.x[:, 0].mean(), data.x[:, 0].std()], [0, 1], atol=1e-6)
    raw = read_plan(written(head + "{ scale = 'none', drop = ['colour'] }" + tail))
    assert raw.task.data.x.shape == (48, 1)
    assert plan.spec.preparation.classes == ("u", "v")
    weighed = read_plan(written(head + "true\nclass_weights = 'balanced'" + tail)).task
    assert {each.weight[each.y == 1].sum() == pytest.approx(len(each.y) / 2, rel=1e-6) for each in weighed[:1]} == {
        True
    }
    with pytest.raises(ValueError, match=r"did you mean 'data.prepare.scale'"):
        read_plan(written(head + "{ scales = 'none' }" + tail))
    with pytest.raises(TypeError, match=r"data.prepare: expected true or a table of options of jn.data.prepare, got 3"):
        read_plan(written(head + "3" + tail))
    with pytest.raises(ValueError, match=r"data.prepare: expected a file, and scale= in place of standardise"):
        read_plan(written(head + "true\nstandardise = true" + tail))


def test_rows_are_held_out_by_group_or_by_time(written: Any, tmp_path: Path) -> None:
    rows = [f"{at}.5,2020-01-{at % 28 + 1:02d},shop {at // 5 % 3},{at * at % 11}.25" for at in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["size,day,shop,price", *rows]))
    head = "epochs = 3\n[data]\nfile = 'a.csv'\ntarget = 'price'\nvalidation = 0.3\n"
    tail = "\n[space]\nlearning_rate = 0.1\n"
    plan = read_plan(written(head + "prepare = true\ngroup = 'shop'" + tail))
    assert [len(part.x) for part in plan.task[:2]] == [40, 20]
    plan = read_plan(written(head + "prepare = { scale = 'none' }\ntime = 'day'" + tail))
    at = plan.spec.preparation.feature_names.index("day seconds")
    assert plan.task.data.x[:, at].max() < plan.task.validation.x[:, at].min()
    with pytest.raises(ValueError, match="data: expected prepare = true beside group, got none"):
        read_plan(written(head + "group = 'shop'" + tail))
    with pytest.raises(ValueError, match="expected one of them, got group and time"):
        read_plan(written(head + "prepare = true\ngroup = 'shop'\ntime = 'day'" + tail))


def test_arrays_are_read_beside_the_plan(written: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.eye(3), y=np.arange(3))
    plan = read_plan(
        written("epochs = 3\n[data]\nfile = 'a.npz'\n[space]\nlearning_rate = 0.1\nfold = { count = 3 }\n")
    )
    assert plan.task.data.y.tolist() == [0, 1, 2]
    assert plan.space.folds is not None


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("epochs = ", DataError, r"plan\.toml: not a TOML file"),
        ("epoch = 3", ValueError, "did you mean 'epochs'"),
        ("epochs = 3\n[space]\n", TypeError, r"data: expected a table \[data\]"),
        ("epochs = 3\n[data]\nname = 'digits'\n", TypeError, r"space: expected a table \[space\]"),
        (
            "[data]\nname = 'digits'\n[space]\nlearning_rate = 0.1",
            ValueError,
            "epochs: expected a number of epochs, got none",
        ),
        (HEAD + "momentun = 0.9", ValueError, "did you mean 'space.momentum'"),
        (HEAD + "l2 = { min = 0.0, maks = 1.0 }", ValueError, "did you mean 'space.l2.max'"),
        (
            HEAD + "l2 = { lowest = 0.0 }",
            ValueError,
            r"space\.l2: expected a table with mean and sd .*; min and max \(also log, step\); choices; .*; or value",
        ),
        (HEAD + "seed = { cuont = 3 }", ValueError, "did you mean 'space.seed.count'"),
        (HEAD + "seed = {}", ValueError, "space.seed: expected count, got none"),
        (HEAD + "seed = [1, 2]", TypeError, r"space.seed: expected a table such as { count = 5 }, got \[1, 2\]"),
        (HEAD + "fold = 5", TypeError, "space.fold: expected a table such as { count = 5 }, got 5"),
        (HEAD + "l2 = { min = 0.1 }", ValueError, "space.l2: expected min and max, got min"),
        (HEAD + "l2 = { times = 0.1 }", ValueError, "space.l2: expected times and of, got times"),
        (HEAD + "l2 = { min = 0.1, max = 1, log = 'y' }", TypeError, "log: expected True or False, got 'y'"),
        (HEAD + "l2 = { choices = 0.1 }", TypeError, "space.l2.choices: expected a list, got 0.1"),
        (HEAD + "l2 = [0.1, 0.2]", ValueError, r"l2: expected one value; .* { choices = \[a, b\] } in a file"),
        (HEAD + "l2 = { value = 0.1, when = 'sgd' }", TypeError, "space.l2.when: expected a table such as"),
        (HEAD + "hidden = { min = 2, max = 8, stride = 2 }", ValueError, "key: expected one of space.hidden.min"),
        ("batch_size = 64\n" + HEAD, ValueError, r"batch_size: expected this key below \[space\], got it above"),
        (HEAD.replace("name = 'digits'", "file = 3"), TypeError, "data.file: expected text, got 3"),
        ("stop = 3\n" + HEAD, TypeError, "stop: expected a table such as { patience = 5 }"),
        ("stop = { patients = 3 }\n" + HEAD, ValueError, "did you mean 'stop.patience'"),
        ("halving = 3\n" + HEAD, TypeError, "halving: expected a table such as"),
        ("halving = {}\nhyperband = {}\n" + HEAD, ValueError, "halving: expected halving or hyperband, got both"),
        ("halving = { eta = 3, min_epoch = 1 }\n" + HEAD, ValueError, "did you mean 'halving.min_epochs'"),
        (HEAD.replace("name = 'digits'", ""), ValueError, "data: expected either name= or file=, got none"),
        (
            HEAD.replace("'digits'", "'digits'\nvalidation = 1.5"),
            ValueError,
            r"data\.validation: expected a finite number",
        ),
        (HEAD.replace("'digits'", "'digits'\nvalidate = 1"), ValueError, "did you mean 'data.validation'"),
        (HEAD + "weight_decay = { times = 1.0, of = 'rate' }", ValueError, "of: expected one of learning_rate"),
    ],
)
def test_what_makes_no_plan_is_refused(text: str, error: type[Exception], words: str, written: Any) -> None:
    with pytest.raises(error, match=words):
        read_plan(written(text))


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(DataError, match="not a TOML file"):
        read_plan(tmp_path / "plan.toml")


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b'{"n": 3}', b"\xff"])
def test_damaged_changes_of_a_kept_plan_are_one_kind_of_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plan.changes.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=f"^{tmp_path}/plan.changes.json: not the changes of a plan"):
        kept_changes(tmp_path / "plan.toml")
