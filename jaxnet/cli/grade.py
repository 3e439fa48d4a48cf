"""``jaxnet grade``: a class's gradients, each in a process of its own with limits."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import jaxnet.compilation_cache as compilation_cache  # "from jaxnet" would ask its front door first
from jaxnet.cli.arguments import any_path, positive_number, whole_number
from jaxnet.cli.exits import DATA, OK, USAGE, Refusal
from jaxnet.cli.lesson_marks import mark_lesson
from jaxnet.cli.named_objects import METAVAR, look_in_current_folder, named_loss, named_object_or_none, object_name

_EPILOG = """\
Each submission is a .py file or a notebook, or a folder with one (--file says which of several); folders travel whole.
It runs in a temporary folder with limits of time and memory, starts no other process, and what it prints goes nowhere:
an endless loop, a crash or a fork bomb costs that submission only. That is protection against accidents, not against
attackers: grade strangers in a container.

A gradient has to be right at the given point and at hidden ones, with other parameters and batch sizes. Each parameter
earns its share. With --stages FILE.py:NAME, your own backward pass, so does every variable that it assigns and the
submission has, too, judged with the submission's own values of those before it, so that a mistake is paid once.

Without --loss, the exercises that jaxnet stairs --exercises DIR wrote are marked: jaxnet grade DIR

example:
  jaxnet grade submissions/* --loss course.py:loss --gradient backward --params course.py:params \\
      --data course.py:X course.py:y --stages course.py:backward --hints 2 --out graded

exit status: 0 graded, whatever the grades; 2 usage; 3 the loss, its arguments or your solution cannot be used"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "grade",
        help="grade the gradients of a class, each in a process of its own",
        description="Grade gradients derived by hand: partial credit, hints, and who made which mistake.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "submissions", metavar="SUBMISSION", nargs="+", type=any_path, help="a .py or .ipynb file, or its folder"
    )
    parser.add_argument("--loss", metavar=METAVAR, type=object_name, help="(params, *data) -> number")
    parser.add_argument("--gradient", metavar="NAME", help="of the function in each submission")
    parser.add_argument("--params", metavar=METAVAR, type=object_name, help="the parameters")
    parser.add_argument(
        "--data", metavar=METAVAR, type=object_name, nargs="+", default=[], help="the loss's other arguments, in order"
    )
    parser.add_argument("--network", metavar=METAVAR, type=object_name, help="a jaxnet network, for a closer diagnosis")
    parser.add_argument("--stages", metavar="FILE.py:NAME", type=object_name, help="your own backward pass, in NumPy")
    parser.add_argument("--count", metavar="STAGE", nargs="+", default=[], help="the stages that count (default: all)")
    parser.add_argument("--file", metavar="NAME.py", help="the file of each submission that is a folder")
    _add_limits(parser)
    _add_outputs(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hidden", metavar="N", type=whole_number(0, 100), default=3, help="other points to be right at (default 3)"
    )
    parser.add_argument(
        "--seed", metavar="N", type=whole_number(0, 2**31), default=0, help="that draws them (default 0)"
    )
    parser.add_argument(
        "--time",
        metavar="S",
        type=positive_number,
        default=20.0,
        help="seconds that a submission may take in all (default 20)",
    )
    parser.add_argument(
        "--memory", metavar="MB", type=whole_number(256, 10**7), default=2048, help="that it may use (default 2048)"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=whole_number(1, 1000), help="submissions that run at once (default: the cores)"
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-score", metavar="X", type=positive_number, default=1.0, help="of a right one (default 1)"
    )
    parser.add_argument(
        "--hints", type=int, choices=range(4), default=1,
        help="what learners are told: 0 right or wrong, 1 which leaf (default), 2 which line of the forward pass, "
        "3 the cause",
    )  # fmt: skip
    parser.add_argument("--solutions", action="store_true", help="tell learners the corrected formula, too")
    parser.add_argument("--assignment", metavar="NAME", default="gradient", help="its name in nbgrader's columns")
    parser.add_argument(
        "--out", metavar="DIR", type=any_path,
        help="write jaxnet-grades.csv, grades.csv (in nbgrader's columns), summary.json, and for each submission "
        "NAME.json and NAME/results.json (Gradescope's)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the summary and all grades as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Load what is named, grade every submission, print the table and the summary, write the files.

    Raises Refusal for what cannot be loaded, judged or written.
    """
    if arguments.loss is None:
        return mark_lesson(arguments)
    missing = [f"--{name}" for name in ("gradient", "params") if getattr(arguments, name) is None]
    if missing:
        raise Refusal(f"the following arguments are required: {', '.join(missing)}", USAGE)
    works = submitted(arguments.submissions, arguments.file)
    look_in_current_folder()
    compilation_cache.enable()
    assignment = _assignment(arguments)
    from jaxnet.grading import class_summary, results
    from jaxnet.grading.grades import Limits, grade
    from jaxnet.sweeps.devices import cores

    limits = Limits(arguments.time, arguments.memory)
    grades = []
    one = lambda work: grade(work, arguments.gradient, assignment, limits, max_score=arguments.max_score)
    from concurrent.futures import ThreadPoolExecutor  # whoever asks for help does not wait for it

    pool = ThreadPoolExecutor(arguments.jobs or cores())
    try:
        for each in pool.map(one, works):
            grades.append(each)
            print(_line(each), file=sys.stderr if arguments.json else sys.stdout, flush=True)
    finally:
        pool.shutdown(cancel_futures=True)  # interrupted, it waits for those that run, and starts no more
    told = {"hints": arguments.hints, "solutions": arguments.solutions}
    summary = class_summary.class_as_json(grades)
    if arguments.out is not None:
        try:
            results.write_results(arguments.out, grades, summary, assignment=arguments.assignment, **told)
        except OSError as error:
            raise Refusal(f"cannot write {arguments.out}: {error}", DATA) from error
    if arguments.json:
        summary["grades"] = [results.grade_as_json(each, **told) for each in grades]
        print(json.dumps(summary, indent=1, ensure_ascii=False))
    else:
        print(f"\n{class_summary.class_as_text(grades)}")
    return OK


def _assignment(arguments: argparse.Namespace) -> Any:
    """Compile the loss at all points; Refusal, status 3, for what cannot be judged."""
    loss, params, data = named_loss(arguments)
    network, solution = map(named_object_or_none, (arguments.network, arguments.stages))
    if arguments.count and solution is None:
        raise Refusal("--count goes with --stages", USAGE)
    from jaxnet.grading.assignment import Assignment

    try:
        return Assignment(
            loss, params, *data, network=network, hidden=arguments.hidden, seed=arguments.seed, solution=solution,
            only=arguments.count,
        )  # fmt: skip
    except Exception as error:  # raised by the named code, or a refusal of what it returns
        raise Refusal(f"cannot grade: {type(error).__name__}: {error}", DATA) from error


def submitted(paths: list[Path], file: str | None) -> list[Any]:
    """Find the file of every submission and a name for each; Refusal, status 2, where there is none or no one file."""
    from jaxnet.grading.grades import Work

    found = [(path, *_file_of(path, file)) for path in paths]
    stems = [path.stem if path.is_file() else path.resolve().name for path, _, _ in found]  # "." has a name, too
    if len(set(stems)) < len(stems):  # alice/backward.py, bob/backward.py
        stems = ["-".join(path.resolve().with_suffix("").parts[-2:]) for path, _, _ in found]
    if len(set(stems)) < len(stems):
        twice = next(name for name in stems if stems.count(name) > 1)
        raise Refusal(f"two submissions would have the name {twice}", USAGE)
    return [Work(name, where, folder) for name, (_, where, folder) in zip(stems, found, strict=True)]


def _file_of(path: Path, file: str | None) -> tuple[Path, Path | None]:
    if path.is_file():
        return path, None
    if not path.is_dir():
        raise Refusal(f"there is no submission {path}", USAGE)
    files = [path / file] if file else sorted([*path.glob("*.py"), *path.glob("*.ipynb")])
    if len(files) != 1:
        names = ", ".join(each.name for each in files) or "none"
        raise Refusal(f"expected one .py or .ipynb file in {path}, got {names}: name it by --file", USAGE)
    return files[0], path


def _line(grade: Any) -> str:
    from jaxnet.gradients.verdict import leaf_name

    words = grade.failure or ", ".join(map(leaf_name, grade.wrong)) or ("" if grade.outcome == "right" else "its form")
    return f"{grade.name}: {grade.score:.4g} of {grade.max_score:g}, {grade.outcome}{': ' if words else ''}{words}"
