"""The options that say what a post is, shared by `publish` and `posts create`, and a post made of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

import typer

from playout.application.posts import NewPost
from playout.cli import choose, times
from playout.cli.desk import Desk
from playout.domain.channel import Channel
from playout.domain.errors import Invalid, Problem
from playout.domain.preflight import RECONNECT, RENDER, blocking
from playout.domain.rendition import Fit

#: Instead of a time: the next free slot of the channels.
NEXT_SLOT = "next-slot"

To = Annotated[
    list[str],
    typer.Option(
        "--to",
        metavar="CHANNEL[,…]",
        help="Where: an id, a username, PLATFORM:USERNAME, or PLATFORM alone if it has one channel.",
        show_default=False,
    ),
]
Caption = Annotated[str, typer.Option("--caption", help="The words under the video.")]
Title = Annotated[str | None, typer.Option("--title", help="For platforms that have one.", show_default=False)]
Hashtags = Annotated[list[str], typer.Option("--hashtag", help="Added to the caption. Repeat it for more.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="2026-12-01T18:30:00Z, “2026-12-01 18:30”, +2h, or next-slot. Default: now.",
        show_default=False,
    ),
]
Zone = Annotated[
    str | None,
    typer.Option("--tz", metavar="ZONE", help="Such as Europe/Berlin. Default: this machine's.", show_default=False),
]
Options = Annotated[
    list[str],
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="A platform's option, as in privacy_level=SELF_ONLY; PLATFORM:NAME=VALUE for one of several. "
        "`playout channels options` lists them.",
    ),
]


Fitting = Annotated[
    Fit | None,
    typer.Option(
        "--fit",
        help="Where a platform does not take the file itself, send a copy that fits: with bars, or the middle of the "
        "picture. Without it no changed file is ever sent.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Words:
    """The options, as typed."""

    to: Sequence[str]
    caption: str
    title: str | None
    hashtags: Sequence[str]
    at: str | None
    tz: str | None
    options: Sequence[str]
    fit: Fit | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is meant, before there is a video."""

    post: NewPost
    channels: Sequence[Channel]

    def of(self, video_id: str) -> NewPost:
        """With its video."""
        return replace(self.post, video_id=video_id)


async def understood(desk: Desk, words: Words, *, draft: bool = False) -> Wish:
    """Raises Invalid for a channel, an option or a time that cannot be read."""
    where = times.zone(words.tz)
    chosen = await choose.channels(desk, words.to)
    post = NewPost(
        video_id="",
        caption=words.caption,
        destinations=tuple(replace(one, fit=words.fit) for one in choose.destinations(chosen, words.options)),
        title=words.title,
        hashtags=tuple(words.hashtags),
        scheduled_at=None if words.at == NEXT_SLOT else _moment(desk, words.at, where.key),
        timezone=where.key,
        draft=draft,
        slot=words.at == NEXT_SLOT,
    )
    return Wish(post, chosen)


def _moment(desk: Desk, at: str | None, zone: str) -> datetime | None:
    return times.moment(at, times.zone(zone), desk.services.clock.now()) if at else None


async def refuse_early(desk: Desk, wish: Wish) -> None:
    """Whatever is wrong without looking at the file, before any of it is taken in. Raises Invalid, PlatformFailure."""
    found = [one for one in await desk.services.posts.validate(desk.actor, wish.of("")) if one.code != "unknown_video"]
    if blocking(found):
        raise await refused(desk, wish, found)


async def explained(desk: Desk, problems: Sequence[Problem]) -> Sequence[Problem]:
    """The same; those that ask for a choice say what this account is offered right now."""
    return [await _with_offer(desk, one) if one.code == "option_required" else one for one in problems]


async def _with_offer(desk: Desk, problem: Problem) -> Problem:
    if problem.channel_id is None:
        return problem
    offer = await desk.services.channels.offer(desk.actor, problem.channel_id)
    everybody = {name: choice.values or () for name, choice in offer.limits.choices.items()}
    return choose.offered(problem, everybody | dict(offer.live.choices))


def remark(desk: Desk, wish: Wish, problems: Sequence[Problem]) -> None:
    """What should be known though it can be sent."""
    for one in problems:
        if one.warning:
            desk.out.warn(_told(desk, wish, one).message, code=one.code, channel_id=one.channel_id)


async def refused(desk: Desk, wish: Wish, problems: Sequence[Problem]) -> Invalid:
    """One error for all of them."""
    told = [_told(desk, wish, one) for one in await explained(desk, problems)]
    return Invalid(told[0].message, code=told[0].code, problems=told)


def _told(desk: Desk, wish: Wish, problem: Problem) -> Problem:
    """For people: with the channel, where there are several, and with what mends it. Programs have fields for both."""
    if desk.out.as_json:
        return problem
    channel = next((one for one in wish.channels if one.id == problem.channel_id), None)
    mends = {RENDER: "Mend: --fit pad, or --fit crop."}
    if channel:
        mends[RECONNECT] = f"Mend: playout channels connect {channel.platform}"
    where = f"{choose.called(channel)}: " if channel and len(wish.channels) > 1 else ""
    return replace(problem, message=f"{where}{problem.message} {mends.get(problem.fix or '', '')}".rstrip())
