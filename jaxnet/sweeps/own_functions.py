"""Functions of one's own that are asked with a configuration: what they read of it.

Where ``network=``, ``objective=`` or ``optimizer=`` take the place of jaxnet's own, a parameter that none of them
reads would be dropped without a word: configurations would look different and train alike.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jaxnet import checks
from jaxnet.sweeps.parameters import Configuration, Derived, unconditional
from jaxnet.sweeps.space import Space


class Watched(dict[str, Any]):
    """A configuration that adds to ``read`` the names that are asked for; who asks for all, reads all."""

    def __init__(self, configuration: Configuration, read: set[str]) -> None:
        super().__init__(configuration)
        self._read = read

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:  # also what dict(c), {**c} and f(**c) ask for
        self._read.update(super().keys())
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or ``default`` where there is none."""
        self._read.add(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a value and return it."""
        self._read.add(name)
        return super().pop(name, *default)

    def keys(self) -> Any:
        """Return all names."""
        return dict.fromkeys(self).keys()

    def values(self) -> Any:
        """Return all values."""
        return {name: self[name] for name in self}.values()

    def items(self) -> Any:
        """Return all names and values."""
        return {name: self[name] for name in self}.items()

    def copy(self) -> dict[str, Any]:
        """Return all of it as a plain dict."""
        return dict(self.items())


def check_read(
    space: Space, configurations: Sequence[Configuration], reads: Callable[[Configuration], set[str]]
) -> None:
    """Refuse a parameter that nothing reads in any configuration.

    ``reads`` returns the names that are read to make the training of one. Those that a condition, a constraint or a
    derived parameter reads are read, too. Raises ValueError.
    """
    read = {other for parameter in space.parameters.values() for other, _ in getattr(parameter, "conditions", ())}
    waiting: set[str] = set()
    for configuration in configurations:
        waiting |= configuration.keys() - read
        if waiting:
            read |= reads(configuration) | _read_by_space(space, configuration)
            waiting -= read
    if waiting:
        names = ", ".join(sorted(waiting))
        expected = "something that reads it, for a function of one's own stands in place of what would"
        checks.refuse(names, expected, checks.Words("a parameter that nothing reads"))


def _read_by_space(space: Space, configuration: Configuration) -> set[str]:
    read: set[str] = set()
    for constraint in space.constraints:
        constraint(Watched(configuration, read))
    for name, parameter in space.parameters.items():
        if name in configuration and isinstance(derived := unconditional(parameter), Derived):
            derived.of(Watched(configuration, read))
    return read
