"""The command line: parse, call the library, print. Read exits, arguments, then a command's own file.

A command is a module with ``add_parser(commands)`` and ``run(arguments) -> exit status``. None of them imports JAX
before it runs, so help, the version and usage errors answer at once.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

import jaxnet
from jaxnet.cli import check, doctor, export, grade, play, predict, show, stairs, sweep, train
from jaxnet.cli.exits import INTERRUPTED, OK, USAGE, Refusal
from jaxnet.cli.parser import Parser
from jaxnet.near_names import nearest

_ALL = (stairs, train, predict, show, export, check, grade, sweep, play, doctor)
COMMANDS = {command.__name__.rpartition(".")[2]: command for command in _ALL}

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``jaxnet`` with the given arguments, by default the program's own; return the exit status.

    0 fine, 1 the answer is no, 2 usage, 3 bad data or file, 130 interrupted. Results go to standard output,
    everything else to standard error.
    """
    _let_output_hold_every_letter()
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv)
        return COMMANDS[arguments.command].run(arguments)
    except SystemExit as end:  # argparse has said what there is to say
        return OK if end.code is None else int(end.code)
    except Refusal as refusal:
        print(f"jaxnet: {_printable(str(refusal))}", file=sys.stderr)
        return refusal.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # the reader (head, a pager) has seen enough; Python must not complain when it flushes at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _let_output_hold_every_letter() -> None:
    """Write UTF-8, as files are read, to files and pipes; on a terminal that lacks a letter a ? stands for it.

    Else a name in a table would end a command in the C locale, or on Windows, whose files are of another alphabet.
    """
    if "PYTHONIOENCODING" in os.environ or not isinstance(sys.stdout, io.TextIOWrapper):  # somebody's own choice
        return
    if sys.stdout.isatty():
        sys.stdout.reconfigure(errors="replace")
    else:  # the name of a file that is no UTF-8 keeps its bytes
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")


def _printable(words: str) -> str:
    from jaxnet.checks import printable  # late: it imports JAX

    return words if words.isprintable() else printable(words)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments; ends the program with status 2 and a word on the nearest command if they make no sense."""
    parser = Parser(prog="jaxnet", description="Neural networks on JAX, from one perceptron to compiled populations.")
    parser.add_argument("--version", action="version", version=f"jaxnet {jaxnet.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for command in COMMANDS.values():
        command.add_parser(commands)
    if argv and not argv[0].startswith("-") and argv[0] not in COMMANDS:
        parser.exit(
            USAGE, f"jaxnet: no command {argv[0]!r}{nearest(argv[0], COMMANDS)}; there is {', '.join(COMMANDS)}\n"
        )
    return parser.parse_args(argv)
