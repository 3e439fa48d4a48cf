import io
import sys

import numpy as np
import pytest

from jaxnet.cli.page import Page, folded, tile
from jaxnet.stairs.blocks import Paragraph, Section, TextTable, Tiles, Verbatim

IMAGE = np.array([252, 4, 155, 100], np.uint8)


@pytest.fixture
def shown(monkeypatch, capsys):
    """Return what a page prints for blocks, in a plain 80-column file."""
    monkeypatch.setenv("COLUMNS", "80")

    def show(*blocks):
        Page().show("A title", Section(blocks, {}))
        return capsys.readouterr().out

    return show


def test_a_section_stands_under_its_underlined_title(shown):
    assert shown(Paragraph("Words.")) == "\nA title\n───────\n\nWords.\n"


def test_text_is_wrapped_to_the_page(shown):
    lines = shown(Paragraph("word " * 40)).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) > 5


def test_brackets_are_text_and_not_markup(shown):
    assert "[bold] x[1] :smile:" in shown(Verbatim(("[bold] x[1] :smile:",)))


def test_a_long_formula_is_broken_before_its_equals_signs():
    assert folded("y = a + b = 1", 80) == "y = a + b = 1"
    assert folded("y = aaaaaaaa + bbbbbbbb = cccccccc = 1", 24) == "y = aaaaaaaa + bbbbbbbb\n      = cccccccc = 1"


def test_a_table_has_its_first_column_to_the_left_and_numbers_to_the_right(shown):
    out = shown(TextTable(("name", "value"), (("a", "1.5"), ("bcdef", "10.25"))))
    assert [line.rstrip() for line in out.splitlines()[4:]] == ["name   value", "a        1.5", "bcdef  10.25"]


def test_a_plain_tile_is_shaded_by_characters_with_its_intensities(shown):
    assert tile(IMAGE, "image 1", coloured=False).plain.splitlines() == [
        "█████     ",
        " 252    4 ",
        "▓▓▓▓▓░░░░░",
        " 155  100 ",
        "image 1",
    ]


def test_a_coloured_tile_is_gray_with_legible_numbers():
    text = tile(IMAGE, "image 1", coloured=True)
    styles = {text.plain[span.start : span.end].strip(): str(span.style) for span in text.spans}
    assert styles["252"] == "white on rgb(3,3,3)"
    assert styles["4"] == "black on rgb(251,251,251)"


def test_tiles_stand_side_by_side(shown):
    out = shown(Tiles(np.stack([IMAGE, IMAGE]), ("one", "two"))).splitlines()
    assert out[5].split() == ["252", "4", "252", "4"]
    assert out[-2].split() == ["one", "two"]


def test_no_colours_are_sent_to_a_file(shown):
    assert "\x1b" not in shown(Tiles(IMAGE[None], ("one",)))


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("no_color", "colours"), [("", True), ("1", False)])
def test_a_terminal_gets_colours_unless_no_color_is_set(no_color, colours, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    Page().show("A title", Section((Tiles(IMAGE[None], ("one",)),), {}))
    assert ("48;5;" in sys.stdout.getvalue()) == colours
    assert ("█" in sys.stdout.getvalue()) != colours


def test_an_output_that_knows_ascii_only_gets_question_marks_and_no_error(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    Page().show("A title", Section((Tiles(IMAGE[None], ("one",)),), {}))
    sys.stdout.flush()
    assert b"?????" in raw.getvalue()
    assert b"252" in raw.getvalue()
