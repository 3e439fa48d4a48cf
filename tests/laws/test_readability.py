"""The code reads well: short files and functions, few positional parameters, comments that say why, docstrings that
say what is computed and what is refused."""

import ast
import io
import tokenize

LONGEST_FILE = 320  # lines; beyond that it holds two ideas
LONGEST_FUNCTION = 40  # lines of code, without docstring and comments
MOST_POSITIONAL = 4  # parameters; a call with more of them cannot be read without the signature
ON_PURPOSE = ("require",)  # a refusal reads in the order of its message: condition, argument, expected, got
FEWEST_COMMENTS = 4  # a hundred lines of code: the reasons that the code itself cannot say
MOST_SUPPRESSIONS = 5


def is_public(node):
    return not node.name.startswith("_")


def public_functions(tree):
    """List the public functions of a module and the public methods of its public classes."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and is_public(node)]
    nodes = [*tree.body, *[node for each in classes for node in each.body]]
    return [node for node in nodes if isinstance(node, ast.FunctionDef) and is_public(node)]


def lines_of_code(source):
    """Number the lines that hold code: no docstring, no comment alone, nothing empty."""
    documented = ast.FunctionDef | ast.ClassDef | ast.Module
    docstrings = [n.body[0] for n in source.nodes if isinstance(n, documented) and ast.get_docstring(n) is not None]
    told = {number for node in docstrings for number in range(node.lineno, node.end_lineno + 1)}
    lines = enumerate(source.text.splitlines(), 1)
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


def test_every_public_name_and_every_file_has_a_docstring(sources):
    files = [each.home for each in sources if each.tree.body and not ast.get_docstring(each.tree)]
    names = [
        f"{each.home}: {node.name}"
        for each in sources
        for node in each.tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and is_public(node) and not ast.get_docstring(node)
    ]
    assert not files + names


def test_a_file_is_short(sources):
    lengths = {each.home: len(each.text.splitlines()) for each in sources}
    assert {home: length for home, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_file_asserts(sources):
    # python -O would leave the check out, and its words name no argument
    assert [each.home for each in sources if any(isinstance(node, ast.Assert) for node in each.nodes)] == []


def test_a_function_is_short(sources):
    lengths = {
        f"{each.home}: {node.name}": len(code.intersection(range(node.lineno, node.end_lineno + 1)))
        for each in sources
        for code in [lines_of_code(each)]
        for node in each.functions
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_a_function_takes_few_positional_parameters(sources):
    many = []
    for each in sources:
        for node in each.functions:
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            counted = [name for name in names if name not in ("self", "cls")]
            if len(counted) > MOST_POSITIONAL and node.name not in ON_PURPOSE:
                many.append(f"{each.home}: {node.name}({', '.join(names)})")
    assert not many, "make the later ones keyword-only:\n" + "\n".join(many)


def test_a_public_function_that_raises_says_so(sources):
    silent = [
        f"{each.home}: {node.name} raises {', '.join(errors)}"
        for each in sources
        for node in public_functions(each.tree)
        if (errors := raised(node))
        and not any(word in (ast.get_docstring(node) or "") for word in (*errors, "aise", "efuse"))
    ]
    assert not silent, "its docstring names the error and when it comes:\n" + "\n".join(silent)


def test_comments_say_why(sources):
    said = sum(len(comments(each.text)) for each in sources)
    code = sum(len(lines_of_code(each)) for each in sources)
    assert 100 * said / code >= FEWEST_COMMENTS, f"{said} comments in {code} lines of code"


def test_checker_suppressions_are_few_and_each_says_why(sources):
    silenced = [
        f"{each.home}:{number}: {line.strip()}"
        for each in sources
        for number, line in enumerate(each.text.splitlines(), 1)
        if any(mark in line for mark in ("# type: ignore", "# noqa", "# pragma"))
    ]
    assert len(silenced) <= MOST_SUPPRESSIONS, "\n".join(silenced)
