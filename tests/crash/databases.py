"""A real PostgreSQL for the crash table: a database per case, copied from a template."""

from urllib.parse import urlsplit

from tests.postgres import PostgresServer


class Databases:
    """Started when the first case asks for it."""

    def __init__(self) -> None:
        self._server: PostgresServer | None = None

    def new(self) -> str:
        """Address of an empty database."""
        return self._running.new()

    def copy(self, address: str) -> str:
        """Address of a copy. Nobody may be connected to the original."""
        return self._running.new(_name(address))

    def drop(self, address: str) -> None:
        """Nothing for SQLite, whose file goes with its folder."""
        if address:
            self._running.execute(f'DROP DATABASE "{_name(address)}" WITH (FORCE)')

    def close(self) -> None:
        if self._server:
            self._server.close()

    @property
    def _running(self) -> PostgresServer:
        if self._server is None:
            self._server = PostgresServer()
        return self._server


def _name(address: str) -> str:
    return urlsplit(address).path.lstrip("/")
