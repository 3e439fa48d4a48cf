"""The race on the page: two trainings seen side by side, and the loss over two directions with both ways."""

import re

EPOCH_OF_RIVAL = "() => parseInt(document.querySelector('.rival-numbers').textContent.slice(6)) >= {}"


def losses(words):
    return [float(number) for number in re.findall(r"to ([\d.e-]+),", words)]


def test_two_settings_are_seen_side_by_side_from_one_start_with_both_ways(person):
    page = person.page
    person.trains()
    person.open("Race")
    person.press("Begin a race")
    person.until("() => !document.querySelector('.rival').hidden")
    person.rests()
    assert person.epoch() == 0, "both are back at their start"
    assert person.shown(".rival canvas") == person.shown(), "which is the same"

    page.get_by_label("B’s optimizer").select_option("adam")
    person.until("() => document.querySelector('[aria-label=\"B’s optimizer\"]').value === 'adam'")
    person.rests()
    person.press("Play")
    person.until(EPOCH_OF_RIVAL.format(3))
    person.press("Pause")
    person.rests()
    assert person.shown(".rival canvas") != person.shown()

    person.press("Draw the loss around the weights")
    person.until("() => document.querySelector('.surface-words') !== null")
    words = page.locator(".surface-words").inner_text()
    seen = page.locator(".numbers dd").nth(1).inner_text(), page.locator(".rival-numbers").inner_text()
    expected = [float(seen[0]), float(re.search(r"loss ([\d.]+)", seen[1])[1])]
    assert all(abs(a - b) < 1e-3 for a, b in zip(losses(words), expected, strict=True)), (words, seen)

    person.press("Look at B")
    person.until("() => document.querySelector('.rival h2').textContent.endsWith('A')")
    person.rests()
    assert float(page.locator(".numbers dd").nth(1).inner_text()) == expected[1], "each is where the other was"
    person.press("End the race")
    person.until("() => document.querySelector('.rival').hidden")
