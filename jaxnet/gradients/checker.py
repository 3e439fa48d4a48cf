"""Is this gradient right, and if not, where and why? The questions in the order in which they are asked."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jaxnet import checks
from jaxnet.accelerators import exact_products
from jaxnet.gradients.also_right import also_right
from jaxnet.gradients.corner_words import corner_note
from jaxnet.gradients.custom_rules import RULE_ORACLE, as_scalar, forward_mode, rule_evidence
from jaxnet.gradients.diagnosis.diagnose import diagnose
from jaxnet.gradients.diagnosis.passes import unused
from jaxnet.gradients.evidence import Cause, Evidence, Gradient, agrees
from jaxnet.gradients.forms import UNRELIABLE, HandedIn, ask, does_not_repeat, loss_fault, of_consequence
from jaxnet.gradients.nearby import hidden, wrong_nearby
from jaxnet.gradients.numpy_losses import traceable
from jaxnet.gradients.own_parameters import OwnForm, plain_form
from jaxnet.gradients.point import Point, checked_data, checked_parameters, copied
from jaxnet.gradients.raised_at import saying_where
from jaxnet.gradients.report import Report
from jaxnet.gradients.stages import judge_stages
from jaxnet.gradients.truth.comparison import Comparison, Truth, compare_gradient, truth_at
from jaxnet.gradients.truth.finite_differences import Differences, Lines
from jaxnet.gradients.truth.oracles import Automatic
from jaxnet.gradients.truth.working_precision import DOUBLE, SINGLE, computes_in_single, is_single, unit_roundoff
from jaxnet.gradients.verdict import LeafVerdict, judge_leaf, unreadable
from jaxnet.types import Pytree

_ARRAYS_ONLY = (
    "only arrays were given: with a function gradient(params, *data) other batches and single examples could be tried, "
    "which tells apart causes that look alike here."
)


class Checker:
    """A function at one point, its true gradient found once: called with gradients, it returns reports.

    >>> import jax.numpy as jnp, jaxnet as jn
    >>> checker = jn.gradients.Checker(lambda w: jnp.sum(w**2) / 2, jnp.ones(3))
    >>> checker(lambda w: w).ok, checker(lambda w: 2 * w).ok
    (True, False)
    """

    @exact_products()  # or a right gradient of TF32 products would stand beside a bound for float32
    def __init__(self, f: Callable[..., Any], params: Pytree, *data: Any, network: Any = None) -> None:
        """Trace and compile f at (params, *data), all as ``check_gradient`` takes them, and confirm its gradient.

        Raises ValueError or TypeError when f or params cannot be judged: no number, not finite, not floating point.
        """
        checks.require(callable(f), "f", "a function (params, *data) -> scalar", f, TypeError)
        own = plain_form(f, params, data)
        point = (checked_parameters(own.params), *checked_data(own.data))
        with saying_where():
            traced, words = traceable(own.f, point, torch=own.tensors)
            self._truth = truth_at(traced, point)
        self._own = own._replace(f=traced, said=(*own.said, *([words] if words else [])))
        self._given: Point = (own.params, *own.data)
        self._network = network or getattr(f, "network", None)

    @property
    def point(self) -> Point:
        """(params, *data) in float64, parameters as a pytree of arrays: copies, which may be changed."""
        return copied(self._truth.point)

    def plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The author's function as one of ``point``: an object or tensors are made of it where those were given."""
        return self._own.gradient(function)[0]

    def at(self, params: Pytree, *data: Any) -> "Checker":
        """The same function at another point, given as ``point`` is; raises as the constructor does."""
        other = copy.copy(self)
        other._given = (params, *data)
        other._truth = truth_at(self._own.f, (checked_parameters(params), *checked_data(data)))
        return other

    @exact_products()
    def __call__(
        self,
        gradient: Any,
        *,
        loss_value: Any = None,
        precision: float = 0.0,
        stages: Mapping[str, Any] | None = None,
        why: bool = True,
    ) -> Report:
        """Judge one gradient, arrays or a function, with the options of ``check_gradient``; why=False asks no causes.

        Raises ValueError or TypeError for options that make no sense; whatever is wrong with the gradient is reported.
        """
        checks.number("precision", precision, minimum=0)
        truth, precision = self._truth, float(precision)
        gradient, said = self._own.gradient(gradient)
        report = self._by_hand(gradient, precision, why)
        if report.ok and self._own.held is None:  # an object may keep what its forward pass computed at this point
            report = self._asked_nearby(report, precision, why)
        if stages is not None:
            judged = judge_stages(stages, self._network, truth.oracle.gradient, truth.point, eps=DOUBLE)
            report = replace(report, stages=judged)
        report = replace(report, notes=(*(f"{each}." for each in said), *report.notes))
        if loss_value is not None:
            # first, for a gradient of another function explains everything that follows
            fault = loss_fault(truth, loss_value, given=self._given, precision=precision)
            report = replace(report, causes=(*fault, *report.causes))
        return report

    def _by_hand(self, gradient: Any, precision: float, why: bool) -> Report:
        """Ask about the form first, then about the values, then for causes."""
        f, truth = self._own.f, self._truth
        handed = ask(gradient, truth.point, self._given)
        compared = also_right(f, truth.point, handed.usable, _compare_in_its_precision(handed, truth, precision))
        faults = [*of_consequence(handed, compared), *does_not_repeat(handed, compared.noise)]
        loss = getattr(f, "loss", None)
        evidence = Evidence(
            objective=f,
            params=truth.point[0],
            data=truth.point[1:],
            yours=handed.usable,
            true=compared.true,
            noise=compared.noise,
            gradient=None if handed.caller is None else handed.caller.gradient,
            oracle=compared.oracle,
            network=self._network,
            loss=loss if isinstance(loss, str) else None,
            l2=float(getattr(f, "l2", 0.0)),
            eps=compared.eps,
        )
        report = _judge(evidence, truth.lines, faults, why=why)
        limits = [*([] if handed.caller else [_ARRAYS_ONLY]), *unused(evidence)]
        unexplained = report.taylor is not None and not compared.right
        said = [f"{handed.said}."] if handed.said else []
        said += [] if compared.slope is None else [corner_note(f, truth.point, compared.slope)]
        notes = (*said, *compared.notes, *(limits if unexplained else ()))
        return replace(report, oracle=truth.sentence, notes=notes, corner=truth.corner)

    def _asked_nearby(self, report: Report, precision: float, why: bool) -> Report:
        """The report on a gradient that is right at the point, after it was asked at parameters nearby."""
        here = report.evidence
        there = None if here is None else wrong_nearby(self._own.f, self._truth, here, precision=precision)
        if here is None or there is None:
            return report
        return replace(report, causes=hidden(here, there, diagnose(there) if why else ()), elsewhere=True)


def check_gradient(
    f: Callable[..., Any],
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
        f: (params, *data) -> scalar, written with jax.numpy, NumPy (in loops with branches, if need be) or torch; where
            the code of the last two cannot be traced, differences of its values judge, and no line of it is quoted.
        params: any pytree of floating-point arrays, or an object whose floating arrays they are: then f and gradient
            are called with it (``Net.loss``, or bound, ``net.loss``). Torch tensors are read as arrays.
        data: the other arguments of f, such as X and y.
        gradient: arrays in the structure of params, or a function (params, *data) that returns them; a function can be
            asked more and is explained better. Names such as dW1 for W1, (gradient, cache), a list of all weights and
            one of all biases, and one flat vector are recognised, and said in a note. It gets copies, in float64 where
            it can compute in it. None checks the rule that JAX has for f (``custom_vjp``, ``custom_jvp``, gradients of
            gradients; f may return any arrays) against differences of its values.
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
    checks.number("precision", precision, minimum=0)
    if gradient is None:
        checks.require(callable(f), "f", "a function (params, *data) -> scalar", f, TypeError)
        return _check_rule(plain_form(f, params, data))
    checker = Checker(f, params, *data, network=network)
    return checker(gradient, loss_value=loss_value, precision=precision, stages=stages)


def assert_gradient(f: Callable[..., Any], params: Pytree, *data: Any, gradient: Any = None, **options: Any) -> None:
    """Raise AssertionError with the report as its message unless ``check_gradient`` finds the gradient right."""
    report = check_gradient(f, params, *data, gradient=gradient, **options)
    if not report.ok:
        raise AssertionError(f"\n{report}")


@exact_products()
def _check_rule(own: OwnForm) -> Report:
    """Judge the rule that JAX has for f by differences of its values, and its forward mode by its reverse mode."""
    f, point = own.f, (checked_parameters(own.params), *checked_data(own.data))
    with saying_where():
        scalar, notes = as_scalar(f, point)
    rule = Automatic(scalar)
    evidence, corner = rule_evidence(rule, point)
    report = _judge(evidence, Lines(lambda params: rule.value(params, *point[1:]), point[0]))
    causes, words = forward_mode(scalar, point, evidence.yours, evidence.noise)
    causes = (*report.causes, *causes)
    return replace(report, causes=causes, oracle=RULE_ORACLE, notes=(*notes, *words), corner=corner)


def _judge(evidence: Evidence, lines: Lines, faults: Sequence[Cause] = (), *, why: bool = True) -> Report:
    """Judge every leaf, then look for causes; ``lines``: f along lines through the point.

    Without a comparable array for every leaf there is nothing more to say than what is wrong with the form.
    """
    leaves = {path: _judge_or_refuse(path, evidence, faults) for path in evidence.true}
    yours = evidence.yours
    if yours.keys() != evidence.true.keys() or not all(np.isfinite(leaf).all() for leaf in yours.values()):
        return Report(leaves, tuple(faults), evidence=evidence if yours else None)
    reliable = not {cause.kind for cause in faults} & UNRELIABLE
    wrong = not agrees(yours, evidence.true, evidence.noise)
    causes = diagnose(evidence) if why and reliable and wrong else ()
    return Report(leaves, (*faults, *causes), taylor=lines.remainders(yours), evidence=evidence)


def _judge_or_refuse(path: str, evidence: Evidence, faults: Sequence[Cause]) -> LeafVerdict:
    form, true = " ".join(cause.sentence for cause in faults if path in cause.leaves), evidence.true[path]
    if path not in evidence.yours:
        return unreadable(path, true.shape, form or "not returned")
    return judge_leaf(path, evidence.yours[path], true, evidence.noise[path], form=form)


def _compare_in_its_precision(handed: HandedIn, truth: Truth, precision: float) -> Comparison:
    """Compare with the noise of the precision that the gradient was computed in, which is not always its dtype's."""
    eps = unit_roundoff(handed.dtypes)
    compared = compare_gradient(handed.usable, truth, eps=eps, precision=precision)
    if compared.right or eps != DOUBLE or not (handed.caller or is_single(handed.usable)):
        return compared
    # where only differences judge, what rounding does costs seconds to measure: none is a hundredth of a gradient
    if isinstance(truth.oracle, Differences) and _far_off(handed.usable, compared.true):
        return compared
    # A float64 array may come out of a program in float32. That excuses an error of float32's size only if the numbers
    # bear float32's marks: otherwise it is a mistake that happens to be small.
    single = compare_gradient(handed.usable, truth, eps=SINGLE, precision=precision)
    if single.right and (
        is_single(handed.usable)
        or (handed.caller is not None and computes_in_single(handed.caller.gradient, truth.point, compared.noise))
    ):
        note = "gradient returns float64 but computes in float32; it is right to that precision."
        return replace(single, notes=(*single.notes, note))
    return compared


def _far_off(yours: Gradient, true: Gradient) -> bool:
    size = lambda leaf: float(np.linalg.norm(leaf))
    return any(size(leaf - true[path]) > 0.01 * size(true[path]) for path, leaf in yours.items())
