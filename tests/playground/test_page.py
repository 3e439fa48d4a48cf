"""The page in Debian's Chromium, by what a person does and sees."""

import json
import shutil
import threading
import time

import pytest

from jaxnet.playground.conversation import Conversation
from jaxnet.playground.serving import PlayServer, hosts_of, listening, serve_play

CHROMIUM = shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
FLAGS = [
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-sandbox",
]
HOSTILE = """<img src=x onerror=alert(1)>,"</script><script>document.title='taken'</script>",kind
1.5,a,=1+1
2.5,b,<b>bold</b>
3.5,a,=1+1
,b,<b>bold</b>
5.5,a,=1+1
"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture(scope="module")
def server():
    listener = listening("127.0.0.1", 0)
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    served = PlayServer(Conversation, hosts_of(*listener.getsockname()[:2]))
    thread = threading.Thread(target=serve_play, args=(served, listener), kwargs={"idle_seconds": 600}, daemon=True)
    thread.start()
    yield f"http://{host}/#token={served.token}", served
    served.seen = -1e9
    thread.join(10)


class Person:
    """Somebody in front of a page."""

    def __init__(self, browser, address, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        self.page = self.context.new_page()
        self.faults, self.requests = [], []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        self.until("() => window.playground && playground.frames > 0")

    def until(self, question, seconds=60):
        # polled, for the page's own policy forbids to evaluate strings
        end = time.monotonic() + seconds
        while not self.page.evaluate(question):
            assert time.monotonic() < end, (question, self.page.locator(".say").inner_text(), self.faults)
            time.sleep(0.02)

    def rests(self, seconds=20):
        """Wait until no frame has come for half a second: those that were asked for come, and no other is asked for."""
        counted = lambda: self.page.evaluate("() => playground.frames")
        end, frames = time.monotonic() + seconds, counted()
        while time.sleep(0.5) or counted() != frames:
            assert time.monotonic() < end, "paused, and frames are asked for all the same"
            frames = counted()

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def epoch(self):
        return int(self.page.locator(".numbers dd").first.inner_text().split(",")[0])

    def shown(self):
        return self.page.evaluate("() => document.querySelector('.plane').toDataURL()")


@pytest.fixture
def person(browser, server, ready):
    someone = Person(browser, server[0])
    yield someone
    assert not someone.faults
    someone.context.close()


EPOCH = "() => parseInt(document.querySelector('.numbers dd').textContent) > {}"


def test_play_moves_the_picture_pause_rests_and_back_returns(person, server):
    person.rests()
    untrained = person.shown()
    person.press("Play")
    person.until(EPOCH.format(3))
    person.press("Pause")
    person.rests()
    assert person.shown() != untrained
    last = person.epoch()
    person.press("Back")
    person.until(f"() => parseInt(document.querySelector('.numbers dd').textContent) < {last}")
    person.press("Restart")
    person.until("() => document.querySelector('.numbers dd').textContent === '0'")
    person.rests()
    assert person.shown() == untrained
    assert "token" not in person.page.url
    host = server[0].partition("/#")[0]
    assert all(url.startswith((host, "data:", "blob:")) for url in person.requests), "nothing from elsewhere"


def test_structure_and_unit_by_the_keyboard_alone(person):
    page = person.page
    page.get_by_role("button", name="more units in layer 1").focus()
    page.keyboard.press("Enter")
    person.until("() => document.querySelectorAll('.unit').length === 11")
    page.get_by_role("button", name="layer 1, unit 5").focus()
    page.keyboard.press("Enter")
    person.until("() => document.querySelectorAll('.explained tr.within').length === 3")
    assert page.get_by_role("button", name="layer 1, unit 5").get_attribute("aria-pressed") == "true"
    assert page.locator(".explained").inner_text().count("Z1[5] = ") == 1
    assert page.locator("tr.beyond").count() == 0
    field = page.get_by_label("weight of input 2")
    field.fill("1.25")
    field.press("Enter")
    person.until("() => playground.acknowledged >= 3")
    page.get_by_role("button", name="layer 1, unit 5").press("Enter")
    page.get_by_role("button", name="layer 1, unit 5").press("Enter")
    person.until("() => [...document.querySelectorAll('.explained input')].some((each) => each.value === '1.25')")


def test_other_data_and_settings_are_chosen_while_it_trains(person):
    page = person.page
    person.press("Play")
    page.get_by_label("Data", exact=True).select_option("hill")
    person.until("() => document.querySelector('.fields select[aria-label=Data]').value === 'hill'")
    person.until("() => document.querySelectorAll('.numbers dd').length === 3")
    assert page.get_by_label("Output and loss").input_value() == "identity, squared error"
    page.get_by_label("Data", exact=True).select_option("formula")
    person.until("() => document.querySelector('.fields input[type=text]') !== null")
    page.get_by_label("Formula of x1 and x2").fill("x1 > x2.real")
    page.get_by_label("Formula of x1 and x2").press("Enter")
    person.until("() => document.querySelector('.say').textContent.startsWith('formula: expected')")
    page.get_by_label("Learning rate", exact=True).press("ArrowRight")
    page.get_by_label("activation of layer 2").select_option("relu")
    person.press("Play")
    person.until(EPOCH.format(2))
    # what the server says comes later than what was chosen, and stays
    person.until("() => document.querySelector('[aria-label=\"Learning rate\"]').ariaValueText === '0.2'")
    person.until("() => document.querySelector('[aria-label=\"activation of layer 2\"]').value === 'relu'")


def test_a_lesson_is_begun_and_its_answer_judged(person):
    person.page.locator("summary").filter(has_text="twelve").click()
    for step in (2, 3):
        person.press("Next")
        person.until(f"() => document.querySelector('.lesson h3').textContent.startsWith('{step} of 12')")
    person.page.locator(".lesson input").fill("0.5")
    person.press("Answer")
    person.until("() => document.querySelector('.judged').textContent.startsWith('Right')")


def test_code_is_shown_and_cannot_be_run_without_the_flag(person):
    person.page.locator("summary").filter(has_text="Write the gradient").click()
    field = person.page.get_by_label("your gradient in NumPy")
    assert "def backward(params, X, T):" in field.input_value()
    assert not field.is_editable()
    assert not person.page.get_by_role("button", name="Check my gradient").is_enabled()


def test_a_hostile_table_is_text_and_nothing_else(person, tmp_path):
    file = tmp_path / "hostile.csv"
    file.write_text(HOSTILE * 1)
    person.page.locator("input[type=file]").set_input_files(file)
    person.until("() => document.querySelectorAll('.fields tbody tr').length === 3")
    assert "<img src=x onerror=alert(1)>" in person.page.locator(".fields tbody").inner_text()
    assert person.page.evaluate("() => document.images.length + document.querySelectorAll('b').length") == 0
    assert person.page.title() == "jaxnet playground"
    person.press("Epoch")
    person.until(EPOCH.format(0))


def test_a_connection_that_drops_comes_back_to_the_same_network(person):
    person.press("Epoch")
    person.until(EPOCH.format(0))
    shown = person.shown()
    person.page.evaluate("""() => {
        const say = document.querySelector('.say');
        const look = () => { if (say.textContent.includes('The connection is gone')) window.wasGone = true; };
        new MutationObserver(look).observe(say, { childList: true, characterData: true, subtree: true });
        playground.drop();
    }""")
    person.until("() => window.wasGone === true")  # for a quarter of a second, which a slow look may miss
    person.until("() => document.querySelector('.say').textContent === ''")
    person.press("Epoch")
    person.until(EPOCH.format(1))
    assert person.shown() != shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_telephone_nothing_is_wider_than_the_screen(scheme, browser, server, ready):
    narrow = Person(
        browser, server[0], viewport={"width": 320, "height": 640}, color_scheme=scheme, reduced_motion="reduce"
    )
    narrow.page.locator(".unit").first.click()
    narrow.until("() => document.querySelector('.explained table') !== null")
    assert narrow.page.evaluate("() => document.documentElement.scrollWidth") == 320
    assert narrow.page.evaluate(
        "() => [...document.querySelectorAll('button, input, select')].every((e) => e.getAttribute('aria-label') || e.labels && e.labels.length || e.textContent)"
    )
    assert not narrow.faults
    narrow.context.close()


def test_a_recording_plays_from_the_file_alone(person, browser, tmp_path):
    for epoch in range(3):
        person.press("Epoch")
        person.until(EPOCH.format(epoch))
    person.page.locator("summary").filter(has_text="Take it").click()
    with person.page.expect_download() as saved:
        person.press("Recording (HTML)")
    saved.value.save_as(tmp_path / "recording.html")
    file = Person(browser, (tmp_path / "recording.html").as_uri())
    file.press("Play")
    file.until(EPOCH.format(2))
    file.until("() => document.querySelector('.play').textContent === 'Play'")
    assert file.shown() == person.shown()
    assert not file.faults
    assert not [url for url in file.requests if url.startswith(("http", "ws"))]
    file.context.close()


def test_a_page_of_another_origin_is_not_let_in(browser, server, ready):
    host = server[0].partition("/#")[0].removeprefix("http://")
    page = browser.new_page()
    page.goto("data:text/html,<title>elsewhere</title>")
    closed = page.evaluate(
        "(host) => new Promise((done) => { const s = new WebSocket(`ws://${host}/socket`); s.onopen = () => done('open'); s.onclose = () => done('closed'); })",
        host,
    )
    read = page.evaluate("(host) => fetch(`http://${host}/`).then(() => 'read', () => 'refused')", host)
    assert json.dumps([closed, read]) == '["closed", "refused"]'
    page.close()
