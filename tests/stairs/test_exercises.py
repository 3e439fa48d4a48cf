"""The exercises as files, and as they are marked."""

import ast

import numpy as np
import pytest

from jaxnet.stairs.exercise_marks import mark_exercise
from jaxnet.stairs.exercises import BLANK, EXERCISES, write_exercises
from jaxnet.stairs.story import CONTENTS

# what a learner might write in the place of the right answer, and words that the mark must hold
WRONG = {
    "01_threshold": ("-threshold", "threshold", "the bias is not right for"),
    "02_dark_bottom": ("0.1, 0.1, -20.0", "0.2, 0.2, -0.5", "below .1"),
    "03_perceptron": (
        "-0.0019, -0.0016, 0.0020, 0.0023, 0.0003",
        "0, 0, 0, 0, 1",
        "it is right on 50.0% of the images",
    ),
    "04_xor": ("np.array([20.0, 20.0])", "np.array([20.0, -20.0])", "it answers"),
    "05_softmax": ("z - np.max(z)", "z", "the softmax"),
    "06_slopes": ("(1 - t) * (1 + t)", "t * (1 - t)", "a slope is not right for"),
    "07_cross_entropy": ("-np.mean(", "-np.sum(", "the loss is not right for"),
    "08_step": ("m * velocity - size * slope", "m * velocity + size * slope", "the step is not right for"),
    "10_backward": ("d2 * X2 * (1 - X2)", "d2 * X2", "[0]"),
}


@pytest.fixture(scope="module")
def solutions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solutions")
    write_exercises(folder, solved=True)
    return folder


def test_there_are_ten_each_with_a_section_of_the_story():
    assert len(EXERCISES) == 10
    assert {exercise.section for exercise in EXERCISES.values()} <= set(CONTENTS)


@pytest.mark.parametrize("name", EXERCISES)
def test_the_learner_s_file_is_python_with_blanks_and_none_of_the_answers(name):
    blanks, solved = (EXERCISES[name].text(solved=solved) for solved in (False, True))
    for text in (blanks, solved):
        assert EXERCISES[name].function in {node.name for node in ast.parse(text).body if hasattr(node, "name")}
        assert "⟦" not in text
        assert max(map(len, text.splitlines())) <= 120
    assert BLANK in blanks
    assert BLANK not in solved


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right(name, solutions):
    mark = mark_exercise(solutions / f"{name}.py")
    assert mark.right, mark.words


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_wrong_and_its_words_are_not_the_answer(name, solutions, tmp_path):
    right, wrong, words = WRONG[name]
    text = (solutions / f"{name}.py").read_text()
    assert text.count(right) >= 1
    (tmp_path / f"{name}.py").write_text(text.replace(right, wrong))
    mark = mark_exercise(tmp_path / f"{name}.py")
    assert not mark.right
    assert words in mark.words
    assert right not in mark.words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("def bias(threshold):\n    return ____", "1 blank left to fill in"),
        ("def bias(threshold):\n    return 1 / 0", "ZeroDivisionError: division by zero"),
        ("def bias(threshold):\n    return [1, 2]", "expected other shapes than"),
        ("def bias(threshold):\n    return 'minus'", "another form"),
        ("def base(threshold):\n    return -threshold", "there is no bias"),
        ("def bias(threshold:\n", "SyntaxError"),
        ("bias = 3", "there is no function bias"),
    ],
)
def test_whatever_a_file_does_is_an_answer(body, words, tmp_path):
    path = tmp_path / "01_threshold.py"
    path.write_text(body)
    mark = mark_exercise(path)
    assert not mark.right
    assert words in mark.words


def test_a_softmax_that_overflows_is_wrong(tmp_path):
    path = tmp_path / "05_softmax.py"
    path.write_text("import numpy as np\ndef softmax(z):\n    return np.exp(z) / np.exp(z).sum()\n")
    assert "the softmax" in mark_exercise(path).words


def test_files_that_are_there_are_never_written_over(tmp_path):
    (tmp_path / "04_xor.py").write_text("mine")
    with pytest.raises(FileExistsError, match=r"04_xor\.py is there already: name another folder"):
        write_exercises(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["04_xor.py"]
    assert np.array_equal((tmp_path / "04_xor.py").read_text(), "mine")
