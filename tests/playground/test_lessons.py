"""The article in twelve steps: each begins, says what the article says, and knows a right answer from a wrong one."""

import numpy as np
import pytest

from jaxnet.playground.lessons import LESSONS, accuracy_shown, begin_lesson, judge_answer


def test_there_are_twelve_and_each_begins():
    assert len(LESSONS) == 12
    for step in range(12):
        assert begin_lesson(step).data.title == "the article's images"


@pytest.mark.parametrize(
    ("step", "train", "held"), [(0, 0.6925, 0.68), (2, 0.8675, 0.82), (3, 0.85, 0.83), (4, 0.76, 0.75)]
)
def test_a_network_set_by_hand_is_as_good_as_the_article_says(step, train, held):
    trainer = begin_lesson(step)
    assert accuracy_shown(trainer) == pytest.approx(train)
    assert accuracy_shown(trainer, held=True) == pytest.approx(held)


@pytest.mark.parametrize(("step", "right", "wrong"), [(2, 0.5, 0), (3, 0.9161, 0.12), (4, 0, 1), (5, 1, 0), (11, 2, 0)])
def test_an_answer_is_judged_by_what_is_computed(step, right, wrong):
    trainer = begin_lesson(step)
    assert judge_answer(step, right, trainer)[0]
    assert not judge_answer(step, wrong, trainer)[0]


def test_what_is_done_on_the_page_is_looked_at(ready):
    trainer = begin_lesson(1)
    assert not judge_answer(1, None, trainer)[0]
    better = np.float32([-0.14, -0.145, 0.121, 0.092]) * 255
    for row, value in enumerate(better):
        trainer.edit(0, row, 0, float(value))
    right, words = judge_answer(1, None, trainer)
    assert right
    assert "69.25%" in words

    descent = begin_lesson(8)
    assert not judge_answer(8, None, descent)[0]
    descent.frame(400)
    assert judge_answer(8, None, descent)[0]


def test_an_answer_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="answer: expected an integer"):
        judge_answer(4, "left", begin_lesson(4))
