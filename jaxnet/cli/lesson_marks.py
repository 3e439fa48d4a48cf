"""``jaxnet grade`` without a loss: the exercises that ``jaxnet stairs --exercises`` wrote are marked."""

import argparse
import json
from pathlib import Path

from jaxnet.cli.exits import DATA, OK, USAGE, Refusal

# options that mean something only where there is a loss
_WITH_A_LOSS = ("gradient", "params", "data", "network", "stages", "count", "file", "out")


def mark_lesson(arguments: argparse.Namespace) -> int:
    """Mark every exercise among the submissions, print a line each and how many are right.

    Raises Refusal for options that go with --loss, and for what is no exercise.
    """
    given = [name for name in _WITH_A_LOSS if getattr(arguments, name)]
    if given:
        raise Refusal(f"the following arguments are required with --{given[0]}: --loss, --gradient, --params", USAGE)
    paths = exercise_paths(arguments.submissions)
    from jaxnet.grading.isolation import Limits
    from jaxnet.stairs.exercise_marks import mark_exercise

    marks = []
    for path in paths:
        mark = mark_exercise(path, Limits(arguments.time, arguments.memory))
        marks.append(mark)
        if not arguments.json:
            print(f"{mark.name}: {'right' if mark.right else mark.words}", flush=True)
    right = sum(mark.right for mark in marks)
    if arguments.json:
        print(json.dumps({"right": right, "of": len(marks), "marks": [mark._asdict() for mark in marks]}, indent=1))
    else:
        print(f"\n{right} of {len(marks)} right")
    return OK


def exercise_paths(submissions: list[Path]) -> list[Path]:
    """List the files of exercises among files and folders; Refusal where there is none, or a file is no exercise."""
    from jaxnet.stairs.exercises import EXERCISES, exercise_of

    paths = []
    for path in submissions:
        if not path.exists():
            raise Refusal(f"there is no submission {path}", USAGE)
        paths += sorted(each for each in path.glob("*.py") if each.stem in EXERCISES) if path.is_dir() else [path]
    if not paths:
        raise Refusal("no exercise of the lesson is there, and no --loss is given: jaxnet grade --help", USAGE)
    for path in paths:
        try:
            exercise_of(path)
        except ValueError as error:
            raise Refusal(
                f"{path} is no exercise of the lesson ({error}); other gradients need --loss", DATA
            ) from error
    return paths
