"""What the site shows runs: every block of Python, page by page in a folder of its own, and every command as far as its
options."""

import re
import shlex
from pathlib import Path

import pytest

from jaxnet.cli import main, parse

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "```python" in path.read_text())
COMMANDS = sorted(
    {
        line.strip()
        for path in DOCS.rglob("*.md")
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(), re.DOTALL)
        for line in block.splitlines()
        if line.startswith("jaxnet ")
    }
)


def name_of(path):
    return path.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_of_a_page_runs_one_after_another(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, namespace = page.read_text(), {"__name__": "a_page"}
    for block in re.finditer(r"```python\n(.*?)```", text, re.DOTALL):
        # numbered as in the page, so that an error names its line
        lines = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(lines, str(page), "exec"), namespace)
    assert len(namespace) > 1, "it has run something"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_site_is_one_that_jaxnet_takes(command):
    words = shlex.split(command)[1:]
    if "--help" in words:
        assert main(words) == 0
    else:
        parse(words)


def test_the_site_has_five_tours_each_of_which_ends_in_something_of_one_s_own():
    tours = sorted((DOCS / "tours").glob("*.md"))
    assert len(tours) == 5
    for tour in tours:
        assert "**You have now**" in tour.read_text(), tour


def test_every_page_is_reached_from_the_first_and_every_link_and_picture_is_there():
    contents = "\n".join(re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL))
    for page in DOCS.rglob("*.md"):
        if page.name != "index.md":
            assert re.search(rf"^{page.relative_to(DOCS).with_suffix('').as_posix()}$", contents, re.MULTILINE), page
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert target.startswith("https://") or (page.parent / target).exists(), (page, target)


NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.py"))


@pytest.mark.parametrize("source", NOTEBOOKS, ids=name_of)
def test_a_notebook_runs_from_its_first_cell_to_its_last(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "a_notebook"}
    exec(compile(source.read_text(), str(source), "exec"), namespace)
    assert "jn" in namespace, "it has run something"


@pytest.mark.parametrize("source", NOTEBOOKS, ids=name_of)
def test_a_notebook_is_one_to_jupytext(source):
    jupytext = pytest.importorskip("jupytext")
    cells = jupytext.read(source).cells
    kinds = [cell.cell_type for cell in cells]
    assert kinds[0] == "markdown"
    assert kinds.count("code") >= 3
    assert "# %%" not in "".join(cell.source for cell in cells)
