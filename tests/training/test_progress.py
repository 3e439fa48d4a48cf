"""One quiet bar for a whole run, drawn only in a terminal."""

import io
import re

import pytest

from jaxnet.training.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """Run a bar to its 40th of 100 epochs and return what was written to standard error."""

    def draw(stream, *, shown):
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "120")
        with Progress(100, shown=shown) as bar:
            bar.advance(40, {"loss": 0.25, "accuracy": 0.9})
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())

    return draw


def test_in_a_terminal_the_bar_shows_the_epoch_and_the_last_values(shown):
    drawn = shown(Terminal(), shown=True)
    assert "epoch" in drawn
    assert "40/100" in drawn
    assert "loss 0.25  accuracy 0.9" in drawn


@pytest.mark.parametrize(("stream", "asked"), [(io.StringIO(), True), (Terminal(), False)])
def test_without_a_terminal_or_unasked_nothing_is_drawn(shown, stream, asked):
    assert shown(stream, shown=asked) == ""
