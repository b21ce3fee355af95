"""What is acknowledged is there, whatever happens to the process; what is refused is not there by halves."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

SAVER = Path(__file__).parent / "saver.py"


def run(path: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SAVER), str(path), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kept(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in connection.execute("SELECT id FROM workspaces")}


@pytest.mark.parametrize("after", [1, 60, 400])
def test_whatever_was_acknowledged_survives_a_kill(tmp_path: Path, after: int) -> None:
    path = tmp_path / "playout.db"
    with run(path, "loop") as saver:
        assert saver.stdout is not None
        acknowledged = {saver.stdout.readline().strip() for _ in range(after)}
        saver.send_signal(signal.SIGKILL)
        acknowledged |= {line.strip() for line in saver.stdout if line.endswith("\n")}

    assert len(acknowledged) >= after
    assert acknowledged <= kept(path)


async def test_two_processes_prepare_and_write_one_new_file(tmp_path: Path) -> None:
    path = tmp_path / "playout.db"

    def both() -> list[str]:
        with run(path, "some") as one, run(path, "some") as other:
            return (one.communicate()[0] + other.communicate()[0]).split()

    acknowledged = await asyncio.to_thread(both)

    assert len(acknowledged) == 400
    assert set(acknowledged) == kept(path)


def test_a_file_that_may_not_grow_keeps_all_it_acknowledged_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "playout.db"
    with run(path, "full") as saver:
        told = saver.communicate()[0].splitlines()

    assert told[-1] in {"Unavailable", "StorageFull"}
    assert kept(path) == set(told[:-1])
