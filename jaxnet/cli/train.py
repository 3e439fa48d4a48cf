"""``jaxnet train``: from a table to a model that predicts one of its columns."""

import argparse
import json
import sys
from typing import Any

import jaxnet.compilation_cache as compilation_cache  # "from jaxnet" would ask its front door first
from jaxnet.cli.arguments import add_reading, any_path, reading, whole_number
from jaxnet.cli.exits import OK
from jaxnet.cli.expected import refusing
from jaxnet.cli.spelling import as_options

_EPILOG = """\
Rows are held out by lot, each class evenly (or by --group or --time): a fifth is scored once, at the end, a sixth
chooses among some learning rates, penalties and sizes. The score stands beside that of the trivial answer and of a
linear model, chosen in the same way.

exit status: 0 fine, 2 usage, 3 bad data or file, 75 another process holds DIR, 130 or 143 interrupted, with all work
saved: the same command goes on
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "train", help="train a model on a table of your own", epilog=_EPILOG,
        description="Train a model to predict one column of a table from the others.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add(
        "file",
        metavar="FILE",
        help="a table: CSV, TSV, Parquet, Arrow, npy or IDX, gzipped or not; - for standard input",
    )
    add("--target", metavar="COLUMN", required=True, help="the column to predict, or a file of it beside npy and IDX")
    add("--out", metavar="DIR", type=any_path, help="keep the model and the work there; the same command goes on")
    add("--hidden", metavar="N[,N]", type=layers, help="units of the hidden layers, in place of some that are tried")
    add("--epochs", metavar="N", type=whole_number(1, 10**6), help="the longest training; default 20 to 300 by rows")
    add("--learning-rate", metavar="R", type=float, help="of Adam, in place of some that are tried")
    add("--ensemble", metavar="K", type=whole_number(1, 100), default=1, help="networks to average; default 1")
    add("--quick", action="store_true", help="try less, for a first look")
    add("--seed", metavar="N", type=whole_number(0, 2**31 - 1), default=0, help="of all that is drawn; default 0")
    add("--group", metavar="COLUMN", help="hold rows of one value out together, such as those of one patient")
    add("--time", metavar="COLUMN", help="hold out the latest rows, by a column of numbers or dates")
    add("--class-weights", choices=("balanced",), help="let every class weigh alike, however rare it is")
    add("--drop", metavar="COLUMN", action="append", default=[], help="leave a column out; may be given several times")
    add("--keep", metavar="COLUMN", action="append", default=[], help="an input that was left out; as often as wanted")
    add(
        "--kind", metavar="COLUMN=KIND", action="append", default=[], type=column_and_kind,
        help="number, category, boolean or date, where another was taken for it; may be given several times",
    )  # fmt: skip
    add("--missing", metavar="HOW", help="what a missing cell becomes: mean, median, category or refuse; default mean")
    add(
        "--missing-word", metavar="WORD", action="append", default=[],
        help="a word or number, such as -999, that stands for a missing value too; may be given several times",
    )  # fmt: skip
    add("--scale", metavar="HOW", help="of numbers: standard, robust (median and quartiles) or none; default standard")
    add_reading(parser)
    add("--json", action="store_true", help="print the result as JSON")


def layers(text: str) -> tuple[int, ...]:
    """Take ``64,32`` apart. Raises ArgumentTypeError for anything else."""
    parts = text.replace("x", ",").split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"expected units of hidden layers such as 64,32, got {text!r}")
    return tuple(map(int, parts))


def column_and_kind(text: str) -> tuple[str, str]:
    """Take ``COLUMN=KIND`` apart. Raises ArgumentTypeError for anything else."""
    column, equals, kind = text.rpartition("=")
    if not (column and equals and kind):
        raise argparse.ArgumentTypeError(f"expected COLUMN=KIND such as zip=category, got {text!r}")
    return column, kind


def run(arguments: argparse.Namespace) -> int:
    """Train, and print what came of it."""
    from jaxnet.sweeps.devices import use_all_cores

    use_all_cores()  # before JAX starts
    compilation_cache.enable()
    from jaxnet.data import table_and_target
    from jaxnet.tabular import train_table

    names = (
        "hidden", "epochs", "learning_rate", "ensemble", "quick", "seed", "group", "time", "class_weights", "out",
    )  # fmt: skip
    asked = {name: getattr(arguments, name) for name in names} | _preparation(arguments)
    with refusing(as_options):
        table, target = table_and_target(arguments.file, arguments.target, **reading(arguments))
        report = train_table(table, target, progress=True, **asked)
    for note in report.preparation.notes:
        print(as_options(f"note: {note}"), file=sys.stderr)
    if arguments.json:
        print(json.dumps(report.as_json(), indent=1))
        return OK
    print(as_options(str(report)))
    if arguments.out is not None:
        print(f"\nnext: jaxnet predict {arguments.out} NEW.csv > predictions.csv")
    else:
        print("\nnext: the same with --out DIR keeps the model, and jaxnet predict DIR NEW.csv uses it")
    return OK


def _preparation(arguments: argparse.Namespace) -> dict[str, Any]:
    asked = {
        "kinds": dict(arguments.kind), "drop": list(arguments.drop), "missing": arguments.missing,
        "roles": dict.fromkeys(arguments.keep, "input"), "missing_words": list(arguments.missing_word),
        "scale": arguments.scale,
    }  # fmt: skip
    return {name: value for name, value in asked.items() if value}
