"""What all emulated platforms share while the sandbox runs: clock, ledger, traffic, faults, feed, webhooks."""

import asyncio
import shutil
from collections.abc import Coroutine
from pathlib import Path

from playout_sandbox.clock import Clock
from playout_sandbox.config import Config
from playout_sandbox.faults import FaultBook
from playout_sandbox.feed import Feed
from playout_sandbox.hooks import Hooks
from playout_sandbox.ledger import Ledger
from playout_sandbox.traffic import Traffic


class World:
    """Holds no platform knowledge. Lives on one event loop; every method is to be called there."""

    def __init__(self, data: Path, *, fast: bool = False, pull_root: Path | None = None) -> None:
        self.fast = fast  #: platforms start with delays of zero
        self.pull_root = pull_root  #: a CA file that pulls over https trust besides the usual ones
        self._videos = data / "videos"
        shutil.rmtree(self._videos, ignore_errors=True)
        self._videos.mkdir(parents=True)
        self.clock = Clock()
        self.ledger = Ledger(data / "ledger.jsonl", self.clock)
        self.traffic = Traffic(self.clock)
        self.faults = FaultBook()
        self.feed = Feed()
        self.config = self._base()
        self.hooks = Hooks(self.clock, self.spawn, lambda: self.config)
        self._background: set[asyncio.Task[None]] = set()
        self._files = 0

    def record(self, effect: str, *, platform: str, request: int | None, **facts: object) -> None:
        """Put an effect into the ledger, as durably as configured."""
        self.ledger.record(effect, platform=platform, request=request, durable=self.config.durable, **facts)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run in the background until done, or until a reset."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def new_file(self) -> Path:
        """A path in the data folder that no other video uses. The file does not exist yet."""
        self._files += 1
        return self._videos / f"{self._files:06}"

    def reset(self) -> None:
        """Forget everything but the platforms' own records."""
        for task in self._background:
            task.cancel()
        for file in self._videos.iterdir():
            file.unlink(missing_ok=True)
        self.ledger.clear()
        self.traffic.clear()
        self.faults.clear()
        self.feed.clear()
        self.hooks.clear()
        self.clock.reset()
        self.config = self._base()

    def close(self) -> None:
        """Stop the background work and close the ledger."""
        for task in self._background:
            task.cancel()
        self.ledger.close()

    def _base(self) -> Config:
        return Config(pull_delay=0.0, hook_backoff=0.05) if self.fast else Config()
