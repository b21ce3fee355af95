"""`slots`: the weekly times of a channel. `calendar`: what goes out when."""

from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Annotated

import typer

from playout.application.calendar import LONGEST
from playout.cli import choose, records, times
from playout.cli.desk import Desk
from playout.cli.groups import noun
from playout.cli.verb import verb
from playout.domain.channel import Channel
from playout.domain.errors import Invalid, Problem
from playout.domain.slots import Day, Slot, Slots

app = noun("The weekly times of a channel.")

Which = Annotated[str, typer.Argument(metavar="CHANNEL", help="An id, a username, or a platform.", show_default=False)]
_COLUMNS = (("when", "at"), ("state", "state"), ("post", "post_id"), ("to", "platforms"), ("caption", "caption"))


@app.command("show")
@verb
async def show(desk: Desk, channel: Which) -> None:
    """The week of a channel, and its next free slot."""
    found = await choose.channel(desk, channel)
    queue = await desk.services.slots.next(desk.actor, found.id)
    _show(desk, queue.channel, queue.free)


@app.command("set")
@verb
async def put(
    desk: Desk,
    channel: Which,
    slot: Annotated[
        list[str], typer.Option("--slot", metavar="DAYS TIME", help="“mon 18:00”, “mon-fri 9:00”. Repeat it for more.")
    ] = [],  # noqa: B006 -- Typer wants it so, and nothing adds to it
    tz: Annotated[
        str | None, typer.Option("--tz", metavar="ZONE", help="Default: this machine's.", show_default=False)
    ] = None,
) -> None:
    """Another week instead: exactly these slots. What is scheduled stays where it is."""
    found = await choose.channel(desk, channel)
    wanted = tuple(one for text in slot for one in _slots(text))
    week = Slots(times.zone(tz).key, wanted, found.slots.paused)
    _show(desk, await desk.services.slots.put(desk.actor, found.id, week))


@app.command("pause")
@verb
async def pause(desk: Desk, channel: Which) -> None:
    """Put nothing new into its slots. What is scheduled stays."""
    await _paused(desk, channel, paused=True)


@app.command("resume")
@verb
async def resume(desk: Desk, channel: Which) -> None:
    """Fill its slots again."""
    await _paused(desk, channel, paused=False)


@verb
async def calendar(
    desk: Desk,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Default: now.", show_default=False)
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=LONGEST.days, help="How many days.")] = 30,
    tz: Annotated[
        str | None, typer.Option("--tz", metavar="ZONE", help="Default: this machine's.", show_default=False)
    ] = None,
) -> None:
    """What goes out when, in order; drafts with a time and what waits for approval too."""
    where, now = times.zone(tz), desk.services.clock.now()
    begin: datetime | None = times.moment(start, where, now) if start else now
    end = (begin or now) + timedelta(days=days)
    found: list[records.Record] = []
    while begin and begin < end:
        stretch = await desk.services.calendar.between(desk.actor, begin, end)
        for one in stretch.entries:
            record = records.post(one.post, one.deliveries)
            platforms = ", ".join(sorted({each.platform for each in one.deliveries}))
            at = record["scheduled_at"] if desk.out.as_json else times.shown(one.post.scheduled_at, where.key)
            found.append(record | {"at": at, "platforms": platforms, "post_id": one.post.id})
        begin = stretch.more_from
    desk.out.records(found, _COLUMNS)


async def _paused(desk: Desk, channel: str, *, paused: bool) -> None:
    found = await choose.channel(desk, channel)
    week = Slots(found.slots.timezone, found.slots.slots, paused)
    _show(desk, await desk.services.slots.put(desk.actor, found.id, week, instead_of=found.slots))


def _show(desk: Desk, channel: Channel, free: tuple[datetime, ...] = ()) -> None:
    week = channel.slots
    record: records.Record = {
        "channel_id": channel.id,
        "timezone": week.timezone,
        "paused": week.paused,
        "slots": [{"day": one.day.name.lower(), "time": f"{one.at:%H:%M}"} for one in week.slots],
        "next": records.time(free[0] if free else None),
    }
    if desk.out.as_json:
        desk.out.record(record)
        return
    days = groupby(week.slots, key=lambda one: one.day)
    lines = {day.name.lower(): ", ".join(f"{one.at:%H:%M}" for one in slots) for day, slots in days}
    told = {"next": times.shown(free[0], week.timezone)} if free else {}
    desk.out.record({"channel_id": channel.id, "timezone": week.timezone, "paused": week.paused, **lines, **told})


def _slots(text: str) -> list[Slot]:
    """“mon 18:00”, “mon-fri 9:00”, “daily 12:00”. Raises Invalid."""
    days, _, at = text.strip().lower().partition(" ")
    try:
        return [Slot(day, _time(at)) for day in _days(days)]
    except ValueError:
        sentence = f"“{text}” is no slot. Say it as in “mon 18:00”, “mon-fri 9:00” or “daily 12:30”."
        raise Invalid(sentence, code="bad_slot", problems=[Problem("bad_slot", "/slots", sentence)]) from None


def _time(text: str) -> time:
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isdecimal() and len(minute) == 2 and minute.isdecimal()):  # noqa: PLR2004 -- digits
        raise ValueError(text)
    return time(int(hour), int(minute))


def _days(text: str) -> list[Day]:
    if text == "daily":
        return list(Day)
    first, dash, last = text.partition("-")
    begin = _day(first)
    length = (_day(last) - begin) % 7 if dash else 0
    return [Day((begin + number) % 7) for number in range(length + 1)]


def _day(text: str) -> Day:
    found = [day for day in Day if len(text) >= 3 and day.name.lower().startswith(text)]  # noqa: PLR2004 -- letters
    if len(found) != 1:
        raise ValueError(text)
    return found[0]
