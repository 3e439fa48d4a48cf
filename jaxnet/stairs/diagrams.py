"""A network as nodes and arrows in plain text: what feeds what, each arrow with its weight.

A network of L layers is a network of L - 1 layers that feeds some perceptrons, and is drawn so: every unit is a bundle
of arrows that meet, and each arrow begins at an input or at the drawing of the unit that it comes from.
"""

from collections.abc import Sequence
from typing import NamedTuple

from jaxnet.stairs.blocks import Verbatim
from jaxnet.stairs.hand_set_networks import HAND_SET, Unit
from jaxnet.stairs.writing import coefficient

# from the left, from above, from below, to the right
_CORNERS = {
    (False, False, False, False): " ",
    (False, True, True, False): "│",
    (False, True, True, True): "├",
    (True, False, False, False): "─",
    (True, False, False, True): "─",
    (True, False, True, False): "┐",
    (True, False, True, True): "┬",
    (True, True, False, False): "┘",
    (True, True, False, True): "┴",
    (True, True, True, False): "┤",
    (True, True, True, True): "┼",
}
_INPUTS = ("x1", "x2", "x3", "x4")


class _Drawn(NamedTuple):
    """Lines of one width, and the one of them at whose end the unit stands."""

    lines: tuple[str, ...]
    exit: int


def diagram_of(name: str) -> Verbatim:
    """Draw the hand-set network ``name``."""
    network = HAND_SET[name]
    layers = [units for units in (network.hidden, (network.out,)) if units]
    return diagram(layers, activation="sigmoid", output=network.output)


def diagram(layers: Sequence[Sequence[Unit]], *, activation: str, output: str) -> Verbatim:
    """Draw layers of units, the first fed by x1 to x4, each later one by the units before it.

    Arrows of weight 0 are left out; each unit shows its activation and its bias. With several outputs they are drawn
    one below another, each with all that feeds it.
    """
    fed = [_Drawn((name,), 0) for name in _INPUTS]
    for place, units in enumerate(layers):
        function = output if place == len(layers) - 1 else activation
        fed = [_unit(unit, fed, function) for unit in units]
    return Verbatim(tuple(line.rstrip() for drawn in fed for line in drawn.lines))


def _unit(unit: Unit, fed: Sequence[_Drawn], function: str) -> _Drawn:
    """Let the drawings of a unit's inputs meet in it."""
    arrows = [(weight, each) for weight, each in zip(unit.weights, fed, strict=True) if weight]
    names = [coefficient(weight) for weight, _ in arrows]
    wide = max(map(len, names))
    across = max(len(each.lines[0]) for _, each in arrows)
    lines: list[str] = []
    exits: list[int] = []
    for name, (_, each) in zip(names, arrows, strict=True):
        exits.append(len(lines) + each.exit)
        for row, line in enumerate(each.lines):
            missing = across - len(line)
            # an arrow begins at the end of its own line, however short, so that none hangs in the air
            arrow = f" {'─' * missing}── {name:>{wide}} ──" if row == each.exit else " " * (missing + wide + 7)
            lines.append(line + arrow)
    meeting = (exits[0] + exits[-1]) // 2
    bias = f", bias {coefficient(unit.bias)}" if unit.bias else ""
    label = f"─▶ {unit.name} ({function}{bias})"
    edges = [_edge(row, exits, meeting) + (label if row == meeting else "") for row in range(len(lines))]
    wide = max(map(len, edges))
    return _Drawn(tuple(line + edge.ljust(wide) for line, edge in zip(lines, edges, strict=True)), meeting)


def _edge(row: int, exits: Sequence[int], meeting: int) -> str:
    """The piece of the line in which arrows meet: what comes from the left, from above, from below, goes right."""
    first, last = exits[0], exits[-1]
    sides = row in exits, first < row <= last, first <= row < last, row == meeting
    return _CORNERS[sides]
