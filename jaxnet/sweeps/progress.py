"""One quiet bar for a whole sweep, on standard error and only in a terminal: done, best so far, time left."""

from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxnet.sweeps.devices import advice
from jaxnet.training.progress import terminal_bar

if TYPE_CHECKING:
    from jaxnet.sweeps.ledger import Ledger
    from jaxnet.sweeps.planning import Plan


class Progress:
    """A context in which ``show`` draws how far a ledger is; does nothing unless ``shown`` and in a terminal."""

    def __init__(self, plan: "Plan", ledger: "Ledger", *, shown: bool) -> None:
        self._plan, self._ledger = plan, ledger
        self._bar: Any = terminal_bar("model-epochs") if shown else None

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
            hint = advice()
            if hint is not None:
                self._bar.console.print(f"note: {hint}", highlight=False)
            self._task = self._bar.add_task("", total=work(self._plan), text="compiling")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self) -> None:
        """Draw the bar."""
        if self._bar is not None:
            done = int(self._ledger.epochs.sum())
            self._bar.update(self._task, completed=done, text=said(self._plan, self._ledger))


def work(plan: "Plan") -> int:
    """Count the model-epochs of a plan, as if no member diverged; the audit is not counted."""
    each = len(plan.members.ids) // len(plan.configurations)
    total = 0
    for bracket in plan.brackets:
        alive, at = len(bracket.configurations), 0
        for epochs, kept in bracket.rungs:
            total, alive, at = total + alive * (epochs - at) * each, kept, epochs
    return total


def said(plan: "Plan", ledger: "Ledger") -> str:
    """Say in a few words, which must fit beside a bar: the rung, the best value so far, members begun, diverged."""
    values = ledger.curves[plan.metric][np.arange(len(ledger.epochs)), np.maximum(ledger.epochs - 1, 0)]
    seen = values[np.isfinite(values)]
    rungs = sum(len(bracket.rungs) for bracket in plan.brackets)
    words = [f"rung {min(len(ledger.decisions) + 1, rungs)}/{rungs}"] if rungs > 1 else []
    words += [f"best {seen.min() if plan.goal == 'min' else seen.max():.4g}"] if len(seen) else []
    words.append(f"{int((ledger.epochs > 0).sum())}/{len(ledger.epochs)} begun")
    diverged = int((ledger.diverged > 0).sum())
    return "  ".join([*words, *([f"{diverged} diverged"] if diverged else [])])
