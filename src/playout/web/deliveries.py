"""One delivery: where it stands, its receipt, and everything that happened, in plain words."""

import asyncio

from starlette.responses import Response

from playout.domain.delivery import State
from playout.domain.person import Scope
from playout.web import needs
from playout.web.ask import Ask
from playout.web.history import TURNS, told
from playout.web.names import handle, platform_name
from playout.web.routes import Pages

pages = Pages()

#: Lines of history on one page.
MOST = 200
_WAITS = frozenset({State.HELD, State.UNCONFIRMED, State.FAILED})


@pages.get("/deliveries/{delivery_id}")
async def delivery(ask: Ask) -> Response:
    """Oldest first; longer histories go on with `?after=`."""
    found = await ask.hall.deliveries.get(ask.actor, ask.request.path_params["delivery_id"])
    (entry,), events = await asyncio.gather(
        needs.entries_of(ask.hall, ask.actor, [found]),
        ask.hall.deliveries.events(ask.actor, found.id, cursor=ask.said("after") or None, limit=MOST),
    )
    return await ask.page(
        "delivery.html",
        place=_place(found.state),
        entry=entry,
        events=events,
        told=told,
        turns=TURNS,
        may=Scope.PUBLISH in ask.actor.scopes,
        handle=handle,
        named=platform_name,
    )


def _place(state: State) -> str:
    if state in _WAITS:
        return "needs-you"
    return "results" if state is State.PUBLISHED else "queue"
