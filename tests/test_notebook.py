"""In a notebook, in a real kernel: bars, tables and pictures in place of reprs."""

import pytest

pytest.importorskip("ipykernel", reason="the kernel of notebooks is in the development extra")
nbclient = pytest.importorskip("nbclient", reason="notebooks are run by nbclient, in the development extra")
import nbformat  # noqa: E402 - comes with nbclient

CELLS = {
    "net": """
        import jax, numpy as np, optax, jaxnet as jn
        X, y = np.eye(4, dtype=np.float32), np.arange(4) % 2
        net = jn.MLP((4, 3, 2), output="softmax")
        net
    """,
    "fit": """
        run = jn.fit(jn.objective(net), net.init(jax.random.key(0)), (X, y), optimizer=optax.sgd(0.1), epochs=5, progress=True)
    """,
    "run": "run",
    "plan": """
        plan = jn.plan(jn.Space(hidden=(3,), learning_rate=jn.Choice(0.1, 0.2)), (X, y), output="softmax", method="grid", epochs=2)
        plan
    """,
    "result": "jn.sweep(plan)",
    "figure": "jn.figures.learning_curves(run.history)",
    "dir": "sorted(name for name in dir(jn) if name not in jn.__all__)",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Run the cells in one kernel; return the outputs of each."""
    import textwrap

    cells = [nbformat.v4.new_code_cell(textwrap.dedent(source).strip()) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    where = {"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}}
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def html_of(outputs):
    return "".join(output.data.get("text/html", "") for output in outputs if "data" in output)


def test_progress_is_a_bar_that_is_drawn_again_in_one_output(outputs):
    shown = [output for output in outputs["fit"] if output.output_type == "display_data"]
    assert len(shown) == 1
    assert "<progress value='5' max='5'></progress> <code>epoch 5/5  loss" in shown[0].data["text/html"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("net", ["MLP 4-3-2", "<th style='text-align:left'>layer</th>", "softmax"]),
        ("run", ["trained for the given number of epochs", "<th style='text-align:right'>epoch 5</th>", "loss"]),
        ("plan", ["2 configurations (grid)", "compiles: 1"]),
        ("result", ["<th style='text-align:right'>learning_rate</th>"]),
    ],
)
def test_what_the_library_returns_is_shown_as_html(name, words, outputs):
    shown = html_of(outputs[name])
    assert [word for word in words if word not in shown] == []


def test_a_figure_is_a_picture(outputs):
    (shown,) = [output for output in outputs["figure"] if output.output_type == "execute_result"]
    assert shown.data["image/png"].startswith("iVBOR")


def test_only_public_names_are_offered(outputs):
    assert outputs["dir"][0].data["text/plain"] == "[]"
