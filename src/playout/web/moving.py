"""Moving what is planned: to a time, to another day at the same hour, to the next free slot; cancelling, and undoing.

Hours are those of the visitor's zone. What may move, and when it is too late, the services say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from playout.application.posts import as_new
from playout.application.shown import Shown
from playout.domain.delivery import State
from playout.domain.errors import Conflict, Invalid, PlayoutError, Problem
from playout.domain.ids import derived_id
from playout.domain.post import Post, PostState, state_of
from playout.web import times
from playout.web.ask import Ask, inside
from playout.web.marks import N_
from playout.web.routes import Pages
from playout.web.toasts import Toast, Undo

pages = Pages()

#: As `<input type="datetime-local">` writes it.
LOCAL = "%Y-%m-%dT%H:%M"
NO_TIME = N_("Choose a date and a time.")
PASSED = N_("That time has passed. Choose a later one.")
DRAFTS_WAIT = N_("A draft gets its slot when it is scheduled. Give it a time, or schedule it.")
NOT_CANCELLED = N_("This post is not cancelled, so there is nothing to undo.")


@pages.get("/queue/{post_id}/move")
async def where_to(ask: Ask) -> Response:
    """The form, as a page or for the dialog."""
    return await _form(ask, await ask.hall.posts.get(ask.actor, _id(ask)))


@pages.post("/queue/{post_id}/move")
async def move(ask: Ask) -> Response:
    """To `at` (on the wall), to the same hour of `day`, to an `instant`, or with `slot` to the next free one."""
    shown = await ask.hall.posts.get(ask.actor, _id(ask))
    try:
        moved = await _moved(ask, shown, _wanted(ask, shown.post))
    except Invalid as refused:
        return _told(ask, refused) if ask.said("day") else await _form(ask, shown, refused)
    except PlayoutError as refused:
        return _told(ask, refused)
    return ask.see_other(_back(ask), toast=_moved_toast(ask, shown.post, moved.post))


@pages.post("/queue/{post_id}/cancel")
async def cancel(ask: Ask) -> Response:
    """Takes it back; with Undo where all of it was still here."""
    shown = await ask.hall.posts.cancel(ask.actor, _id(ask))
    undo = Undo(f"/queue/{shown.post.id}/restore", {"next": _back(ask)}) if _wholly_ahead(ask, shown) else None
    return ask.see_other(_back(ask), toast=Toast(ask.translated("Cancelled. Nothing of it goes out."), undo=undo))


@pages.post("/queue/{post_id}/restore")
async def restore(ask: Ask) -> Response:
    """Schedules what was cancelled once more, as a post of its own: however often it is asked for, only once."""
    shown = await ask.hall.posts.get(ask.actor, _id(ask))
    if state_of(shown.post, shown.deliveries) is not PostState.CANCELLED:
        raise Conflict(NOT_CANCELLED, code="not_cancelled")
    again = derived_id("pst", shown.post.id, "restored")
    made = await ask.hall.posts.create(ask.actor, as_new(shown.post), post_id=again)
    return ask.see_other(_back(ask), toast=Toast(_at(ask, ask.translated("Scheduled again: %(when)s."), made.post)))


@pages.post("/queue/{post_id}/remove")
async def remove(ask: Ask) -> Response:
    """Deletes a draft."""
    await ask.hall.posts.remove(ask.actor, _id(ask))
    return ask.see_other(_back(ask), toast=Toast(ask.translated("Deleted.")))


def movable(shown: Shown) -> bool:
    """Whether moving it can be offered: a draft, or something of it waits."""
    waits = (one.state in {State.WAITING, State.HELD} and not one.step for one in shown.deliveries)
    return shown.post.draft or any(waits)


def on_day(at: datetime, day: date, zone: ZoneInfo) -> datetime:
    """The same hour on the wall of another day, in UTC. An hour that the clock skips there comes one later by it."""
    return datetime.combine(day, at.astimezone(zone).time(), zone).astimezone(UTC)


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _id(ask: Ask) -> str:
    return str(ask.request.path_params["post_id"])


def _back(ask: Ask) -> str:
    return inside(ask.said("next", "/"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form shows."""

    shown: Shown
    back: str
    at: str  # on the wall
    earliest: str
    others: Sequence[str]  # what is wrong elsewhere than in the time


async def _form(ask: Ask, shown: Shown, refused: Invalid | None = None) -> Response:
    at = shown.post.scheduled_at
    asked = Asked(
        shown=shown,
        back=_back(ask),
        at=ask.said("at") or (at.astimezone(ask.zone).strftime(LOCAL) if at else ""),
        earliest=ask.hall.clock.now().astimezone(ask.zone).strftime(LOCAL),
        others=_general(refused),
    )
    if ask.by_htmx:
        return ask.fragment("parts/move.html", refused=refused, asked=asked)
    return await ask.page("move.html", place="queue", refused=refused, asked=asked)


def _general(refused: Invalid | None) -> list[str]:
    """What is wrong elsewhere than in the time: a caption too long by now, a channel that is gone."""
    problems = refused.problems if refused else ()
    return [one.message for one in problems if one.field != "/scheduled_at" and not one.warning]


def _wanted(ask: Ask, post: Post) -> datetime | None:
    """None: the next free slot. Raises Invalid."""
    if ask.said("slot"):
        return None
    try:
        if ask.said("instant"):
            at = datetime.fromisoformat(ask.said("instant")).astimezone(UTC)
        elif ask.said("day") and post.scheduled_at:
            at = on_day(post.scheduled_at, date.fromisoformat(ask.said("day")), ask.zone)
        else:
            at = datetime.fromisoformat(ask.said("at")).replace(tzinfo=ask.zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(NO_TIME, "no_time") from error
    if at < ask.hall.clock.now() and not ask.said("instant"):
        raise _wrong(PASSED, "in_the_past")
    return at


def _wrong(sentence: str, code: str) -> Invalid:
    return Invalid(sentence, code=code, problems=[Problem(code, "/scheduled_at", sentence)])


async def _moved(ask: Ask, shown: Shown, at: datetime | None) -> Shown:
    """A draft only gets another time; it is not sent by that."""
    if not shown.post.draft:
        return await ask.hall.posts.schedule(ask.actor, shown.post.id, at, slot=at is None)
    if at is None:
        raise _wrong(DRAFTS_WAIT, "draft")
    new = replace(as_new(shown.post), scheduled_at=at)
    return await ask.hall.posts.edit(ask.actor, shown.post.id, new, shown.post.version)


def _moved_toast(ask: Ask, before: Post, after: Post) -> Toast:
    sentence = _at(ask, ask.translated("Moved to %(when)s."), after)
    if before.scheduled_at is None or before.scheduled_at < ask.hall.clock.now():
        return Toast(sentence)
    back = {"instant": before.scheduled_at.isoformat(), "next": _back(ask)}
    return Toast(sentence, undo=Undo(f"/queue/{after.id}/move", back))


def _at(ask: Ask, sentence: str, post: Post) -> str:
    at, zone, locale = post.scheduled_at or ask.hall.clock.now(), ask.zone, ask.language.locale
    return sentence % {"when": f"{times.when(at, zone, locale)} {times.zone_at(at, zone, locale)}"}


def _told(ask: Ask, refused: PlayoutError) -> Response:
    """Back where it was, with the reason."""
    return ask.see_other(_back(ask), toast=Toast(ask.translated(refused.sentence), "wrong"))


def _wholly_ahead(ask: Ask, shown: Shown) -> bool:
    at = shown.post.scheduled_at
    cancelled = bool(shown.deliveries) and all(one.state is State.CANCELLED for one in shown.deliveries)
    return cancelled and at is not None and at > ask.hall.clock.now()
