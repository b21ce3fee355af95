"""What a database's complaint means to the callers of the store. No statement and no parameter travels in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from playout.domain.errors import PlayoutError, Stale, StorageFull, Unavailable

#: SQLITE_ERROR: the statement is wrong. That is a mistake of ours and stays what it is.
OUR_MISTAKE = 1
FULL = ("SQLITE_FULL", "53100")
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
#: PostgreSQL: the name in the address is wrong, or user and password are.
NO_SUCH_DATABASE = "3D000"
NOT_LET_IN = "28"
#: PostgreSQL: the server became a standby. Its driver calls that an internal error.
READ_ONLY = "25006"


@contextmanager
def named() -> Iterator[None]:
    """Whatever the database says inside leaves as the port names it."""
    try:
        yield
    except Exception as error:
        if (failure := meaning(error)) is error:
            raise
        raise failure from None


def meaning(error: Exception) -> Exception:
    """The error as the port names it; what is not the database's inability to serve stays as it is."""
    match error:
        case PlayoutError():
            return error
        case IntegrityError():
            return Stale()
        case PoolTimeout():
            return Unavailable("All connections to the database are busy. Try again.")
        case DBAPIError() if _cannot_serve(error):
            return _sentence(_name(error.orig))
        case sqlite3.Error() if getattr(error, "sqlite_errorcode", None) != OUR_MISTAKE:
            return _sentence(_name(error))
        case _:
            return error


def _cannot_serve(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", None) != OUR_MISTAKE
    return isinstance(error, OperationalError | InterfaceError) or _name(error.orig) == READ_ONLY


def _name(error: BaseException | None) -> str:
    """SQLite's or PostgreSQL's own name of the error: SQLITE_IOERR_WRITE, 57P01."""
    return str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or type(error).__name__)


def _sentence(name: str) -> Unavailable:
    if name.startswith(FULL):
        return StorageFull("The disk of the database is full. Make room; nothing was half saved.")
    if name.startswith(BUSY):
        return Unavailable("Another process has held the database for too long. Try again.")
    if name.startswith("SQLITE_IOERR"):
        return Unavailable(f"The disk of the database refused to work ({name}). Check its space and its health.")
    if name.startswith(DAMAGED):
        return Unavailable(f"The database file is damaged ({name}). Restore a backup.")
    if name == NO_SUCH_DATABASE:
        return Unavailable("There is no database of that name on this server. Create it, or see PLAYOUT_DATABASE_URL.")
    if name.startswith(NOT_LET_IN):
        return Unavailable("The database server does not let us in. See user and password in PLAYOUT_DATABASE_URL.")
    return Unavailable(f"The database does not serve right now ({name}).")
