"""Before a step: everything that it needs, looked up and checked, and the way it is sealed for the next one."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from playout.application.grants import Grants, Opened
from playout.application.lateness import Lateness
from playout.application.ports import Clock, Files, Platform, Probe, Task, Work
from playout.application.pulls import Pulls, VideoPulls
from playout.application.renditions import Renditions
from playout.domain.delivery import Delivery, JsonValue, Next, State
from playout.domain.errors import Unreadable
from playout.domain.limits import Wanted
from playout.domain.post import Destination
from playout.domain.preflight import blocking, check
from playout.domain.rendition import is_needed
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.video import Facts, RenditionState, Video, VideoState

Read = Callable[[int, int], AsyncGenerator[bytes, None]]  # (start, length)

#: How soon a file that is still being looked into, or copied, is asked after again.
SOON = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a step needs."""

    work: Work
    platform: Platform
    opened: Opened
    video: Video  # as it is sent: the file itself, or a copy that a person chose
    facts: Facts
    destination: Destination
    read: Read
    frame: Callable[[int], Awaitable[bytes]]
    pulls: VideoPulls

    def check(self) -> None:
        """What was right when it was scheduled still has to be: nothing is shortened, replaced or left out.

        Raises CHOOSE with the first problem.
        """
        wanted = Wanted(self.work.channel.id, self._caption, self._title, self.destination.options)
        for problem in blocking(check(self.platform.limits, wanted, self.facts, self.video.size, None)):
            raise PlatformFailure(Kind.CHOOSE, problem.code, problem.message, turn=Turn.YOU)

    def task(self, delivery: Delivery, now: datetime, read: Callable[[int, int], AsyncIterator[bytes]]) -> Task:
        """What the adapter is told. Raises PlatformFailure where the checkpoint cannot be read any more."""
        return Task(
            step=delivery.step,
            checkpoint=_unsealed(delivery, self.opened),
            grant=self.opened.grant,
            profile=self.work.channel.profile,
            size=self.video.size,
            filename=self.video.filename,
            facts=self.facts,
            caption=self._caption,
            title=self._title,
            options=self.destination.options,
            now=now,
            attempt=f"{delivery.id}.{delivery.attempts}",
            read=read,
            frame=self.frame,
            pulls=self.pulls,
        )

    @property
    def _caption(self) -> str:
        return self.work.post.caption_for(self.destination)

    @property
    def _title(self) -> str | None:
        return self.work.post.title_for(self.destination)


class Preparation:
    """Looks up what a step needs."""

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        files: Files,
        probe: Probe,
        grants: Grants,
        pulls: Pulls,
        renditions: Renditions,
        lateness: Lateness,
        clock: Clock,
    ) -> None:
        self._platforms = platforms
        self._files = files
        self._probe = probe
        self._grants = grants
        self._pulls = pulls
        self._renditions = renditions
        self._lateness = lateness
        self._clock = clock

    async def ready(self, work: Work) -> Ready:
        """Raises PlatformFailure with what has to be waited for, or mended by a person."""
        platform = self._platforms.get(work.delivery.platform)
        if platform is None:
            sentence = f"Playout has no keys for {work.delivery.platform}. Set them and restart."
            raise PlatformFailure(Kind.CHOOSE, "not_configured", sentence, turn=Turn.YOU)
        destination = work.post.destination(work.channel.id)
        if destination is None or (platform.limits.consent and destination.consent is None):
            sentence = "Nobody has agreed yet to send this. Open the post and schedule it."
            raise PlatformFailure(Kind.CHOOSE, "consent_missing", sentence, turn=Turn.YOU)
        await self._lateness.respect(work)
        video, facts = await self._sent(work, platform, destination)
        opened = await self._grants.usable(work.channel, platform)

        def read(start: int, length: int) -> AsyncGenerator[bytes, None]:
            return self._files.read(video.key, start, length)

        frame = partial(self._probe.frame, video.key)
        return Ready(work, platform, opened, video, facts, destination, read, frame, self._pulls.of(video))

    async def _sent(self, work: Work, platform: Platform, destination: Destination) -> tuple[Video, Facts]:
        """What is sent: never a changed file unless a person has chosen it."""
        facts = _facts(work, self._clock.now())
        copy = work.video.rendition(platform.name, destination.fit)
        asked_for = copy is not None and copy.state is not RenditionState.FAILED
        needed = asked_for or is_needed(platform.limits.file, facts, work.video.size)
        if destination.fit is None or not needed:
            return work.video, facts
        if copy and copy.state is RenditionState.FAILED:
            sentence = f"The copy for this platform could not be made. {copy.reason.message if copy.reason else ''}"
            raise PlatformFailure(Kind.CHOOSE, "rendition_failed", sentence.strip(), turn=Turn.YOU)
        if copy is None or copy.facts is None:
            await self._renditions.want(work.video, platform.name, destination.fit)
            at = self._clock.now() + SOON
            raise PlatformFailure(Kind.LATER, "rendering", "A copy that fits is being made.", turn=Turn.US, retry_at=at)
        return work.video.at(copy.key), copy.facts


def _facts(work: Work, now: datetime) -> Facts:
    if work.video.state is VideoState.REJECTED:
        sentence = work.video.problems[0].message if work.video.problems else "The file cannot be used."
        raise PlatformFailure(Kind.NEVER, "video_rejected", sentence, turn=Turn.YOU)
    if work.video.facts is None:
        sentence = "The file is still being looked into."
        raise PlatformFailure(Kind.LATER, "probing", sentence, turn=Turn.US, retry_at=now + SOON)
    return work.video.facts


def sealed(delivery: Delivery, coming: Next | None, opened: Opened) -> bytes | None:
    """The checkpoint of the coming step, as it is kept."""
    if coming is None or not coming.checkpoint:
        return None
    return opened.box.seal(_field(delivery), json.dumps(coming.checkpoint).encode())


def _field(delivery: Delivery) -> str:
    return f"checkpoint:{delivery.id}"


def _unsealed(delivery: Delivery, opened: Opened) -> Mapping[str, JsonValue]:
    if delivery.checkpoint is None:
        return {}
    try:
        kept: dict[str, JsonValue] = json.loads(opened.box.open(_field(delivery), delivery.checkpoint))
    except Unreadable as error:
        sentence = "How far this was cannot be decrypted any more: its key is gone."
        nothing_sent = delivery.state is State.SENDING and delivery.fence is None
        kind = Kind.NEVER if nothing_sent else Kind.UNSURE
        raise PlatformFailure(kind, "checkpoint_unreadable", sentence, turn=Turn.YOU) from error
    return kept
