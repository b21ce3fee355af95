"""A start that must be refused is refused: a sentence that names the mend, the right exit code, and nothing changed."""

import hashlib
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from playout.domain.errors import Misconfigured
from playout.settings import load
from tests.trust.machine import NONE, Env, Machine

PATIENCE = 30.0  # seconds within which somebody at a terminal is told, on a busy machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def refused(machine: Machine, exit_code: int, *sentence: str, settings: Env = NONE) -> None:
    """`playout serve` says why, in one line that is no traceback."""
    ran = machine.run("serve", "--port", "0", settings=settings)
    assert (ran.code, ran.out) == (exit_code, ""), ran.err
    assert ran.err.count("\n") == 1, ran.err
    for words in sentence:
        assert words in ran.err


def of_env_file(machine: Machine) -> None:
    (machine.root / "home" / ".env").write_text("PLAYOUT_TIKTOK_CLIENT_SECERT=abc\n")


def of_unreadable_toml(machine: Machine) -> None:
    (machine.data / "config.toml").write_text("port = = 8030\n")


def of_damaged_key(machine: Machine) -> None:
    key = machine.data / "secret.key"
    key.write_text("k1:this is no key")
    key.chmod(0o600)


def of_no_database(machine: Machine) -> None:
    (machine.data / "playout.db").write_bytes(b"Dear diary, today I bought a camera. " * 200)


def of_folder_for_database(machine: Machine) -> None:
    (machine.data / "playout.db").mkdir()


WRONG: dict[Callable[[Machine], None], tuple[int, str]] = {
    of_env_file: (2, "Did you mean PLAYOUT_TIKTOK_CLIENT_SECRET?"),
    of_unreadable_toml: (2, "config.toml"),
    of_damaged_key: (2, "is not base64"),
    of_no_database: (1, "damaged"),
    of_folder_for_database: (2, "playout.db"),
}


@pytest.mark.parametrize("because", WRONG, ids=lambda because: because.__name__)
def test_it_does_not_start_because(machine: Machine, because: Callable[[Machine], None]) -> None:
    machine.data.mkdir()
    because(machine)
    before = {path: path.read_bytes() for path in machine.data.iterdir() if path.is_file()}
    exit_code, sentence = WRONG[because]
    refused(machine, exit_code, sentence)
    assert {path: path.read_bytes() for path in before} == before


def test_an_unknown_name_in_config_toml_gets_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("prot = 8030\n")
    with pytest.raises(Misconfigured, match=r"PLAYOUT_PROT \(config.toml\). Did you mean PLAYOUT_PORT\?"):
        load({"PLAYOUT_DATA_DIR": str(tmp_path)}, tmp_path, {})


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://alice:s:e@/?[]cret@db.example/playout", "postgresql://alice:***@db.example/playout"),
        (
            "postgresql://db.example/playout?user=a&password=secret",
            "postgresql://db.example/playout?user=a&password=***",
        ),
        ("sqlite:////srv/playout.db", "sqlite:////srv/playout.db"),
    ],
)
def test_the_list_of_settings_shows_no_password_in_an_address(tmp_path: Path, address: str, shown: str) -> None:
    rows = load({"PLAYOUT_DATABASE_URL": address}, tmp_path, {}).rows()
    assert ("PLAYOUT_DATABASE_URL", shown, "environment") in rows


def test_a_data_folder_that_cannot_be_written_is_named(machine: Machine) -> None:
    refused(machine, 2, "/proc", "PLAYOUT_DATA_DIR", settings={"DATA_DIR": "/proc"})


def test_a_database_of_a_newer_playout_is_refused_and_not_touched(machine: Machine) -> None:
    assert machine.run("migrate").code == 0
    database = machine.data / "playout.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    refused(machine, 1, "newer Playout", "9999")
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before
    assert sorted(path.name for path in machine.data.glob("playout.db*")) == ["playout.db"]


def test_a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on(machine: Machine) -> None:
    with machine.serving() as first:
        refused(machine, 1, f"process {first.process.pid}", "PLAYOUT_DATA_DIR")
        assert first.process.poll() is None


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


def told_in_time(machine: Machine, url: str) -> None:
    began = time.monotonic()
    refused(machine, 1, "database", settings={"DATABASE_URL": url})
    assert time.monotonic() - began < PATIENCE


def test_a_database_server_that_refuses_is_told_in_time(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    told_in_time(machine, f"postgresql://alice:secret@127.0.0.1:{port}/playout")


def test_a_database_server_that_is_silent_is_told_in_time(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        told_in_time(machine, f"postgresql://alice:secret@127.0.0.1:{port}/playout")


def test_a_database_socket_that_is_not_there_is_told_in_time(machine: Machine) -> None:
    told_in_time(machine, f"postgresql:///playout?host={quote(str(machine.root), safe='')}")
