"""``jaxnet check``: is my gradient right, and if not, where and why?"""

import argparse
import importlib
import os
import sys
from typing import Any

import jaxnet.compilation_cache as compilation_cache  # "from jaxnet" would ask its front door first
from jaxnet.cli.exits import DATA, NO, OK, USAGE, Refusal


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "check",
        help="is my gradient right, and if not, where and why?",
        description="Check a gradient derived by hand. Names are MODULE:NAME, looked up from the current folder; only "
        "these modules are imported, and a name that is a function is only called as loss or gradient.",
        epilog="exit status: 0 right, 1 wrong, 2 usage, 3 something cannot be loaded or judged",
        allow_abbrev=False,
    )
    parser.add_argument("loss", metavar="LOSS", type=module_and_name, help="a function (params, *data) -> number")
    parser.add_argument(
        "gradient", metavar="GRADIENT", type=module_and_name, nargs="?",
        help="a function (params, *data) -> arrays like params, or the arrays; without it JAX's own rule is checked",
    )  # fmt: skip
    parser.add_argument("--params", metavar="MODULE:NAME", type=module_and_name, required=True, help="the parameters")
    parser.add_argument(
        "--data", metavar="MODULE:NAME", type=module_and_name, nargs="+", default=[],
        help="the other arguments of LOSS, in their order",
    )  # fmt: skip
    parser.add_argument(
        "--network", metavar="MODULE:NAME", type=module_and_name, help="a jaxnet network, for a closer diagnosis"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def module_and_name(text: str) -> tuple[str, str]:
    """Take ``MODULE:NAME`` apart; NAME may have dots. Raises ArgumentTypeError for anything else."""
    module, colon, name = text.partition(":")
    if not (module and colon and all(part.isidentifier() for part in [*module.split("."), *name.split(".")])):
        raise argparse.ArgumentTypeError(f"expected MODULE:NAME such as mywork:loss, got {text!r}")
    return module, name


def run(arguments: argparse.Namespace) -> int:
    """Load what is named, check, print the report."""
    sys.path.insert(0, os.getcwd())  # as `python -m` does, so that one's own modules are found
    compilation_cache.enable()
    report = report_on(arguments)
    print(report.to_json() if arguments.json else report)
    return OK if report.ok else NO


def report_on(arguments: argparse.Namespace) -> Any:
    """Ask ``check_gradient``; raises Refusal for what it cannot judge, with status 3."""
    loss, params, *data = map(named_object, (arguments.loss, arguments.params, *arguments.data))
    optional = (arguments.gradient, arguments.network)
    gradient, network = (None if name is None else named_object(name) for name in optional)
    if not callable(loss):
        raise Refusal(f"{':'.join(arguments.loss)} is no function but {type(loss).__name__}", USAGE)
    from jaxnet.gradients import check_gradient

    try:
        return check_gradient(loss, params, *data, gradient=gradient, network=network)
    except Exception as error:  # raised by the named code, or a refusal of what it returns
        raise Refusal(f"cannot judge: {type(error).__name__}: {error}", DATA) from error


def named_object(place: tuple[str, str]) -> Any:
    """Import a module and look a name up in it; Refusal where either fails."""
    module, name = place
    try:
        value: Any = importlib.import_module(module)
        for part in name.split("."):
            value = getattr(value, part)
    except Exception as error:  # a module may fail in any way while it is imported
        raise Refusal(f"cannot load {module}:{name}: {type(error).__name__}: {error}", DATA) from error
    return value
