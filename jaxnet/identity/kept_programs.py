"""Compiled programs that are kept for the next call: so many, and no more.

A program takes megabytes, so a cache without a bound grows with every lambda that is written anew. This one lets the
program go that was unused for longest, and with it all that it holds.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Program = TypeVar("_Program")


class KeptPrograms(Generic[_Program]):
    """The programs used last, by a key; safe in threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, _Program] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.RLock] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], _Program]) -> _Program:
        """Return the program of a key, made where it is not kept, by one thread; the one unused for longest makes
        room."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, threading.RLock())
        # not the lock of all: threads make different programs side by side, and making one may need another
        with making:
            with self._lock:
                if key in self._kept:  # another thread has made it meanwhile
                    return self._kept[key]
            try:
                program = make()
                with self._lock:
                    self._kept[key] = program
                    while len(self._kept) > self._most:
                        self._kept.popitem(last=False)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return program

    def also(self, key: Hashable, program: _Program) -> None:
        """Keep a program under another key, too: tracing it has changed what it was keyed by, as a counter of calls."""
        self.get(key, lambda: program)

    def clear(self) -> None:
        """Let all of them go."""
        with self._lock:
            self._kept.clear()
