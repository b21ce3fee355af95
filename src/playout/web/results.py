"""Results: what was published. Numbers are shown where there are any, and never made up."""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from playout.application.calendar import LONGEST
from playout.web import needs
from playout.web.ask import Ask
from playout.web.marks import N_
from playout.web.names import handle, platform_name
from playout.web.routes import Pages

pages = Pages()

#: Days back, and how they are called.
STRETCHES = ((7, N_("7 days")), (30, N_("30 days")), (90, N_("90 days")))
_USUAL = 30


@pages.get("/results")
async def results(ask: Ask) -> Response:
    """What was due in a stretch of days and is out, latest first. `after`: where an earlier page broke off."""
    now = ask.hall.clock.now()
    days = _days(ask)
    start = max(_after(ask) or now - timedelta(days=days), now - LONGEST)
    found = await ask.hall.calendar.results(ask.actor, min(start, now), now + timedelta(seconds=1))
    entries = await needs.entries_of(ask.hall, ask.actor, found.deliveries[::-1])
    return await ask.page(
        "results.html",
        place="results",
        days=days,
        stretches=STRETCHES,
        entries=entries,
        channels=len({one.delivery.channel_id for one in entries}),
        more_from=found.more_from,
        handle=handle,
        named=platform_name,
    )


def _days(ask: Ask) -> int:
    said = ask.said("days")
    known = {str(days): days for days, _ in STRETCHES}
    return known.get(said, _USUAL)


def _after(ask: Ask) -> datetime | None:
    try:
        at = datetime.fromisoformat(ask.said("after"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
