"""The architectures, losses, activations and batch sizes on which mistakes are planted: small, so that all is quick."""

import dataclasses
import functools

import numpy as np

import jaxnet as jn


@dataclasses.dataclass(frozen=True)
class Problem:
    """A network, its objective, parameters and data in float64: normal draws, times these scales."""

    name: str
    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    output: str
    loss: str
    l2: float
    examples: int
    weights: float = 1.2
    biases: float = 0.3
    inputs: float = 1.0
    targets: float = 1.0

    def __str__(self):
        return self.name

    @functools.cached_property
    def network(self):
        return jn.MLP(self.sizes, activation=self.activations, output=self.output)

    @functools.cached_property
    def objective(self):
        return jn.objective(self.network, self.loss, self.l2)

    @functools.cached_property
    def params(self):
        draw = np.random.default_rng(sum(self.sizes)).normal
        pairs = zip(self.sizes, self.sizes[1:], strict=False)
        return [{"w": draw(size=(d, h)) * self.weights / np.sqrt(d), "b": draw(size=h) * self.biases} for d, h in pairs]

    @functools.cached_property
    def data(self):
        random = np.random.default_rng(self.examples)
        X = self.inputs * random.normal(size=(self.examples, self.sizes[0]))
        return X, self._targets(random)

    def _targets(self, random):
        outputs = self.sizes[-1]
        if self.output == "softmax":
            return random.permutation(np.arange(self.examples) % outputs)
        if self.output == "sigmoid":
            return (random.permuted(np.arange(self.examples * outputs) % 2).reshape(-1, outputs)).astype(float)
        return self.targets * random.normal(size=(self.examples, outputs))


_TABLE = (
    # name, sizes, activations, output, loss, l2, examples
    Problem("softmax regression", (5, 3), (), "softmax", "cross_entropy", 0.0, 8),
    Problem("logistic regression", (4, 1), (), "sigmoid", "binary_cross_entropy", 0.1, 5),
    Problem("the article's", (4, 2, 2), ("sigmoid",), "softmax", "cross_entropy", 0.0, 8),
    Problem("one example", (4, 3, 2), ("tanh",), "softmax", "cross_entropy", 0.0, 1),
    Problem("regression", (4, 5, 2), ("tanh",), "identity", "squared_error", 0.0, 32),
    Problem("sigmoid squares", (6, 5, 3), ("sigmoid",), "sigmoid", "squared_error", 0.0, 5),
    Problem("relu classifier", (5, 7, 6, 3), ("relu", "relu"), "softmax", "cross_entropy", 0.0, 8),
    Problem("square", (4, 4, 4, 4), ("sigmoid", "tanh"), "softmax", "cross_entropy", 0.1, 8),
    Problem("softplus", (3, 6, 5, 2), ("softplus", "softplus"), "sigmoid", "binary_cross_entropy", 0.05, 8),
    Problem("three hidden", (3, 5, 4, 5, 2), ("relu", "tanh", "sigmoid"), "identity", "squared_error", 0.1, 32),
    Problem("square relu", (5, 5, 5, 5), ("relu", "relu"), "identity", "mean_squared_error", 0.0, 5),
    # gradients of 1e-12 and less: a tolerance with an absolute part, or one for all leaves, sees nothing here
    Problem("tiny", (4, 5, 2), ("tanh",), "identity", "squared_error", 0.0, 8, biases=1e-6, inputs=1e-6, targets=1e-6),
    Problem("vanishing", (4, 5, 5, 5, 5, 2), ("sigmoid",) * 4, "softmax", "cross_entropy", 0.0, 8, weights=0.02),
)
PROBLEMS = {problem.name: problem for problem in _TABLE}
