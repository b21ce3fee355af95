"""One delivery, driven by hand: what the tests of every adapter share.

The driver is not the law (application/deliver.py): it keeps nothing, and follows its rules just far enough.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from playout.application.ports import Fetched, Platform, Task
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import Done, JsonValue, Next, Outcome, Receipt, State
from playout.domain.errors import PlayoutError
from playout.domain.retry import Kind, PlatformFailure
from playout.domain.video import Facts
from tests.sandbox.app import App

P = TypeVar("P", bound=Platform)

JPEG = b"\xff\xd8\xff\xd9"  # the smallest thing that begins and ends as a picture does
CAPTION = "A day at the sea 🌊 #summer"
FACTS = Facts("mp4", 12.0, 1080, 1920, 0, 30.0, False, "h264", "aac", "yuv420p", 48_000, 2, 0, True, False)


class NoPulls:
    """For uploads: nothing is ever fetched from us."""

    async def offer(self, nonce: str) -> str:
        raise AssertionError(nonce)

    async def withdraw(self, nonce: str) -> Fetched:
        raise AssertionError(nonce)


async def zeros(_start: int, length: int) -> AsyncIterator[bytes]:
    """A file of nothing, in pieces of a mebibyte."""
    for at in range(0, length, 1 << 20):
        yield bytes(min(1 << 20, length - at))


@dataclass
class Show(Generic[P]):
    """One delivery, driven by hand against the sandbox."""

    app: App
    platform: P
    grant: Grant
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    size: int = 200_000  # bytes
    caption: str = CAPTION
    facts: Facts = FACTS
    pulls: Any = field(default_factory=NoPulls)
    attempt: str = "dlv_1.1"
    coming: Next | None = None
    fenced: bool = False
    receipts: list[Receipt] = field(default_factory=list)
    failures: list[PlatformFailure] = field(default_factory=list)
    tries: int = 0  # failures in a row
    taken: list[str] = field(default_factory=list)  # steps and looks, in order
    picture: bytes | PlayoutError = JPEG  # that is shown at any moment
    moments: list[int] = field(default_factory=list)  # of which the picture was asked for, in ms

    async def now(self) -> datetime:
        return datetime.fromtimestamp((await self.app.control("clock"))["now"], UTC)

    async def pass_time(self, span: timedelta) -> None:
        await self.app.control("clock", {"advance": span.total_seconds()})

    async def task(self) -> Task:
        coming = self.coming or Next("")
        return Task(
            step=coming.step,
            checkpoint=coming.checkpoint,
            grant=self.grant,
            profile=Profile("-000sandbox-alice", "alice.films", "Alice Films"),
            size=self.size,
            filename="sea.mp4",
            facts=self.facts,
            caption=self.caption,
            title=None,
            options=self.options,
            now=await self.now(),
            attempt=self.attempt,
            read=zeros,
            frame=self.frame,
            pulls=self.pulls,
        )

    async def frame(self, at_ms: int) -> bytes:
        self.moments.append(at_ms)
        if isinstance(self.picture, PlayoutError):
            raise self.picture
        return self.picture

    async def once(self) -> Outcome:
        """One step, or the look where a fence stands; the outcome is kept. Raises PlatformFailure."""
        task = await self.task()
        if self.coming is None:
            self.coming = self.platform.begin(task)
            return self.coming
        looked = self.fenced
        self.taken.append(f"look {task.step}" if looked else task.step)
        self.fenced = self.fenced or not self.coming.repeatable
        try:
            outcome = await (self.platform.look(task) if looked else self.platform.step(task))
        except PlatformFailure as failure:
            self.fenced = self.fenced and (looked or failure.kind is Kind.UNSURE)
            raise
        self.fenced = False
        if isinstance(outcome, Done):
            self.receipts.append(outcome.receipt)
        self.coming = outcome.then if isinstance(outcome, Done) else outcome
        return outcome

    async def until(self, step: str) -> Mapping[str, JsonValue]:
        """Goes on until this is the coming step; gives its checkpoint."""
        while self.coming is None or self.coming.step != step:
            await self._go_on(await self.once())
        return self.coming.checkpoint

    async def to_the_inbox(self) -> None:
        """Goes on until the creator has it, with retries as the law has them."""
        while self.state is not State.HANDED_OVER:
            await self.to_the_end(patience=1)

    async def to_the_end(self, *, patience: int = 400) -> Receipt | PlatformFailure | None:
        """Goes on to the last receipt, or the failure that ends it, with retries as the law has them.

        None when it is not over after `patience` steps.
        """
        for _ in range(patience):
            try:
                outcome = await self.once()
            except PlatformFailure as failure:
                self.failures.append(failure)
                unconfirmed = failure.kind is Kind.UNSURE and (not self.fenced or self.taken[-1].startswith("look"))
                if unconfirmed or failure.kind in {Kind.NEVER, Kind.CHOOSE, Kind.SIGN_IN}:
                    return failure
                self.tries += 1
                pause = timedelta(seconds=min(5 * 2 ** (self.tries - 1), 1800))
                wait = failure.retry_at - await self.now() if failure.retry_at else pause
                await self.pass_time(max(wait, timedelta(0)))
            else:
                self.tries = 0
                if self.coming is None or self.coming.after is None:
                    return self.receipts[-1] if self.receipts else None
                await self._go_on(outcome)
        return None

    @property
    def coming_step(self) -> str:
        return self.coming.step if self.coming else ""

    @property
    def state(self) -> State | None:
        return self.coming.state if self.coming else None

    async def published(self) -> int:
        return len(await self.app.ledger("published"))

    async def published_are(self, count: int) -> None:
        """Waits until the sandbox has published so many: it works in the background."""
        while await self.published() < count:
            pass  # asking is the wait

    async def break_next(self, action: str, kind: str, nth: int = 1, **more: object) -> None:
        await self.app.control("faults", {"action": action, "match": {"kind": kind, "nth": nth}, **more})

    async def _go_on(self, outcome: Outcome) -> None:
        coming = outcome if isinstance(outcome, Next) else outcome.then
        if coming and coming.after:
            await self.pass_time(coming.after)
