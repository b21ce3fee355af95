"""One of several workers on one table: `python -m tests.whole.table_worker DATABASE FOLDER LEDGER START`.

The whole house, with a platform that notes in a file, line by line, what it was sent: the ledger.
"""

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from playout.application.ports import Connection, Task
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import Done, JsonValue, Next, Outcome, Receipt
from playout.domain.limits import Limits, Live
from playout.domain.secret import Secret
from playout.settings import Settings
from playout.wiring import open_house
from tests.cast import BRIEF, LENIENT

#: Time runs this much faster, so that what a killed worker held is free again in a quarter of a minute.
SPEED = 4.0


class Ledger:
    """A platform that publishes in one step which must not be repeated, and can say later whether it did."""

    name = "ledger"
    logins = ("ledger",)
    limits = Limits(file=LENIENT, words=BRIEF, choices={})

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        return return_to

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        return []

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        return grant

    async def revoke(self, grant: Grant) -> None:
        return None

    async def profile(self, grant: Grant) -> Profile:
        return Profile("", "", "")

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        return Live()

    def begin(self, task: Task) -> Next:
        return Next("publish", repeatable=False)

    async def step(self, task: Task) -> Outcome:
        os.write(self._handle, f"{task.caption}\n".encode())
        await asyncio.sleep(0.02)  # so that a kill finds something sent and not saved
        return Done(Receipt(task.caption, None, task.now))

    async def look(self, task: Task) -> Outcome:
        if task.caption in sent(self._path):
            return Done(Receipt(task.caption, None, task.now))
        return self.begin(task)


class FastClock:
    """Real time, sped up, from `start` on: nothing is due yet that was planned for later, so nothing is late."""

    def __init__(self, start: datetime) -> None:
        self._start = time.monotonic()
        self._base = start

    def now(self) -> datetime:
        return self._base + timedelta(seconds=(time.monotonic() - self._start) * SPEED)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


def sent(ledger: Path) -> list[str]:
    """What was sent, in order."""
    return ledger.read_text().splitlines() if ledger.exists() else []


async def main(database: str, folder: Path, ledger: Path, start: datetime) -> None:
    """Works until it is killed."""
    settings = Settings.model_validate({"data_dir": folder, "database_url": database})
    platform = Ledger(ledger)
    opening = open_house(settings, platforms={platform.name: platform}, clock=FastClock(start))
    async with opening as house, house.working():
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), datetime.fromisoformat(sys.argv[4])))
