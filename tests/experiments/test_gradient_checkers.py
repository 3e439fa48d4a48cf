"""Three gradient checkers: that each is asked rightly, and when jaxnet's answers count as right."""

import importlib.util

import numpy as np
import pytest

import jaxnet as jn

CHECKERS = ["by_jaxnet", "by_check_grads", "by_gradcheck"]


@pytest.fixture(scope="module")
def question(experiment):
    """The worked example with its gradient by the reference, times a factor."""
    train, _ = jn.stairs.load()
    net, params = jn.stairs.worked_example()
    data = (train.x / 255, train.targets)
    _, gradient = jn.reference.loss_and_gradient(net, params, *data)

    def ask(factor, causes=()):
        wrong = [{name: factor * np.asarray(leaf) for name, leaf in layer.items()} for layer in gradient]
        return experiment.Question(jn.objective(net), params, data, wrong, net, causes)

    return ask


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(("factor", "right"), [(1.0, True), (-1.0, False), (2.0, False)])
def test_each_checker_tells_a_right_gradient_from_a_wrong_one(experiment, question, checker, factor, right):
    if checker == "by_gradcheck" and not importlib.util.find_spec("torch"):
        pytest.skip("PyTorch is in the extra bench")
    assert getattr(experiment, checker)(question(factor)).right is right


def test_a_mistake_is_named_when_its_causes_and_no_others_are_reported(experiment, question):
    named = lambda *causes: experiment.by_jaxnet(question(-1.0, causes)).named
    assert named(frozenset({"sign"}))
    assert not named(frozenset({"batch_sum"}))
    assert not named(frozenset({"sign"}), frozenset({"batch_sum"}))


COUNTS = {
    "all flagged and named": ("jaxnet", "mistakes", (10, 10), [True, True]),
    "one missed": ("jaxnet", "mistakes", (9, 9), [False, False]),
    "one unnamed": ("jaxnet", "pairs of mistakes", (10, 9), [True, False]),
    "a false alarm": ("jaxnet", "sound gradients", (1, 0), [False]),
    "none": ("jaxnet", "sound gradients", (0, 0), [True]),
    "another's are reported": ("check_grads", "mistakes", (9, 0), [None, None]),
}


@pytest.mark.parametrize(("checker", "sort", "counts", "holds"), COUNTS.values(), ids=COUNTS)
def test_jaxnet_has_to_flag_and_name_all_and_the_others_are_reported(experiment, checker, sort, counts, holds):
    flagged, named = counts
    assert [claim.holds for claim in experiment.counted(checker, sort, 10, flagged, named)] == holds


def test_an_error_is_an_answer_of_no(experiment):
    def ask(question):
        raise ValueError("not a gradient")

    assert experiment.answer(ask, None) == experiment.Answer(False)
