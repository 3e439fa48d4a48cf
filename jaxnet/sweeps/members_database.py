"""The database of a sweep's members: one file of SQLite, whose errors are sentences with its path.

A transaction is the only commit point. Whoever only reads needs no lock and writes nothing, also while a sweep runs.
"""

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jaxnet.storage import CheckpointError, refuse_other_kinds

_WAIT_SECONDS = 20.0  # for another program that holds the database, such as a browser of databases
_CREATE = """
create table if not exists members (
    id text primary key, configuration text not null, seed integer not null, fold integer not null,
    epochs integer not null, diverged integer not null, record blob not null);
create table if not exists about (name text primary key, value text not null);
"""
_UPSERT = "insert or replace into members values (?, ?, ?, ?, ?, ?, ?)"
_WORDS = {
    sqlite3.SQLITE_FULL: (errno.ENOSPC, "the disk is full; the members that were saved before are whole"),
    sqlite3.SQLITE_BUSY: (errno.EBUSY, f"another program has held it for {_WAIT_SECONDS:g} seconds; end that first"),
    sqlite3.SQLITE_LOCKED: (errno.EBUSY, "another program holds it; end that first"),
    sqlite3.SQLITE_READONLY: (errno.EROFS, "it cannot be written to"),
    sqlite3.SQLITE_PERM: (errno.EACCES, "there is no permission to open it"),
    sqlite3.SQLITE_CANTOPEN: (errno.EACCES, "it cannot be opened"),
    sqlite3.SQLITE_IOERR: (
        errno.EIO,
        "the disk did not read or write it; the members that were saved before are whole",
    ),
}
_PRIMARY = 0xFF  # of an error code; what is above it says where it happened
# bytes: the file that SQLite shares beside a log grows by half of it, and where it cannot, fails as a broken disk does
_LITTLE = 2**16


class MembersDatabase:
    """The members of a sweep and what is said about them; raises OSError, or ``CheckpointError`` for a damaged file."""

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        self._path = path
        for each in (path, *(path.with_name(f"{path.name}-{end}") for end in ("wal", "shm", "journal"))):
            refuse_other_kinds(each)
        with self._told():
            if reading:
                self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?{self._how()}", _WAIT_SECONDS, uri=True)
                return
            self._connection = sqlite3.connect(path, _WAIT_SECONDS)
            try:
                # a write-ahead log commits by appending, and with full synchronisation a commit is on the disk
                self._connection.execute("pragma journal_mode = wal")
                self._connection.execute("pragma synchronous = full")
                self._connection.executescript(_CREATE)
            except sqlite3.Error:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close it."""
        with self._told():
            self._connection.close()

    def about(self) -> dict[str, str]:
        """Return what is said about the members, name -> text; nothing in a database of the first format.

        Raises ``CheckpointError`` for a database of something else.
        """
        with self._told():
            tables = {name for (name,) in self._connection.execute("select name from sqlite_master")}
            if "members" not in tables:
                raise CheckpointError(f"{self._path}: not a database of members (it has no such table)")
            return dict(self._connection.execute("select name, value from about")) if "about" in tables else {}

    def say(self, about: dict[str, str]) -> None:
        """Write down what is said about the members, all of it or nothing."""
        with self._told(), self._connection:
            for each in about.items():
                self._connection.execute("insert or replace into about values (?, ?)", each)

    def ids(self) -> set[str]:
        """Return the names of all members."""
        with self._told():
            return {row[0] for row in self._connection.execute("select id from members")}

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield id, epochs, diverged and record of every member, as of one moment."""
        with self._told():
            yield from self._connection.execute("select id, epochs, diverged, record from members")

    def records(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield id and record of some members, of those that are there."""
        with self._told():
            for name in ids:
                yield from self._connection.execute("select id, record from members where id = ?", (name,))

    def save(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write some members, all or none of them."""
        with self._told(), self._connection:
            self._connection.executemany(_UPSERT, rows)

    def _how(self) -> str:
        """Say how to open it for reading: where no process writes, without the files that a writer keeps beside it."""
        log = self._path.with_name(f"{self._path.name}-wal")
        written = log.exists() and log.stat().st_size > 0
        return "mode=ro" if written else "immutable=1"

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
            if code == sqlite3.SQLITE_IOERR and self._full():
                code = sqlite3.SQLITE_FULL
            if code in _WORDS and os.path.exists(self._path):
                number, words = _WORDS[code]
                raise OSError(number, f"{words} ({error})", str(self._path)) from error
            raise CheckpointError(f"{self._path}: not a database of members ({error})") from error

    def _full(self) -> bool:
        try:
            return shutil.disk_usage(self._path.parent).free < _LITTLE
        except OSError:
            return False
