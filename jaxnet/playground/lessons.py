"""The article as a lesson: twelve steps, the sections of ``jaxnet stairs``, each of which sets the state, says one
thing, and asks one question whose answer is computed, and so checked.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.masked_network import Goal
from jaxnet.playground.play_settings import PlaySettings
from jaxnet.playground.shown_data import DataChoice
from jaxnet.reference import predict
from jaxnet.stairs import case_images, hand_set
from jaxnet.stairs.images import DARKEST

_NEAR = 0.005  # of a number that is asked for with two decimals
_SOFTMAX, _SIGMOID = Goal("softmax", "cross_entropy"), Goal("sigmoid", "binary_cross_entropy")
_STAIRS = DataChoice("stairs")
_Judged = tuple[bool, str]


@dataclasses.dataclass(frozen=True)
class Lesson:
    """One step: what it sets, says and asks.

    ``hand`` names the hand-set network whose weights are shown; ``choices`` are what may be answered, none for a
    number, and none and ``looks`` for something that is done on the page. ``judge(answer, trainer)`` returns whether
    it is right, and a sentence.
    """

    title: str
    says: str
    asks: str
    judge: Callable[[Any, LiveTrainer], _Judged]
    settings: PlaySettings
    choices: tuple[str, ...] = ()
    looks: bool = False
    hand: str | None = None


def begin_lesson(step: int) -> LiveTrainer:
    """Return a trainer in the state of a step, from 0."""
    lesson = LESSONS[step]
    trainer = LiveTrainer(lesson.settings)
    if lesson.hand is not None:
        params = [
            {leaf: np.array(layer[leaf], np.float32) for leaf in ("w", "b")} for layer in hand_set(lesson.hand)[1]
        ]
        # written for intensities up to 255, and the page shows shares of black
        params[0]["w"] *= np.float32(DARKEST)
        trainer.put(params)
    return trainer


def judge_answer(step: int, answer: Any, trainer: LiveTrainer) -> _Judged:
    """Judge an answer to the question of a step: whether it is right, and a sentence. Raises TypeError for an answer of
    another kind."""
    lesson = LESSONS[step]
    if lesson.choices:
        answer = checks.integer("answer", answer, maximum=len(lesson.choices) - 1)
    elif not lesson.looks:
        answer = checks.number("answer", answer)
    return lesson.judge(answer, trainer)


def accuracy_shown(trainer: LiveTrainer, held: bool = False) -> float:
    """Return the share of rows that the network on the page answers right, by the NumPy reference."""
    data = trainer.data
    X, y = (data.held_X, data.held_y) if held else (data.X, data.y)
    net = dataclasses.replace(trainer.net, dropout=0.0)
    P = predict(net, trainer.params, X)
    middle = 0.0 if net.output == "identity" else 0.5
    answers = P.argmax(axis=1) if P.shape[1] > 1 else P[:, 0] > middle
    return float(np.mean(answers == y))


def _one(right: int, because: str) -> Callable[[Any, LiveTrainer], _Judged]:
    return lambda answer, trainer: (answer == right, because if answer == right else "not this one: look again")


def _about(expected: Callable[[LiveTrainer], float], what: str) -> Callable[[Any, LiveTrainer], _Judged]:
    def judge(answer: Any, trainer: LiveTrainer) -> _Judged:
        value = expected(trainer)
        right = abs(answer - value) <= _NEAR
        return right, f"{what} is {value:.4f}" if right else f"not yet: {what} is something else than {answer:g}"

    return judge


def _stairs_like(answer: Any, trainer: LiveTrainer) -> _Judged:
    if trainer.chosen is None:
        return False, "choose one of the images of the data"
    held, row = trainer.chosen
    shows = (trainer.data.held_y if held else trainer.data.y)[row] == 1
    return bool(shows), "yes, this one was drawn as stairs" if shows else "this one was drawn as something else"


def _beat(share: float, what: str) -> Callable[[Any, LiveTrainer], _Judged]:
    def judge(answer: Any, trainer: LiveTrainer) -> _Judged:
        reached = accuracy_shown(trainer)
        words = f"{reached:.2%} of the training images are right; {what} has {share:.2%}"
        return reached > share, words

    return judge


def _descended(answer: Any, trainer: LiveTrainer) -> _Judged:
    state = trainer.moment.state
    epoch, loss = int(state.epoch), float(state.epoch_loss)
    fits = epoch >= 10 and loss < np.log(2)
    return fits, f"after {epoch} epochs the loss was {loss:.4f}; log 2 is {np.log(2):.4f}"


def _rise(case: str) -> Callable[[LiveTrainer], float]:
    def rise(trainer: LiveTrainer) -> float:
        before, after = predict(trainer.net, trainer.params, case_images()[case] / DARKEST)[:, 0]
        return float(after - before)

    return rise


def _chosen_error(trainer: LiveTrainer) -> float:
    net = trainer.net
    P = predict(net, trainer.params, trainer.point[None])[0]
    held, row = trainer.chosen or (False, 0)
    y = (trainer.data.held_y if held else trainer.data.y)[row]
    return float(P[1] - (y == 1))


def _state(hidden: tuple[int, ...], goal: Goal, **more: Any) -> PlaySettings:
    usual = {"rate": 0.5, "momentum": 0.0, "batch": 400, "activations": ("sigmoid",) * len(hidden)}
    return PlaySettings(data=_STAIRS, hidden=hidden, goal=goal, **{**usual, **more})


_LINE = _state((), Goal("identity", "squared_error"), rate=0.1)
_WORKED = _state((2,), _SOFTMAX, weights="uniform(-0.01, 0.01)", rate=1.0)

LESSONS = (
    Lesson("The problem", "500 images of 2 x 2 pixels, x1 and x2 above x3 and x4; half of them were drawn as stairs: a "
           "dark bottom row and one dark pixel on it.", "Choose an image that shows stairs, then say done.",
           _stairs_like, _LINE, looks=True, hand="perceptron"),
    Lesson("One perceptron", "These weights were set by hand: a light top and a dark bottom row count for stairs. They "
           "are right on 69.25 % of the training images.", "Click on a weight and change it: beat 69.25 %, then say "
           "done.", _beat(0.6925, "the article's line"), _LINE, looks=True, hand="perceptron"),
    Lesson("The sigmoid", "The sigmoid squeezes the weighted sum into a probability. Above .5 is yes.",
           "What does the sigmoid make of a weighted sum of 0?", _about(lambda trainer: 0.5, "sigmoid(0)"),
           _state((), _SIGMOID), hand="logistic_figure"),
    Lesson("Cases A and B", "In case A the pixel x3 of the image 100, 0, 0, 125 darkens to 60 and it becomes stairs; "
           "in case B it darkens from 60 to 120, when it was stairs already.", "Set the sliders to 100, 0, 60, 125 of "
           "255 and to x3 = 0: by how much does the output rise in case A?", _about(_rise("A"), "the rise"),
           _state((), _SIGMOID), hand="logistic"),
    Lesson("Hidden layers", "Two units look for left and for right stairs, and a third listens to both.",
           "Hover over the first hidden unit. It answers to", _one(0, "its x2 must be light, and x3 and x4 dark"),
           _state((2,), _SIGMOID), ("left stairs", "right stairs", "an empty image"), hand="left_right"),
    Lesson("Light stairs", "Three units see shading, three more see that it is too dark and count against it: the "
           "answer rises and falls again as an image darkens.", "Could one perceptron do that?",
           _one(1, "along any line a weighted sum only rises or only falls"), _state((6,), _SIGMOID),
           ("yes", "no"), hand="light_stairs"),
    Lesson("Forward", "The worked example: 4 pixels, 2 hidden units, 2 outputs, small random weights. Click on a unit "
           "to see Z1, X2, Z2 and Yhat of the chosen image.", "To two decimals, what is Yhat for stairs before "
           "training?", _about(lambda trainer: float(predict(trainer.net, trainer.params, trainer.point[None])[0, 1]),
                               "Yhat[2]"), _WORKED),
    Lesson("Backward", "The error goes back through the same weights: d1 = Yhat - Y, d2 = d1 W2', d3 = d2 X2 (1 - X2). "
           "Click on an output.", "What is d1 of the output stairs for the chosen image, to two decimals?",
           _about(_chosen_error, "d1[2]"), _WORKED),
    Lesson("Gradient descent", "Forward, loss, backward, a step down, and again.", "Press play for at least ten "
           "epochs, until the loss is below log 2, then say done.", _descended, _WORKED, looks=True),
    Lesson("Training", "Descent finds better weights than any that were set by hand.",
           "Train until more than 86.75 % of the training images are right, then say done.",
           _beat(0.8675, "the best network by hand"), _state((4,), _SOFTMAX, rate=1.0), looks=True),
    Lesson("Mini-batches and momentum", "An update from 20 images at a time, and one that remembers the last ones, get "
           "there sooner. Set batch 20 and momentum 0.9.", "Train until more than 98 % are right, then say done.",
           _beat(0.98, "this step's goal"), _state((8,), _SOFTMAX, rate=0.5), looks=True),
    Lesson("Is it right?", "Click on a unit: beside the gradient on the screen, by JAX, stands the one that was "
           "derived by hand in NumPy, with the bound that rounding explains.", "If a gradient is further off than the "
           "bound, it is", _one(2, "a bound is what rounding can do at most"), _state((4,), _SOFTMAX),
           ("unlucky", "rounded", "wrong")),
)  # fmt: skip
