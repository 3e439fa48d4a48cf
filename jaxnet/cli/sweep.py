"""``jaxnet sweep``: a population of networks from a TOML file."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

import jaxnet.compilation_cache as compilation_cache  # "from jaxnet" would ask its front door first
from jaxnet.cli.arguments import any_path, whole_number
from jaxnet.cli.exits import DATA, NO, OK, USAGE, Refusal

if TYPE_CHECKING:
    from jaxnet.sweeps import Plan, Result

_ACTIONS = {
    "plan": "say what will be trained, and how much memory and work it needs; nothing is trained",
    "run": "train; the same command goes on where an earlier one ended",
    "show": "print the best configurations, with intervals",
    "export": "write members, curves and rungs as CSV or Parquet files",
    "verify": "train some members again and compare every bit; exit status 1 if one differs",
    "report": "write one HTML file with figures and tables",
}
EXAMPLE = """\
  method = "sobol"         # grid, random, sobol, list, optuna, pbt
  n = 64
  epochs = 81
  metric = "validation_accuracy"
  halving = { eta = 3, min_epochs = 3 }
  [data]
  name = "digits"          # or file = "table.csv", .npz or .parquet, and target = "column"
  validation = 0.2
  standardise = true
  [space]
  learning_rate = { min = 1e-3, max = 1.0, log = true }
  optimizer = { choices = ["sgd", "adam"] }
  momentum = { min = 0, max = 0.99, when = { optimizer = "sgd" } }
  hidden = { depth = [1, 2], width = [16, 64] }
  l2 = { times = 0.01, of = "learning_rate" }
  batch_size = 64
  seed = { count = 3 }
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "sweep",
        help="train hundreds of networks as one compiled program",
        description="Train a population of networks that a TOML file describes: data, space, method, metric, epochs.",
        epilog=f"a plan:\n{EXAMPLE}\nexit status: 0 fine, 1 a member differs, 2 usage, 3 bad data or file, 75 another "
        "process\nholds the folder, 130 or 143 interrupted, with all work saved",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, what in _ACTIONS.items():
        action = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False)
        either = "the plan, a TOML file" + (", or the folder that run made" if name not in ("plan", "run") else "")
        action.add_argument(
            "file", metavar="FILE" if name in ("plan", "run") else "FILE|DIR", type=any_path, help=either
        )
        action.add_argument("--json", action="store_true", help="print the result as JSON")
        action.add_argument(
            "--set", metavar="KEY=VALUE", action="append", default=[],
            help="in place of a key of the file's, such as n=64 or space.momentum=0.5; again for more",
        )  # fmt: skip
        if name != "plan":
            action.add_argument(
                "--out", metavar="DIR", type=any_path, required=name == "run", help="the folder of the sweep"
            )
        _add_training(action, name)
        if name in ("run", "show"):
            _add_count(action, "--best", 5, "configurations to print")
        if name == "export":
            action.add_argument("--kind", choices=("csv", "parquet"), default="csv", help="of file; default csv")
            action.add_argument("--to", metavar="DIR", type=any_path, help="where to; default the folder of the sweep")
        if name == "verify":
            _add_count(action, "--members", 3, "members to train again")
        if name == "report":
            action.add_argument("--to", metavar="FILE", type=any_path, help="default report.html in the sweep's folder")


def _add_training(action: argparse.ArgumentParser, name: str) -> None:
    if name in ("plan", "run"):
        words = "whose parameters are kept; default the file's keep, or all"
        action.add_argument("--keep", choices=("all", "best", "scores"), help=words)
    if name == "run":
        words = "this machine, or the Ray cluster that RAY_ADDRESS names; default local"
        action.add_argument("--executor", choices=("local", "ray"), default="local", help=f"who trains: {words}")


def _add_count(action: argparse.ArgumentParser, name: str, default: int, what: str) -> None:
    known = whole_number(1, 10**6)
    action.add_argument(name, metavar="N", type=known, default=default, help=f"{what}; default {default}")


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says; raises ``Refusal``, one sentence, for every expected error."""
    from jaxnet.sweeps.devices import use_all_cores

    use_all_cores()  # before JAX starts
    compilation_cache.enable()  # a plan compiles a program a group, which the next command can have for nothing
    from jaxnet.storage import LOCKED, CheckpointError, Locked
    from jaxnet.sweeps import Interrupted

    try:
        return _RUN[arguments.action](arguments)
    except Interrupted as interrupted:
        raise Refusal(str(interrupted), interrupted.status) from interrupted
    except Locked as locked:
        raise Refusal(str(locked), LOCKED) from locked
    except (CheckpointError, OSError) as error:
        raise Refusal(str(error), DATA) from error
    except ImportError as error:
        raise Refusal(str(error), USAGE) from error


def _read(arguments: argparse.Namespace) -> "Plan":
    """Read the plan; what makes no plan ends with status 2, what cannot be read with status 3.

    In place of the plan may stand the folder of its sweep, which has kept it.
    """
    from jaxnet.data import DataError
    from jaxnet.sweeps.plan_file import KEPT_PLAN, kept_changes, read_plan
    from jaxnet.sweeps.toml_file import toml_bytes

    if arguments.action not in ("plan", "run"):
        if arguments.file.is_dir():
            arguments.out, arguments.file = arguments.out or arguments.file, arguments.file / KEPT_PLAN
        if arguments.out is None:
            raise Refusal(f"{arguments.file}: no folder of a sweep; beside a plan --out DIR is needed", USAGE)

    if getattr(arguments, "keep", None):
        arguments.set.append(f"keep={arguments.keep}")
    try:
        arguments.content = toml_bytes(arguments.file)  # once, for it may be a pipe
        return read_plan(arguments.file, [*kept_changes(arguments.file), *arguments.set], arguments.content)
    except DataError as error:
        raise Refusal(str(error), DATA) from error
    except (ValueError, TypeError) as error:
        raise Refusal(f"{arguments.file}: {error}", USAGE) from error


def _load(arguments: argparse.Namespace) -> "Result":
    """Read the plan and its sweep."""
    from jaxnet.sweeps.verification import load_sweep

    return _same(lambda: load_sweep(_read(arguments), arguments.out))


def _same(act: Any) -> Any:
    """Refuse a folder that holds another sweep than the file describes."""
    try:
        return act()
    except ValueError as error:
        raise Refusal(str(error), DATA) from error


def _show_plan(arguments: argparse.Namespace) -> int:
    """Print what will be trained."""
    from jaxnet.sweeps.forecasts import forecast

    found = forecast(_read(arguments))
    groups = [group._asdict() for group in found.groups]
    numbers = {name: _plain(value) for name, value in found._asdict().items()}
    print(json.dumps({**numbers, "groups": groups}, indent=1) if arguments.json else found)
    return OK


def _train(arguments: argparse.Namespace) -> int:
    """Train and print the best."""
    from jaxnet.sweeps import sweep
    from jaxnet.sweeps.plan_file import keep_plan

    plan = _read(arguments)
    print(plan, file=sys.stderr)
    result = _same(lambda: sweep(plan, out=arguments.out, executor=arguments.executor, progress=True))
    keep_plan(arguments.file, arguments.content, arguments.out, arguments.set)
    return _show_result(result, arguments)


def _show(arguments: argparse.Namespace) -> int:
    """Print the best of a sweep that was trained."""
    return _show_result(_load(arguments), arguments)


def _show_result(result: "Result", arguments: argparse.Namespace) -> int:
    """Print a summary of the best configurations."""
    from jaxnet.sweeps.result.columns import Columns

    rows = Columns({name: list(column)[: arguments.best] for name, column in result.summary().items()})
    if arguments.json:
        best = [dict(zip(rows, map(_plain, row), strict=True)) for row in zip(*rows.values(), strict=True)]
        print(json.dumps({"metric": result.plan.metric, "best": best, "warnings": result.warnings()}, indent=1))
    else:
        print(f"{result}\n\n{result.plan.metric}:\n{rows}")
    return OK


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if value != value else value  # JSON knows no NaN


def _export(arguments: argparse.Namespace) -> int:
    """Write the tables and print where they are."""
    paths = [str(path) for path in _load(arguments).export(arguments.to or arguments.out, arguments.kind)]
    print(json.dumps({"files": paths}, indent=1) if arguments.json else "\n".join(paths))
    return OK


def _verify(arguments: argparse.Namespace) -> int:
    """Train some members again; the answer is no if one differs."""
    from jaxnet.sweeps.verification import verify

    same = verify(_load(arguments), arguments.members)
    if arguments.json:
        print(json.dumps({"same": same}, indent=1))
    else:
        print("\n".join(f"member {m}: {'every bit the same' if one else 'DIFFERENT'}" for m, one in same.items()))
    return OK if all(same.values()) else NO


def _report(arguments: argparse.Namespace) -> int:
    """Write the report and print where it is."""
    from jaxnet.figures.sweep_report import write_report

    path = write_report(_load(arguments), arguments.to or arguments.out / "report.html")
    print(json.dumps({"file": str(path)}, indent=1) if arguments.json else path)
    return OK


_RUN = {
    "plan": _show_plan, "run": _train, "show": _show, "export": _export, "verify": _verify, "report": _report
}  # fmt: skip
