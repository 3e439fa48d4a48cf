"""What the documents show can be run, and what they name is there."""

import ast
import functools
import inspect
import re
import textwrap
from pathlib import Path

import optax
import pytest

import jaxnet

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", CONTRIBUTING)))
WORDS = {word for text in QUOTED for word in text.split()} | set(
    re.findall(r"\b(?:scripts|tests)/[\w/]+(?:\.py)?", CONTRIBUTING)
)
PATHS = [text for text in sorted(WORDS) if re.fullmatch(r"[\w.-]*/[\w./-]*|[\w-]+\.(?:py|md)", text)]
NAMES_IN_FILES = sorted(set(re.findall(r"`(\w+)` in\s+`([\w./]+)`", CONTRIBUTING)))
IDENTIFIERS = [text for text in QUOTED if re.fullmatch(r"[A-Za-z_]\w{2,}(?:\(.*\))?", text)]


def found(path):
    """Return the file or folder that a document means, from the root or from the package."""
    return next((place for place in (ROOT / path, ROOT / "jaxnet" / path) if place.exists()), None)


def defined_in(path):
    """List what the files at a path define at their top."""
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    nodes = [node for file in files for node in ast.parse(file.read_text()).body]
    named = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in nodes if isinstance(node, ast.AnnAssign)]
    return {*named, *[name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]}


def test_the_example_of_the_readme_runs_and_is_about_twenty_lines(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    namespace = {}
    exec(compile(code, "README.md", "exec"), namespace)
    out = capsys.readouterr().out
    assert "trained for the given number of epochs (epoch 2000: loss 0.0" in out
    assert "penalty" in out


def python_blocks(text):
    """Return the indented blocks that are Python: those that parse and do more than name something."""
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, flags=re.MULTILINE):
        code = textwrap.dedent(block).strip()
        try:
            tree = ast.parse(code)
        except SyntaxError:
            continue  # of a shell, or what a program prints
        if any(isinstance(node, ast.Call) for node in ast.walk(tree)):
            yield code


BLOCKS = list(python_blocks(README))


@pytest.mark.parametrize("code", BLOCKS, ids=[block.splitlines()[0][:40] for block in BLOCKS])
def test_what_indented_python_of_the_readme_calls_is_there_and_takes_what_it_is_given(code):
    for call in [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]:
        name = ast.unparse(call.func)
        if re.fullmatch(r"jn(\.\w+)+", name):
            function = functools.reduce(getattr, name.split(".")[1:], jaxnet)
            arguments = inspect.signature(function).parameters
            taken = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in arguments.values())
            assert taken or {given.arg for given in call.keywords} <= set(arguments), f"{name} does not take that"


def test_the_readme_s_plans_can_be_made():
    made = [code for code in BLOCKS if "jn.plan(" in code and "penguins" not in code and "preparation" not in code]
    assert len(made) >= 2
    train, test = jaxnet.stairs.load()
    names = {"jn": jaxnet, "optax": optax, "X": train.x / 255, "y": train.y, "Xv": test.x / 255, "yv": test.y}
    for code in made:  # up to where training would begin
        exec(code.partition("result = ")[0], dict(names))


@pytest.mark.parametrize(
    "name", re.findall(r"`((?:scripts|experiments|jaxnet|network|reference|training)/[\w./]*)`?", README)
)
def test_every_file_that_the_readme_names_is_there(name):
    assert found(name)


def test_the_readme_leads_to_contributing():
    assert "CONTRIBUTING.md" in README


@pytest.mark.parametrize("path", PATHS)
def test_every_file_that_contributing_names_is_there(path):
    assert found(path), "name it as it is called now"


@pytest.mark.parametrize(("name", "path"), NAMES_IN_FILES)
def test_every_name_that_contributing_says_is_in_a_file_is_defined_there(name, path):
    assert name in defined_in(found(path)), f"{path} does not define {name}"


@pytest.fixture(scope="module")
def everything():
    """All that is written in Python, as one text."""
    folders = ("jaxnet", "tests", "experiments")
    return "\n".join(path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_every_word_of_code_that_contributing_quotes_occurs_in_the_code(text, everything):
    assert re.search(rf"\b{text.split('(')[0]}\b", everything), "name it as it is called now"


@pytest.mark.parametrize("name", re.findall(r"`jn\.(\w+)", CONTRIBUTING))
def test_every_public_name_that_contributing_uses_is_there(name):
    assert name in jaxnet.__all__


def test_the_glossary_has_each_word_once():
    words = re.findall(r"^\| ([a-z ]+) \| [^|]+ \| `[^|]+` \|$", CONTRIBUTING, flags=re.MULTILINE)
    assert len(words) >= 30
    assert len(words) == len(set(words))


def test_contributing_reads_the_parts_in_the_order_that_the_front_door_gives():
    order = [
        part for row in re.findall(r"^    (\w+(?:, \w+)*)  ", jaxnet.__doc__, re.MULTILINE) for part in row.split(", ")
    ]
    (table,) = re.findall(r"^\| read \|.*?\n\n", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    places = [order.index(part) for part in re.findall(r"^\| `(\w+)", table, re.MULTILINE)]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "name", ["scripts/run", "scripts/test", "scripts/check", "scripts/bench", "scripts/bench_tables", ".ci/run"]
)
def test_a_script_can_be_executed(name):
    assert (ROOT / name).stat().st_mode & 0o111
    assert (ROOT / name).read_text().startswith("#!/usr/bin/env bash")
