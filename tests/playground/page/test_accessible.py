"""For everybody: without a mouse, without colours, without motion, on a telephone, and read aloud."""

import pytest

PANELS = ("Race", "Values of the example", "twelve", "Why does it not learn", "Write the gradient", "Take it")


@pytest.fixture(scope="module")
def axe():
    """axe-core, from the package that holds a copy of it: nothing is fetched."""
    return pytest.importorskip("axe_playwright_python.base", reason="pip install axe-playwright-python").AXE_SCRIPT


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1200), ("dark", 320)], ids=["light and wide", "dark and narrow"]
)
def test_axe_finds_nothing_serious_with_everything_open(scheme, width, people, axe):
    person = people(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    page = person.page
    person.trains()
    page.locator(".unit").first.click()
    person.until("() => document.querySelector('.explained table') !== null")
    for panel in PANELS:
        person.open(panel)
    person.press("Begin a race")
    person.until("() => !document.querySelector('.rival').hidden")
    person.press("Draw the loss around the weights")
    person.until("() => document.querySelector('.surface-words') !== null")
    person.press("Python code")
    person.until("() => document.querySelector('pre') !== null")
    person.rests()
    page.evaluate(axe)
    found = page.evaluate("() => axe.run(document)")
    assert found["passes"], "it has looked"
    serious = [
        (each["id"], each["impact"], each["nodes"][0]["html"][:200], each["nodes"][0]["failureSummary"][:300])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert not serious, serious
    assert page.evaluate("() => document.documentElement.scrollWidth") == width


def test_from_the_first_to_the_last_by_the_keyboard_alone(person):
    """Tab reaches every control that is seen, in the order of the page, each with a ring and a name; Space plays."""
    page = person.page
    wanted = page.evaluate(
        "() => [...document.querySelectorAll('button, input, select, textarea, summary')].filter((e) => !e.disabled && e.checkVisibility()).length"
    )
    page.evaluate("() => document.activeElement.blur()")
    seen = []
    while len(seen) < wanted + 20:
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => { const e = document.activeElement;
            if (e === document.body) return null;
            const words = e.getAttribute('aria-label') || (e.labels && e.labels.length ? e.labels[0].textContent : e.textContent);
            const all = [...document.querySelectorAll('*')];
            return [all.indexOf(e), words.trim(), getComputedStyle(e).outlineStyle]; }"""
        )
        if name is None or (seen and name[0] == seen[0][0]):
            break
        seen.append(name)
    assert len(seen) >= wanted, "nothing is left out"
    assert [place for place, _, _ in seen] == sorted(place for place, _, _ in seen)
    assert all(words and ring != "none" for _, words, ring in seen), seen

    page.get_by_role("button", name="Play", exact=True).focus()
    page.keyboard.press("Space")
    person.until("() => parseInt(document.querySelector('.numbers dd').textContent) > 1")
    page.keyboard.press("Space")
    person.rests()
    page.get_by_label("state of the last 300").focus()
    page.keyboard.press("Home")
    person.until("() => document.querySelector('.numbers dd').textContent === '0'")


HIDE = """(state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_hidden_it_asks_for_nothing_and_in_front_again_it_goes_on(person, served):
    """Headless Chromium hides no tab, so the page is told that it is hidden, as a browser tells it."""
    page = person.page
    person.press("Play")
    person.until("() => parseInt(document.querySelector('.numbers dd').textContent) > 1")
    page.evaluate(HIDE, "hidden")
    person.until("() => playground.owed() === 0")
    asked, frames = served.seen, page.evaluate("() => playground.frames")
    for _ in range(10):  # of the page's own clock, which goes on
        page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 20))")
    assert (served.seen, page.evaluate("() => playground.frames")) == (asked, frames), "the server had nothing to do"
    page.evaluate(HIDE, "visible")
    person.until(f"() => playground.frames > {frames + 3}")
    person.press("Pause")
    person.rests()
    asked = served.seen
    for _ in range(10):
        page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 20))")
    assert served.seen == asked, "and paused nothing either"


def test_two_tabs_have_each_their_own_network(people):
    one, two = people(), people()
    one.trains(epochs=2)
    assert (one.epoch(), two.epoch()) == (2, 0)
    two.page.get_by_label("Data", exact=True).select_option("hill")
    two.until("() => document.querySelectorAll('.numbers dd').length === 3")
    one.trains()
    assert one.epoch() == 3
    assert one.page.locator(".numbers dd").count() == 5
