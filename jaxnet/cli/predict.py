"""``jaxnet predict``: what a trained model says of new rows, as CSV."""

import argparse
import json
import sys
from pathlib import Path

from jaxnet.cli.arguments import add_reading, any_path, reading
from jaxnet.cli.exits import OK
from jaxnet.cli.expected import refusing
from jaxnet.cli.spelling import as_options

_EPILOG = """\
Columns: prediction and, for classes, probability_<class>, for each row of FILE in its order.

exit status: 0 fine, 2 usage, 3 bad data or file: the first row that cannot be used is named by its line
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "predict", help="predict new rows with a trained model", epilog=_EPILOG,
        description="Predict each row of a table with a model that jaxnet train made.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("model", metavar="DIR", type=any_path, help="the folder of a model")
    parser.add_argument("file", metavar="FILE", help="a table with the columns of the training table; - for stdin")
    parser.add_argument("--out", metavar="FILE", default="-", help="where to write; default - for standard output")
    parser.add_argument("--skip-bad", action="store_true", help="leave rows that cannot be used empty, and count them")
    add_reading(parser)
    parser.add_argument("--json", action="store_true", help="write a list of objects in place of CSV")


def run(arguments: argparse.Namespace) -> int:
    """Predict, and write; talk goes to standard error."""
    with refusing(as_options):
        from jaxnet.models import load
        from jaxnet.storage import write_atomically
        from jaxnet.tabular import predict_rows

        model = load(arguments.model)
        found = predict_rows(model, arguments.file, skip_bad=arguments.skip_bad, **reading(arguments))
        for remark in found.remarks:
            print(as_options(f"note: {remark}"), file=sys.stderr)
        if found.bad:
            first = found.bad[0]
            where = f"line {first.line}" if first.line is not None else f"row {first.row}"
            words = f"{len(found.bad)} row(s) left empty, the first on {where}: {first.column!r}: {first.reason}"
            print(words, file=sys.stderr)
        text = json.dumps(list(found.records()), indent=1) + "\n" if arguments.json else found.to_csv()
        if arguments.out == "-":
            sys.stdout.write(text)
        else:
            write_atomically(Path(arguments.out), text.encode())
    return OK
