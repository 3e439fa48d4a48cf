"""The page in Debian's Chromium, by what a person does and sees."""

import json

import pytest

HOSTILE = """<img src=x onerror=alert(1)>,"</script><script>document.title='taken'</script>",kind
1.5,a,=1+1
2.5,b,<b>bold</b>
3.5,a,=1+1
,b,<b>bold</b>
5.5,a,=1+1
"""


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
    host = server.partition("/#")[0]
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
    person.open("twelve")
    for step in (2, 3):
        person.press("Next")
        person.until(f"() => document.querySelector('.lesson h3').textContent.startsWith('{step} of 12')")
    person.page.locator(".lesson input").fill("0.5")
    person.press("Answer")
    person.until("() => document.querySelector('.judged').textContent !== ''")
    assert person.page.locator(".judged").inner_text().startswith("Right")


def test_code_is_shown_and_cannot_be_run_without_the_flag(person):
    person.open("Write the gradient")
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
def test_on_a_telephone_nothing_is_wider_than_the_screen(scheme, people):
    narrow = people(viewport={"width": 320, "height": 640}, color_scheme=scheme, reduced_motion="reduce")
    narrow.page.locator(".unit").first.click()
    narrow.until("() => document.querySelector('.explained table') !== null")
    assert narrow.page.evaluate("() => document.documentElement.scrollWidth") == 320
    assert narrow.page.evaluate(
        "() => [...document.querySelectorAll('button, input, select')].every((e) => e.getAttribute('aria-label') || e.labels && e.labels.length || e.textContent)"
    )


def test_a_recording_plays_from_the_file_alone(person, people, tmp_path):
    person.trains(epochs=3)
    person.open("Take it")
    with person.page.expect_download() as saved:
        person.press("Recording (HTML)")
    saved.value.save_as(tmp_path / "recording.html")
    file = people((tmp_path / "recording.html").as_uri())
    file.press("Play")
    file.until(EPOCH.format(2))
    file.until("() => document.querySelector('.play').textContent === 'Play'")
    assert file.shown() == person.shown()
    assert not [url for url in file.requests if url.startswith(("http", "ws"))]


def test_a_page_of_another_origin_is_not_let_in(browser, server):
    host = server.partition("/#")[0].removeprefix("http://")
    page = browser.new_page()
    page.goto("data:text/html,<title>elsewhere</title>")
    closed = page.evaluate(
        "(host) => new Promise((done) => { const s = new WebSocket(`ws://${host}/socket`); s.onopen = () => done('open'); s.onclose = () => done('closed'); })",
        host,
    )
    read = page.evaluate("(host) => fetch(`http://${host}/`).then(() => 'read', () => 'refused')", host)
    assert json.dumps([closed, read]) == '["closed", "refused"]'
    page.close()
