"""Which schema a database has, and which this code needs. Reading it needs no Alembic, which is slow to load."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, inspect, text

from playout.domain.errors import SchemaAhead

#: Every revision of `migrations/versions`, in order; the last one is what this code needs.
REVISIONS = ("0001", "0002", "0003", "0004")

#: Brings the database behind the connection up to date, inside the transaction that is open on it.
Migrate: TypeAlias = Callable[[Connection], None]


def revision_of(connection: Connection, known: Sequence[str]) -> str | None:
    """None: nothing of Playout is in there. Raises SchemaAhead where it is none of the known ones."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is None or found in known:
        return found
    raise SchemaAhead(
        f"The database was written by a newer Playout (schema {found}; this one knows schemas up to {known[-1]}). "
        "Start the newer Playout again, or restore a backup made before it was installed."
    )
