"""Set-up and health: a list of facts, each with its proof or its mend. For whoever has the scope admin."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from playout.application.people import Minted
from playout.application.ports import Page
from playout.application.webhooks import WithSecret
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.domain.errors import PlayoutError, Unavailable
from playout.domain.person import Scope
from playout.web.ask import Ask
from playout.web.marks import N_
from playout.web.names import platform_name
from playout.web.routes import Pages

pages = Pages()

#: A worker takes what is due within a second; after this time none is at work.
PATIENCE = timedelta(minutes=2)
#: So far back it is looked for what nobody took.
LOOK_BACK = timedelta(days=1)
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")
#: The settings without which a platform cannot be used. Names only: values are nobody's business here.
SETTINGS: Mapping[str, Sequence[str]] = {
    "tiktok": ("PLAYOUT_TIKTOK_CLIENT_KEY", "PLAYOUT_TIKTOK_CLIENT_SECRET"),
    "youtube": ("PLAYOUT_YOUTUBE_CLIENT_ID", "PLAYOUT_YOUTUBE_CLIENT_SECRET"),
    "instagram": ("PLAYOUT_INSTAGRAM_CLIENT_ID", "PLAYOUT_INSTAGRAM_CLIENT_SECRET"),
    "facebook": ("PLAYOUT_FACEBOOK_CLIENT_ID", "PLAYOUT_FACEBOOK_CLIENT_SECRET"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the list. `good` None: neither good nor bad, only to know. `said` fills the sentence."""

    title: str
    sentence: str
    good: bool | None = True
    said: Mapping[str, str] | None = None
    settings: Sequence[str] = ()  # names that are missing
    href: str = ""  # where it is mended
    action: str = ""


@pages.get("/health")
async def health(ask: Ask) -> Response:
    """The list, and what programs get in by."""
    return await drawn(ask)


async def drawn(
    ask: Ask,
    *,
    refused: PlayoutError | None = None,
    minted: Minted | None = None,
    made: WithSecret | None = None,
    said: Mapping[str, object] | None = None,
) -> Response:
    """The page, with what only this answer may show: a token (`minted`) or a webhook's key (`made`), once.

    `said`: what stood in a form that was refused. Raises Forbidden.
    """
    ask.actor.need(Scope.ADMIN)
    store, channels, due, tokens, webhooks = await asyncio.gather(
        _store(ask),
        ask.hall.channels.list(ask.actor, limit=200),
        _overdue(ask),
        ask.hall.people.token_page(ask.actor, limit=100),
        ask.hall.webhooks.list(ask.actor),
    )
    return await ask.page(
        "health.html",
        place="health",
        refused=refused,
        running=[store, _workers(ask, due), _public(ask)],
        platforms=_platforms(ask.hall.channels.configured()),
        beginning=_beginning(channels),
        tokens=tokens.items,
        webhooks=webhooks.items,
        scopes=[one for one in Scope if one in ask.actor.scopes],
        minted=minted,
        made=made,
        said=said or {},
    )


# ── is it running ────────────────────────────────────────────────────────────────────────────────


async def _store(ask: Ask) -> Fact:
    try:
        await ask.hall.store.ping()
    except Unavailable as away:
        return Fact(N_("Database"), away.sentence, good=False)
    return Fact(N_("Database"), N_("It answers."))


async def _overdue(ask: Ask) -> list[Delivery]:
    """What was due a while ago and nobody took."""
    now = ask.hall.clock.now()
    stretch = await ask.hall.calendar.between(ask.actor, now - LOOK_BACK, now)
    every = [one for shown in stretch.entries for one in shown.deliveries if one.state is State.WAITING]
    return [one for one in every if one.wake_at and one.wake_at + PATIENCE < now]


def _workers(ask: Ask, overdue: Sequence[Delivery]) -> Fact:
    if overdue:
        sentence = ask.counted(
            "%(num)d post is due and nobody takes it. Is `playout serve` or `playout work` running?",
            "%(num)d posts are due and nobody takes them. Is `playout serve` or `playout work` running?",
            len(overdue),
        )
        return Fact(N_("At work"), sentence, good=False)
    return Fact(N_("At work"), N_("Everything that was due within the last day was taken in hand."))


def _public(ask: Ask) -> Fact:
    origin = ask.house.public_origin
    if origin.startswith("https:"):
        sentence = N_(
            "%(url)s, with https. Whether it is reached from outside is seen only from there: try it on a phone."
        )
        return Fact(N_("Public address"), sentence, said={"url": origin})
    mine = origin.startswith(LOOPBACK)
    sentence = (
        N_("%(url)s: only this machine reaches it. Enough to try things out; some platforms want https to sign in.")
        if mine
        else N_("%(url)s is plain http: passwords and sessions can be read on the way. Put https before it.")
    )
    return Fact(N_("Public address"), sentence, None if mine else False, {"url": origin}, ("PLAYOUT_PUBLIC_URL",))


def _platforms(configured: Sequence[str]) -> list[Fact]:
    known = [*SETTINGS, *(one for one in configured if one not in SETTINGS)]
    return [
        Fact(platform_name(one), N_("Set up: Playout has the keys of an app there."))
        if one in configured
        else Fact(
            platform_name(one), N_("Not set up. It needs the keys of your app there:"), None, settings=SETTINGS[one]
        )
        for one in known
    ]


# ── the first steps ──────────────────────────────────────────────────────────────────────────────


def _beginning(channels: Page[Channel]) -> list[Fact]:
    connected = any(one.connected for one in channels.items)
    slots = any(one.slots.slots for one in channels.items)
    published = any(one.last_published_at for one in channels.items)
    return [
        Fact(N_("A first channel"), N_("An account is connected."))
        if connected
        else Fact(
            N_("A first channel"), N_("No account is connected yet."), None, None, (), "/channels", N_("Connect one")
        ),
        Fact(N_("A first slot"), N_("A channel has weekly times."))
        if slots
        else Fact(
            N_("A first slot"),
            N_("No channel has weekly times yet: with them, posts find their own time."),
            None,
            None,
            (),
            "/slots",
            N_("Choose times"),
        ),
        Fact(N_("A first publication"), N_("Something went out."))
        if published
        else Fact(
            N_("A first publication"),
            N_("Nothing went out yet. Try it with a clip that only you can see."),
            None,
            None,
            (),
            "/posts/new",
            N_("New post"),
        ),
    ]
