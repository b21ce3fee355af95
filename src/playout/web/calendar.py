"""The calendar: a month, a week, or the coming days as a list; all of it in the visitor's zone.

One list of days is drawn, which style sheets lay out as a grid where there is room. Moving stands in `moving`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_interval, format_skeleton, get_day_names
from starlette.responses import Response

from playout.application.calendar import Stretch
from playout.application.shown import Shown
from playout.domain.post import PostState, state_of
from playout.web.ask import Ask
from playout.web.marks import N_
from playout.web.moving import movable
from playout.web.routes import Pages

pages = Pages()

VIEWS: Mapping[str, str] = {"month": N_("Month"), "week": N_("Week"), "agenda": N_("Agenda")}
#: Chips in a day of the month; the rest is behind a link.
MOST_CHIPS = 4
#: Posts that are read at once; twice as many, where today lies behind the first.
MOST = 120
_AGENDA = 30  # days
_WEEK = 7
#: Years that can be looked at: whoever asks for others sees today.
_FIRST, _LAST = date(2000, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Chip:
    """A post on its day."""

    at: datetime
    shown: Shown

    @property
    def state(self) -> PostState:
        """What its deliveries add up to."""
        return state_of(self.shown.post, self.shown.deliveries)

    @property
    def movable(self) -> bool:
        """What went out, or goes out right now, is locked."""
        return movable(self.shown)


@dataclass(frozen=True, slots=True)
class Day:
    """One day. `chips`: those that are shown; `more`: how many are not."""

    on: date
    noon: datetime  # for writing its name
    inside: bool  # of the month that is looked at
    chips: Sequence[Chip]
    more: int
    cut: bool  # not all of it was read: its list shows it


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a view shows around one, and the days that lead to the neighbours."""

    first: date
    count: int
    before: date
    after: date


@pages.get("/calendar")
async def calendar(ask: Ask) -> Response:
    """`view`: month, week or agenda; `on`: a day in it."""
    view = ask.said("view") if ask.said("view") in VIEWS else "month"
    today = ask.hall.clock.now().astimezone(ask.zone).date()
    on = _day(ask.said("on")) or today
    span = spanned(view, on, ask.language.locale.first_week_day)
    read = await _read(ask, view, span, today)
    days = _days(read, span, on, ask.zone, MOST_CHIPS if view == "month" else None)
    weekdays = get_day_names("abbreviated", locale=ask.language.locale)
    return await ask.page(
        "calendar.html",
        place="calendar",
        view=view,
        views=[{"label": ask.translated(VIEWS[one]), "href": link(one, on), "current": one == view} for one in VIEWS],
        title_of_span=_title(ask, view, on, span),
        today=today,
        days=days if view != "agenda" else [one for one in days if one.chips],
        planned=sum(len(one.entries) for _, one in read),
        weekdays=[weekdays[(span.first.weekday() + each) % _WEEK] for each in range(_WEEK)],
        here=link(view, on),
        links={"before": link(view, span.before), "today": link(view, today), "after": link(view, span.after)},
        day_link=lambda day: link("agenda", day),
        onward=_onward(view, read),
    )


def spanned(view: str, on: date, first_week_day: int) -> Span:
    """`first_week_day`: 0 is Monday. A month has whole weeks."""
    match view:
        case "agenda":
            return Span(on, _AGENDA, on - timedelta(days=_AGENDA), on + timedelta(days=_AGENDA))
        case "week":
            first = _week_of(on, first_week_day)
            return Span(first, _WEEK, on - timedelta(days=_WEEK), on + timedelta(days=_WEEK))
        case _:
            begins = on.replace(day=1)
            next_one = (begins + timedelta(days=31)).replace(day=1)
            first = _week_of(begins, first_week_day)
            last = _week_of(next_one - timedelta(days=1), first_week_day) + timedelta(days=_WEEK)
            return Span(first, (last - first).days, (begins - timedelta(days=1)).replace(day=1), next_one)


def link(view: str, on: date) -> str:
    """To a view around a day."""
    return "/calendar?" + urlencode({"view": view, "on": on.isoformat()})


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _week_of(day: date, first_week_day: int) -> date:
    return day - timedelta(days=(day.weekday() - first_week_day) % _WEEK)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


async def _read(ask: Ask, view: str, span: Span, today: date) -> list[tuple[date, Stretch]]:
    """From which days on what was read; once more from today on, where there is too much before it (a list goes on)."""
    end = _midnight(span.first + timedelta(days=span.count), ask.zone)
    start = _instant(ask.said("at"), span, ask.zone) or _midnight(span.first, ask.zone)
    first = await ask.hall.calendar.between(ask.actor, start, end, most=MOST)
    now = _midnight(today, ask.zone)
    if view == "agenda" or first.more_from is None or not first.more_from < now < end:
        return [(span.first, first)]
    return [(span.first, first), (today, await ask.hall.calendar.between(ask.actor, now, end, most=MOST))]


def _days(
    read: Sequence[tuple[date, Stretch]], span: Span, on: date, zone: ZoneInfo, most: int | None
) -> Sequence[Day]:
    found: dict[date, list[Chip]] = {}
    for at, one in ((one.post.scheduled_at, one) for _, stretch in read for one in stretch.entries):
        if at:
            found.setdefault(at.astimezone(zone).date(), []).append(Chip(at, one))
    return [
        _drawn(span.first + timedelta(days=each), found, _cuts(read, zone), on, zone, most)
        for each in range(span.count)
    ]


def _drawn(
    day: date,
    found: Mapping[date, list[Chip]],
    cuts: Sequence[tuple[date, date]],
    on: date,
    zone: ZoneInfo,
    most: int | None,
) -> Day:
    chips = found.get(day, [])
    shown = chips if most is None or len(chips) <= most else chips[: most - 1]
    inside = most is None or (day.year, day.month) == (on.year, on.month)
    cut = any(first <= day < end for first, end in cuts)
    return Day(day, datetime.combine(day, time(12), zone), inside, shown, len(chips) - len(shown), cut)


def _cuts(read: Sequence[tuple[date, Stretch]], zone: ZoneInfo) -> list[tuple[date, date]]:
    """The days of which not all was read: each from the one in which reading ended to where it went on."""
    ends = [*(first for first, _ in read[1:]), date.max]
    return [
        (stretch.more_from.astimezone(zone).date(), end)
        for (_, stretch), end in zip(read, ends, strict=True)
        if stretch.more_from
    ]


def _onward(view: str, read: Sequence[tuple[date, Stretch]]) -> str:
    """Where a list goes on that did not fit."""
    at = read[-1][1].more_from
    if view != "agenda" or at is None:
        return ""
    return "/calendar?" + urlencode({"view": view, "on": at.date().isoformat(), "at": at.isoformat()})


def _instant(text: str, span: Span, zone: ZoneInfo) -> datetime | None:
    """Within the span, or on the day before it: that is another one in another zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    first = span.first - timedelta(days=1)
    return at if at.tzinfo and first <= at.astimezone(zone).date() < first + timedelta(days=span.count) else None


def _title(ask: Ask, view: str, on: date, span: Span) -> str:
    locale = ask.language.locale
    if view == "month":
        return format_skeleton("yMMMM", on, locale=locale)
    return str(format_interval(span.first, span.first + timedelta(days=span.count - 1), "yMMMd", locale=locale))
