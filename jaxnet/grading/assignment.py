"""What a class was asked for: a loss, the points at which its gradient has to be right, and how that is marked."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import jax

from jaxnet import checks
from jaxnet.gradients import Checker
from jaxnet.gradients.evidence import by_path
from jaxnet.grading.hidden_points import hidden_points
from jaxnet.grading.marking_scheme import MarkingScheme
from jaxnet.grading.wire import Other, read_plain, write_plain
from jaxnet.types import Pytree


class Assignment:
    """A loss whose gradient a class derived by hand, compiled once for all of them.

    Attributes:
        checkers: one for each point, the given one first, then hidden ones: other parameters and batch sizes.
        leaves: the paths of the parameters.
        scheme: the marking scheme made of the teacher's solution, or None.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        params: Pytree,
        *data: Any,
        network: Any = None,
        hidden: int = 3,
        seed: int = 0,
        solution: Callable[..., Any] | None = None,
        only: Collection[str] = (),
    ) -> None:
        """Compile f at (params, *data) and at ``hidden`` other points drawn from ``seed``.

        ``solution``: the teacher's own backward pass, a Python function (params, *data) -> gradient, and ``only`` the
        names in it that count as stages. Raises ValueError or TypeError for what ``Checker`` and ``MarkingScheme``
        refuse, for arguments that cannot be handed to another process, and for a solution that is itself wrong.
        """
        checks.integer("hidden", hidden, minimum=0)
        strange = next(_others(read_plain(write_plain((params, data)))), None)
        words = "numbers, text, arrays and containers of them, which another process can be given"
        checks.require(strange is None, "params and data", words, checks.Words(f"a {getattr(strange, 'kind', '')}"))
        first = Checker(f, params, *data, network=network)
        self.checkers = [first, *hidden_points(first, hidden, seed)]
        self.leaves = tuple(by_path(first.point[0]))
        self.scheme = None if solution is None else MarkingScheme(solution, only)
        for checker in self.checkers if solution is not None else ():
            report = checker(solution, why=False)
            checks.require(report.ok, "solution", "a right gradient", checks.Words(report.headline))


def _others(value: Any) -> Iterator[Other]:
    """The things in a message that were no numbers, text, arrays or containers; of an object's they do not matter."""
    leaves = jax.tree.leaves(value, is_leaf=lambda node: isinstance(node, Other))
    return (leaf for leaf in leaves if isinstance(leaf, Other))
