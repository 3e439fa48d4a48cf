"""An argparse parser that answers every wrong word with the nearest right one, in commands of commands too."""

import argparse
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from jaxnet.cli.exits import USAGE
from jaxnet.near_names import nearest


class Parser(argparse.ArgumentParser):
    """A parser whose commands are such parsers too; abbreviations are not taken, for they change their meaning when
    an option is added."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:
        """Parse; an option or a word that this parser does not know ends the program with status 2."""
        given = words = sys.argv[1:] if args is None else list(args)
        if self._subparsers is not None:  # what stands behind the name of a command is the command's
            words = words[: next((at for at, word in enumerate(words) if not word.startswith("-")), None)]
        known = self._option_string_actions
        for word in words[: words.index("--") if "--" in words else None]:
            name = word.partition("=")[0]
            # looked for first: argparse would say that what the option was meant to be is missing
            if name.startswith("--") and name not in known:
                options = [option for option in known if option.startswith("--")]
                self.error(f"no option {name}{nearest(name, options)}; there is {', '.join(options)}")
        found, unknown = super().parse_known_args(given, namespace)
        if unknown:
            self.error(f"nothing stands for the word {unknown[0]!r}")
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            names = [str(name) for name in action.choices]
            words = f"no {value!r}{nearest(str(value), names)}; there is {', '.join(names)}"
            raise argparse.ArgumentError(action, words)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and how this command is used; ends the program, by SystemExit, with status 2."""
        self.exit(USAGE, f"{self.format_usage()}{self.prog}: {message}\n")
        raise SystemExit(USAGE)  # exit has ended the program; a type checker cannot know
