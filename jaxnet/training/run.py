"""``fit``: check everything, run the compiled program in chunks, hand back a ``Run``.

Between chunks, and only there, the host looks at the run: to show progress, and to stop calling when it has ended.
"""

import dataclasses
import html
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import optax

from jaxnet import compilation_cache
from jaxnet.accelerators import local_devices, training_device
from jaxnet.guidance import guided
from jaxnet.html_blocks import html_table
from jaxnet.training import stopping
from jaxnet.training.checkpoint import Checkpoint, SavedRun, checkpoint, save_run
from jaxnet.training.forked_processes import refuse_in_forks
from jaxnet.training.loop import CHUNK, State, history_names, run_program
from jaxnet.training.meshes import brought_together, device_of, put_state, said_by_the_first
from jaxnet.training.optimizer_state import LOOKED_AT, OptimizerState
from jaxnet.training.preparation import FitPlan, on_mesh, operations_a_step, plan_fit, with_fixed_numbers
from jaxnet.training.progress import Progress
from jaxnet.training.run_manifest import network_record
from jaxnet.training.signs import sign_of_sickness
from jaxnet.training.stopping import Outcome, Stop
from jaxnet.training.streamed import stored_data
from jaxnet.training.training_recipe import TrainingRecipe, recipe_of
from jaxnet.types import Key, Metric, ObjectiveFunction, Pytree

CHUNK_SECONDS = 0.2  # how long a chunk should take: long enough to cost nothing, short enough to be looked at
_TICK = 1e-6  # seconds, the shortest time that is believed
_GROWTH = 8  # how many times longer than the last the next chunk may be
ORDERS_AT_ONCE = 16  # epochs whose given orders are handed over at once


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished training run.

    Attributes:
        params: the parameters at the end; the best ones where ``stop`` restores them, the last finite ones after
            divergence.
        optimizer_state: hand it to ``fit`` together with ``params`` to continue exactly.
        history: name -> NumPy array [epochs run]; a diverged run's last entries are those of the diverged epoch.
        outcome: why it ended; ``outcome.value`` is a sentence.
        epoch: the epoch (from 1) in which it ended.
        best_epoch: the epoch (from 1) of the best monitored value; None without ``stop``.
        device: what it was trained on, such as "cpu" or "NVIDIA H100 80GB HBM3".
        params_epoch: the epoch (from 1) that ``params`` are of: the last, or the best one where it is restored.
        network: what ``describe_network`` says of the objective's network; None for one of one's own.
        recipe: how it was trained, which ``jn.diagnose`` tries again with changes; None after pickling.
    """

    params: Pytree
    optimizer_state: OptimizerState
    history: Mapping[str, np.ndarray]
    outcome: Outcome
    epoch: int
    best_epoch: int | None = None
    device: str = ""
    params_epoch: int = 0
    network: Mapping[str, Any] | None = dataclasses.field(default=None, repr=False)
    recipe: TrainingRecipe | None = dataclasses.field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        last = ", ".join(f"{name} {values[-1]:.6g}" for name, values in self.history.items())
        sick = self.sickness
        more = f"\nlooks sick: {sick} (jn.diagnose says more)" if sick else ""
        return f"{self.outcome.value} (epoch {self.epoch}: {last}){more}"

    @property
    def sickness(self) -> str | None:
        """What the history alone shows to be wrong, in words; None where it shows nothing. ``jn.diagnose`` looks at
        the network and the data, too."""
        continued = self.recipe is not None and self.recipe.continued
        diverged = self.outcome is Outcome.DIVERGED
        # what came after the best epoch does not matter where its parameters were restored
        end = self.epoch if diverged or not self.params_epoch else self.params_epoch
        seen = {name: values[: len(values) - (self.epoch - end)] for name, values in self.history.items()}
        sign = sign_of_sickness(seen, diverged=diverged, continued=continued)
        return None if sign is None else sign.sentence

    def __getstate__(self) -> dict[str, Any]:
        # optimizers are closures, which cannot be pickled: a copy by pickle is a run without its recipe
        return {**self.__dict__, "recipe": None}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write parameters and history to a folder, of which ``jn.load(path)`` makes a model.

        Raises ValueError for an objective or network of one's own, which no file describes, and for a folder that has
        a run already.
        """
        behind = np.asarray(self.epoch - self.params_epoch, np.int32)
        save_run(path, self.network, SavedRun(self.params, behind), self.history)

    def _repr_html_(self) -> str:
        number = "{:.6g}".format
        rows = [
            (name, number(v[0]), number(v[-1]), number(v.min()), number(v.max())) for name, v in self.history.items()
        ]
        header = ("", "first epoch", f"epoch {self.epoch}", "lowest", "highest")
        best = f"<p>best epoch: {self.best_epoch}</p>" if self.best_epoch is not None else ""
        sick = f"<p>looks sick: {html.escape(self.sickness)} (jn.diagnose says more)</p>" if self.sickness else ""
        return f"<p>{html.escape(self.outcome.value)}</p>{html_table(rows, header)}{best}{sick}"


@guided(
    positional="the data are one pair, fit(f, params, (X, y), optimizer=optax.sgd(0.1), epochs=100)",
    data="the data are one pair, fit(f, params, (X, y), optimizer=optax.sgd(0.1), epochs=100)",
    X="the data are one pair, fit(f, params, (X, y), ...)",
    y="the data are one pair, fit(f, params, (X, y), ...)",
    seed="give key=jax.random.key(0)",
    random_state="give key=jax.random.key(0)",
    optimizer="such as optimizer=optax.sgd(0.1)",
    learning_rate="it is the optimizer's, optimizer=optax.sgd(0.1)",
    lr="it is the optimizer's, optimizer=optax.sgd(0.1)",
    epochs="such as epochs=100",
    loss="it is the objective's, f = objective(net, loss)",
    validation_data="give validation=(X, y)",
    patience="give stop=Stop('validation_loss', patience)",
    callbacks="give stop=Stop('validation_loss') or progress=True",
)
def fit(
    f: ObjectiveFunction,
    params: Pytree,
    data: Any,
    *,
    optimizer: optax.GradientTransformation,
    epochs: int,
    batch_size: int | None = None,
    shuffle: bool | Iterable[Any] = True,
    key: Key | None = None,
    optimizer_state: OptimizerState | None = None,
    validation: Any = None,
    stop: Stop | None = None,
    metrics: Sequence[Metric] = (),
    out: str | os.PathLike[str] | None = None,
    progress: bool = False,
    device: Any = None,
    mesh: Any = None,
) -> Run:
    """Minimise an objective by mini-batch gradient descent, as one compiled program.

    Computes in the dtype of ``params``. Only a shape, a batch size or another kind of optimizer compiles anew, never
    a number: learning rate, momentum, l2, dropout, tolerance, patience, key and epochs are traced.

    Args:
        f: ``jn.objective(...)``, or any (params, x [B, ...], y [B, ...]) -> scalar, averaged over the batch.
            ``weight=`` and ``key=`` are passed only to objectives that name them.
        params: any pytree of floating-point arrays of one dtype, of any shapes.
        data: (X [N, ...], y [N, ...]) or (X, y, weight [N]), or an object with ``x`` and ``y``. Where X is a memory map
            of NumPy's or a ``jn.data.StoredArray``, batches are read from its file while the one before is trained on,
            for the same numbers. Or batches: an iterator of (X, y), a function that returns one, a loader, or
            ``jn.data.Batches``; they are gone through once, into a temporary file.
        optimizer: any optax optimizer, with a number or a schedule for a learning rate.
        epochs: passes over the data, at least 1.
        batch_size: examples an update, from 1 to N; None is the full batch. A short last batch counts its own rows.
        shuffle: whether mini-batches are drawn anew each epoch, or an iterable of orders, one [N] an epoch (such as
            an array [epochs, N]), each a permutation of 0..N-1.
        key: needed only to shuffle mini-batches or for dropout.
        optimizer_state: ``run.optimizer_state`` of an earlier run, to continue it exactly, with the same key.
        validation: (X, y), evaluated after every epoch without dropout; adds "validation_loss".
        stop: a ``Stop``, to end on convergence or early on validation.
        metrics: names in ``METRICS``, as "f1" or "top_5_accuracy" (for a ``jn.objective``), or callables (params, X, y)
            -> scalar; computed after every epoch on the training data and, as "validation_...", on the validation
            data. A callable that names ``weight``, ``logits`` [N, K] or ``network`` is given them; one that is itself
            called "validation_...", and a name with that before it, sees validation data only.
        out: a folder to keep the run in. It can be killed at any moment and goes on with the same call; SIGINT and
            SIGTERM end it when the chunk is saved.
        progress: show a progress bar, in a terminal or a notebook; elsewhere nothing is shown.
        device: where to train, a ``jax.Device`` or a platform such as "gpu". By default where JAX computes; but where
            that is an accelerator, steps of less than 1 MFLOP are taken on the CPU, which is done with them sooner,
            unless the arrays were put on a device. ``run.device`` says which it was.
        mesh: a ``jax.sharding.Mesh`` to train on: each batch is divided along its first axis, layers of at least 32
            columns a device along the second, where there is one. Equal to one device to rounding. Its devices may be
            those of several processes of ``jax.distributed``, which make the same call and each get the whole run.

    Returns a ``Run``. ``history["loss"][e]`` is the mean over the epoch's examples of the objective before each
    update, as scikit-learn and Keras report it. Divergence is an outcome, not an error. Raises ValueError or TypeError
    for bad input, or an ``out`` that belongs to another run, before anything is compiled.
    """
    refuse_in_forks()
    compilation_cache.enable()
    device, data = device_of(mesh, device), stored_data(data, "data")
    with training_device(device, (params, data), operations_a_step(params, data, batch_size)):
        plan = plan_fit(
            f, params, data, optimizer=optimizer, epochs=epochs, batch_size=batch_size, shuffle=shuffle, key=key,
            optimizer_state=optimizer_state, validation=validation, stop=stop, metrics=metrics,
        )  # fmt: skip
        plan = plan if mesh is None else on_mesh(plan, mesh, out)
        with checkpoint(out, plan) as kept, Progress(plan.epochs, shown=progress) as bar:
            state, history = run_chunks(plan, bar, kept)
        return as_run(plan, brought_together(plan.program.mesh, state), history)


def run_chunks(plan: FitPlan, bar: Progress, kept: Checkpoint | None = None) -> tuple[State, dict[str, np.ndarray]]:
    """Run until the end, saving now and then where it is to be kept; return the last state and the whole history,
    name -> [epochs run]. Raises what ``Checkpoint`` does for a folder that does not fit."""
    plan, parts = (plan, []) if kept is None else kept.restore(plan)
    names = history_names(plan.program.metrics, plan.data.validation is not None)
    plan = plan._replace(state=plan.state if plan.program.mesh is None else put_state(plan.program.mesh, plan.state))
    state = plan.state

    def history() -> dict[str, np.ndarray]:
        return {name: np.concatenate([part[name] for part in parts]) for name in names}

    for after, part in chunks(plan):
        state = after
        parts.append(part)
        bar.advance(sum(len(part["loss"]) for part in parts), {name: values[-1] for name, values in part.items()})
        if kept is not None:
            kept.keep(state, history)
    if kept is not None:
        kept.keep(state, history, now=True)
    return state, history()


def chunks(plan: FitPlan, longest: int = CHUNK) -> Iterator[tuple[State, dict[str, np.ndarray]]]:
    """Call the compiled program until the run has ended; yield the state and the history, name -> [epochs], of every
    chunk.

    A chunk is as many epochs as take about CHUNK_SECONDS, and at most ``longest``.
    """
    state, done, chunk = plan.state, 0, 1  # one epoch first: nobody knows yet how long one takes
    while done < plan.epochs and int(state.status) == stopping.RUNNING:
        count, started, data = min(chunk, plan.epochs - done), time.perf_counter(), plan.data
        count = said_by_the_first(plan.program.mesh, count)
        if plan.orders is not None:
            data = data._replace(orders=plan.orders.next_block(count, ORDERS_AT_ONCE))
        epochs: Any = np.asarray(count, np.int32)  # with a dtype: a Python number is weakly typed and would trace again
        try:
            state, history = run_program(plan.program, plan.numbers, state, data, key=plan.key, epochs=epochs)
        except LOOKED_AT:  # an optimizer that looks at its own numbers is compiled with them, as constants
            plan = with_fixed_numbers(plan)
            state, history = run_program(plan.program, plan.numbers, state, data, key=plan.key, epochs=epochs)
        ran = int(state.epoch) - int(plan.state.epoch) - done  # waits for the chunk to end
        limit = min(longest, ORDERS_AT_ONCE if plan.orders else CHUNK)
        took = time.perf_counter() - started
        chunk = next_chunk(count, took, wanted=CHUNK_SECONDS, limit=limit, compiled=done == 0)
        done += ran
        yield state, {name: np.asarray(values)[:ran] for name, values in history.items()}


def next_chunk(count: int, took: float, *, wanted: float, limit: int, compiled: bool = False) -> int:
    """Say how many epochs the next call should run to take about ``wanted`` seconds, at least 1 and at most ``limit``.

    The last call ran ``count`` epochs in ``took`` seconds. Where it may have ``compiled`` too, a long time says
    nothing of an epoch's, and two epochs are tried next.
    """
    if compiled and took >= wanted:
        return 2
    fitting = int(count * wanted / max(took, _TICK))
    return max(1, min(fitting, _GROWTH * count, limit))  # a single fast call may have been luck: grow step by step


def as_run(plan: FitPlan, state: State, history: dict[str, np.ndarray]) -> Run:
    """Hand the last state back as a ``Run``."""
    outcomes = {
        stopping.RUNNING: Outcome.COMPLETED,
        stopping.CONVERGED: Outcome.CONVERGED,
        stopping.DIVERGED: Outcome.DIVERGED,
    }
    best = state.best
    params, of_epoch = state.params, int(state.epoch)
    if best is not None and best.params is not None and int(best.epoch) > 0:
        params, of_epoch = best.params, int(best.epoch)
    return Run(
        params=params,
        optimizer_state=OptimizerState(state.optimizer, state.epoch),
        history=history,
        outcome=outcomes[int(state.status)],
        epoch=int(state.epoch),
        best_epoch=None if best is None else int(best.epoch),
        device=local_devices()[0].device_kind,
        params_epoch=of_epoch,
        network=network_record(plan.described[0]),
        recipe=recipe_of(plan),
    )
