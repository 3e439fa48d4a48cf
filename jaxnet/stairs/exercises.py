"""Ten exercises on the story: files with blanks for the learner, and the same files filled in for the teacher.

Each is written once, with its answers between ⟦ and ⟧; the learner's file has ``____`` in their place.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from jaxnet import checks

BLANK = "____"
_ANSWER = re.compile("⟦(.*?)⟧", re.DOTALL)


class Exercise(NamedTuple):
    """An exercise: the section of the story that it goes with, the task, the function to complete, its source."""

    section: str
    task: str
    function: str
    source: str

    def text(self, *, solved: bool) -> str:
        """Return the file: with the answers, or with blanks in their place."""
        code = _ANSWER.sub(lambda found: found[1] if solved else BLANK, self.source)
        head = f'"""{self.task}\n\nThe section: jaxnet stairs --section {self.section}\n"""\n\nimport numpy as np\n\n\n'
        return head + code.strip() + "\n"


EXERCISES: Mapping[str, Exercise] = {
    "01_threshold": Exercise(
        "perceptron",
        "A perceptron says stairs if w·x > threshold. As a score that says stairs above 0, w·x + b, what is b?",
        "bias",
        """
def bias(threshold):
    return ⟦-threshold⟧
""",
    ),
    "02_dark_bottom": Exercise(
        "layers",
        "Set a hidden unit by hand. It answers above .9 where x3 and x4 are both 150 or more, and below .1 where they "
        "are\nboth 60 or less. Intensities go up to 255.",
        "dark_bottom",
        '''
def dark_bottom():
    """Return the weights of x3 and x4, and the bias."""
    w3, w4, b = ⟦0.1, 0.1, -20.0⟧
    return w3, w4, b
''',
    ),
    "03_perceptron": Exercise(
        "perceptron",
        "Set a perceptron by hand that is right on more of the 500 images than always giving the commoner answer,\n"
        "by at least 10 in 100. Which rows are dark in stairs?",
        "perceptron",
        '''
def perceptron():
    """Return the weights of x1, x2, x3 and x4, and the bias; above 0 means stairs."""
    w1, w2, w3, w4, b = ⟦-0.0019, -0.0016, 0.0020, 0.0023, 0.0003⟧
    return w1, w2, w3, w4, b
''',
    ),
    "04_xor": Exercise(
        "interaction",
        "Set a network 2-2-1 by hand, all units sigmoids, that answers above .9 where one of x1 and x2 is 1 and the "
        "other\n0, and below .1 where both are equal.",
        "xor",
        '''
def xor():
    """Return the hidden units' weights [2, 2] (row i: from x_i), biases [2], the last unit's weights [2], bias."""
    W1 = np.array(⟦[[20.0, -20.0], [-20.0, 20.0]]⟧)
    b1 = np.array(⟦[-10.0, -10.0]⟧)
    w2, b2 = np.array(⟦[20.0, 20.0]⟧), ⟦-10.0⟧
    return W1, b1, w2, b2
''',
    ),
    "05_softmax": Exercise(
        "classes",
        "The softmax of the sums z [K] of K outputs. Sums of 1000 may not overflow.",
        "softmax",
        """
def softmax(z):
    powers = np.exp(⟦z - np.max(z)⟧)
    return ⟦powers / powers.sum()⟧
""",
    ),
    "06_slopes": Exercise(
        "activations",
        "The slopes of the sigmoid and of the tanh, each made of the value alone: no exponential is needed.",
        "slopes",
        '''
def slopes(s, t):
    """s = sigmoid(z), t = tanh(z); return sigmoid'(z) and tanh'(z)."""
    return ⟦s * (1 - s)⟧, ⟦(1 - t) * (1 + t)⟧
''',
    ),
    "07_cross_entropy": Exercise(
        "forward",
        "The loss: the mean over the images of minus the log of the probability given to the right answer.",
        "loss",
        '''
def loss(Yhat, Y):
    """Yhat [N, K]: probabilities; Y [N, K]: 1 for the right answer, 0 elsewhere."""
    return ⟦-np.mean(np.sum(Y * np.log(Yhat), axis=1))⟧
''',
    ),
    "08_step": Exercise(
        "batches",
        "One step of gradient descent with momentum: to the step is added a part m of the one before.",
        "step",
        '''
def step(w, velocity, slope, size, m):
    """Return the new weight and the new velocity, which is the change of the weight."""
    velocity = ⟦m * velocity - size * slope⟧
    return ⟦w + velocity⟧, velocity
''',
    ),
    "09_logistic": Exercise(
        "logistic",
        "The gradient of logistic regression: of the mean of -[y log p + (1 - y) log(1 - p)], p = sigmoid(X w + b).",
        "gradient",
        '''
def gradient(params, X, y):
    """params: {"w": [4], "b": []}; X [N, 4], y [N]. Return the slopes in the structure of params."""
    p = 1 / (1 + np.exp(-(X @ params["w"] + params["b"])))
    d = ⟦(p - y) / len(y)⟧
    return {"w": ⟦X.T @ d⟧, "b": ⟦d.sum()⟧}
''',
    ),
    "10_backward": Exercise(
        "backward",
        "The backward pass of the worked example: 4 pixels, 2 sigmoid units, 2 softmax outputs, cross-entropy.",
        "backward",
        '''
def backward(params, X, Y):
    """params: [{"w": [4, 2], "b": [2]}, {"w": [2, 2], "b": [2]}]; X [N, 4], Y [N, 2]. Return the slopes likewise."""
    first, second = params
    X2 = 1 / (1 + np.exp(-(X @ first["w"] + first["b"])))
    Z2 = X2 @ second["w"] + second["b"]
    powers = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    Yhat = powers / powers.sum(axis=1, keepdims=True)
    d1 = ⟦(Yhat - Y) / len(Y)⟧
    d2 = ⟦d1 @ second["w"].T⟧
    d3 = ⟦d2 * X2 * (1 - X2)⟧
    return [
        {"w": ⟦X.T @ d3⟧, "b": ⟦d3.sum(axis=0)⟧},
        {"w": ⟦X2.T @ d1⟧, "b": ⟦d1.sum(axis=0)⟧},
    ]
''',
    ),
}


def write_exercises(folder: Path, *, solved: bool = False) -> list[Path]:
    """Write the ten files into a folder, which is made; return their paths.

    Raises FileExistsError, before anything is written, where one of them is there already: it may be filled in.
    """
    paths = {folder / f"{name}.py": exercise.text(solved=solved) for name, exercise in EXERCISES.items()}
    there = next((path for path in paths if path.exists()), None)
    if there is not None:
        raise FileExistsError(f"{there} is there already: name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in paths.items():
        path.write_text(text, encoding="utf-8")
    return list(paths)


def exercise_of(path: Path) -> str:
    """Return the name of the exercise that a file is; ValueError, with the nearest name, for any other file."""
    return checks.choice("exercise", path.stem, EXERCISES)
