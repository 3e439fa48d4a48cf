"""The package as the laws read it: every file once, as text and as a tree."""

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

import jaxnet

PACKAGE = Path(jaxnet.__file__).parent


class Source(NamedTuple):
    """A file of the package."""

    path: Path
    text: str
    tree: ast.Module
    nodes: list[ast.AST]  # all of the tree, walked once

    @property
    def home(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def functions(self) -> list[ast.FunctionDef]:
        return [node for node in self.nodes if isinstance(node, ast.FunctionDef)]


def source_of(path: Path) -> Source:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    return Source(path, text, tree, list(ast.walk(tree)))


@pytest.fixture(scope="session")
def sources() -> list[Source]:
    return [source_of(path) for path in sorted(PACKAGE.rglob("*.py"))]
