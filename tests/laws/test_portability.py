"""No file but one names what Windows lacks: what that is, the standard library's own type stubs say."""

import ast
import functools
from pathlib import Path

import mypy
import pytest

STUBS = Path(mypy.__file__).parent / "typeshed" / "stdlib"
# the one that has the differences, and what only a Linux kernel does to a process that it contains
HOMES = {"operating_system.py", "grading/containment.py"}
MODULES = {"os": "os/__init__.pyi", "signal": "signal.pyi", "socket": "socket.pyi", "select": "select.pyi",
           "time": "time.pyi", "mmap": "mmap.pyi", "sys": "sys/__init__.pyi"}  # fmt: skip


def defined(statements: list[ast.stmt], windows: bool = True) -> dict[str, bool]:
    """Every name that a stub defines, and whether it does so for Windows."""
    found: dict[str, bool] = {}
    for node in statements:
        names: dict[str, bool] = {}
        if isinstance(node, ast.If):
            test = ast.unparse(node.test)
            here = windows and "platform != 'win32'" not in test and "platform == 'linux'" not in test
            here = here and "platform == 'darwin'" not in test
            other = windows and "platform == 'win32'" not in test
            names = defined(node.orelse, other)
            for name, there in defined(node.body, here).items():
                names[name] = names.get(name, False) or there
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = {node.name: windows}
            if isinstance(node, ast.ClassDef):  # the members of an enumeration are names of its module, too
                names |= defined(node.body, windows)
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            names = {target.id: windows for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom):
            names = {alias.asname or alias.name: windows for alias in node.names}
        for name, there in names.items():
            found[name] = found.get(name, False) or there
    return found


@functools.cache
def lacking(module: str) -> set[str]:
    """What a module of the standard library has elsewhere and lacks on Windows."""
    if module not in MODULES:
        return set()
    return {name for name, there in defined(parsed(MODULES[module])).items() if not there}


@functools.cache
def gone(module: str) -> bool:
    """Whether a module defines nothing at all for Windows, but for names of types."""
    if not (STUBS / f"{module}.pyi").exists():
        return False
    own = [
        node for node in parsed(f"{module}.pyi") if not isinstance(node, ast.Import | ast.ImportFrom | ast.AnnAssign)
    ]
    return bool(own) and all(isinstance(node, ast.If) and "!= 'win32'" in ast.unparse(node.test) for node in own)


def parsed(stub: str) -> list[ast.stmt]:
    return ast.parse((STUBS / stub).read_text("utf-8")).body


def odd(nodes: list[ast.AST]) -> list[str]:
    """What a source names that Windows lacks; where it first asks ``hasattr``, it knows."""
    asked = {
        node.args[1].value
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "hasattr" and isinstance(node.args[1], ast.Constant)
    }
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if gone(alias.name)]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [alias.name for alias in node.names if alias.name in lacking(node.module)]
            found += names + [node.module] * gone(node.module)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            missing = node.attr in lacking(node.value.id) and node.attr not in asked
            found += [f"{node.value.id}.{node.attr}"] * missing
    return found


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import fcntl", ["fcntl"]),
        ("def f():\n    from pwd import getpwnam\n    import termios", ["pwd", "termios"]),
        ("from os import fork, getpid", ["fork"]),
        ("import os; os.open(path, os.O_NOFOLLOW | os.O_RDONLY)", ["os.O_NOFOLLOW"]),
        ("import signal; signal.signal(signal.SIGHUP, f)", ["signal.SIGHUP"]),
        ("os.register_at_fork(before=f); os.killpg(1, 2); os.getuid()", ["os.register_at_fork", "os.killpg", "os.getuid"]),
        ("import os, select, signal; os.replace(a, b); select.select(a); signal.SIGINT; os.path.join(a)", []),
        ("len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1", []),
    ],
)  # fmt: skip
def test_the_law_knows_what_windows_lacks(source: str, named: list[str]) -> None:
    assert odd(list(ast.walk(ast.parse(source)))) == named


def test_one_file_names_what_windows_lacks(sources) -> None:
    assert HOMES.issubset({each.home for each in sources})
    found = {each.home: odd(each.nodes) for each in sources if each.home not in HOMES}
    assert {name: names for name, names in found.items() if names} == {}


def test_every_text_that_is_read_or_written_says_its_encoding(sources) -> None:
    """Else it is that of the machine: on Windows not UTF-8."""
    found = []
    for each in sources:
        for node in each.nodes:
            if not isinstance(node, ast.Call) or any(word.arg == "encoding" for word in node.keywords):
                continue
            name = ast.unparse(node.func)
            mode = next((word.value for word in node.keywords if word.arg == "mode"), None)
            places = [mode] if mode is not None else node.args[1:2] if name == "open" else node.args[:1]
            binary = any(isinstance(place, ast.Constant) and "b" in str(place.value) for place in places)
            opens = name == "open" or (name.endswith(".open") and not binary and name.split(".")[0] not in _NO_FILES)
            text = name.endswith((".read_text", ".write_text")) and len(node.args) < (2 if "write" in name else 1)
            if (opens and not binary) or text:
                found.append(f"{each.home}:{node.lineno}: {name}")
    assert found == []


_NO_FILES = {"os", "webbrowser", "archive"}
