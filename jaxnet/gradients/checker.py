"""Is this gradient right, and if not, where and why? The questions in the order in which they are asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from jaxnet import checks
from jaxnet.gradients import arguments, form, own_rule
from jaxnet.gradients.diagnosis.diagnose import diagnose
from jaxnet.gradients.diagnosis.passes import not_known
from jaxnet.gradients.problem import Cause, Gradient, Problem, within
from jaxnet.gradients.report import Report
from jaxnet.gradients.stages import compare as compare_stages
from jaxnet.gradients.submission import Caller, receive
from jaxnet.gradients.truth.comparison import Comparison, Truth, compare, truth_at
from jaxnet.gradients.truth.precision import DOUBLE, SINGLE, computes_in_single, is_single, unit_roundoff
from jaxnet.gradients.truth.vetting import remainders
from jaxnet.gradients.verdict import Leaf, unreadable
from jaxnet.gradients.verdict import judge as judge_leaf
from jaxnet.types import Pytree

ARRAYS_ONLY = (
    "only arrays were given: with a function gradient(params, *data) other batches and single examples could be tried, "
    "which tells apart causes that look alike here."
)


def check_gradient(
    f: Callable,
    params: Pytree,
    *data: Any,
    gradient: Any = None,
    network: Any = None,
    loss_value: Any = None,
    precision: float = 0.0,
    stages: Mapping[str, Any] | None = None,
) -> Report:
    """Say whether a gradient derived by hand is right, and if not, which leaves are wrong, by how much and why.

    Args:
        f: (params, *data) -> scalar, written with jax.numpy, or with NumPy: then only differences of its values judge.
        params: any pytree of floating-point arrays.
        data: the other arguments of f, such as X and y.
        gradient: arrays in the structure of params, or a function (params, *data) that returns them; a function can be
            asked more and is explained better. It gets copies, in float64 where it can compute in it. None checks the
            rule that JAX has for f (``custom_vjp``, ``custom_jvp``, gradients of gradients; f may return any arrays)
            against differences of its values.
        network: the network that f is the loss of, for a diagnosis layer by layer; a ``jn.objective`` brings its own.
        loss_value: the loss you computed, a number or a function (params, *data), to be compared with f first.
        precision: an error that the numbers of ``gradient`` are known to have, such as half a unit of the last digit
            printed; 0 if they have only been rounded by computing.
        stages: intermediate values of an MLP, ``{"z1": [N, H], "a1": [N, H], "delta2": [N, H], ...}``, layers from 1;
            the report names the first wrong one.

    Returns a ``Report``: ``report.ok``, ``report.leaves[path].ok``, ``report.causes``, ``print(report)``.

    Raises ValueError or TypeError when f or params cannot be judged: no number, not finite, not floating point.

    >>> import jax.numpy as jnp, jaxnet as jn
    >>> f = lambda w: jnp.sum(w**2) / 2
    >>> jn.check_gradient(f, jnp.ones(3), gradient=lambda w: w).ok
    True
    """
    checks.require(callable(f), "f", "a function (params, *data) -> scalar", f, TypeError)
    checks.number("precision", precision, minimum=0)
    point = (arguments.parameters(params), *arguments.data(data))
    if gradient is None:
        return own_rule.check(f, point)
    truth = truth_at(f, point)
    question = Question(f, (params, *data), truth, network or getattr(f, "network", None), float(precision))
    report = judge(question, gradient)
    if stages is not None:
        judged = compare_stages(stages, question.network, truth.oracle.gradient, point, eps=DOUBLE)
        report = replace(report, stages=judged)
    if loss_value is not None:
        report = replace(report, causes=(*loss_faults(question, loss_value), *report.causes))
    return report


def assert_gradient(f: Callable, params: Pytree, *data: Any, gradient: Any = None, **options: Any) -> None:
    """Raise AssertionError with the report as its message unless ``check_gradient`` finds the gradient right."""
    report = check_gradient(f, params, *data, gradient=gradient, **options)
    if not report.ok:
        raise AssertionError(f"\n{report}")


@dataclass(frozen=True)
class Question:
    """What is asked: f, its arguments as given, the truth there, the network, a known error of the numbers."""

    f: Callable
    given: tuple
    truth: Truth
    network: Any
    precision: float

    @property
    def params(self) -> Pytree:
        """Parameters in float64."""
        return self.truth.point[0]

    @property
    def examples(self) -> int | None:
        """The number of examples: the length of the first data argument, if it is an array."""
        first = self.truth.point[1] if len(self.truth.point) > 1 else None
        return len(first) if isinstance(first, np.ndarray) and first.ndim else None


class Answer(NamedTuple):
    """What was handed in, as far as it can be compared, and what is wrong with its form."""

    usable: Gradient
    dtypes: dict[str, Any]
    faults: list[Cause]
    again: Gradient
    caller: Caller | None


def judge(question: Question, gradient: Any) -> Report:
    """Ask about the form first, then about the values, then for causes."""
    answer = ask(question, gradient)
    compared = compare_in_its_precision(question, answer)
    faults = answer.faults + repeat_faults(answer, compared.noise)
    leaves = {path: _leaf(path, answer, compared, faults) for path in compared.true}
    whole = answer.usable.keys() == compared.true.keys() and all(np.isfinite(a).all() for a in answer.usable.values())
    report = Report(leaves, tuple(faults), question.truth.sentence, compared.notes)
    if not whole:
        return report
    problem = problem_of(question, answer, compared)
    reliable = not {cause.kind for cause in faults} & form.UNRELIABLE
    causes = diagnose(problem) if reliable and not compared.right else ()
    taylor = remainders(question.truth.value, question.params, answer.usable)
    notes = compared.notes if compared.right else (*compared.notes, *_limits(question, answer))
    return replace(
        report, causes=(*faults, *causes), notes=notes, taylor=taylor, problem=problem, corner=question.truth.corner
    )


def _limits(question: Question, answer: Answer) -> list[str]:
    """Say what kept the diagnosis from seeing more."""
    return [*([] if answer.caller else [ARRAYS_ONLY]), *not_known(question.network)]


def ask(question: Question, gradient: Any) -> Answer:
    """Call the function twice, or take the arrays, and examine the form."""
    params, point = question.params, question.truth.point
    if not callable(gradient):
        submission = receive(params, gradient)
        faults, usable = form.examine(submission, params, question.examples)
        return Answer(usable, submission.leaves, faults, usable, None)
    caller = Caller(gradient, question.given)
    try:
        whole, after = caller(*point)
        again, _ = caller(*point)
    except Exception as error:  # whatever it is, it is the answer
        return Answer({}, {}, [form.raised(error)], {}, caller)
    submission = receive(params, whole)
    faults, usable = form.examine(submission, params, question.examples)
    _, repeated = form.examine(receive(params, again), params, question.examples)
    return Answer(
        usable, submission.leaves, [*form.changes(arguments.changed(point, after)), *faults], repeated, caller
    )


def compare_in_its_precision(question: Question, answer: Answer) -> Comparison:
    """Compare with the noise of the precision that the gradient was computed in, which is not always its dtype's."""
    eps = unit_roundoff(answer.dtypes)
    compared = compare(answer.usable, question.truth, eps=eps, precision=question.precision)
    if compared.right or eps != DOUBLE:
        return compared
    single = compare(answer.usable, question.truth, eps=SINGLE, precision=question.precision)
    if single.right and computed_in_single(question, answer, compared.noise):
        note = "gradient returns float64 but computes in float32; it is right to that precision."
        return replace(single, notes=(*single.notes, note))
    return compared


def computed_in_single(question: Question, answer: Answer, noise: Gradient) -> bool:
    """Whether a float64 gradient was rounded to float32 on its way."""
    if answer.caller is None:
        return is_single(answer.usable)
    return is_single(answer.usable) or computes_in_single(answer.caller.gradient, question.truth.point, noise)


def repeat_faults(answer: Answer, noise: Gradient) -> list[Cause]:
    """Say which leaves came out differently the second time."""
    differing = [
        p for p, leaf in answer.usable.items() if p in answer.again and not _same(leaf, answer.again[p], noise[p])
    ]
    return [form.does_not_repeat(differing)] if differing else []


def _same(first: np.ndarray, second: np.ndarray, noise: np.ndarray) -> bool:
    return np.array_equal(first, second, equal_nan=True) or bool(within(first, second, noise).all())


def _leaf(path: str, answer: Answer, compared: Comparison, faults: list[Cause]) -> Leaf:
    wrong_form = " ".join(cause.sentence for cause in faults if path in cause.leaves)
    if path not in answer.usable:
        return unreadable(path, compared.true[path].shape, wrong_form or "not returned")
    return judge_leaf(path, answer.usable[path], compared.true[path], compared.noise[path], form=wrong_form)


def problem_of(question: Question, answer: Answer, compared: Comparison) -> Problem:
    """Put together what the diagnosis may use."""
    point, f = question.truth.point, question.f
    loss = getattr(f, "loss", None)
    return Problem(
        f, point[0], point[1:], answer.usable, compared.true, compared.noise,
        None if answer.caller is None else answer.caller.gradient, compared.oracle,
        question.network, loss if isinstance(loss, str) else None, float(getattr(f, "l2", 0.0)), compared.eps,
    )  # fmt: skip


def loss_faults(question: Question, loss_value: Any) -> list[Cause]:
    """Compare the loss that was handed in with f."""
    point, oracle = question.truth.point, question.truth.oracle
    given = Caller(loss_value, question.given)(*point)[0] if callable(loss_value) else loss_value
    eps = unit_roundoff({"": given})
    yours, true = float(given), oracle.value(*point)
    allowed = oracle.value_noise(*point, eps=eps) + question.precision
    return [] if abs(yours - true) <= allowed else [form.other_loss(yours, true, question.examples)]
