"""The widget answers its views as the server answers its pages: by the same modules, in a real browser."""

import base64
import functools
import json
import re

import numpy as np
import pytest

import jaxnet as jn
from jaxnet.playground.page_files import one_script

pytest.importorskip("anywidget")
from jaxnet.playground import Widget

# what a notebook's front end is to a widget: messages both ways, buffers as views that begin anywhere
HOST = """async (code) => {
    window.playgrounds = [];
    const { default: { render } } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const heard = new Set();
    const view = (text) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), wide = new Uint8Array(bytes.length + 3);
        wide.set(bytes, 3);
        return new DataView(wide.buffer, 3, bytes.length);
    };
    const model = {
        on: (name, f) => heard.add(f), off: (name, f) => heard.delete(f),
        send: (content) => { if (window.gone) throw new Error("Cannot send"); return window.toKernel(content).then((all) => all.forEach(([said, buffers]) => heard.forEach((f) => f(said, buffers.map(view))))); },
    };
    window.ends = ["first", "second"].map((name) => {
        const el = document.createElement("section");
        document.body.append(el);
        return render({ model, el });
    });
    window.listeners = heard;
    // a notebook's own shortcuts, which do not see into the tree of a view
    window.taken = [];
    document.addEventListener("keydown", (event) => window.taken.push(event.key));
    const hidden = (e) => e.target.hasAttribute("data-lm-suppress-shortcuts") || window.taken.push(e.key);
    document.addEventListener("keydown", hidden, true);
}"""
RESTS = "() => playgrounds.length === 2 && playgrounds.every((each) => each.frames > 0 && each.resting())"


@pytest.fixture
def kernel(ready, monkeypatch):
    """A function that makes a widget, and what hands it a message of the page and returns what it sends."""

    def begun(*arguments, **named):
        widget = Widget(*arguments, **named)
        sent = []
        monkeypatch.setattr(widget, "send", lambda content, buffers=(): sent.append((content, list(buffers))))

        def to_kernel(content):
            sent.clear()
            widget._handle_custom_msg(json.loads(json.dumps(content)), [])
            return [[said, [base64.b64encode(each).decode() for each in buffers]] for said, buffers in sent]

        return widget, to_kernel

    return begun


def test_two_views_of_one_widget_play_in_a_browser_and_show_one_network(kernel, browser, until):
    widget, to_kernel = kernel(data="moons", hidden=(3,), activations=("tanh",))
    page = browser.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.expose_function("toKernel", to_kernel)
    page.evaluate(HOST, Widget._esm)
    wait = functools.partial(until, page)
    wait(RESTS)
    assert page.locator(".unit").count() == 2 * 5, "through the shadow of each view"
    page.get_by_role("button", name="Epoch", exact=True).first.click()
    wait("() => playgrounds[0].frames > 1 && playgrounds[0].resting()")
    assert page.locator(".numbers dd").first.inner_text() == "1"
    page.get_by_role("button", name="Step", exact=True).last.click()
    wait("() => playgrounds[1].resting()")
    assert page.locator(".numbers").last.inner_text().split()[1].startswith("1")
    assert int(widget._talk.trainer.moment.state.step) == 1, "both views are of one kernel's network"
    page.evaluate("() => ends.forEach((end) => end())")
    assert page.evaluate("() => listeners.size") == 0
    assert not faults
    page.close()


def test_a_view_follows_the_other_and_keeps_what_is_typed_from_the_notebook(kernel, browser, until):
    widget, to_kernel = kernel(data="moons", hidden=(3,), activations=("tanh",))
    page = browser.new_page()
    page.expose_function("toKernel", to_kernel)
    page.evaluate(HOST, Widget._esm)
    until(page, RESTS)
    first, last = page.locator("#playground").all()
    first.get_by_role("button", name="more units in layer 1").click()
    until(page, RESTS)
    assert [each.locator(".unit").count() for each in (first, last)] == [6, 6]
    first.get_by_role("button", name="Epoch", exact=True).click()
    until(page, "() => playgrounds[0].frames > 2 && playgrounds[0].resting()")
    until(
        page, "() => ends && document.querySelectorAll('section')[1].shadowRoot.querySelector('dd').textContent === '1'"
    )
    last.get_by_label("Seed of the weights").press("Control+a")
    page.keyboard.type("00")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    until(page, RESTS)
    assert page.evaluate("() => taken") == []
    assert widget._talk.trainer.settings.seed == 1
    page.evaluate("() => { window.gone = true; }")
    last.get_by_role("button", name="Step", exact=True).click()
    assert "Run the cell again" in last.locator(".say").inner_text()
    page.close()


def test_a_table_is_sent_as_text_and_the_model_predicts_its_rows(kernel):
    widget, to_kernel = kernel()
    content = b"height,kind\n" + b"".join(b"%d,%s\n" % (i, b"tall" if i > 20 else b"low") for i in range(40))
    assert (
        "send"
        in to_kernel({"view": "v", "text": json.dumps({"do": "upload", "name": "a.csv", "size": len(content)})})[0][0][
            "text"
        ]
    )
    scene = json.loads(to_kernel({"view": "v", "base64": base64.b64encode(content).decode()})[0][0]["text"])
    assert scene["data"]["classes"] == ["low", "tall"]
    to_kernel({"view": "v", "text": json.dumps({"do": "frame", "updates": 200})})
    assert list(widget.trained().predict({"height": [1, 39]})) == ["low", "tall"]


def test_a_frame_of_pandas_and_settings_are_what_it_begins_with(kernel):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": np.arange(30.0), "y": np.arange(30.0) ** 2, "name": list("ab") * 15})
    widget, _ = kernel(frame, target="y", hidden=(5,), rate=0.01)
    assert widget.trained().net.sizes[1:] == (5, 1)
    assert "table = jn.data.read_table(frame)  # your data frame\n" in widget.code()


@pytest.mark.parametrize(
    "content", [{}, {"text": 3}, {"text": "{"}, {"base64": "ü"}, {"base64": 3}, {"base64": "AAAA"}, []]
)
def test_whatever_a_view_says_is_answered_by_a_sentence(content, kernel):
    _, to_kernel = kernel()
    ((said, buffers),) = to_kernel(content)
    assert json.loads(said["text"])["say"] == "error"
    assert not buffers


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"data": "moons", "target": "x"}, "target: expected a table"),
        ({"data": {"a": [1, 2, 3], "b": [1, 2, 3]}, "target": "c"}, "target: expected one of"),
        ({"hidden": (99,)}, "hidden"),
        ({"widths": (4,)}, "settings: expected one of"),
        ({"data": "no_such_file.csv"}, "no_such_file.csv"),
    ],
)
def test_what_does_not_fit_is_said_at_once(given, words):
    with pytest.raises((ValueError, TypeError, OSError, jn.data.DataError), match=re.escape(words)):
        Widget(**given)


def test_one_module_that_asks_for_nothing_from_elsewhere():
    script = one_script("widget.js")
    assert not re.search(r"(?m)^import |fetch\(|https?://(?!www\.w3\.org/2000/svg)", script)
    assert script.count("export ") == script.count("export default") == 1
