"""Channels: a card each, connecting them through the platform's own sign-in, and disconnecting them.

A browser checks every redirect that follows a form against `form-action`, and a platform's sign-in goes on to hosts
that nobody can list. So the form that begins a sign-in is answered by a page of ours, and from there a plain link leads
on, which a script follows at once: the policy keeps its `form-action 'self'`.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from playout.application.channels import Connected
from playout.domain.channel import Channel, ChannelState
from playout.domain.delivery import Delivery, State
from playout.domain.errors import PlayoutError
from playout.domain.person import Scope
from playout.domain.retry import Kind
from playout.domain.secret import Secret
from playout.web.ask import Ask, inside
from playout.web.marks import N_
from playout.web.names import handle, platform_name
from playout.web.routes import Pages
from playout.web.states import Look
from playout.web.toasts import Toast
from playout.web.visitors import Visitor

pages = Pages()

#: Cards on the page.
MOST = 200
#: Deliveries counted for one card, then "99+".
MOST_COUNTED = 100
#: No platform's code or state is longer.
LONGEST = 4096
_UNSENT = (State.WAITING, State.SENDING, State.PROCESSING, State.HELD)

LOOKS: Mapping[ChannelState, Look] = {
    ChannelState.CONNECTED: Look(N_("Connected"), "circle-check", "good"),
    ChannelState.EXPIRING: Look(N_("Expires soon"), "hourglass", "warn"),
    ChannelState.NEEDS_RECONNECT: Look(N_("Needs reconnecting"), "unplug", "bad"),
    ChannelState.DISCONNECTED: Look(N_("Disconnected"), "unlink", "quiet"),
}
#: What needs somebody comes first.
_ORDER = (ChannelState.NEEDS_RECONNECT, ChannelState.EXPIRING, ChannelState.CONNECTED, ChannelState.DISCONNECTED)


@dataclass(frozen=True, slots=True)
class Card:
    """A channel, and what depends on it."""

    channel: Channel
    state: ChannelState
    days_left: int | None  # of the connection; None: it does not end
    unsent: int  # deliveries on their way or held, at most MOST_COUNTED
    held: int  # of them, those that a reconnect lets go
    after_end: int  # of the unsent ones, planned for when the connection has ended

    @property
    def look(self) -> Look:
        """How its state is shown."""
        return LOOKS[self.state]


@pages.get("/channels")
async def channels(ask: Ask) -> Response:
    """All of them, and what can be connected."""
    return await _page(ask)


@pages.post("/channels/connect/{platform}")
async def connect(ask: Ask) -> Response:
    """Begins a sign-in, bound to this browser's session, and leads there."""
    platform = ask.request.path_params["platform"]
    invitation = await ask.hall.channels.connect(
        ask.actor,
        platform,
        login=ask.said("login") or None,
        return_to=inside(ask.said("return_to", "/channels")),
        session=ask.visitor.key.reveal(),
    )
    return await ask.page(
        "connect.html", place="channels", invitation=invitation, platform=platform, named=platform_name
    )


@pages.get("/connect/{platform}/callback", guests=True)
async def callback(ask: Ask) -> Response:
    """Where the platform sends a person back to. Whoever began elsewhere (the command line) may be a guest here."""
    session = ask.who.key.reveal() if isinstance(ask.who, Visitor) else None
    state, code, error = (_only(ask, name) for name in ("state", "code", "error"))
    try:
        connected = await ask.hall.channels.finish(
            ask.request.path_params["platform"],
            Secret(state or ""),
            code=Secret(code) if code else None,
            error=error,
            session=session,
        )
    except PlayoutError as refused:
        if session is None:
            raise
        return await _page(ask, refused)
    return await _welcomed(ask, connected)


@pages.get("/channels/{channel_id}/today")
async def today(ask: Ask) -> Response:
    """What the platform offers this account right now: asked for by a person, because each question counts there."""
    offer = await ask.hall.channels.offer(ask.actor, ask.request.path_params["channel_id"])
    numbers = _numbers(offer.live.shown)
    if ask.by_htmx:
        return ask.fragment("parts/today.html", offer=offer, numbers=numbers)
    return await ask.page(
        "today.html", place="channels", offer=offer, numbers=numbers, handle=handle, named=platform_name
    )


@pages.post("/channels/{channel_id}/disconnect")
async def disconnect(ask: Ask) -> Response:
    """Ends the grant there and deletes it here. What was to go out is held."""
    await ask.hall.channels.disconnect(ask.actor, ask.request.path_params["channel_id"])
    return ask.see_other("/channels", toast=Toast(ask.translated("Disconnected. What was planned for it is held.")))


async def _page(ask: Ask, refused: PlayoutError | None = None) -> Response:
    found = (await ask.hall.channels.list(ask.actor, limit=MOST)).items
    cards = await asyncio.gather(*(_card(ask, one) for one in found))
    return await ask.page(
        "channels.html",
        place="channels",
        refused=refused,
        cards=sorted(cards, key=lambda one: (_ORDER.index(one.state), one.channel.platform, handle(one.channel))),
        logins=ask.hall.channels.logins(),
        may=Scope.PUBLISH in ask.actor.scopes,
        handle=handle,
        named=platform_name,
    )


async def _card(ask: Ask, channel: Channel) -> Card:
    now = ask.hall.clock.now()
    page = await ask.hall.deliveries.list(ask.actor, states=_UNSENT, channel_id=channel.id, limit=MOST_COUNTED)
    left = None if channel.expires_at is None else max(channel.expires_at - now, timedelta(0))
    return Card(
        channel=channel,
        state=channel.state(now),
        days_left=None if left is None else left.days,
        unsent=len(page.items),
        held=sum(one.held_for is Kind.SIGN_IN for one in page.items),
        after_end=_after(channel, page.items),
    )


def _after(channel: Channel, unsent: Iterable[Delivery]) -> int:
    ends = channel.expires_at
    return 0 if ends is None else sum(one.scheduled_at >= ends for one in unsent)


async def _welcomed(ask: Ask, connected: Connected) -> Response:
    names = ", ".join(map(handle, connected.channels))
    if not isinstance(ask.who, Visitor):
        return await ask.page("connected.html", names=names, connected=connected)
    if connected.lacking:
        sentence = ask.translated(
            "Connected %(names)s, but it was not allowed to %(lacking)s: connect again, allow it."
        )
        toast = Toast(sentence % {"names": names, "lacking": ", ".join(connected.lacking)}, "wrong")
    else:
        toast = Toast(ask.translated("Connected %(names)s. What was held for it goes on.") % {"names": names})
    return ask.see_other(connected.return_to or "/channels", toast=toast)


def _numbers(shown: Mapping[str, object]) -> dict[str, float]:
    """Of what a platform tells about an account, what is a number: the names are those the adapters share."""
    return {name: value for name, value in shown.items() if isinstance(value, (int, float))}


def _only(ask: Ask, name: str) -> str | None:
    """A parameter that is there once. Twice, or endless, is nobody's honest return."""
    values = ask.request.query_params.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= LONGEST else None
