"""One meaning a name: whoever meets a name in a trace, a search or an import knows which thing it is."""

import ast
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from jaxnet.reference import ACTIVATIONS, LOSSES, OUTPUTS

PACKAGE = Path(__file__).parents[2] / "jaxnet"


class Shared(NamedTuple):
    """Names that may have more than one home, why, and which homes these may be."""

    why: str
    names: tuple[str, ...]
    fits: Callable[[list[str]], bool]


def beside_the_reference(homes):
    return len(homes) == 2 and sum(home.startswith("reference/") for home in homes) == 1


def all_in(folder):
    return lambda homes: all(home.startswith(folder) for home in homes)


SHARED = [
    Shared(
        "what the reference writes in NumPy has the name of what it is held against; a third home is a copy",
        ("ACTIVATIONS", "Array", "CANONICAL", "LOSSES", "Loss", "OUTPUTS", "Params"),
        beside_the_reference,
    ),
    Shared(
        "the article's images and a saved model are loaded, each by the name that its front door has for it",
        ("load",),
        lambda homes: homes == ["models/loading.py", "stairs/images.py"],
    ),
    Shared(
        "figures, and runs and models, are saved, each by the name that its front door has for it",
        ("save",),
        lambda homes: homes == ["figures/saving.py", "models/run_or_model.py"],
    ),
    Shared(
        "what is wrong with a gradient is diagnosed, and what is wrong with a run",
        ("diagnose",),
        lambda homes: homes == ["gradients/diagnosis/diagnose.py", "health/examination.py"],
    ),
    Shared(
        "first weights are normal, jn.network.Normal(0.5), and so is a number of a sweep, jn.Normal(0, 1)",
        ("Normal",),
        lambda homes: homes == ["network/initializers.py", "sweeps/number_ranges.py"],
    ),
    Shared("every command has the same two entrances", ("add_parser", "run"), all_in("cli/")),
]
# a loss or an activation is a function of its own name on both sides
BY_NAME = Shared("what users name, in JAX and in NumPy", (*LOSSES, *ACTIVATIONS, *OUTPUTS), beside_the_reference)
SHARED_FILES = [Shared("the reference has its losses, too", ("losses",), beside_the_reference)]


def public_names(body):
    """List the functions, classes, constants and type aliases that a module defines, also those behind an if or try."""
    found = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [
                name.id
                for target in targets
                for name in ast.walk(target)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            ]
        elif isinstance(node, ast.If | ast.Try):
            branches = [node.body, node.orelse, *[each.body for each in getattr(node, "handlers", [])]]
            found += [name for branch in branches for name in public_names(branch)]
    return [name for name in found if not name.startswith("_")]


def with_several_homes(pairs):
    homes = defaultdict(set)
    for name, home in pairs:
        homes[name].add(home)
    return {name: sorted(found) for name, found in homes.items() if len(found) > 1}


@pytest.fixture(scope="module")
def names(sources):
    return with_several_homes((name, each.home) for each in sources for name in public_names(each.tree.body))


@pytest.fixture(scope="module")
def file_names(sources):
    return with_several_homes((each.path.stem, each.home) for each in sources if each.path.stem != "__init__")


def not_allowed(several, shared):
    allowed = {name for each in shared for name in each.names if name in several and each.fits(several[name])}
    return [f"{name}: {', '.join(homes)}" for name, homes in sorted(several.items()) if name not in allowed]


def test_a_public_name_has_one_home(names):
    found = not_allowed(names, [*SHARED, BY_NAME])
    assert not found, (
        "a public name means one thing in the whole package. Where a module uses it for itself, give it a leading "
        "underscore; where it is another thing, one word more; where it is the same thing, define it once:\n"
        + "\n".join(found)
    )


def test_a_file_name_stands_once(file_names):
    found = not_allowed(file_names, SHARED_FILES)
    assert not found, "a trace has to tell which file is meant; name it after what only it does:\n" + "\n".join(found)


def test_what_is_allowed_several_homes_has_them(names, file_names):
    idle = [
        name
        for shared, several in ((SHARED, names), (SHARED_FILES, file_names))
        for each in shared
        for name in each.names
        if name not in several
    ]
    assert not idle, f"these have one home now; take them out of the list: {', '.join(idle)}"


TESTS = Path(__file__).parents[1]
# what is true of the whole, and of no file of the package; the page's own are not Python
OWN_TREES = ("laws", "experiments", "gradients/planted", "playground/page/")
# files of tests that are about a whole folder, or a promise that no single file keeps
ABOUT_SEVERAL = (
    "cli/test_cli.py",
    "test_first_touches.py",
    "test_notebook.py",
    "data/test_get_data.py",
    "estimators/test_agreement.py",
    "estimators/test_arguments.py",
    "estimators/test_check_estimator.py",
    "estimators/test_compilations.py",
    "estimators/test_explanations.py",
    "estimators/test_public_statements.py",
    "estimators/test_scikit_learns_own_tests.py",
    "gradients/test_safety.py",
    "sweeps/test_best_epoch.py",
    "sweeps/test_members_alone.py",
    "sweeps/test_nothing_dropped.py",
    "sweeps/test_population.py",
    "training/test_optax.py",
)


def test_a_file_of_tests_stands_where_the_file_stands_that_it_tests():
    for path in sorted(TESTS.rglob("test_*.py")):
        place = path.relative_to(TESTS)
        if place.as_posix().startswith(OWN_TREES) or place.as_posix() in ABOUT_SEVERAL:
            continue
        tested = PACKAGE / place.parent / place.stem.removeprefix("test_")
        assert tested.with_suffix(".py").exists() or tested.is_dir(), (
            f"tests/{place}: no such file in the package; move it with the code, or list it as about several"
        )
