"""Question: who derives the worked example's gradient by hand, can they trust it, and are they told what is wrong?

Conclusion: A hand-derived backward pass is right to 7e-16, all 17 planted mistakes are named, and the misprint of a
published check is explained.

Method: The gradient of the article's 4-2-2 network (sigmoid, softmax, cross-entropy, the mean over 400 images) is
derived in NumPy, one line a step, and checked. Then the mistakes that learners make are made in it one after another,
each a wrong line in place of the right one, and the checker has to name each. It sees the functions and nothing of the
lines. Last, a published misprint: the author's own check of the first step, made with Keras, printed weights W1 that a
correct step does not give. From the weights before and after, gradient = (before - after) / step, known to half a unit
of the last digit that was printed; what went wrong there the checker has to find from those ten numbers.

Published: "Neural Networks - A Worked Example" by Ben Gorman (GormAnalysis, 2017) and its R script.

Measured: The derivation is right to 7e-16. All 17 mistakes are named, and nothing else is. Of the misprint: "delta was
passed down through the weights of layer 2 after they had been updated (step 0.1)"; a step with that mistake gives the
ten printed numbers within 2.9e-9, what float32 leaves uncertain, where a right step differs by up to 4.5e-3.

Command: python experiments/check_gradient.py
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax
import numpy as np
from reporting import Claim, Findings, main

import jaxnet as jn

STEP = 0.1

# The author's check of W1 after the first step, the bias row first, as it was printed.
PRINTED_W1 = (
    ("-.004693955", ".007963512"),
    ("-.002025512", ".0087154731"),
    (".002760389", ".0032557009"),
    (".003623125", ".0003690708"),
    ("-.010618099", "-.0107602663"),
)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def softmax(z: np.ndarray) -> np.ndarray:
    exponentials = np.exp(z - z.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


class Line(NamedTuple):
    """A line of NumPy: as it is written, and as it is computed from the values ``v`` so far."""

    text: str
    compute: Callable[[SimpleNamespace], np.ndarray]


# Forward, from the images to the predictions; then backward, from the loss's derivative to that of each weight.
DERIVATION: Mapping[str, Line] = {
    "Z1": Line("X @ W1 + b1", lambda v: v.X @ v.W1 + v.b1),
    "X2": Line("sigmoid(Z1)", lambda v: sigmoid(v.Z1)),
    "Z2": Line("X2 @ W2 + b2", lambda v: v.X2 @ v.W2 + v.b2),
    "Yhat": Line("softmax(Z2)", lambda v: softmax(v.Z2)),
    "d1": Line("Yhat - Y", lambda v: v.Yhat - v.Y),
    "dW2": Line("X2.T @ d1 / n", lambda v: v.X2.T @ v.d1 / v.n),
    "db2": Line("d1.sum(axis=0) / n", lambda v: v.d1.sum(axis=0) / v.n),
    "d2": Line("d1 @ W2.T", lambda v: v.d1 @ v.W2.T),
    "d3": Line("d2 * X2 * (1 - X2)", lambda v: v.d2 * v.X2 * (1 - v.X2)),
    "dW1": Line("X.T @ d3 / n", lambda v: v.X.T @ v.d3 / v.n),
    "db1": Line("d3.sum(axis=0) / n", lambda v: v.d3.sum(axis=0) / v.n),
}
REASONS = {
    "d1": "cross-entropy after softmax: the derivative at the logits is prediction minus target",
    "dW2": "each weight times what came in, averaged over the images",
    "db2": "a bias is a weight whose input is always 1",
    "d2": "a hidden unit passes its blame on through the weights that it fed",
    "d3": "the sigmoid's slope is sigmoid * (1 - sigmoid)",
    "dW1": "the same as for W2, one layer down",
    "db1": "the same as for b2",
}


class Mistake(NamedTuple):
    """Wrong lines in place of the right ones, and the kind of cause that the report should name."""

    name: str
    kind: str
    lines: Mapping[str, Line]


MISTAKES = (
    Mistake("target minus prediction", "sign", {"d1": Line("Y - Yhat", lambda v: v.Y - v.Yhat)}),
    Mistake(
        "not averaged over the images",
        "batch_sum",
        {
            "dW2": Line("X2.T @ d1", lambda v: v.X2.T @ v.d1),
            "db2": Line("d1.sum(axis=0)", lambda v: v.d1.sum(axis=0)),
            "dW1": Line("X.T @ d3", lambda v: v.X.T @ v.d3),
            "db1": Line("d3.sum(axis=0)", lambda v: v.d3.sum(axis=0)),
        },
    ),
    Mistake("a bias left unaveraged", "batch_sum", {"db1": Line("d3.sum(axis=0)", lambda v: v.d3.sum(axis=0))}),
    Mistake("a bias from one image", "bias_not_summed", {"db1": Line("d3[0]", lambda v: v.d3[0])}),
    Mistake(
        "a bias summed over everything",
        "bias_summed_over_everything",
        {"db1": Line("np.full(2, d3.sum() / n)", lambda v: np.full(2, v.d3.sum() / v.n))},
    ),
    Mistake(
        "the softmax's derivative applied again",
        "output_derivative_extra",
        {"d1": Line("(Yhat - Y) * Yhat * (1 - Yhat)", lambda v: (v.Yhat - v.Y) * v.Yhat * (1 - v.Yhat))},
    ),
    Mistake("logits for predictions", "output_activation_missing", {"d1": Line("Z2 - Y", lambda v: v.Z2 - v.Y)}),
    Mistake(
        "the outputs in the other order",
        "labels_shifted",
        {"d1": Line("Yhat - Y[:, ::-1]", lambda v: v.Yhat - v.Y[:, ::-1])},
    ),
    Mistake(
        "targets of the next image",
        "targets_shifted",
        {"d1": Line("Yhat - np.roll(Y, 1, axis=0)", lambda v: v.Yhat - np.roll(v.Y, 1, axis=0))},
    ),
    Mistake("W2 not transposed", "weight_not_transposed", {"d2": Line("d1 @ W2", lambda v: v.d1 @ v.W2)}),
    Mistake(
        "W2 already updated",
        "weight_already_updated",
        {"d2": Line("d1 @ (W2 - 0.1 * dW2).T", lambda v: v.d1 @ (v.W2 - 0.1 * v.dW2).T)},
    ),
    Mistake("the slope forgotten", "activation_derivative_missing", {"d3": Line("d2", lambda v: v.d2)}),
    Mistake(
        "the slope of a slope",
        "activation_derivative_at_a",
        {"d3": Line("d2 * sigmoid(X2) * (1 - sigmoid(X2))", lambda v: v.d2 * sigmoid(v.X2) * (1 - sigmoid(v.X2)))},
    ),
    Mistake(
        "Z1 where X2 belongs in the slope",
        "activation_derivative_at_z",
        {"d3": Line("d2 * Z1 * (1 - Z1)", lambda v: v.d2 * v.Z1 * (1 - v.Z1))},
    ),
    Mistake(
        "half of the slope", "activation_derivative_part", {"d3": Line("d2 * (1 - X2)", lambda v: v.d2 * (1 - v.X2))}
    ),
    Mistake(
        "Z1 where X2 belongs", "input_pre_activation", {"dW2": Line("Z1.T @ d1 / n", lambda v: v.Z1.T @ v.d1 / v.n)}
    ),
    Mistake(
        "reshaped where transposed was meant",
        "transposed_and_reshaped",
        {"dW1": Line("(d3.T @ X / n).reshape(4, 2)", lambda v: (v.d3.T @ v.X / v.n).reshape(4, 2))},
    ),
)


def values(lines: Mapping[str, Line], params: list[dict], X: np.ndarray, Y: np.ndarray) -> SimpleNamespace:
    """Compute every line from the parameters and the images."""
    (first, second), n = params, len(X)
    v = SimpleNamespace(W1=first["w"], b1=first["b"], W2=second["w"], b2=second["b"], X=X, Y=Y, n=n)
    for name, line in lines.items():
        setattr(v, name, line.compute(v))
    return v


def gradient_by(lines: Mapping[str, Line]) -> Callable[..., list[dict]]:
    """The gradient that these lines compute, in the structure of the parameters."""

    def gradient(params: list[dict], X: np.ndarray, Y: np.ndarray) -> list[dict]:
        params = jax.tree.map(np.asarray, params)
        v = values(lines, params, np.asarray(X, float), np.asarray(Y, float))
        return [{"w": v.dW1, "b": v.db1}, {"w": v.dW2, "b": v.db2}]

    return gradient


def experiment(quick: bool) -> Findings:
    """Derive, check, err, and explain a misprint: all of it is quick."""
    train, _ = jn.stairs.load()
    net, params = jn.stairs.worked_example()
    check = Checker(net, jn.objective(net), params, train.x.astype(float), train.targets.astype(float))
    derivation = told(check)
    claims = [derivation, *(made(check, mistake) for mistake in MISTAKES), *misprint(check)]
    results = {claim.what: claim.measured for claim in claims}
    return Findings(claims, len(claims), 0, results)


class Checker(NamedTuple):
    """The worked example: its network, objective, initial weights, images and targets (stairs, something else)."""

    network: jn.MLP
    f: Callable
    params: list[dict]
    X: np.ndarray
    Y: np.ndarray

    def report(self, gradient: Any, **options: Any) -> Any:
        """Ask the checker."""
        return jn.check_gradient(
            self.f, self.params, self.X, self.Y, gradient=gradient, network=self.network, **options
        )


def told(check: Checker) -> Claim:
    """Print the derivation, line by line with its first number, and check it."""
    v = values(DERIVATION, jax.tree.map(np.asarray, check.params), check.X, check.Y)
    print("The derivation, and the first number of each line:\n")
    for name, line in DERIVATION.items():
        value = getattr(v, name)
        shape = " x ".join(map(str, value.shape))
        print(f"  {name:4} = {line.text:22} {shape:8} {value.flat[0]:14.10f}   {REASONS.get(name, '')}".rstrip())
    report = check.report(gradient_by(DERIVATION))
    print(f"\n{report}\n")
    return Claim("the derivation", "right", "right" if report.ok else "wrong", report.ok)


def made(check: Checker, mistake: Mistake) -> Claim:
    """Make a mistake, print the wrong lines and what the checker says."""
    report = check.report(gradient_by({**DERIVATION, **mistake.lines}))
    print(f"Mistake: {mistake.name}")
    for name, line in mistake.lines.items():
        print(f"  {name} = {line.text}    # should be {DERIVATION[name].text}")
    for cause in report.causes:
        print(f"  -> {cause.sentence}", *cause.fix.splitlines(), sep="\n     ")
    print()
    found = [cause.kind for cause in report.causes]
    return Claim(mistake.name, mistake.kind, ", ".join(found) or "not flagged", set(found) == {mistake.kind})


def misprint(check: Checker) -> list[Claim]:
    """From the weights before and after, find what the published check did.

    Keras computed in float32, so the numbers it printed are known to half a unit of the last digit and to the rounding
    of the weights, and the gradient between them to that divided by the step and to float32's own rounding.
    """
    before = stacked(check.params)
    printed = np.array([[float(digits) for digits in row] for row in PRINTED_W1])
    half_unit = max(0.5 * 10.0 ** -len(digits.partition(".")[2]) for row in PRINTED_W1 for digits in row)
    known_to = half_unit + np.abs(printed).max() * 2.0**-24
    implied = (before - printed) / STEP
    gradient = [{"w": implied[1:], "b": implied[0]}, gradient_by(DERIVATION)(check.params, check.X, check.Y)[1]]
    single = jax.tree.map(np.float32, gradient)
    report = check.report(single, precision=known_to / STEP)
    print(f"The published check of the first step, W1 only:\n\n{report}\n")
    replayed = updated_step(check)
    print("W1 after the step, bias row first: printed, with W2 updated first, as it should be\n")
    right = before - STEP * stacked(gradient_by(DERIVATION)(check.params, check.X, check.Y))
    for row in zip(printed, replayed, right, strict=True):
        print("  " + "     ".join(" ".join(f"{value:14.10f}" for value in part) for part in row))
    print()
    found = [cause.kind for cause in report.causes]
    off, wrong = (np.abs(numbers - printed) for numbers in (replayed, right))
    explained = STEP * np.vstack([report.evidence.noise["[0]['b']"], report.evidence.noise["[0]['w']"]])
    return [
        Claim(
            "what the printed W1 was stepped with",
            "the updated W2",
            ", ".join(found),
            found == ["weight_already_updated"],
        ),
        Claim("the step size found", str(STEP), f"{report.causes[0].factor}", report.causes[0].factor == STEP),
        Claim(
            "the printed W1, with W2 updated first",
            "10 numbers",
            f"differ by {off.max():.1e}",
            bool(np.all(off <= explained)),
        ),
        Claim("the printed W1, of a right step", "10 numbers", f"differ by {wrong.max():.1e}"),
    ]


def stacked(gradient: list[dict]) -> np.ndarray:
    """The first layer as the article writes it: the bias is the first row."""
    return np.vstack([gradient[0]["b"], gradient[0]["w"]])


def updated_step(check: Checker) -> np.ndarray:
    """W1, bias row first, after a step whose delta went down through the W2 already updated."""
    wrong = next(mistake for mistake in MISTAKES if mistake.kind == "weight_already_updated")
    gradient = gradient_by({**DERIVATION, **wrong.lines})(check.params, check.X, check.Y)
    return stacked(check.params) - STEP * stacked(gradient)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
