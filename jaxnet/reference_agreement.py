"""JAX held against the NumPy reference: how far apart are they, and how far apart may they be?

Everything is computed twice from the same parameters: by jaxnet in the dtype of the parameters, and by the reference in
float64. Each difference stands beside the **rounding bound** of its entry, which two correct programs keep within.
The bound is derived, not tuned: the reference is run once more over numbers that carry a radius
(``jaxnet.reference.balls``), and every operation of it (each product, sum of fan-in terms, exponential, comparison;
forward, backward, and in every step of an optimizer) adds the rounding that it may add and hands on, times its slope in
absolute value, the rounding that it was handed. So the bound is first order in the dtype's eps, grows with fan-in,
depth and steps, and covers float32 as well as float64. It is a worst case: differences are mostly a hundredth of it.

A training run is followed epoch by epoch: the reference trains each epoch from the parameters with which jaxnet entered
it, with an optimizer's memory of its own that it carries from epoch to epoch. When every epoch ends within its bound,
jaxnet's path is one that the reference takes too, rounding aside. The ends of two long runs on their own would say
less: where steps are too big, runs that start 1e-15 apart are soon 1e-3 apart, and a bound that allows for that allows
for mistakes.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxnet import checks, reference
from jaxnet.accelerators import exact_products, local_devices
from jaxnet.losses import Objective, objective
from jaxnet.network import MLP
from jaxnet.reference.balls import Ball, Precision
from jaxnet.reference.losses import OUTPUTS
from jaxnet.reference.network import forward, objective_and_gradient, with_factors
from jaxnet.reference.refusals import ReferenceInput, check_params, check_problem
from jaxnet.reference.training import ReferenceState, batches, reference_epoch
from jaxnet.training import fit
from jaxnet.types import ArrayLike, Params, Pytree


def _pair(name: str, *numbers: float, **settings: Any) -> tuple[optax.GradientTransformation, reference.Optimizer]:
    # by one name from both sides: a setting that only one of them has is a TypeError at import
    return getattr(optax, name)(*numbers, **settings), getattr(reference, name)(*numbers, **settings)


OPTIMIZERS: Mapping[str, tuple[optax.GradientTransformation, reference.Optimizer]] = MappingProxyType(
    {
        "sgd": _pair("sgd", 0.1),
        "momentum": _pair("sgd", 0.05, momentum=0.9),
        "nesterov": _pair("sgd", 0.05, momentum=0.9, nesterov=True),
        "adam": _pair("adam", 0.01),
        "adamw": _pair("adamw", 0.01, weight_decay=0.01),
        "rmsprop": _pair("rmsprop", 0.01),
        "adagrad": _pair("adagrad", 0.1),
    }
)


@dataclasses.dataclass(frozen=True)
class AgreementEntry:
    """One array computed twice; the numbers are those of its element that is worst in proportion to its bound.

    Attributes:
        name: what was compared: outputs, loss, a leaf of the gradient, the end of a training run.
        difference: |jaxnet - reference|.
        bound: the rounding bound.
    """

    name: str
    difference: float
    bound: float

    @property
    def ok(self) -> bool:
        """Whether the difference is within the bound; not where either is NaN or infinite."""
        return self.difference <= self.bound < np.inf

    @property
    def verdict(self) -> str:
        """Nothing when all is well; else what is not."""
        if self.ok:
            return ""
        return "  BEYOND THE BOUND" if self.bound < np.inf else "  NO BOUND: too much is lost in this dtype to tell"


@dataclasses.dataclass(frozen=True)
class Agreement:
    """Every entry that was compared; ``print`` it.

    Attributes:
        entries: outputs, loss, every leaf of the gradient, every training run.
        dtype: what jaxnet computed in.
    """

    entries: tuple[AgreementEntry, ...]
    dtype: str

    @property
    def ok(self) -> bool:
        """Whether every entry is within its bound."""
        return all(entry.ok for entry in self.entries)

    def __str__(self) -> str:
        width = max(len(entry.name) for entry in self.entries)
        rows = [f"{'':{width}}  difference  rounding bound"]
        rows += [f"{e.name:{width}}  {e.difference:10.1e}  {e.bound:14.1e}{e.verdict}" for e in self.entries]
        failed = [entry.name for entry in self.entries if not entry.ok]
        verdict = f"not within a bound: {', '.join(failed)}" if failed else "every entry is within its rounding bound"
        return "\n".join([f"jaxnet in {self.dtype} against the NumPy reference in float64", *rows, verdict])


@exact_products()
def agreement(
    net: MLP,
    params: Params,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | None = None,
    l2: float = 0.0,
    optimizers: Sequence[str] = tuple(OPTIMIZERS),
    epochs: int = 3,
) -> Agreement:
    """Hold jaxnet against the NumPy reference on one network and its data.

    Args:
        net: an ``MLP`` whose activations are names, without dropout.
        params: its parameters, float32 or float64; jaxnet computes in their dtype.
        X: examples [N, D].
        y: targets, as ``jn.objective`` takes them.
        loss: a name in ``LOSSES``; by default the canonical one of the output.
        l2: the penalty's factor.
        optimizers: names in ``OPTIMIZERS`` to train with, each on the full batch, and the first also on two
            mini-batches an epoch, the second of which is short. Each costs a compilation; ``()`` trains none.
        epochs: how long to train.

    Returns an ``Agreement``. Raises ValueError or TypeError, naming the argument, for anything else.
    """
    checks.require(isinstance(net, MLP), "net", "an MLP", net, TypeError)
    params = jax.tree.map(jnp.asarray, params)
    dtype = checks.parameters("params", params)
    expected = "arrays of dtype float32 or float64"
    checks.require(dtype in (np.float32, np.float64), "params", expected, checks.Words(f"dtype {dtype}"), TypeError)
    ours = JaxSide(objective(net, loss, l2), params, (X, y))
    other = reference_side(net, params, check_problem(net, X, y, loss=loss, l2=l2), dtype)
    runs = plan_runs(optimizers, len(other.problem.X), checks.integer("epochs", epochs, minimum=1))
    # products of float32 are not computed in float32 on GPUs and TPUs unless asked for
    with jax.default_matmul_precision("highest"), np.errstate(over="ignore", invalid="ignore"):
        entries = [*hold_passes(ours, other), *(entry for run in runs for entry in hold_run(ours, other, run))]
    return Agreement(tuple(entries), str(dtype))


class TrainingRun(NamedTuple):
    """One way to train, on both sides: the given order of the examples, in batches of ``size`` rows."""

    optimizer: str
    size: int
    epochs: int


def plan_runs(optimizers: Sequence[str], count: int, epochs: int) -> list[TrainingRun]:
    """List the runs: each optimizer on the full batch, and the first on mini-batches too, the last of them short.

    Raises ValueError for an optimizer that is not in ``OPTIMIZERS``.
    """
    names = [checks.choice("optimizers", name, OPTIMIZERS) for name in optimizers]
    # a half and one more, so that the second batch is shorter by 1 or 2: a mean over its own rows, not the full ones
    mini = [TrainingRun(name, count // 2 + 1, epochs) for name in names[:1] if count > 2]
    return [TrainingRun(name, count, epochs) for name in names] + mini


class JaxSide(NamedTuple):
    """What jaxnet computes with."""

    objective: Objective
    params: Params
    data: tuple[ArrayLike, ArrayLike]  # X [N, D] and y


class ReferenceSide(NamedTuple):
    """What the reference computes with: the same numbers, each with the radius that the other side's dtype gives it."""

    problem: ReferenceInput
    params: Pytree
    lift: Callable[[Any], Ball]


def reference_side(net: MLP, params: Params, problem: ReferenceInput, dtype: Any) -> ReferenceSide:
    """Give every number of a problem and of its parameters its radius: 0, or the rounding to ``dtype`` where it does
    not fit. Raises ValueError for parameters of another network."""
    lift = functools.partial(Ball.of, precision=Precision.of(dtype))
    factors = problem.factors and tuple(map(lift, problem.factors))
    problem = problem._replace(X=lift(problem.X), T=lift(problem.T), l2=lift(problem.l2), factors=factors)
    return ReferenceSide(problem, jax.tree.map(lift, check_params(net, params)), lift)


def hold_passes(ours: JaxSide, other: ReferenceSide) -> list[AgreementEntry]:
    """Compare the predictions [N, K], the objective and every leaf of its gradient."""
    outputs, (value, gradient) = _passes(ours.objective, ours.params, *map(np.asarray, ours.data))
    layers = with_factors(other.params, other.problem.factors)
    _, logits = forward(layers, other.problem.activations, other.problem.X)
    expected_outputs = OUTPUTS[other.problem.output].forward(logits)
    expected_value, expected_gradient = objective_and_gradient(other.problem, other.params)
    leaves = jax.tree_util.tree_leaves_with_path(gradient)
    return [
        worst_of("outputs", outputs, expected_outputs),
        worst_of("loss", value, expected_value),
        *(
            worst_of(f"gradient {jax.tree_util.keystr(path)}", leaf, ball)
            for (path, leaf), ball in zip(leaves, jax.tree.leaves(expected_gradient), strict=True)
        ),
    ]


@functools.partial(jax.jit, static_argnums=0)
def _passes(f: Objective, params: Params, X: jax.Array, y: jax.Array) -> tuple[jax.Array, tuple[jax.Array, Params]]:
    return f.network.predict(params, X), jax.value_and_grad(f)(params, X, y)


def hold_run(ours: JaxSide, other: ReferenceSide, run: TrainingRun) -> list[AgreementEntry]:
    """Train with ``fit``; let the reference follow, each epoch from where ``fit`` began it, and compare every epoch."""
    optimizer, twin = with_radii(OPTIMIZERS[run.optimizer], other.lift)
    epoch = batches(range(len(other.problem.X)), run.size)
    state = ReferenceState(other.params, twin.remember(other.params), 0)
    params, optimizer_state, ends = ours.params, None, []
    for _ in range(run.epochs):
        trained = fit(
            ours.objective, params, ours.data, optimizer=optimizer, optimizer_state=optimizer_state,
            epochs=1, batch_size=run.size, shuffle=False, device=local_devices()[0],
        )  # fmt: skip
        params, optimizer_state = trained.params, trained.optimizer_state
        # the reference's memory goes on with its own radii; its parameters begin each epoch where jaxnet's are
        state, loss = reference_epoch(other.problem, twin, state, epoch)
        ends.append(((trained.history["loss"][0], params), (loss, state.params)))
        state = state._replace(params=jax.tree.map(other.lift, params))
    title = f"{run.optimizer}, {run.epochs * len(epoch)} steps of {run.size} rows"
    (our_losses, our_params), (losses, all_params) = (
        tuple(zip(*side, strict=True)) for side in zip(*ends, strict=True)
    )
    return [worst_of(f"losses: {title}", our_losses, losses), worst_of(f"parameters: {title}", our_params, all_params)]


def with_radii(
    pair: tuple[optax.GradientTransformation, reference.Optimizer], lift: Callable[[Any], Ball]
) -> tuple[optax.GradientTransformation, reference.Optimizer]:
    """Give the settings of the reference's optimizer, and what its memory starts with, the radii that the other side's
    dtype gives them."""
    optimizer, twin = pair
    settings = {name: lift(number) for name, number in twin.settings.items()}
    return optimizer, dataclasses.replace(twin, settings=settings, start=tuple(map(lift, twin.start)))


def worst_of(name: str, values: Pytree, balls: Pytree) -> AgreementEntry:
    """Compare arrays [...] with balls of the same structure and shapes; keep the element that is worst in proportion to
    its bound."""
    pairs = zip(jax.tree.leaves(values), jax.tree.leaves(balls), strict=True)
    both = [(np.abs(np.asarray(value, float) - ball.value).ravel(), ball.radius.ravel()) for value, ball in pairs]
    difference, bound = (np.concatenate(part) for part in zip(*both, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        # 0 of a bound of 0 is agreement
        share = np.where(difference == 0, 0, difference / bound)
    # what is NaN or without a bound is worse than anything that can be compared, and must be what is shown
    settled = np.isfinite(difference) & np.isfinite(bound)
    worst = int(np.argmax(np.where(settled, share, np.inf)))
    return AgreementEntry(name, float(difference[worst]), float(np.nan_to_num(bound[worst], nan=np.inf, posinf=np.inf)))
