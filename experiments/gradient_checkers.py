"""Question: how many wrong gradients do three checkers flag and name, and how many right ones do they flag?

Conclusion: Of 342 wrong gradients jaxnet flags and names all, with no false alarm among 585 sound ones; the two others
flag 331, name none and raise 40 and 26 false alarms.

Method: The planted suite of the tests is put to jaxnet, to JAX's ``check_grads`` (reverse mode, its own tolerances) and
to PyTorch's ``gradcheck`` (its own too) in one run: wrong gradients written as wrong lines of backpropagation, singly
and in pairs, and sound ones of every awkward sort. The two others check rules of differentiation, not gradients, so
each hand-derived gradient is given to them as the backward rule of its loss, at the parameters where it was computed. A
mistake counts as flagged when the answer is no, and as named when the causes reported explain it and no others are
reported (for the few without a familiar name: that none is known); neither of the others reports a cause. A false alarm
is a sound gradient to which the answer is no or that ends in an error. Each tool computes in the precision of the
gradient where it can (gradcheck only in float64).

Published: nothing; jaxnet is asked to flag and name all mistakes, and to raise no false alarm.

Measured, jax 0.10.2 and torch 2.13.0, one run on 2 shared CPU cores:

    ====================  =========  ==========  ==================  ============
    checker               mistakes   named       pairs, both named   false alarms
    ====================  =========  ==========  ==================  ============
    jaxnet                342 / 342  342 of 342  24 of 24            0 of 585
    check_grads           331 / 342  none        none                40 of 585
    gradcheck             331 / 342  none        none                26 of 585
    ====================  =========  ==========  ==================  ============

The 11 that the others do not flag are all on the two networks whose gradients are tiny or vanish.

Command: python experiments/gradient_checkers.py    (PyTorch is left out where it is not installed)
"""

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.test_util import check_grads
from reporting import Claim, Findings, main

import jaxnet as jn

try:
    import torch
except ModuleNotFoundError:
    torch = None


class Question(NamedTuple):
    """One gradient and what is true of it: the sets of causes, one a mistake, each of which has to be named."""

    f: Callable
    params: Any
    data: tuple
    gradient: Any
    network: Any
    causes: tuple[frozenset[str], ...] = ()


def planted() -> dict[str, list[Question]]:
    """Read the tables of the tests: mistakes, pairs of mistakes, sound gradients."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "gradients"))
    from planted import mistakes, pairs, sound, sound_elsewhere

    def wrong(case: Any) -> Question:
        problem, causes = case.problem, tuple(mistake.causes for mistake in case.mistakes)
        return Question(problem.objective, problem.params, problem.data, case.gradient, problem.network, causes)

    def right(case: Any) -> Question:
        return Question(case.f, case.params, case.data, case.gradient, case.network)

    return {
        "mistakes": [wrong(case) for case in mistakes.SINGLE],
        "pairs of mistakes": [wrong(case) for case in pairs.PAIRS],
        "sound gradients": [right(case) for case in (*sound.SOUND, *sound_elsewhere.ELSEWHERE)],
    }


class Answer(NamedTuple):
    """What a checker says: whether the gradient is right, and whether the causes it reports are those planted."""

    right: bool
    named: bool = False


def by_jaxnet(question: Question) -> Answer:
    """Ask ``jn.check_gradient``."""
    f, params, data, gradient, network, causes = question
    report = jn.check_gradient(f, params, *data, gradient=gradient, network=network)
    kinds = {cause.kind for cause in report.causes}
    return Answer(
        report.ok, bool(causes) and all(kinds & each for each in causes) and kinds <= frozenset().union(*causes)
    )


def by_check_grads(question: Question) -> Answer:
    """Ask ``jax.test_util.check_grads``, in the precision of the gradient."""
    mine = computed(question)
    dtype = jax.tree.leaves(mine)[0].dtype
    loss = traceable(question, dtype)

    @jax.custom_vjp
    def f(params):
        return loss(params)

    f.defvjp(
        lambda params: (loss(params), None), lambda _, upstream: (jax.tree.map(lambda leaf: upstream * leaf, mine),)
    )
    params = jax.tree.map(lambda leaf: jax.numpy.asarray(leaf, dtype), question.params)
    try:
        check_grads(f, (params,), order=1, modes=("rev",))
    except AssertionError:
        return Answer(False)
    return Answer(True)


def by_gradcheck(question: Question) -> Answer:
    """Ask ``torch.autograd.gradcheck``, in float64."""
    leaves, structure = jax.tree.flatten(question.params)
    mine = [torch.tensor(np.asarray(leaf, np.float64)) for leaf in jax.tree.leaves(computed(question))]
    loss = jax.jit(traceable(question, np.float64))

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *leaves):
            return torch.tensor(
                float(loss(structure.unflatten([leaf.numpy() for leaf in leaves]))), dtype=torch.float64
            )

        @staticmethod
        def backward(ctx, upstream):
            return tuple(upstream * leaf for leaf in mine)

    inputs = [torch.tensor(np.asarray(leaf, np.float64), requires_grad=True) for leaf in leaves]
    return Answer(torch.autograd.gradcheck(Loss.apply, inputs, raise_exception=False))


def computed(question: Question) -> Any:
    """The gradient under test as arrays."""
    gradient = question.gradient
    return jax.tree.map(np.asarray, gradient(question.params, *question.data) if callable(gradient) else gradient)


def traceable(question: Question, dtype: Any) -> Callable:
    """The loss as a function that JAX can trace: one in NumPy alone is called back."""
    f, data = question.f, question.data
    scalar = jax.ShapeDtypeStruct((), dtype)
    try:
        jax.eval_shape(lambda params: f(params, *data), question.params)
    except (jax.errors.TracerArrayConversionError, ValueError):
        return lambda params: jax.pure_callback(
            lambda p: np.asarray(f(jax.tree.map(np.asarray, p), *data), dtype), scalar, params
        )
    return lambda params: jax.numpy.asarray(f(params, *data), dtype)


CHECKERS: Mapping[str, Callable[[Question], Answer]] = {"jaxnet": by_jaxnet, "check_grads": by_check_grads} | (
    {"gradcheck": by_gradcheck} if torch else {}
)


def experiment(quick: bool) -> Findings:
    """Put every question to every checker; ``quick`` puts those about the article's network, every sixth one."""
    questions = planted()
    if quick:
        questions = {name: [each for each in asked if small(each)][::6] for name, asked in questions.items()}
    claims, results, seconds = [], {}, dict.fromkeys(CHECKERS, 0.0)
    for checker, ask in CHECKERS.items():
        for name, cases in questions.items():
            began = time.perf_counter()
            answers = [answer(ask, case) for case in cases]
            seconds[checker] += time.perf_counter() - began
            flagged, named = sum(not each.right for each in answers), sum(each.named for each in answers)
            results[f"{checker}, {name}"] = {"asked": len(cases), "flagged": flagged, "named": named}
            claims += counted(checker, name, len(cases), flagged, named)
    asked = sum(map(len, questions.values()))
    times = {f"all {asked} gradients, compiling included": seconds}
    return Findings(claims, asked * len(CHECKERS), 0, results, times=times)


def small(question: Question) -> bool:
    """Whether a question is about the article's network of 4, 2 and 2 units."""
    return question.network is not None and question.network.sizes == (4, 2, 2)


def answer(ask: Callable[[Question], Answer], question: Question) -> Answer:
    """Ask; an error is an answer of no."""
    try:
        return ask(question)
    except (TypeError, ValueError, FloatingPointError, RuntimeError):
        return Answer(False)


def counted(checker: str, name: str, asked: int, flagged: int, named: int) -> Iterable[Claim]:
    """The lines of the table for one checker and one sort of gradient: of jaxnet's, all should be answered rightly."""
    share = lambda count, what="": f"{count} of {asked}{what} ({count / asked:.1%})"
    own = checker == "jaxnet"
    if name == "sound gradients":
        yield Claim(f"false alarms, {checker}", "", share(flagged, " sound gradients"), flagged == 0 if own else None)
        return
    yield Claim(f"{name} flagged, {checker}", "", share(flagged), flagged == asked if own else None)
    yield Claim(f"{name} named, {checker}", "", share(named), named == asked if own else None)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(__doc__, experiment)
