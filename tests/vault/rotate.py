"""Rotates the keys of a SQLite store in a process of its own, to be killed: `python -m tests.vault.rotate FILE`.

Says `moved N` after each channel, and waits for a line before it goes on.
"""

import asyncio
import sys
from pathlib import Path

from playout.application.clock import SystemClock
from playout.application.keys import KeyRotation
from playout.storage.sql.migrate import migrate
from playout.storage.sql.sqlite import SqliteStore
from playout.vault import EnvelopeVault
from tests.vault.cast import NEW, OLD


async def main(path: Path) -> None:
    store = SqliteStore(path, migrate=migrate)
    await store.prepare()
    await KeyRotation(store, EnvelopeVault([NEW, OLD]), SystemClock()).rotate(told)
    await store.close()


def told(moved: int) -> None:
    print(f"moved {moved}", flush=True)  # noqa: T201 -- the test reads it
    sys.stdin.readline()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
