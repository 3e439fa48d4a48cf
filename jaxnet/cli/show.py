"""``jaxnet show``: what a trained model is, what it was trained on, and what it is worth."""

import argparse
import json

from jaxnet.cli.arguments import any_path
from jaxnet.cli.exits import OK
from jaxnet.cli.expected import refusing
from jaxnet.cli.spelling import as_options


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "show", help="say what a trained model is and what it is worth",
        description="Print columns, network, scores and importance of the columns of a model that jaxnet train made.",
        epilog="exit status: 0 fine, 2 usage, 3 bad data or file",
    )  # fmt: skip
    parser.add_argument("model", metavar="DIR", type=any_path, help="the folder of a model")
    parser.add_argument("--html", metavar="FILE", type=any_path, help="also write one self-contained page")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Read the folder, and print."""
    with refusing():
        from jaxnet.models import load
        from jaxnet.tabular import read_report

        report = read_report(arguments.model)
        if report is None:  # a model that was saved by hand
            model = load(arguments.model)
            print(json.dumps({"model": str(model)}) if arguments.json else model)
            return OK
        if arguments.html is not None:
            from jaxnet.tabular.table_page import write_table_page

            write_table_page(report, arguments.html)
        print(json.dumps(report.as_json(), indent=1) if arguments.json else as_options(str(report)))
    return OK
