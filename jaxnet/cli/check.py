"""``jaxnet check``: is my gradient right, and if not, where and why?"""

import argparse
import math
import sys
from pathlib import Path
from typing import Any

import jaxnet.compilation_cache as compilation_cache  # "from jaxnet" would ask its front door first
from jaxnet.cli.arguments import new_file, size
from jaxnet.cli.exits import DATA, NO, OK, USAGE, Refusal
from jaxnet.cli.named_objects import (
    METAVAR,
    ObjectName,
    look_in_current_folder,
    named_loss,
    named_object,
    named_object_or_none,
    object_name,
)

_DRAWN = (".pdf", ".png", ".svg")


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "check",
        help="is my gradient right, and if not, where and why?",
        description="Check a gradient derived by hand. Names are MODULE:NAME, looked up from the current folder, or "
        "path/to/file.py:NAME; only these files are imported, and a name that is a function is only called as loss or "
        "gradient.",
        epilog="exit status: 0 right, 1 wrong, 2 usage, 3 something cannot be loaded or judged",
        allow_abbrev=False,
    )
    parser.add_argument("loss", metavar="LOSS", type=object_name, help="a function (params, *data) -> number")
    parser.add_argument(
        "gradient", metavar="GRADIENT", type=object_name, nargs="?",
        help="a function (params, *data) -> arrays like params, or the arrays; without it JAX's own rule is checked",
    )  # fmt: skip
    parser.add_argument("--params", metavar=METAVAR, type=object_name, required=True, help="the parameters")
    parser.add_argument(
        "--data",
        metavar=METAVAR,
        type=object_name,
        nargs="+",
        default=[],
        help="the other arguments of LOSS, in their order",
    )
    parser.add_argument("--network", metavar=METAVAR, type=object_name, help="a jaxnet network, for a closer diagnosis")
    parser.add_argument(
        "--stages",
        metavar=METAVAR,
        type=object_name,
        help="intermediate values {'z1': ..., 'delta2': ...} of a jaxnet network",
    )
    parser.add_argument(
        "--loss-value", metavar="NUMBER", type=number_or_name,
        help="the loss you computed, or MODULE:NAME of it or of your own function for it: compared with LOSS first",
    )  # fmt: skip
    parser.add_argument(
        "--precision", metavar="NUMBER", type=size, default=0.0,
        help="an error that the gradient's numbers are known to have, such as half a unit of the last digit printed",
    )  # fmt: skip
    _add_outputs(parser)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the report as JSON (schema_version 1)")
    parser.add_argument("--html", metavar="FILE", type=new_file, help="also write the report as a page")
    parser.add_argument("--figure", metavar="FILE", type=figure_file, help="also draw it: .png, .svg or .pdf")


def number_or_name(text: str) -> Any:
    """Take a finite number, or the name of an object. Raises ArgumentTypeError for anything else."""
    try:
        value = float(text)
    except ValueError:
        return object_name(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"expected a finite number or MODULE:NAME, got {text!r}")
    return value


def figure_file(text: str) -> Path:
    """Take the path of a figure to be written. Raises ArgumentTypeError for a kind that cannot be drawn."""
    path = new_file(text)
    if path.suffix not in _DRAWN:
        raise argparse.ArgumentTypeError(f"expected a name that ends in .pdf, .png or .svg, got {text!r}")
    return path


def run(arguments: argparse.Namespace) -> int:
    """Load what is named, check, print the report, and write it where that is wanted."""
    look_in_current_folder()
    compilation_cache.enable()
    report = report_on(arguments)
    print(report.to_json() if arguments.json else report)
    if arguments.html is not None:
        from jaxnet.html_blocks import html_page
        from jaxnet.storage import write_atomically

        write_atomically(arguments.html, html_page(report.headline, report._repr_html_()).encode())
    if arguments.figure is not None:
        draw_to_file(report, arguments.figure)
    return OK if report.ok else NO


def draw_to_file(report: Any, file: Path) -> None:
    """Draw the report; where nothing could be compared, say that there is nothing to draw.

    Raises Refusal where matplotlib is missing.
    """
    if report.evidence is None:
        print("jaxnet: no figure: no leaf could be compared", file=sys.stderr)
        return
    from jaxnet import figures

    try:
        figures.save(report.figure(), file)
    except ImportError as error:
        raise Refusal(f"--figure: {error}", USAGE) from error


def report_on(arguments: argparse.Namespace) -> Any:
    """Ask ``check_gradient``; raises Refusal for what it cannot judge, with status 3."""
    loss, params, data = named_loss(arguments)
    places = arguments.gradient, arguments.network, arguments.stages
    gradient, network, stages = map(named_object_or_none, places)
    loss_value = (
        named_object(arguments.loss_value) if isinstance(arguments.loss_value, ObjectName) else arguments.loss_value
    )
    from jaxnet.gradients import check_gradient

    options = {"stages": stages, "loss_value": loss_value, "precision": arguments.precision}
    if gradient is None and any(options.values()):
        raise Refusal("--stages, --loss-value and --precision go with a GRADIENT", USAGE)
    try:
        return check_gradient(loss, params, *data, gradient=gradient, network=network, **options)
    except Exception as error:  # raised by the named code, or a refusal of what it returns
        notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()) if note.startswith("f raises"))
        raise Refusal(f"cannot judge: {type(error).__name__}: {error}{notes}", DATA) from error
