"""What ``check_gradient`` found out, as data; how it is shown stands in ``text``, ``page`` and ``figure``."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jaxnet.gradients.problem import Cause, Problem
from jaxnet.gradients.truth.differences import Taylor
from jaxnet.gradients.verdict import Leaf

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Report:
    """The answer to: is my gradient right, and if not, where and why?

    Attributes:
        leaves: the verdict on every parameter array, by its ``jax.tree_util.keystr`` path.
        causes: why it is wrong, root cause first; what the form alone shows comes before everything.
        oracle: what the true gradient was taken from, and how that was confirmed.
        notes: what else the reader has to know: conventions at corners, precision, what could not be asked.
        stages: the verdict on intermediate values, in the order of the computation, when they were given.
        taylor: Taylor remainders of the gradient handed in; they shrink as h² when it is right.
        corner: whether f has a corner here, where remainders shrink as h whatever the gradient.
        problem: everything the diagnosis knew, or None when nothing could be compared.
    """

    leaves: dict[str, Leaf]
    causes: tuple[Cause, ...] = ()
    oracle: str = ""
    notes: tuple[str, ...] = ()
    stages: dict[str, Leaf] = field(default_factory=dict)
    taylor: Taylor | None = None
    corner: bool = False
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether every leaf and every stage is right and nothing is wrong with the form."""
        judged = [*self.leaves.values(), *self.stages.values()]
        return all(leaf.ok for leaf in judged) and not self.causes

    @property
    def wrong(self) -> tuple[str, ...]:
        """The paths of the wrong leaves."""
        return tuple(path for path, leaf in self.leaves.items() if not leaf.ok)

    @property
    def first_wrong_stage(self) -> str | None:
        """The first wrong intermediate value in the order of the computation, forward and then back."""
        return next((name for name, stage in self.stages.items() if not stage.ok), None)

    def to_json(self) -> str:
        """Return the report as a JSON object, numbers that JSON lacks as null."""
        from jaxnet.gradients.page import to_json

        return to_json(self)

    def figure(self) -> "Figure":
        """Draw it: error against noise, yours against true, Taylor remainders; needs ``pip install jaxnet[plots]``."""
        from jaxnet.gradients.figure import figure

        return figure(self)

    def __str__(self) -> str:
        from jaxnet.gradients.text import text

        return text(self)

    __repr__ = __str__

    def __rich_console__(self, console: Any, options: Any) -> Iterable[Any]:
        from jaxnet.gradients.text import renderables

        return renderables(self)

    def _repr_html_(self) -> str:
        from jaxnet.gradients.page import html

        return html(self)
