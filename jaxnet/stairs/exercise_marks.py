"""An exercise marked: run in a process of its own, held against what it should do, its words never the answer."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxnet.grading.assignment import Assignment
from jaxnet.grading.feedback import feedback
from jaxnet.grading.grades import GradeOutcome, Limits, Work, grade
from jaxnet.grading.isolation import Ended, IsolatedGradient, Raised
from jaxnet.losses import objective
from jaxnet.network import MLP
from jaxnet.reference.losses import softmax
from jaxnet.reference.operations import sigmoid
from jaxnet.stairs.exercises import BLANK, EXERCISES, exercise_of
from jaxnet.stairs.images import DARKEST, every

Call = Callable[..., Any]  # the learner's function, in its process
_POINTS = 5  # at which a formula has to be right
_CLOSE = 1e-6  # relative: what another order of operations may change in float64, a thousand million times over


class Mark(NamedTuple):
    """What an exercise is worth: its name, whether it is right, and otherwise what is wrong, in words."""

    name: str
    right: bool
    words: str = ""


def mark_exercise(path: Path, limits: Limits | None = None) -> Mark:
    """Mark a file with an exercise; whatever its code does is an answer and raises nothing here.

    Raises ValueError for a file that is none of the exercises by its name.
    """
    name = exercise_of(path)
    exercise, allowed = EXERCISES[name], limits or Limits()
    text = path.read_text(encoding="utf-8", errors="replace")
    if BLANK in text:
        return Mark(name, False, f"{text.count(BLANK)} blank{'s' * (text.count(BLANK) > 1)} left to fill in")
    if name in _GRADIENTS:
        return _graded(name, path, allowed)
    with IsolatedGradient(path, exercise.function, allowed) as mine:
        try:
            if not mine.load():
                return Mark(name, False, f"there is no function {exercise.function}")
            words = _JUDGES[name](mine)
        except (Ended, Raised) as error:
            kind = "" if type(error) in (Ended, Raised) else f"{type(error).__name__}: "
            return Mark(name, False, f"{kind}{error}")
        except (ValueError, TypeError, IndexError):
            # numbers of another form than asked for: the judges take them apart as the task says
            words = "what comes back has another form than the task asks for"
    return Mark(name, not words, words)


def _graded(name: str, path: Path, limits: Limits) -> Mark:
    """Let the grader of gradients judge, which says where a gradient is wrong and not what is right."""
    found = grade(Work(name, path), EXERCISES[name].function, _GRADIENTS[name](), limits)
    right = found.outcome == GradeOutcome.RIGHT
    return Mark(name, right, "" if right else found.failure or " ".join(" ".join(feedback(found, 2)).split()))


def _formula(arguments: Callable[[np.random.Generator], tuple], right: Callable[..., Any], what: str) -> Callable:
    """Judge a formula by its values at points drawn from a seed."""

    def judge(mine: Call) -> str:
        generator = np.random.default_rng(0)
        for _ in range(_POINTS):
            given = arguments(generator)
            found = [np.asarray(each, float) for each in _several(mine(*given))]
            expected = [np.asarray(each, float) for each in _several(right(*given))]
            if [each.shape for each in found] != [each.shape for each in expected]:
                shapes = ", ".join(str(each.shape) for each in found)
                return f"{what}: expected other shapes than {shapes}"
            if not all(np.allclose(a, b, rtol=_CLOSE, atol=_CLOSE) for a, b in zip(found, expected, strict=True)):
                shown = ", ".join(np.array2string(np.asarray(each), precision=4) for each in given)
                return f"{what} is not right for {' '.join(shown.split())}"
        return ""

    return judge


def _several(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def _dark_bottom(mine: Call) -> str:
    w3, w4, b = (float(each) for each in mine())
    answer = lambda x3, x4: float(sigmoid(np.array(w3 * x3 + w4 * x4 + b)))
    dark, light = (150, 200, 255), (0, 30, 60)
    if not all(answer(x3, x4) > 0.9 for x3 in dark for x4 in dark):
        return "two dark pixels must be answered above .9, also of 150 each: what is the sum there?"
    if not all(answer(x3, x4) < 0.1 for x3 in light for x4 in light):
        return "two light pixels must be answered below .1, also of 60 each: what is the sum there?"
    return ""


def _perceptron(mine: Call) -> str:
    *weights, bias = (float(each) for each in mine())
    images = every()
    right = float(np.mean((images.x @ np.array(weights) + bias > 0) == images.y))
    needed = max(images.y.mean(), 1 - images.y.mean()) + 0.1
    return "" if right >= needed else f"it is right on {right:.1%} of the images; {needed:.1%} are asked for"


def _xor(mine: Call) -> str:
    W1, b1, w2, b2 = (np.asarray(each, float) for each in mine())
    for x1 in (0, 1):
        for x2 in (0, 1):
            hidden = sigmoid(np.array([x1, x2]) @ W1.reshape(2, 2) + b1.reshape(2))
            answer = float(sigmoid(hidden @ w2.reshape(2) + b2.reshape(())))
            if not (answer > 0.9 if x1 != x2 else answer < 0.1):
                return f"for x1 = {x1}, x2 = {x2} it answers {answer:.3f}"
    return ""


def _probabilities(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rows, kinds = generator.integers(2, 6, 2)
    return softmax(generator.normal(size=(rows, kinds))), np.eye(kinds)[generator.integers(0, kinds, rows)]


_JUDGES: Mapping[str, Callable[[Call], str]] = {
    "01_threshold": _formula(lambda g: (float(g.normal()),), lambda threshold: -threshold, "the bias"),
    "02_dark_bottom": _dark_bottom,
    "03_perceptron": _perceptron,
    "04_xor": _xor,
    "05_softmax": _formula(
        lambda g: (g.normal(0, 1, g.integers(2, 6)) + g.choice([0, 1000]),),
        lambda z: softmax(z[None])[0],
        "the softmax",
    ),
    "06_slopes": _formula(
        lambda g: (float(g.uniform()), float(g.uniform(-1, 1))), lambda s, t: (s * (1 - s), 1 - t * t), "a slope"
    ),
    "07_cross_entropy": _formula(
        _probabilities, lambda Yhat, Y: -np.log(Yhat[Y > 0]).sum() / len(Y), "the loss"
    ),
    "08_step": _formula(
        lambda g: tuple(map(float, g.normal(size=5))),
        lambda w, v, slope, size, m: (w + (m * v - size * slope), m * v - size * slope),
        "the step",
    ),
}  # fmt: skip


def _logistic_assignment() -> Assignment:
    f = lambda params, X, y: (
        -jnp.mean(
            y * jax.nn.log_sigmoid(X @ params["w"] + params["b"])
            + (1 - y) * jax.nn.log_sigmoid(-(X @ params["w"] + params["b"]))
        )
    )
    images = every()
    params = {"w": np.array([-0.5, -0.3, 0.4, 0.2]), "b": np.array(0.1)}
    return Assignment(f, params, images.x[:8] / DARKEST, images.y[:8].astype(float))


def _backward_assignment() -> Assignment:
    net = MLP((4, 2, 2), activation="sigmoid", output="softmax", weights="normal(1)", biases="normal(1)")
    images = every().only(range(1, 9))
    params = jax.tree.map(np.asarray, net.init(jax.random.key(0)))
    return Assignment(objective(net), params, images.x / DARKEST, images.targets, network=net)


_GRADIENTS: Mapping[str, Callable[[], Assignment]] = {
    "09_logistic": _logistic_assignment,
    "10_backward": _backward_assignment,
}
