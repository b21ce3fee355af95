"""Needs you: what waits for a person, grouped by cause, each with the one thing to do about it."""

from datetime import datetime

from starlette.responses import Response

from playout.domain.errors import Conflict, Invalid, Problem
from playout.domain.person import Scope
from playout.web import needs
from playout.web.ask import Ask
from playout.web.history import TURNS
from playout.web.marks import N_
from playout.web.names import handle, platform_name
from playout.web.routes import Pages
from playout.web.toasts import Toast

pages = Pages()

HERE = "/needs-you"
NO_TIME = N_("This is not a time. Choose a day and an hour.")


@pages.get(HERE)
async def needs_you(ask: Ask) -> Response:
    """All of it."""
    return await ask.page(
        "needs_you.html",
        place="needs-you",
        waits=await needs.gathered(ask.hall, ask.actor),
        may=Scope.PUBLISH in ask.actor.scopes,
        logins=ask.hall.channels.logins(),
        turns=TURNS,
        handle=handle,
        named=platform_name,
    )


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────


@pages.post("/deliveries/{delivery_id}/check")
async def check(ask: Ask) -> Response:
    """Asks the platform once more. Never sends."""
    await ask.hall.deliveries.check(ask.actor, ask.request.path_params["delivery_id"])
    return _done(ask, N_("Playout asks the platform once more."))


@pages.post("/deliveries/{delivery_id}/there")
async def there(ask: Ask) -> Response:
    """A person saw it published."""
    delivery = await ask.hall.deliveries.resolve(
        ask.actor, ask.request.path_params["delivery_id"], published=True, url=ask.said("url").strip() or None
    )
    return ask.see_other(f"/deliveries/{delivery.id}", toast=Toast(ask.translated("Noted: it is published.")))


@pages.post("/deliveries/{delivery_id}/not-there")
async def not_there(ask: Ask) -> Response:
    """A person looked, and it was not there."""
    delivery_id = ask.request.path_params["delivery_id"]
    await ask.hall.deliveries.resolve(ask.actor, delivery_id, published=False, url=None)
    return _done(ask, N_("Noted: it is not there. You can send it again now."))


@pages.post("/deliveries/retry")
async def retry(ask: Ask) -> Response:
    """Those of one cause, once more from the start. One that may not be repeated stays, and the others go."""
    sent, refusal = 0, None
    for delivery_id in ask.form.getlist("delivery"):
        try:
            await ask.hall.deliveries.retry(ask.actor, str(delivery_id))
            sent += 1
        except Conflict as conflict:
            refusal = conflict
    if refusal and not sent:
        raise refusal
    return ask.see_other(
        HERE, toast=Toast(ask.counted("%(num)d post is sent again.", "%(num)d posts are sent again.", sent))
    )


# ── posts ────────────────────────────────────────────────────────────────────────────────────────


@pages.post("/needs-you/{post_id}/send")
async def send(ask: Ask) -> Response:
    """Late or not: now."""
    await ask.hall.posts.schedule(ask.actor, ask.request.path_params["post_id"], ask.hall.clock.now())
    return _done(ask, N_("It goes out now."))


@pages.post("/needs-you/{post_id}/move")
async def move(ask: Ask) -> Response:
    """A new time for what is late."""
    await ask.hall.posts.schedule(ask.actor, ask.request.path_params["post_id"], _time(ask))
    return _done(ask, N_("It has a new time."))


@pages.post("/needs-you/{post_id}/approve")
async def approve(ask: Ask) -> Response:
    """At its own time, or at the one given."""
    at = _time(ask) if ask.said("at") else None
    at = ask.hall.clock.now() if ask.said("now") else at
    await ask.hall.posts.approve(ask.actor, ask.request.path_params["post_id"], at, _version(ask))
    return _done(ask, N_("Approved. It is scheduled."))


@pages.post("/needs-you/{post_id}/reject")
async def reject(ask: Ask) -> Response:
    """Back to a draft, with a word why."""
    note = ask.said("note").strip()
    await ask.hall.posts.reject(ask.actor, ask.request.path_params["post_id"], note, _version(ask))
    return _done(ask, N_("Sent back as a draft, with your note."))


def _done(ask: Ask, sentence: str) -> Response:
    return ask.see_other(HERE, toast=Toast(ask.translated(sentence)))


def _time(ask: Ask) -> datetime:
    """As `<input type="datetime-local">` says it, in the reader's zone."""
    try:
        return datetime.fromisoformat(ask.said("at")).replace(tzinfo=ask.zone)
    except ValueError:
        raise Invalid(NO_TIME, code="bad_time", problems=[Problem("bad_time", "/at", NO_TIME)]) from None


def _version(ask: Ask) -> int | None:
    said = ask.said("version")
    return int(said) if said.isdecimal() else None
