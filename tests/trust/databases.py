"""Looks into a PostgreSQL database from outside: its rows as text, and the files they lie in."""

from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

_TABLES = """SELECT schemaname, tablename FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"""


def rows_of(url: str) -> bytes:
    """Every row of every table, as a dump would write it."""
    lines: list[str] = []
    with psycopg.connect(url, autocommit=True) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            where = SQL("{}.{}").format(Identifier(schema), Identifier(table))
            found = connection.execute(SQL("SELECT whole::text FROM {} AS whole").format(where))
            lines += [f"{schema}.{table}: {row}" for (row,) in found]
    return "\n".join(lines).encode()


def files_of(url: str) -> list[Path]:
    """The database's own files, the log of what was written, and whatever the server says."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        asked = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
        )
        folder, number = asked.fetchone() or ("", 0)
    root = Path(folder)
    log = [path for path in root.iterdir() if path.is_file() and path.suffix != ".pid"]
    return [*(root / "base" / str(number)).iterdir(), *(root / "pg_wal").glob("0*"), *log]
