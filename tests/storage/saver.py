"""A process that saves, and prints each id when it is acknowledged.

Modes: `loop` until killed, `some` for 200, `full` until the file may not grow any more.
"""

import asyncio
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

from playout.domain.errors import Unavailable
from playout.domain.ids import new_id
from playout.domain.person import Workspace
from playout.storage.sql.migrate import migrate
from playout.storage.sql.sqlite import SqliteStore

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def save(store: SqliteStore, title: str) -> None:
    saved = await store.workspaces.save(Workspace(new_id("ws", NOW), title, NOW))
    sys.stdout.write(f"{saved.id}\n")
    sys.stdout.flush()


async def main(path: Path, mode: str) -> None:
    store = SqliteStore(path, migrate=migrate)
    await store.prepare()
    match mode:
        case "loop":
            while True:
                await asyncio.gather(*(save(store, "A") for _ in range(20)))
        case "some":
            for _ in range(20):
                await asyncio.gather(*(save(store, "A") for _ in range(10)))
        case _:
            await until_full(store)
    await store.close()


async def until_full(store: SqliteStore) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    try:
        while True:
            await save(store, "x" * 20_000)
    except Unavailable as refused:
        sys.stdout.write(f"{type(refused).__name__}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
