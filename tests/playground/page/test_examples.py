"""An example is chosen from pictures or a table, and goes through the drawing."""

import numpy as np

from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.play_settings import PlaySettings
from jaxnet.playground.shown_data import DataChoice

WIDTHS = "() => [...document.querySelectorAll('.network path')].map((line) => parseFloat(line.style.strokeWidth))"


def test_a_picture_is_chosen_and_what_each_line_passes_on_of_it_is_seen(people):
    person = people(reduced_motion="reduce")  # so that where it ends is seen at once
    page = person.page
    page.get_by_label("Data", exact=True).select_option("stairs")
    person.until("() => document.querySelectorAll('.strip canvas').length === 12")
    person.rests()
    weights = page.evaluate(WIDTHS)
    row = page.locator(".strip button").nth(4)
    label = row.get_attribute("aria-label")
    row.click()
    person.until("() => document.querySelector('.flow').textContent !== ''")
    person.rests()
    assert page.locator(".strip button").nth(4).get_attribute("aria-pressed") == "true"

    trainer = LiveTrainer(PlaySettings(DataChoice("stairs")))  # the same draw
    w, x = trainer.params[0]["w"], trainer.data.X[4]
    assert label.endswith(trainer.data.classes[trainer.data.y[4]])
    passed = np.abs(w * x[:, None])
    np.testing.assert_allclose(page.evaluate(WIDTHS)[: w.size], (0.4 + 4.5 * passed / passed.max()).ravel(), atol=0.01)
    assert page.evaluate(WIDTHS) != weights

    person.press("Step")
    person.press("Play")
    person.until("() => document.querySelector('.flow').textContent === ''")
    person.press("Pause")
    person.rests()


def test_a_row_is_chosen_from_a_table_and_the_way_is_animated(person):
    page = person.page
    page.get_by_role("button", name="rows after").click()
    person.until("() => document.querySelector('.rows').textContent.includes('rows 13 to 24')")
    page.get_by_role("button", name="row 15: class 1").click()
    person.until("() => document.querySelector('.rows [aria-pressed=true]')?.textContent === '15'")
    person.until("() => document.querySelector('.flow').textContent !== ''")
    assert page.get_by_label("row", exact=True).input_value() == "15"
    outputs = "() => getComputedStyle(document.querySelectorAll('.unit')[8]).getPropertyValue('--active')"
    person.until(f"() => !['', 'transparent'].includes(({outputs})())")
