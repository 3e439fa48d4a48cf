"""The code reads well: short files and functions, few positional parameters, comments that say why, docstrings that
say what is computed and what is refused."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

import jaxnet

PACKAGE = Path(jaxnet.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 320  # lines; beyond that it holds two ideas
LONGEST_FUNCTION = 40  # lines of code, without docstring and comments
MOST_POSITIONAL = 4  # parameters; a call with more of them cannot be read without the signature
ON_PURPOSE = ("require",)  # a refusal reads in the order of its message: condition, argument, expected, got
FEWEST_COMMENTS = 4  # a hundred lines of code: the reasons that the code itself cannot say
MOST_SUPPRESSIONS = 5


def home_of(path):
    return path.relative_to(PACKAGE).as_posix()


def is_public(node):
    return not node.name.startswith("_")


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def public_functions(tree):
    """List the public functions of a module and the public methods of its public classes."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and is_public(node)]
    nodes = [*tree.body, *[node for each in classes for node in each.body]]
    return [node for node in nodes if isinstance(node, ast.FunctionDef) and is_public(node)]


def lines_of_code(source, tree):
    """Number the lines that hold code: no docstring, no comment alone, nothing empty."""
    documented = ast.FunctionDef | ast.ClassDef | ast.Module
    docstrings = [n.body[0] for n in ast.walk(tree) if isinstance(n, documented) and ast.get_docstring(n) is not None]
    told = {number for node in docstrings for number in range(node.lineno, node.end_lineno + 1)}
    lines = enumerate(source.splitlines(), 1)
    return {number for number, line in lines if number not in told and line.strip() and line.strip()[0] != "#"}


def comments(source):
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token for token in tokens if token.type == tokenize.COMMENT and "fmt:" not in token.string]


def raised(function):
    """Name the errors that a function raises itself, not those of the functions that it defines."""
    found, waiting = [], list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            found.append(ast.unparse(node.exc.func).split(".")[-1])
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize("path", FILES, ids=home_of)
def test_every_public_name_and_every_file_has_a_docstring(path):
    tree = ast.parse(path.read_text())
    if tree.body:
        assert ast.get_docstring(tree), path
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and is_public(node):
            assert ast.get_docstring(node), f"{path}: {node.name}"


@pytest.mark.parametrize("path", FILES, ids=home_of)
def test_a_file_is_short_and_never_asserts(path):
    source = path.read_text()
    assert len(source.splitlines()) <= LONGEST_FILE, path
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source))), path


@pytest.mark.parametrize("path", FILES, ids=home_of)
def test_a_function_is_short(path):
    source = path.read_text()
    tree = ast.parse(source)
    code = lines_of_code(source, tree)
    for node in functions(tree):
        length = len(code.intersection(range(node.lineno, node.end_lineno + 1)))
        assert length <= LONGEST_FUNCTION, f"{path}: {node.name} has {length} lines of code"


def test_a_function_takes_few_positional_parameters():
    many = []
    for path in FILES:
        for node in functions(ast.parse(path.read_text())):
            names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
            if (
                len([name for name in names if name not in ("self", "cls")]) > MOST_POSITIONAL
                and node.name not in ON_PURPOSE
            ):
                many.append(f"{home_of(path)}: {node.name}({', '.join(names)})")
    assert not many, "make the later ones keyword-only:\n" + "\n".join(many)


def test_a_public_function_that_raises_says_so():
    silent = [
        f"{home_of(path)}: {node.name} raises {', '.join(errors)}"
        for path in FILES
        for node in public_functions(ast.parse(path.read_text()))
        if (errors := raised(node))
        and not any(word in (ast.get_docstring(node) or "") for word in (*errors, "aise", "efuse"))
    ]
    assert not silent, "its docstring names the error and when it comes:\n" + "\n".join(silent)


def test_comments_say_why():
    sources = [path.read_text() for path in FILES]
    said = sum(len(comments(source)) for source in sources)
    code = sum(len(lines_of_code(source, ast.parse(source))) for source in sources)
    assert 100 * said / code >= FEWEST_COMMENTS, f"{said} comments in {code} lines of code"


def test_checker_suppressions_are_few_and_each_says_why():
    silenced = [
        f"{home_of(path)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if any(mark in line for mark in ("# type: ignore", "# noqa", "# pragma"))
    ]
    assert len(silenced) <= MOST_SUPPRESSIONS, "\n".join(silenced)
