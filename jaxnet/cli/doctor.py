"""``jaxnet doctor``: is everything here as it should be?"""

import argparse
import json

from jaxnet.cli.exits import NO, OK


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "doctor",
        help="versions, devices, settings, and a small training to see that they work",
        description="Look at versions, devices, precision and settings, and train a small network. Exits 1 where "
        "something is not as it should be, such as an accelerator that is not used.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Examine, and print what was found."""
    from jaxnet.environment import examine_environment

    found = examine_environment()
    print(json.dumps([each._asdict() for each in found], indent=1) if arguments.json else "\n".join(map(str, found)))
    return OK if all(each.ok for each in found) else NO
