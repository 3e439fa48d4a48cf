"""``jaxnet stairs``: the article, told in order."""

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import jaxnet.compilation_cache as compilation_cache  # "from jaxnet" would ask its front door first
from jaxnet.cli.arguments import any_path, one_of, whole_number
from jaxnet.cli.exits import DATA, OK, USAGE, Refusal
from jaxnet.stairs import story
from jaxnet.stairs.story import CONTENTS

if TYPE_CHECKING:
    from jaxnet.stairs.blocks import Section


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    contents = "\n".join(f"  {name:<13} {chapter.title}" for name, chapter in CONTENTS.items())
    parser = commands.add_parser(
        "stairs",
        help="the article: is a 2x2 image a picture of stairs?",
        description="Tell the article in order: its images, its networks set by hand, its worked example, training.",
        epilog=f"sections:\n{contents}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--section", action="append", default=[], metavar="NAME", type=one_of(CONTENTS),
        help="tell this section only; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--image", metavar="ID", type=whole_number(1, 500),
        help="fill in this image, 1 to 500, instead of the article's own",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--figures", metavar="DIR", type=any_path, help="also draw the figures of the sections, as PNG")
    parser.add_argument(
        "--exercises", metavar="DIR", type=any_path,
        help="write ten exercises with blanks into this folder and end; jaxnet grade DIR marks them",
    )  # fmt: skip
    parser.add_argument("--solutions", metavar="DIR", type=any_path, help="write them filled in, for teachers, and end")
    parser.add_argument(
        "--html",
        metavar="FILE",
        type=any_path,
        help="write the sections as one page with their figures, instead of printing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Tell the chosen sections, and draw their figures if asked to; or write the exercises.

    Raises Refusal for a page and numbers at once, and for what cannot be written.
    """
    if arguments.exercises is not None or arguments.solutions is not None:
        return hand_out_exercises(arguments)
    if arguments.html is not None and arguments.json:
        raise Refusal("--html writes a page and --json prints numbers: give one of them", USAGE)
    if arguments.figures is not None:
        prepare_folder(arguments.figures)
    if arguments.html is not None:
        prepare_page(arguments.html)
    compilation_cache.enable()
    names = story.selected(arguments.section, arguments.image)
    sections = ((name, announced(name, arguments.image)) for name in names)
    if arguments.html is not None:
        write_page(arguments.html, sections, arguments.image)
    elif arguments.json:
        numbers = {
            name: {"title": CONTENTS[name].title, "source": CONTENTS[name].source(name), **section.numbers}
            for name, section in sections
        }
        print(json.dumps({"sections": numbers}, indent=1))
    else:
        show_sections(sections)
    if arguments.figures is not None:
        draw_figures(names, arguments)
    return OK


def announced(name: str, image: int | None) -> "Section":
    """Compute a section; say so first where it takes seconds."""
    if CONTENTS[name].trains:
        print(f"{CONTENTS[name].title}: training ...", file=sys.stderr)
    return story.compute(name, image)


def show_sections(sections: Iterable[tuple[str, "Section"]]) -> None:
    """Print sections for people, each as soon as it is computed."""
    from jaxnet.cli.page import Page

    page = Page()
    for name, section in sections:
        page.show(CONTENTS[name].title, section, CONTENTS[name].source(name))


def draw_figures(names: list[str], arguments: argparse.Namespace) -> None:
    """Draw the figures of the sections, one file each; raises ``Refusal`` where that fails."""
    from jaxnet.figures import save
    from jaxnet.stairs.drawings import drawings

    for name, figure in drawings(names, arguments.image):
        path = arguments.figures / f"{name}.png"
        try:
            save(figure, path)
        except OSError as error:
            raise Refusal(f"{path}: {error.strerror}", DATA) from error
        print(f"drew {path}", file=sys.stderr)


def hand_out_exercises(arguments: argparse.Namespace) -> int:
    """Write the files of the exercises, with blanks and filled in; raises ``Refusal`` where that fails."""
    from jaxnet.stairs import exercises

    for folder, solved in ((arguments.exercises, False), (arguments.solutions, True)):
        if folder is None:
            continue
        try:
            paths = exercises.write_exercises(folder, solved=solved)
        except OSError as error:
            raise Refusal(str(error), DATA) from error
        print(f"wrote {len(paths)} exercises to {folder}; mark them: jaxnet grade {folder}", file=sys.stderr)
    return OK


def write_page(path: Path, sections: Iterable[tuple[str, "Section"]], image: int | None) -> None:
    """Write the sections as one page; raises ``Refusal`` where that fails."""
    from jaxnet.stairs.lesson_page import lesson_page
    from jaxnet.storage import write_atomically

    text = lesson_page(sections, image)
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}", DATA) from error
    print(f"wrote {path}", file=sys.stderr)


def prepare_page(path: Path) -> None:
    """Refuse, before anything is computed, a page that could not be drawn or written."""
    needs_matplotlib("--html")
    if path.is_dir() or not path.parent.is_dir():
        raise Refusal(f"--html {path}: expected a file in a folder that is there", DATA)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise Refusal(f"--html {path}: it cannot be written", DATA)


def needs_matplotlib(option: str) -> None:
    """Refuse an option that draws where nothing can be drawn."""
    if importlib.util.find_spec("matplotlib") is None:
        raise Refusal(f"{option} needs matplotlib: pip install 'jaxnet[plots]'", USAGE)


def prepare_folder(folder: Path) -> None:
    """Make the folder for the figures, before anything is computed; refuse if they could not be drawn or saved."""
    needs_matplotlib("--figures")
    if folder.exists() and not folder.is_dir():
        raise Refusal(f"--figures {folder}: expected a folder, got a file", DATA)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"--figures {folder}: {error.strerror}", DATA) from error
    if not os.access(folder, os.W_OK):
        raise Refusal(f"--figures {folder}: the folder cannot be written", DATA)
