"""Slots: the week of a channel, its zone and its pause. Everything here is a form that works without JavaScript.

Each form says which week it was made from (`seen`); where somebody changed that meanwhile, nothing is done.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, time
from functools import cache
from zoneinfo import available_timezones

from babel.dates import get_day_names
from starlette.responses import Response

from playout.domain.channel import Channel
from playout.domain.errors import Invalid, Problem, Stale
from playout.domain.slots import Day, Slot, Slots
from playout.web.ask import Ask, inside
from playout.web.marks import N_
from playout.web.routes import Pages
from playout.web.toasts import Toast, Undo

pages = Pages()

MOST_CHANNELS = 100
NO_SUCH_TIME = N_("Choose a day and a time, such as 18:30.")
MEANWHILE = N_("Somebody changed these slots meanwhile. Here they are as they are now; nothing of yours was changed.")
_FREE_SHOWN = 3


@pages.get("/slots")
async def first(ask: Ask) -> Response:
    """The first channel's week; what to do where there is no channel."""
    channels = (await ask.hall.channels.list(ask.actor, limit=MOST_CHANNELS)).items
    if channels:
        return ask.see_other(f"/slots/{channels[0].id}")
    return await ask.page("slots_empty.html", place="queue")


@pages.get("/slots/{channel_id}")
async def week(ask: Ask) -> Response:
    """The week of a channel, and its next free times."""
    return await _page(ask)


@pages.post("/slots/{channel_id}/add")
async def add(ask: Ask) -> Response:
    """One time more."""
    try:
        slot = Slot(_day(ask.said("day")), _time(ask.said("at")))
        now = await _slots(ask)
        return await _kept(ask, now, replace(now, slots=(*now.slots, slot)), ask.translated("Slot added."))
    except Invalid as refused:
        return await _page(ask, refused)


@pages.post("/slots/{channel_id}/remove")
async def remove(ask: Ask) -> Response:
    """One time less."""
    now, gone = await _slots(ask), Slot(_day(ask.said("day")), _time(ask.said("at")))
    left = tuple(one for one in now.slots if one != gone)
    undo = Undo(f"/slots/{_id(ask)}/add", {"day": str(int(gone.day)), "at": f"{gone.at:%H:%M}"})
    return await _kept(ask, now, replace(now, slots=left), ask.translated("Slot removed."), undo)


@pages.post("/slots/{channel_id}/copy")
async def copy(ask: Ask) -> Response:
    """The times of one day for the `to` others, instead of what they had."""
    now, source = await _slots(ask), _day(ask.said("day"))
    days = {_day(str(one)) for one in ask.form.getlist("to")} - {source}
    times = [one.at for one in now.slots if one.day == source]
    kept = [one for one in now.slots if one.day not in days]
    made = (*kept, *(Slot(day, at) for day in days for at in times))
    return await _kept(ask, now, replace(now, slots=made), ask.translated("Copied."))


@pages.post("/slots/{channel_id}/zone")
async def in_zone(ask: Ask) -> Response:
    """By which clock the times are meant."""
    now = await _slots(ask)
    try:
        return await _kept(ask, now, replace(now, timezone=ask.said("timezone")), ask.translated("Time zone kept."))
    except Invalid as refused:
        return await _page(ask, refused)


@pages.post("/slots/{channel_id}/pause")
async def pause(ask: Ask) -> Response:
    """Pauses (`paused` is 1) or resumes: nothing new goes into a paused queue."""
    now, paused = await _slots(ask), ask.said("paused") == "1"
    sentence = ask.translated("Paused. What is scheduled stays.") if paused else ask.translated("Resumed.")
    undo = Undo(f"/slots/{_id(ask)}/pause", {"paused": "0" if paused else "1", "next": _back(ask)})
    return await _kept(ask, now, replace(now, paused=paused), sentence, undo)


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def seen(slots: Slots) -> str:
    """What names a week: another one has another name."""
    return hashlib.sha256(repr(slots).encode()).hexdigest()[:16]


def _id(ask: Ask) -> str:
    return str(ask.request.path_params["channel_id"])


def _back(ask: Ask) -> str:
    return inside(ask.said("next", f"/slots/{_id(ask)}"))


async def _slots(ask: Ask) -> Slots:
    return (await ask.hall.slots.get(ask.actor, _id(ask))).slots


async def _kept(ask: Ask, now: Slots, wanted: Slots, sentence: str, undo: Undo | None = None) -> Response:
    changed = Toast(ask.translated(MEANWHILE), "wrong")
    if ask.said("seen", seen(now)) != seen(now):
        return ask.see_other(_back(ask), toast=changed)
    try:
        await ask.hall.slots.put(ask.actor, _id(ask), wanted, instead_of=now)
    except Stale:
        return ask.see_other(_back(ask), toast=changed)
    return ask.see_other(_back(ask), toast=Toast(sentence, undo=undo))


async def _page(ask: Ask, refused: Invalid | None = None) -> Response:
    queue = await ask.hall.slots.next(ask.actor, _id(ask), _FREE_SHOWN)
    channels = (await ask.hall.channels.list(ask.actor, limit=MOST_CHANNELS)).items
    names = get_day_names("wide", locale=ask.language.locale)
    order = [Day((ask.language.locale.first_week_day + each) % len(Day)) for each in range(len(Day))]
    return await ask.page(
        "slots.html",
        place="queue",
        refused=refused,
        channel=queue.channel,
        tabs=[_tab(one, current=one.id == queue.channel.id) for one in channels],
        seen=seen(queue.channel.slots),
        week=[(int(day), names[day], _of(queue.channel.slots, day)) for day in order],
        free=queue.free,
        zones=_zones(),
        wanted={"day": ask.said("day"), "at": ask.said("at"), "timezone": ask.said("timezone")} if refused else {},
    )


def _tab(channel: Channel, *, current: bool) -> dict[str, object]:
    label = f"{channel.profile.display_name} · {channel.platform.capitalize()}"
    return {"label": label, "href": f"/slots/{channel.id}", "current": current}


def _of(slots: Slots, day: Day) -> Collection[str]:
    return [f"{one.at:%H:%M}" for one in slots.slots if one.day == day]


def _day(text: str) -> Day:
    if text in {str(int(one)) for one in Day}:
        return Day(int(text))
    raise Invalid(NO_SUCH_TIME, code="no_time", problems=[Problem("no_time", "/day", NO_SUCH_TIME)])


def _time(text: str) -> time:
    """Minutes only, as a clock on a wall has them."""
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 -- a time of day has no zone
    except ValueError as error:
        raise Invalid(NO_SUCH_TIME, code="no_time", problems=[Problem("no_time", "/at", NO_SUCH_TIME)]) from error


@cache
def _zones() -> Collection[str]:
    """Those that are places."""
    others = ("Etc/", "SystemV/", "US/", "posix/", "right/")
    return ["UTC", *sorted(one for one in available_timezones() if "/" in one and not one.startswith(others))]
