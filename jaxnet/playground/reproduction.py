"""What is on the screen, once more by ``jn.fit``: as Python to take away, and run, with the largest difference.

The epoch that has begun is finished first, for ``jn.fit`` trains whole epochs.
"""

import io
import itertools
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxnet import checks
from jaxnet.losses import objective
from jaxnet.models import Model
from jaxnet.network import MLP
from jaxnet.playground.live_training import LiveTrainer
from jaxnet.playground.moments import updates_an_epoch
from jaxnet.playground.optimizer_slots import OPTIMIZERS_SHOWN
from jaxnet.playground.play_settings import PlaySettings
from jaxnet.playground.recording import recording_of
from jaxnet.training import Run, fit

_MOST_DIGITS = 9  # that tell every float32 from its neighbours


class SameSettings(NamedTuple):
    """Whole epochs that were trained with the same settings."""

    settings: PlaySettings
    epochs: int


def finish_epoch(trainer: LiveTrainer) -> None:
    """Take the steps that are left of the epoch that has begun. Raises ValueError for a run that diverged."""
    state = trainer.moment.state
    checks.require(
        bool(state.finite), "export", "finite weights (go back a few states)", checks.Words("a diverged run")
    )
    if int(state.step):
        trainer.frame(updates_an_epoch(trainer.settings, len(trainer.data.X)) - int(state.step))


def settings_by_epochs(trainer: LiveTrainer) -> tuple[list[SameSettings], bool]:
    """Return what was trained since the weights were drawn, and whether no setting was changed within an epoch."""
    moment = trainer.moment
    starts = [*moment.changes, (int(moment.state.epoch), 0, moment.settings)]
    found, exact = [], all(step == 0 for _, step, _ in moment.changes)
    for (begin, _, settings), (end, _, _) in itertools.pairwise(starts):
        # an epoch counts for the settings that it was ended with
        if end > begin:
            found.append(SameSettings(settings, end - begin))
    return found, exact


def trained_again(trainer: LiveTrainer) -> Run | None:
    """Train the same by ``jn.fit``, from the same start; None where nothing was trained."""
    params: Any = [{leaf: jax.device_put(layer[leaf]) for leaf in layer} for layer in trainer.moment.origin.params]
    state, run = None, None
    for settings, epochs in settings_by_epochs(trainer)[0]:
        net, goal = settings.network(trainer.data), settings.goal
        f = objective(net, goal.loss, l2=settings.l2)
        run = fit(
            f, params, (trainer.data.X, trainer.data.dense(trainer.data.y, net.sizes[-1])),
            optimizer=OPTIMIZERS_SHOWN[settings.optimizer](settings.rate, settings.momentum), epochs=epochs,
            batch_size=min(settings.batch, len(trainer.data.X)), key=jax.random.key(settings.seed),
            optimizer_state=state,
        )  # fmt: skip
        params, state = run.params, run.optimizer_state
    return run


def reproduced(trainer: LiveTrainer) -> dict[str, Any]:
    """Finish the epoch, train the same again by ``jn.fit``, and return the code, the largest difference of a weight to
    the screen, and what has to be said about it. Raises as ``finish_epoch`` does."""
    finish_epoch(trainer)
    run = trained_again(trainer)
    again = trainer.moment.origin.params if run is None else run.params
    pairs = zip(jax.tree.leaves(again), jax.tree.leaves(trainer.params), strict=True)
    difference = max(float(np.abs(np.asarray(a) - b).max()) for a, b in pairs)
    words = f"jn.fit was run with this code's settings: the largest difference of a weight is {difference:.1e}"
    if not settings_by_epochs(trainer)[1]:
        words += "; a setting was changed within an epoch, which jn.fit does at its end"
    return {"code": code(trainer), "difference": difference, "words": words}


def code(trainer: LiveTrainer) -> str:
    """Return the Python that trains what is on the screen."""
    data, origin = trainer.data, trainer.moment.origin
    first = trainer.moment.changes[0][2]
    lines = [*data.code]
    if data.classes and first.goal.output == "identity" and len(data.classes) > 2:
        lines += [f"y = np.eye({len(data.classes)})[y]"]
    lines += ["", _network(first.network(data)), f"key = jax.random.key({first.seed})"]
    lines += ["params = net.init(key)"] if origin.drawn else _literal(origin.params)
    lines += [""]
    before, run = first, ""
    for settings, epochs in settings_by_epochs(trainer)[0]:
        if (settings.activations, settings.dropout) != (before.activations, before.dropout):
            lines += [_network(settings.network(data))]
        lines += _fit(settings, epochs, min(settings.batch, len(data.X)), run)
        before, run = settings, "run."
    lines += ["print(run)"] if run else []
    text = "\n".join(lines)
    imports = ["import dataclasses"] if "dataclasses." in text else []
    imports += [""] if imports else []
    imports += ["import jax"] + [f"import {name}" for name in ("numpy as np",) if "np." in text]
    imports += ["import optax"] if run else []
    imports += ["", "import jaxnet as jn"] + (["import jaxnet.playground"] if "jaxnet.playground." in text else [])
    return "\n".join([*imports, "", text, ""])


def _network(net: MLP) -> str:
    activation = f"activation={net.activations!r}, " if net.activations else ""
    dropout = f", dropout={net.dropout!r}" if net.dropout else ""
    return f"net = jn.MLP({net.sizes}, {activation}output={net.output!r}{dropout}, weights={net.weights!r})"


def _fit(settings: PlaySettings, epochs: int, batch: int, run: str) -> list[str]:
    goal, name, rate = settings.goal, settings.optimizer, settings.rate
    by = f"{'sgd' if name == 'nesterov' else name}({rate!r}"
    by += f", momentum={settings.momentum!r}" if name in ("sgd", "nesterov") else ""
    by += ", nesterov=True)" if name == "nesterov" else ")"
    state = ", optimizer_state=run.optimizer_state" if run else ""
    return [
        f"f = jn.objective(net, {goal.loss!r}, l2={settings.l2!r})",
        f"run = jn.fit(f, {run}params, (X, y), optimizer=optax.{by}, epochs={epochs},",
        f"             batch_size={batch}, key=key{state})",
    ]


def _literal(params: list[dict[str, np.ndarray]]) -> list[str]:
    """Write parameters out: those that were edited, or were trained before the structure changed."""
    lines = ["params = ["]
    for layer in params:
        texts = {leaf: np.array2string(layer[leaf], separator=", ", threshold=10**9, max_line_width=110,
                                       formatter={"float_kind": lambda v: f"{v:.{_MOST_DIGITS}g}"})
                 for leaf in ("w", "b")}  # fmt: skip
        lines += [f'    {{"{leaf}": np.array({text}, np.float32),' if leaf == "w" else
                  f'     "{leaf}": np.array({text}, np.float32)}},' for leaf, text in texts.items()]  # fmt: skip
    return [*lines, "]"]


def shown_model(trainer: LiveTrainer) -> Model:
    """Return what is shown as a ``jn.Model``, with the preparation of the table where it is one's own."""
    data = trainer.data
    given = {"preparation": data.preparation} if data.preparation is not None else {"classes": data.classes or None}
    return Model(trainer.net, trainer.params, **given)


def model_bytes(trainer: LiveTrainer, kind: str) -> tuple[str, bytes]:
    """Return a file's name and content: "folder", a zip of what ``jn.load`` reads, "onnx", "numpy", a Python file, or
    "recording", an HTML file.

    Raises ValueError for another kind and for what has no such form; ImportError where a package is missing.
    """
    kind = checks.choice("kind", kind, ("folder", "onnx", "numpy", "recording"))
    if kind == "recording":
        return "recording.html", recording_of(trainer)
    model = shown_model(trainer)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        if kind == "onnx":
            model.to_onnx(path / "model.onnx")
            return "model.onnx", (path / "model.onnx").read_bytes()
        if kind == "numpy":
            model.to_numpy(path / "model.py")
            return "model.py", (path / "model.py").read_bytes()
        model.save(path / "model")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for file in sorted((path / "model").iterdir()):
                archive.write(file, f"model/{file.name}")
        return "model.zip", packed.getvalue()
