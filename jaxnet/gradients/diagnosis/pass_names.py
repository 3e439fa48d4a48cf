"""What the values of a recorded pass are called in the user's source, and which of them are neighbours."""

import ast
import functools
import inspect
import linecache
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from jaxnet.gradients.diagnosis.operation_rules import MOVES
from jaxnet.gradients.diagnosis.recorded_pass import Operation, RecordedPass, moved
from jaxnet.gradients.diagnosis.source_places import SourcePlace, operand_text, parsed
from jaxnet.gradients.diagnosis.tolerances import MOST_NAMED, MOST_NEIGHBOURS
from jaxnet.gradients.truth.operation_values import value_of
from jaxnet.gradients.verdict import leaf_name

# the operations that an expression itself is, so that its operands are theirs
_OPERATORS = {
    ast.Add: ("add",), ast.Sub: ("sub",), ast.Mult: ("mul", "dot_general"), ast.Div: ("div",),
    ast.MatMult: ("dot_general",),
    ast.Pow: ("integer_pow", "pow", "square"), ast.USub: ("neg",),
}  # fmt: skip
# functions that are one operation of another name
_CALLS = {
    "dot": "dot_general", "matmul": "dot_general", "einsum": "dot_general", "sum": "reduce_sum", "max": "reduce_max",
    "maximum": "max", "minimum": "min", "power": "pow", "multiply": "mul", "subtract": "sub", "divide": "div",
    "sigmoid": "logistic",
}  # fmt: skip
_WORDS = {
    "reduce_sum": "sum",
    "div": "division",
    "mul": "product",
    "sub": "difference",
    "dot_general": "matrix product",
    "reduce_max": "maximum",
    "integer_pow": "power",
}
ByTurn = Callable[[int], np.ndarray | None]  # what stands there in each turn of a loop
_PARTS = {
    ("div", 0): "the numerator in it",
    ("div", 1): "the denominator in it",
    ("sub", 0): "what is subtracted from in it",
    ("sub", 1): "what is subtracted in it",
}
_MOST_SUMMED = 100_000  # entries
_NAME = re.compile(r"`[A-Za-z_]\w*`|that of .*")


class PassNames:
    """Names of values by number: of a parameter, of an argument of f, of the variable that a result was assigned to."""

    def __init__(self, recorded: RecordedPass, f: Callable[..., Any], leaves: list[str]) -> None:
        self.recorded = recorded
        self._given = {number: f"`{_short(path)}`" for number, path in zip(recorded.leaves, leaves, strict=True)}
        try:
            arguments = list(inspect.signature(f).parameters)[1:]
        except (TypeError, ValueError):
            arguments = []
        names = (
            arguments if len(arguments) == len(recorded.inputs) else [f"data[{i}]" for i in range(len(recorded.inputs))]
        )
        self._given |= {number: f"`{name}`" for number, name in zip(recorded.inputs, names, strict=True)}
        self._known: dict[int, Any] = {}
        self._turns: dict[Any, list[int]] = {}
        for index, op in enumerate(recorded.operations):
            if op.place:
                self._turns.setdefault(op.site, []).append(index)

    def value(self, number: int) -> str:
        """What a value is called, in backquotes."""
        while number not in self._given and number in self.recorded.made_by:
            op = self.recorded.operations[self.recorded.made_by[number]]
            assigned = _assigned(op.place[-1]) if op.place else ""
            if op.place and op.name not in MOVES:
                return f"`{assigned or op.place[-1].expression}`"
            if assigned and isinstance(parsed(op.place[-1].expression), ast.Subscript | ast.Attribute):
                return f"`{assigned}`"  # a part, or a transpose, with a name of its own
            number = op.inputs[0] if op.inputs else -1
        return self._given.get(number, "a constant")

    def operand(self, op: Operation, k: int) -> str:
        """What an operand is called: by the source of the expression that the operation is, or by its part in it."""
        expression = op.place[-1].expression if op.place else ""
        if "einsum(" in expression and op.name == "dot_general":  # which may take its operands in the other order
            return self.value(op.inputs[k])
        if op.name == "select_n" and k and isinstance(parsed(expression), ast.Compare | ast.BoolOp):  # of an if
            return f"the branch where it {'does not hold' if k == 1 else 'holds'}"
        if op.name == "select_n" and k and len(op.inputs) == 3 and _is_operation(expression, "where"):
            k = 3 - k  # where(c, yes, no) chooses the last for yes
            text = operand_text(expression, k)
            return f"`{text}`" if text else "a branch of it"
        text = operand_text(expression, k) if _is_operation(expression, op.name) else ""
        if text:
            return f"`{text}`"
        named = self.value(op.inputs[k])
        if "`" in named and named.strip("`") != expression and not _is_call(expression):
            return named
        return _PARTS.get((op.name, k)) or f"the {_WORDS.get(op.name, op.name)} in it"

    def maker(self, number: int) -> str:
        """The kind of operation that a value is the result of; "" for what was given."""
        index = self.recorded.made_by.get(number)
        return "" if index is None else self.recorded.operations[index].name

    def part(self, op: Operation) -> str:
        """What a part that an operation takes of an array is called: by its source."""
        return f"`{op.place[-1].expression}`" if op.place else "a part of it"

    @functools.cached_property
    def readers(self) -> dict[int, list[Operation]]:
        """The number of a value -> the operations that read it."""
        found: dict[int, list[Operation]] = {}
        for op in self.recorded.operations:
            for number in set(op.inputs):
                found.setdefault(number, []).append(op)
        return found

    def divisors(self, shape: tuple[int, ...]) -> Iterator[tuple[str, ByTurn]]:
        """What a sum over the data may be divided by, as arrays of a shape: lengths, sizes, sums of weights."""
        recorded = self.recorded
        of = lambda number: functools.partial(_always, np.full(shape, float(number)))
        for number in recorded.inputs:
            name, value = self.value(number), recorded.values[number]
            for axis, length in enumerate(value.shape):
                yield f"{length}, the length of axis {axis} of {name},", of(length)
            if value.ndim > 1:
                yield f"{value.size}, the number of entries of {name},", of(value.size)
        for number, value in enumerate(recorded.values) if not shape else ():
            fits = value.ndim and value.dtype.kind == "f" and value.size <= _MOST_SUMMED
            if fits and number in recorded.of_data and number not in recorded.moving and value.any():
                yield f"the sum of {self.value(number)}", of(value.sum())
                if not value.all():
                    yield f"the number of entries that are not 0 of {self.value(number)}", of((value != 0).sum())

    def neighbours(self, ops: list[Operation], numbers: list[int]) -> Iterator[tuple[str, ByTurn]]:
        """Values of one shape that may stand in the place of some, by turn: what is said of each, and it.

        Where those are another array rearranged, as k.T is, others are rearranged in the same way.
        """
        recorded, own = self.recorded, self.value(numbers[0])
        roots, moves = zip(*(recorded.rearranged(number) for number in numbers), strict=True)
        seen, left = {self._prints(numbers)}, {True: MOST_NAMED, False: MOST_NEIGHBOURS}
        for ends, after in ((numbers, ()), (list(roots), moves)) if moves[0] else ((numbers, ()),):
            shape = recorded.values[ends[0]].shape
            for _, said, chosen in sorted(self._candidates(ops, ends), key=_plainest):
                value, simple = recorded.values[chosen[0]], bool(_NAME.fullmatch(said))
                fits = value.shape == shape and value.dtype.kind == "f" and np.isfinite(value).all()
                prints = (*self._prints(chosen), bool(after)) if fits and left[simple] else ()
                if not prints or prints in seen or (after and chosen == ends):
                    continue
                seen.add(prints)
                left[simple] -= 1
                name = said if said != own else f"{said} of another line or turn"
                yield name, functools.partial(_of_turn, recorded, chosen, after)

    def _prints(self, numbers: Sequence[int]) -> tuple[Any, ...]:
        """What tells values apart."""
        return tuple(self._print_of(number) for number in numbers)

    def _print_of(self, number: int) -> Any:
        if number not in self._known:
            value = self.recorded.values[number]
            self._known[number] = value.shape, hash(value.tobytes())
        return self._known[number]

    def without(self, numbers: list[int]) -> Iterator[tuple[str, ByTurn]]:
        """Products and negatives, each with one of its factors left out."""
        makers = [self.recorded.operations[self.recorded.made_by[i]] for i in numbers if i in self.recorded.made_by]
        if len(makers) == len(numbers) and makers[0].name in ("neg", "mul"):
            for k in range(len(makers[0].inputs)):
                ones: Any = lambda turn, k=k: np.ones(self.recorded.values[makers[turn].inputs[k]].shape)
                said = f"{self.operand(makers[0], k)} is left out of"
                yield said, functools.partial(_remade, self.recorded, (makers, k), ones)

    def parts(self, numbers: list[int]) -> Iterator[tuple[str, ByTurn]]:
        """Values that are put together from others, with another one in the place of one of those."""
        recorded = self.recorded
        puts = [recorded.operations[recorded.made_by[i]] for i in numbers if i in recorded.made_by]
        if len(puts) < len(numbers) or puts[0].name != "concatenate":
            return
        for k in range(len(puts[0].inputs)):
            for said, of in self.neighbours(puts, [op.inputs[k] for op in puts]):
                said = f"{said} in the place of {self.operand(puts[0], k)}, within"
                yield said, functools.partial(_remade, recorded, (puts, k), of)

    def _candidates(self, ops: list[Operation], numbers: list[int]) -> Iterator[tuple[float, str, list[int]]]:
        """Values with their distance, in as many turns: given ones, results, operands, the own ones of other turns."""
        count, operations = len(ops), self.recorded.operations
        near = lambda number: abs(number - numbers[-1])
        for number in self._given:
            yield near(number), self.value(number), [number] * count
        for indices in self._turns.values():
            if len(indices) == count:
                outs = [operations[i].outputs[0] for i in indices]
                yield near(outs[-1]), self.value(outs[0]), outs
                for k in range(len(operations[indices[0]].inputs)) if count > 1 else ():
                    read = [operations[i].inputs[k] for i in indices]
                    yield near(read[-1]) + 0.5, self.operand(operations[indices[0]], k), read
        if count > 1:
            # at the end of the loop, where there is no such turn, it is the own one
            yield np.inf, "that of the next turn", [*numbers[1:], numbers[-1]]
            yield np.inf, "that of the turn before", [numbers[0], *numbers[:-1]]
            yield np.inf, "that of the turns in reverse order", numbers[::-1]


def _plainest(candidate: tuple[float, str, list[int]]) -> tuple[bool, float]:
    """By the order in which they are thought of: what has a name, the nearest first, then parts of expressions."""
    distance, said, _ = candidate
    return not _NAME.fullmatch(said), distance


def _always(value: np.ndarray, turn: int) -> np.ndarray:
    return value


def _of_turn(recorded: RecordedPass, numbers: list[int], moves: Any, turn: int) -> np.ndarray:
    value = recorded.values[numbers[turn]]
    return moved(value, moves[turn]) if moves else value


def _remade(recorded: RecordedPass, put: tuple[list[Operation], int], of: ByTurn, turn: int) -> np.ndarray | None:
    (puts, k), value = put, of(turn)
    op = puts[turn]
    if value is None or value.shape != recorded.values[op.inputs[k]].shape:
        return None
    values = [value if i == k else recorded.values[number] for i, number in enumerate(op.inputs)]
    return value_of(op.eqn, values)[0]


def _short(path: str) -> str:
    """W1 for ['W1'], w of layer 1 for [0]['w']."""
    names = re.findall(r"'(\w+)'|\.(\w+)", path)
    plain = re.fullmatch(r"\['(\w+)'\]", path)
    return plain[1] if plain else leaf_name(path) if path else "params" if not names else path


def _is_operation(expression: str, name: str) -> bool:
    node = parsed(expression)
    if isinstance(node, ast.BinOp | ast.UnaryOp):
        return name in _OPERATORS.get(type(node.op), ())
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func).split(".")[-1]
        return _CALLS.get(called, called) == name and name != "select_n"
    return False


def _is_call(expression: str) -> bool:
    return isinstance(parsed(expression), ast.Call)


def _assigned(place: SourcePlace) -> str:
    """The variable that an expression is assigned to, if that is all of its statement."""
    lines = "".join(linecache.getline(place.file, number) for number in range(place.line, place.end_line + 1))
    return _assignments(lines.strip()).get(place.expression, "")


@functools.lru_cache(maxsize=1024)
def _assignments(text: str) -> dict[str, str]:
    """The variable that each expression is assigned to, of a, b = x, y as well."""
    found: dict[str, str] = {}
    try:
        statements = [each for each in ast.parse(text).body if isinstance(each, ast.Assign) and len(each.targets) == 1]
    except (SyntaxError, ValueError):  # as of the first line of an if
        return found
    for each in statements:
        target, value = each.targets[0], each.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
        for name, part in pairs:
            if isinstance(name, ast.Name):
                found[" ".join((ast.get_source_segment(text, part) or "").split())] = name.id
    return found
