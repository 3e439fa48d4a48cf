"""What the library raises becomes an exit status and one sentence."""

import pytest

from jaxnet.cli.exits import Refusal
from jaxnet.cli.expected import refusing
from jaxnet.data import DataError
from jaxnet.storage import CheckpointError, Locked


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DataError("a.csv:1: no"), 3),
        (CheckpointError("damaged"), 3),
        (FileNotFoundError("no such file"), 3),
        (Locked("held"), 75),
        (ValueError("epochs: no"), 2),
        (TypeError("epochs: no"), 2),
        (ImportError("pip install"), 2),
    ],
)
def test_an_expected_error_has_its_status(error, status):
    with pytest.raises(Refusal, match=str(error)) as refused, refusing():
        raise error
    assert refused.value.status == status


def test_a_mistake_of_the_program_is_not_hidden_and_a_reader_that_left_is_no_error():
    for error in (ZeroDivisionError, BrokenPipeError):
        with pytest.raises(error, match="as raised"), refusing():
            raise error("as raised")
