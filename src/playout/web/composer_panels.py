"""What the composer shows beside the form's own fields: the clip, the channels, and what each platform asks for.

What a channel offers is asked of its platform anew each time this is drawn, and nothing of it is kept.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from playout.domain.channel import Channel
from playout.domain.errors import NotFound, Problem
from playout.domain.limits import Choice, Limits, Live
from playout.domain.retry import PlatformFailure
from playout.domain.video import Rendition, Video
from playout.web import composer_tiktok as tiktok
from playout.web.ask import Ask
from playout.web.composer_form import COVER, Part, Sheet, by_field
from playout.web.composer_words import NOT_SHOWN

#: More channels than anybody posts to at once.
MOST = 100


@dataclass(frozen=True, slots=True)
class Panel:
    """One channel's tab."""

    channel: Channel
    part: Part
    limits: Limits
    live: Live | None  # None: the platform did not say
    trouble: str  # why it did not
    copy: Rendition | None = None  # made to fit, where one was asked for
    progress: float = 0.0  # of the copy, 0 to 1

    @property
    def id(self) -> str:
        return self.channel.id

    @property
    def named(self) -> str:
        """As people know the account."""
        profile = self.channel.profile
        return f"@{profile.username}" if profile.username else profile.display_name

    @property
    def tiktok(self) -> tiktok.Form | None:
        """Its own form, where it has to look as the platform prescribes."""
        if self.channel.platform != tiktok.NAME:
            return None
        return tiktok.Form(self.part.options, self.part.disclosed, self.live)

    @property
    def options(self) -> Sequence[tuple[str, Choice, Sequence[str]]]:
        """Name, kind, and the values that are offered (none: any). The cover has a form of its own."""
        offered: Mapping[str, tuple[str, ...] | None] = self.live.choices if self.live else {}
        return [
            (name, choice, offered.get(name, choice.values) or ())
            for name, choice in self.limits.choices.items()
            if name != COVER and name not in NOT_SHOWN
        ]

    @property
    def covered(self) -> bool:
        """Whether a picture of it can be chosen."""
        return COVER in self.limits.choices

    @property
    def bytes_count(self) -> bool:
        """Whether captions are counted in bytes, not in characters."""
        return self.limits.words.unit == "bytes"

    @property
    def blocked(self) -> Problem | None:
        return self.live.blocked if self.live else None


@dataclass(frozen=True, slots=True)
class Desk:
    """All of it."""

    channels: tuple[Channel, ...]
    panels: tuple[Panel, ...]
    video: Video | None
    slot: datetime | None  # the next free one of the chosen channels
    wrong: dict[str, list[Problem]] = field(default_factory=dict)  # by field of the form

    @property
    def count(self) -> int:
        return sum(map(len, self.wrong.values()))

    def errors(self, name: str) -> list[str]:
        """Sentences for a field."""
        return [one.message for one in self.wrong.get(name, ())]

    def errors_of(self, panel: Panel) -> int:
        """How many problems a tab holds."""
        return sum(len(found) for name, found in self.wrong.items() if name.startswith(f"{panel.id}-"))

    def mendable(self, panel: Panel) -> bool:
        """Whether a copy would mend something of it."""
        return any(one.fix == "render" and one.channel_id == panel.id for one in chain(*self.wrong.values()))

    @property
    def tiktok(self) -> tiktok.Form | None:
        """Of the first channel there; with branded content if any has it."""
        forms = [one.tiktok for one in self.panels if one.tiktok]
        return next((one for one in forms if one.branded), forms[0] if forms else None)


async def limits_of(ask: Ask) -> tuple[tuple[Channel, ...], dict[str, Limits]]:
    """The channels that can be chosen, and their platforms' limits by the channel's id."""
    page = await ask.hall.channels.list(ask.actor, limit=MOST)
    known = set(ask.hall.channels.configured())
    usable = tuple(one for one in page.items if one.connected and one.platform in known)
    return usable, {one.id: ask.hall.channels.limits(one.platform) for one in usable}


async def laid_out(ask: Ask, sheet: Sheet, problems: Sequence[Problem] = ()) -> Desk:
    """Asks every chosen channel what it offers now."""
    channels, limits = await limits_of(ask)
    by_id = {one.id: one for one in channels}
    video = await _video(ask, sheet.video_id)
    parts = [one for one in sheet.parts if one.channel_id in by_id]
    panels = await asyncio.gather(
        *(_panel(ask, by_id[one.channel_id], one, limits[one.channel_id], video) for one in parts)
    )
    chosen = [one.channel for one in panels]
    free = await ask.hall.slots.free(chosen, 1) if chosen else []
    return Desk(channels, tuple(panels), video, free[0] if free else None, by_field(problems, sheet))


async def _panel(ask: Ask, channel: Channel, part: Part, limits: Limits, video: Video | None) -> Panel:
    copy = video.rendition(channel.platform, part.fit) if video else None
    progress = await ask.hall.renditions.progress(video, copy) if video and copy else 0.0
    try:
        live = await ask.hall.channels.live(ask.actor, channel.id)
    except PlatformFailure as failure:
        return Panel(channel, part, limits, None, failure.sentence, copy, progress)
    return Panel(channel, part, limits, live, "", copy, progress)


async def _video(ask: Ask, video_id: str) -> Video | None:
    try:
        return await ask.hall.videos.get(ask.actor, video_id) if video_id else None
    except NotFound:
        return None
