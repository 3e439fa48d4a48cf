"""The architecture: what may import what, what a newcomer finds at the front door, and examples that run."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jaxnet

PACKAGE = Path(jaxnet.__file__).parent
# The order in which to read the package; each part may import only what stands before it.
ORDER = [
    "near_names", "guidance", "html_blocks", "operating_system",
    "types", "checks", "user_paths", "accelerators", "random_keys", "compilation_cache",
    "targets", "network", "storage", "identity", "data",
    "losses", "metrics", "curvature",
    "training",
    "reference", "prediction", "reference_agreement",
    "gradients", "grading",
    "models",
    "sweeps",
    "environment",
    "figures", "health", "stairs", "estimators",
    "tabular", "playground",
    "cli", "__main__",
]  # fmt: skip
ALONE = {
    "reference": {"numpy"},
    "gradients": {
        "numpy",
        "jax",
        "jaxnet.types",
        "jaxnet.checks",
        "jaxnet.accelerators",
        "jaxnet.gradients",
        "jaxnet.reference",
        "rich",
        "matplotlib",
    },
    # what is right is found without any derivation by hand
    "gradients.truth": {
        "numpy",
        "jax",
        "jaxnet.types",
        "jaxnet.checks",
        "jaxnet.gradients.point",
        "jaxnet.gradients.evidence",
    },
}
MODULES = sorted(module.name for module in pkgutil.walk_packages([str(PACKAGE)], "jaxnet."))


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module):
    return module.split(".")[1]


@pytest.fixture(scope="module")
def imports(sources):
    """Every module that each file imports: at its head, inside its functions, and for annotations only."""
    return {name_of(each.path): imported(each) for each in sources}


def imported(source):
    found = []
    for node in source.nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{source.home}: import by the whole name, which this law reads"
            found += [resolve(node.module, alias.name) for alias in node.names]
    return found


def resolve(module, name):
    return f"{module}.{name}" if f"{module}.{name}" in MODULES else module


def test_a_file_imports_only_parts_that_stand_before_its_own(imports):
    against = []
    for name, modules in imports.items():
        if name == "jaxnet":
            continue  # the front door, which imports all of them
        allowed = ORDER[: ORDER.index(part_of(name)) + 1]
        for module in modules:
            if module == "jaxnet":  # the front door is for users; the command line says its version
                against += [f"{name} imports {module}"] * (part_of(name) != "cli")
            elif module.startswith("jaxnet.") and part_of(module) not in allowed:
                against.append(f"{name} imports {module}")
    assert against == []


@pytest.mark.parametrize("part", sorted(ALONE))
def test_a_part_that_judges_the_others_stands_on_its_own(part, imports):
    for name in imports:
        for module in imports[name] if f"{name}.".startswith(f"jaxnet.{part}.") else ():
            outside = module.split(".")[0] not in sys.stdlib_module_names
            if outside and not module.startswith(f"jaxnet.{part}"):
                assert any(module == known or module.startswith(f"{known}.") for known in ALONE[part]), (name, module)


def within_reach(module, led_to):
    """Every module to which the imports of a module lead, straight away or through others."""
    found, waiting = set(), [module]
    while waiting:
        new = led_to[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_no_imports_go_in_a_circle(imports):
    """Not at run time, nor late, inside a function, nor for types: what two modules say of each other is one thought,
    or belongs in a third module below both."""
    led_to = {name: set(modules).intersection(MODULES) - {name} for name, modules in imports.items()}
    reach = {module: within_reach(module, led_to) for module in led_to}
    circles = {frozenset(other for other in found if module in reach[other]) for module, found in reach.items()}
    circles = [sorted(circle) for circle in circles if circle]
    assert not circles, "\n".join(map(" <-> ".join, circles))


def test_the_front_door_is_sorted_and_every_name_behind_it_is_there_and_documented():
    assert jaxnet.__all__ == sorted(jaxnet.__all__)
    for name in jaxnet.__all__:
        assert inspect.getdoc(getattr(jaxnet, name)), name


def test_the_front_door_gives_the_order_in_which_to_read():
    rows = re.findall(r"^    (\w+(?:, \w+)*)  ", jaxnet.__doc__, re.MULTILINE)
    told = [part for row in rows for part in row.split(", ")]
    assert told == [part for part in ORDER if part != "__main__"]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'jaxnet' has no attribute 'fitt'"):
        _ = jaxnet.fitt


WITH_EXAMPLES = [name_of(path) for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text("utf-8")]


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_in_docstrings_run(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0
    assert result.attempted


@pytest.mark.parametrize("statement", ["import jaxnet", "import jaxnet.cli", "from jaxnet.cli import main"])
def test_importing_jaxnet_or_its_command_line_does_not_import_jax(statement):
    check = f"{statement}; import sys; sys.exit('jax' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_training_and_predicting_import_no_package_that_is_an_extra():
    script = """
import sys, jax, numpy, optax, jaxnet as jn
table = {"height": [1.5, 2.0, 3.5, 4.0], "kind": ["u", "v", "u", "v"]}
prep = jn.data.prepare(table, "kind")
net = jn.MLP((1, 2), output="softmax")
run = jn.fit(jn.objective(net), net.init(jax.random.key(0)), prep(table), optimizer=optax.sgd(0.1), epochs=1)
jn.Model(net, run.params, prep).predict(table)
extras = {"sklearn", "pandas", "polars", "pyarrow", "matplotlib", "optuna", "onnx", "onnxruntime", "skops"}
sys.exit(f"imported {found}" if (found := extras & sys.modules.keys()) else 0)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
