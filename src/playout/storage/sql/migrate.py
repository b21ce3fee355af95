"""The schema's history, by Alembic. In a module of its own because Alembic is slow to load and rarely needed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(connection: Connection) -> None:
    """Runs what is missing, in the transaction that is open on the connection: all of it happens, or nothing."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))  # tables may be made anew in any order
    else:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    script = ScriptDirectory(str(MIGRATIONS))

    def missing(revision: Any, _: MigrationContext) -> Iterable[MigrationStep]:  # noqa: ANN401 -- Alembic's own type
        return script._upgrade_revs("head", revision)  # noqa: SLF001 -- what `alembic upgrade` itself calls

    with EnvironmentContext(Config(), script, fn=missing, destination_rev="head") as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
