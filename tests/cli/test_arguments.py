import argparse

import pytest

from jaxnet.cli.arguments import any_path, one_of, whole_number


def test_a_known_name_is_accepted():
    assert one_of(["forward", "backward"])("forward") == "forward"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("backwards", r"no 'backwards' \(did you mean 'backward'\?\); there is forward, backward"),
        ("zzz", "no 'zzz'; there is forward, backward"),
    ],
)
def test_an_unknown_name_gets_the_nearest_known_one_if_any_is_near(text, words):
    with pytest.raises(argparse.ArgumentTypeError, match=words):
        one_of(["forward", "backward"])(text)


def test_whole_numbers_within_the_bounds_are_accepted():
    assert [whole_number(1, 500)(text) for text in ("1", "42", "500")] == [1, 42, 500]


@pytest.mark.parametrize("text", ["0", "501", "-3", "1.5", "one", "", "²"])
def test_anything_else_is_refused_as_a_number(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number from 1 to 500, got"):
        whole_number(1, 500)(text)


@pytest.mark.parametrize(
    ("text", "words"), [("", "got ''"), ("n" * 300, r"got one too long \(300 characters\)")], ids=["none", "too long"]
)
def test_no_path_is_not_the_current_folder_and_none_is_too_long(text, words):
    assert str(any_path("not there/a b")) == "not there/a b"
    with pytest.raises(argparse.ArgumentTypeError, match=f"expected a path, {words}"):
        any_path(text)
