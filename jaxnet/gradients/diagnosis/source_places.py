"""Where in the user's source an operation of a traced function stands: file, line, columns, and the expression."""

import ast
import functools
import linecache
import os
from pathlib import Path
from typing import Any, NamedTuple

_HERE = str(Path(__file__).parents[1]) + os.sep  # frames from here on up are those that trace f
# but for those that carry out an assignment or a branch of the user's
_IN_ITS_PLACE = tuple(
    f"{_HERE}{name}.py" for name in ("numpy_losses", "numpy_entries", "numpy_branches", "torch_losses")
)

WHOLE_LINE = 10_000  # beyond the end of any line: the place is one of whole statements
# before the dot of a function, not of a method
_MODULES = ("jnp", "np", "jax", "numpy", "lax", "nn", "jsp", "F", "torch")


class SourcePlace(NamedTuple):
    """A stretch of one file; columns count from 0, lines from 1."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def expression(self) -> str:
        """The source text, on one line; "" where the file cannot be read."""
        lines = [linecache.getline(self.file, number) for number in range(self.line, max(self.line, self.end_line) + 1)]
        if not lines[0].strip():
            return ""
        if self.end_column <= 0:
            return lines[0].strip()
        lines[-1] = lines[-1].encode()[: self.end_column].decode(errors="replace")
        lines[0] = lines[0].encode()[self.column :].decode(errors="replace")
        between = "; " if self.end_column == WHOLE_LINE else " "
        return between.join(part.strip() for part in lines if part.strip())

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}: {self.expression}"


@functools.lru_cache(maxsize=1024)
def parsed(expression: str) -> ast.expr | None:
    """Parse the source of an expression; None for what is none, as a part of one is not."""
    try:
        return ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def operand_text(expression: str, operand: int) -> str:
    """The source of one operand of an expression such as ``X @ W``, ``f(x)`` or ``x.sum()``; "" where it is none."""
    node = parsed(expression)
    parts: list[ast.expr] = []
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        parts = [node.operand]
    elif isinstance(node, ast.Call):
        words = lambda arg: isinstance(arg, ast.Starred) or isinstance(getattr(arg, "value", None), str)
        parts = [arg for arg in node.args if not words(arg)]
        of_module = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).split(".")[0] in _MODULES
        method = isinstance(node.func, ast.Attribute) and not of_module
        parts = [node.func.value, *parts] if method and isinstance(node.func, ast.Attribute) else parts
    return ast.unparse(parts[operand]) if operand < len(parts) else ""


def places_of(eqn: Any) -> tuple[SourcePlace, ...]:
    """The calls that lead to an operation, from f inwards; () where JAX does not tell."""
    try:
        from jax._src import source_info_util  # positions have no public home; without them nothing is quoted

        frames = list(source_info_util.user_frames(eqn.source_info.traceback))
    except (ImportError, AttributeError, TypeError):
        return ()
    found = []
    for frame in frames:  # innermost first
        if frame.file_name in _IN_ITS_PLACE:
            continue
        if frame.file_name.startswith(_HERE):
            break
        found.append(
            SourcePlace(frame.file_name, frame.start_line, frame.start_column, frame.end_line, frame.end_column)
        )
    return tuple(reversed(found))
