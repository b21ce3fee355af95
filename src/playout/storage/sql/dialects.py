"""The one clause that SQLAlchemy keeps apart by dialect, although both say it the same way: ON CONFLICT."""

from typing import TypeAlias

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Upsert: TypeAlias = "postgresql.Insert | sqlite.Insert"


def upsert(connection: Connection, table: Table) -> Upsert:
    """An INSERT that can go on with `on_conflict_do_update` or `on_conflict_do_nothing`."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
