"""What is taken away through the browser is the network on the screen: each thing is opened again and asked."""

import io
import runpy
import xml.etree.ElementTree as tree
import zipfile

import jax
import numpy as np
import pytest

import jaxnet as jn
from jaxnet.playground.toys import toy

SEEN = "() => [...document.querySelectorAll('.numbers dd')].map((each) => each.textContent)"
ROWS = toy("circle", 400, noise=0, seed=0)
X, Y = ROWS.x[:200].astype(np.float32), ROWS.y[:200]


def taken(person, name):
    with person.page.expect_download() as saved:
        person.press(name)
    return saved.value.path()


@pytest.fixture
def trained(person):
    person.trains(epochs=3)
    person.open("Take it")
    return person


def share_right(predictions):
    return f"{100 * np.mean(predictions.argmax(axis=1) == Y):.1f} %"


def test_model_numpy_onnx_and_python_are_one_network_and_that_of_the_screen(trained, tmp_path):
    seen = trained.page.evaluate(SEEN)[3]
    with zipfile.ZipFile(taken(trained, "Model (jn.load)")) as archive:
        archive.extractall(tmp_path)
    model = jn.load(tmp_path / "model")
    expected = model.predict_proba(X)
    assert share_right(expected) == seen

    (tmp_path / "own.py").write_bytes(taken(trained, "NumPy file").read_bytes())
    names = runpy.run_path(str(tmp_path / "own.py"))
    np.testing.assert_allclose(names["predict_proba"](X), expected, atol=1e-5)

    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(taken(trained, "ONNX").read_bytes())
    answers = session.run(None, {session.get_inputs()[0].name: X})
    assert any(np.shape(each) == expected.shape and np.allclose(each, expected, atol=1e-5) for each in answers)

    trained.press("Python code")
    trained.until("() => document.querySelector('pre') !== null")
    names = {}
    exec(trained.page.locator("pre").inner_text(), names)  # the words of the test's own library
    for ours, theirs in zip(jax.tree.leaves(names["run"].params), jax.tree.leaves(model.params), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_pictures_show_every_unit_and_every_weight(trained):
    image = pytest.importorskip("matplotlib.image")
    pixels = image.imread(io.BytesIO(taken(trained, "PNG").read_bytes()))
    assert pixels.shape[1] > 600
    assert len(np.unique(pixels.reshape(-1, 4), axis=0)) > 100, "units have colours, and lines"
    root = tree.fromstring(taken(trained, "SVG").read_bytes())
    tags = [each.tag.rpartition("}")[2] for each in root.iter()]
    assert tags.count("image") == 4 + 4 + 2
    assert tags.count("path") == 2 * 4 + 4 * 4 + 4 * 2


def test_an_address_brings_a_weight_set_by_hand_to_another_tab(trained):
    page = trained.page
    page.locator(".unit").first.click()
    field = page.get_by_label("weight of input 2")
    field.wait_for()
    trained.rests()  # a picture that arrives meanwhile would take the field away before Enter
    field.fill("1.25")
    field.press("Enter")
    trained.until("() => document.querySelector('.numbers dd').textContent === '0'")
    trained.rests()
    trained.press("Address of this state")
    trained.until("() => document.querySelector('.address') !== null")
    other = trained.context.new_page()
    other.goto(page.locator(".address").input_value())
    trained.page = other  # the same person, in front of another page
    trained.until("() => window.playground && playground.frames > 0 && playground.resting()")
    assert other.evaluate(SEEN) == page.evaluate(SEEN)
    assert "state" not in other.url
    other.locator(".unit").first.click()
    trained.until("() => [...document.querySelectorAll('.explained input')].some((each) => each.value === '1.25')")
