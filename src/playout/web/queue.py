"""The queue: what goes out next, day by day, with the slots that are still free; drafts, and what is done.

Moving and cancelling stand in `moving`, what waits for a person has a page of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta
from starlette.responses import Response

from playout.application.calendar import Stretch
from playout.application.shown import Shown
from playout.domain.channel import Channel, ChannelState
from playout.domain.delivery import State
from playout.domain.errors import NotFound
from playout.domain.post import PostState, state_of
from playout.web.ask import Ask
from playout.web.moving import movable
from playout.web.routes import Pages

pages = Pages()

#: What is shown at once; free slots only of the first days.
AHEAD, SLOTS_AHEAD = timedelta(days=30), timedelta(days=7)
#: What was due in these hours and is still on its way belongs to the queue.
JUST_NOW = timedelta(hours=2)
#: Rows of the queue on one page, of the past, and posts looked through for drafts.
MOST_ROWS, MOST_DONE, LOOKED_THROUGH = 60, 100, 100
#: How far back the past goes at once: the first of these that fits on a page, else the last.
BACK = (timedelta(days=7), timedelta(days=1), timedelta(hours=2))
#: Channels of one workspace.
MOST_CHANNELS = 100
#: That can be looked at.
YEARS = range(2000, 2200)
_GONE = frozenset({State.CANCELLED, State.FAILED})
_PAST = frozenset({PostState.PUBLISHED, PostState.CANCELLED, PostState.FAILED, PostState.PARTIALLY_PUBLISHED})
#: Instead of a picture that is not there yet.
NO_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 16"><path d="M3.4 5.8v4.4L6.8 8z" fill="#8a919e"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Row:
    """A time: with a post, or free in some channels."""

    at: datetime
    shown: Shown | None = None
    channels: tuple[Channel, ...] = ()

    @property
    def state(self) -> PostState:
        """Of the post."""
        return state_of(self.shown.post, self.shown.deliveries) if self.shown else PostState.DRAFT

    @property
    def movable(self) -> bool:
        """Whether Move to… is offered."""
        return self.shown is not None and movable(self.shown)


@pages.get("/")
async def queue(ask: Ask) -> Response:
    """The coming month, from `from` on."""
    now = ask.hall.clock.now()
    start = _instant(ask.said("from")) or now
    since = start - JUST_NOW if start == now else start
    stretch = await ask.hall.calendar.between(ask.actor, since, start + AHEAD, most=MOST_ROWS)
    channels = (await ask.hall.channels.list(ask.actor, limit=MOST_CHANNELS)).items
    planned = [one for one in _rows(stretch) if one.state not in _PAST]
    until = min(start + SLOTS_AHEAD, stretch.more_from or start + AHEAD)
    coming = next((one for one in planned if one.at >= now and one.state is PostState.SCHEDULED), None)
    return await ask.page(
        "queue.html",
        place="queue",
        days=_days([*planned, *free(channels, stretch, max(start, now), until)], ask.zone),
        planned=planned,
        channels=channels,
        worries=[(one, state) for one in channels if (state := one.state(now)) in _WORRIES],
        coming=coming,
        countdown=format_timedelta(coming.at - now, add_direction=True, locale=ask.language.locale) if coming else "",
        later=stretch.more_from or start + AHEAD,
        more=stretch.more_from is not None,
        first=start == now,
    )


@pages.get("/drafts")
async def drafts(ask: Ask) -> Response:
    """Newest first: those among the posts that were looked through, and where to look further."""
    page = await ask.hall.posts.list(ask.actor, cursor=ask.said("cursor") or None, limit=LOOKED_THROUGH)
    found = [Row(one.post.created_at, one) for one in page.items if one.post.draft]
    return await ask.page("drafts.html", place="queue", rows=found, further=page.next_cursor)


@pages.get("/done")
async def done(ask: Ask) -> Response:
    """What went out, latest first: a week at a time, or less where much did."""
    until = _instant(ask.said("until")) or ask.hall.clock.now()
    start, stretch = await _before(ask, until)
    days = _days([one for one in _rows(stretch) if one.state in _PAST], ask.zone)
    latest_first = [list(reversed(day)) for day in reversed(days)]
    more = {"from": stretch.more_from.isoformat(), "until": until.isoformat()} if stretch.more_from else None
    return await ask.page("done.html", place="queue", days=latest_first, start=start, until=until, more=more)


@pages.get("/videos/{video_id}/thumbnail")
async def thumbnail(ask: Ask) -> Response:
    """The picture of a video; a sign where there is none yet."""
    video = await ask.hall.videos.get(ask.actor, ask.request.path_params["video_id"])
    headers = {"Content-Disposition": 'inline; filename="thumbnail.jpg"', "Content-Security-Policy": "sandbox"}
    try:
        jpeg = await ask.hall.videos.picture(video)
    except NotFound:
        return Response(NO_PICTURE, media_type="image/svg+xml", headers={"Content-Security-Policy": "sandbox"})
    return Response(jpeg, media_type="image/jpeg", headers=headers | {"Cache-Control": "private, max-age=3600"})


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────

_WORRIES = frozenset({ChannelState.EXPIRING, ChannelState.NEEDS_RECONNECT})


async def _before(ask: Ask, until: datetime) -> tuple[datetime, Stretch]:
    """Where the page begins, and what is on it; from `from` on, where it goes on with what did not fit."""
    said = _instant(ask.said("from"))
    if said and until - BACK[0] <= said < until:
        return until - BACK[-1], await ask.hall.calendar.between(ask.actor, said, until, most=MOST_DONE)
    stretch, start = Stretch((), until), until
    for start in (until - back for back in BACK):
        stretch = await ask.hall.calendar.between(ask.actor, start, until, most=MOST_DONE)
        if stretch.more_from is None:
            break
    return start, stretch


def free(channels: Iterable[Channel], stretch: Stretch, start: datetime, until: datetime) -> Iterator[Row]:
    """The slots at which a channel has nothing, of channels that are not paused; those of one time together."""
    taken = set(_taken(stretch.entries))
    found: dict[datetime, list[Channel]] = {}
    for one in channels:
        if one.connected and not one.slots.paused:
            for at in one.slots.after(start, until):
                if (one.id, at) not in taken:
                    found.setdefault(at, []).append(one)
    return (Row(at, channels=tuple(those)) for at, those in found.items())


def _taken(entries: Iterable[Shown]) -> Iterator[tuple[str, datetime]]:
    for one in entries:
        yield from ((each.channel_id, each.scheduled_at) for each in one.deliveries if each.state not in _GONE)
        if one.post.awaits_approval and one.post.scheduled_at:
            yield from ((each.channel_id, one.post.scheduled_at) for each in one.post.destinations)


def _rows(stretch: Stretch) -> list[Row]:
    return [Row(one.post.scheduled_at, one) for one in stretch.entries if one.post.scheduled_at]


def _days(rows: Sequence[Row], zone: ZoneInfo) -> list[list[Row]]:
    def day(row: Row) -> date:
        return row.at.astimezone(zone).date()

    return [list(those) for _, those in groupby(sorted(rows, key=attrgetter("at")), key=day)]


def _instant(text: str) -> datetime | None:
    """Of an address; None for what is no time there is a calendar for."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo and at.year in YEARS else None
