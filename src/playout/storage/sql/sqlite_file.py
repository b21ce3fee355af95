"""One SQLite file: how a connection to it is opened, and how a copy of it is made."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine

from playout.domain.errors import Misconfigured

#: A WAL that grew in a burst is cut back to this at the next checkpoint.
WAL_LIMIT = 64 * 1024 * 1024  # bytes

PRAGMAS = (
    "synchronous=FULL",  # a commit is on disk when it returns; with NORMAL a power cut may take it back
    "fullfsync=ON",  # macOS: past the drive's cache; elsewhere without effect
    "foreign_keys=ON",
    "secure_delete=ON",  # what is deleted is overwritten, not merely forgotten
    "trusted_schema=OFF",
    f"journal_size_limit={WAL_LIMIT}",
)


def connect(path: Path, patience: float, *, read_only: bool = False) -> Connection:
    """A connection of its own, on which BEGIN and COMMIT are said by hand. May be handed from thread to thread.

    Waits for `patience` seconds for another process to finish.
    """

    def opened() -> sqlite3.Connection:
        raw = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        _use_wal(raw, patience)
        for pragma in (*PRAGMAS, "query_only=ON") if read_only else PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")
        return raw

    engine = create_engine(
        "sqlite://", creator=opened, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
    )
    return engine.connect()


def raw_of(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, for what SQLAlchemy has no words for."""
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError("not a connection to SQLite")
    return raw


def create(path: Path) -> None:
    """Makes an empty file that only its owner can read; SQLite gives its WAL the same mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        sentence = (
            f"The database {path} cannot be opened: {error.strerror}. See PLAYOUT_DATA_DIR and PLAYOUT_DATABASE_URL."
        )
        raise Misconfigured(sentence) from error


def back_up(path: Path, to: Path) -> None:
    """A whole copy, or none: it gets its name when it is complete and on disk. Writers may be waiting meanwhile."""
    partial = to.with_name(to.name + ".partial")
    partial.unlink(missing_ok=True)
    create(partial)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(partial)) as copy:
        source.backup(copy)
    partial.replace(to)
    folder = os.open(to.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _use_wal(raw: sqlite3.Connection, patience: float) -> None:
    """Two processes that open a new file at once get in each other's way here, and SQLite does not wait by itself."""
    deadline = time.monotonic() + patience
    while raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            raw.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
