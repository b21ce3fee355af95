"""Carries out a row of the table: goes to the place that it names, lets the fault happen there, says how it ended.

A real adapter asks a real sandbox; only an answer with headers of its own comes from a small scripted server.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import aiohttp
from aiohttp import web

from playout.domain.delivery import Next
from playout.domain.retry import PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http, Timeouts
from tests.corpora.fault import ON, Fault, Row
from tests.platforms import facebook_stage, instagram_stage, tiktok_stage, youtube_stage
from tests.platforms.instagram_stage import Door
from tests.platforms.show import Show
from tests.sandbox.app import App
from tests.sandbox.other_side import OtherSide, other_side

Told: TypeAlias = tuple[str, str, Turn | None]

PATIENT, HASTY = 30, 0.7  # seconds
RETURN_TO = "http://127.0.0.1:8030/callback"
STATE, VERIFIER = Secret("state-of-this-sign-in"), Secret("v" * 64)
_WELL = "well"  # of a call that is no step, or the last one
_PATIENCE = 16  # steps
_DAYS = 30 * 86_400
_SETTINGS = {
    "sink": True,
    "durable": False,
    "media_checks": False,
    "auto_consent": True,
    "pull_insecure": True,
    "pull_delay": 0.0,
    "youtube": {"access_seconds": _DAYS},
    "instagram": {"pull_seconds": 1e9},
    # a reel that is out at once could not be told to have failed
    "facebook": {"processing_seconds": 60, "publishing_seconds": 1000},
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is met: the request that it spoils, and the call of the adapter that sends it."""

    request: str  # as the sandbox names its kind
    call: str = ""  # of the adapter; "": the step
    step: str = ""  # the coming one, or the one that `look` is about
    before: str = ""  # the step, if it is another one, in which something goes wrong first
    lost: tuple[str, ...] = ()  # what goes wrong first, in turn: requests that do not arrive
    public: bool = False  # it is out by now, whatever the fault


@dataclass(frozen=True, slots=True)
class Ended:
    """How a row ended."""

    told: Told  # as Row.wanted
    retry_at: datetime | None
    asked: tuple[datetime, datetime]  # between these two
    published: int  # by this call, or in spite of it; not counted at public places
    fired: int  # times that the fault happened


PLACES: Mapping[str, Mapping[str, Place]] = {
    "tiktok": {
        "exchange": Place("tiktok.token", "exchange"),
        "renew": Place("tiktok.token", "renew"),
        "profile": Place("tiktok.user_info", "profile"),
        "options": Place("tiktok.creator_info", "live"),
        "check": Place("tiktok.creator_info", step="check"),
        "init": Place("tiktok.init", step="init"),
        "draft": Place("tiktok.inbox_init", step="init"),
        "chunk": Place("tiktok.upload", step="send"),
        "last byte": Place("tiktok.upload", step="finish"),
        "pull": Place("tiktok.init", step="pull"),
        "look": Place("tiktok.status", "look", "finish", lost=("tiktok.upload",)),
        "status": Place("tiktok.status", step="follow", public=True),
    },
    "youtube": {
        "exchange": Place("youtube.token", "exchange"),
        "renew": Place("youtube.token", "renew"),
        "profile": Place("youtube.channels", "profile"),
        "check": Place("youtube.channels", step="check"),
        "start": Place("youtube.start", step="start"),
        "chunk": Place("youtube.upload", step="send"),
        "resync": Place("youtube.query", step="resync", before="send", lost=("youtube.upload",)),
        "last byte": Place("youtube.upload", step="finish"),
        "look": Place("youtube.query", "look", "finish", lost=("youtube.upload",)),
        "find": Place("youtube.playlist_items", step="find", before="finish", lost=("youtube.upload", "youtube.query")),
        "status": Place("youtube.videos", step="follow", public=True),
    },
    "instagram": {
        "exchange": Place("instagram.token", "exchange"),
        "long token": Place("instagram.exchange", "exchange"),
        "code": Place("facebook.token", "exchange"),
        "accounts": Place("facebook.accounts", "exchange"),
        "renew": Place("instagram.refresh", "renew", "two days later"),
        "renew too early": Place("instagram.refresh", "renew"),
        "profile": Place("instagram.me", "profile"),
        "options": Place("instagram.quota", "live"),
        "container": Place("instagram.container", step="container"),
        "upload": Place("instagram.upload", step="upload"),
        "resync": Place("instagram.container_status", step="resync", before="upload", lost=("instagram.upload",)),
        "status": Place("instagram.container_status", step="follow"),
        "quota": Place("instagram.quota", step="quota"),
        "publish": Place("instagram.publish", step="publish"),
        "look": Place("instagram.container_status", "look", "publish", lost=("instagram.publish",)),
        "list": Place("instagram.media", "look", "publish", lost=("instagram.publish",)),
    },
    "facebook": {
        "exchange": Place("facebook.token", "exchange"),
        "accounts": Place("facebook.accounts", "exchange"),
        "renew": Place("facebook.page", "renew"),
        "profile": Place("facebook.me", "profile"),
        "start": Place("facebook.reels_start", step="start"),
        "before upload": Place("facebook.video", step="upload"),
        "upload": Place("facebook.upload", step="upload"),
        "open": Place("facebook.videos_start", step="open"),
        "part": Place("facebook.videos_transfer", step="transfer"),
        "finish": Place("facebook.reels_finish", step="finish"),
        "publish": Place("facebook.videos_finish", step="publish"),
        "look": Place("facebook.video", "look", "finish", lost=("facebook.reels_finish",)),
        "status": Place("facebook.video", step="follow", public=True),
    },
}


class Stage:
    """One sandbox for all rows, wiped before each; two clients, of which one gives up soon."""

    def __init__(self, app: App, patient: Http, hasty: Http, side: OtherSide) -> None:
        self._app = app
        self._patient = patient
        self._hasty = hasty
        self._side = side

    async def plays(self, platform: str, row: Row) -> Ended:
        """How the row ends."""
        await self._app.control("reset", {})
        await self._app.control("config", _SETTINGS)
        place = PLACES[platform][row.at]
        show = await self._cast(platform, row.way)
        call = await self._prepared(show, place, login=_login(platform, row.way))
        async with scripted(row.fault) as address:
            http = self._hasty if row.fault.hasty else self._patient
            show.platform = _adapter(platform, row.way, http, self._app.url, address)
            if not address:
                await self._app.fault({"kind": place.request}, row.fault.action, **row.fault.more)
            began = await show.now()
            told, retry_at = await _met(call, show, row)
            ended = await show.now()
        fired = 1 if address else len((await self._app.control("faults"))["fired"]) - len(place.lost)
        published = 0 if place.public else await show.published()
        return Ended(told, retry_at, (began, ended), published, fired)

    # ── who is on stage ──────────────────────────────────────────────────────────────────────────

    async def _cast(self, platform: str, way: str) -> Show[Any]:
        app, http = self._app, self._patient
        match platform, way:
            case "tiktok", _:
                return await self._tiktok(way)
            case "youtube", _:
                upload = await youtube_stage.connected(app, http)
                upload.facts = replace(upload.facts, duration=1000.0 if way == "long" else upload.facts.duration)
                return upload
            case "instagram", "pull":
                door = Door(self._side)
                grant = await instagram_stage.instagram_grant(app)
                return instagram_stage.Reel(app, instagram_stage.adapter(http, app.url), grant, pulls=door, door=door)
            case "instagram", _:
                grant = await instagram_stage.facebook_grant(app)
                return instagram_stage.Reel(app, instagram_stage.adapter(http, app.url), grant)
            case _:
                scene = await facebook_stage.connected(app, http)
                if way == "long":
                    scene.be_long()
                return scene

    async def _tiktok(self, way: str) -> Show[Any]:
        app = self._app
        await app.configure(verified_prefixes=[f"{self._side.url}/pull/"], pull_seconds=1e9, access_seconds=_DAYS)
        wish = {"creator": "alice.films", "scopes": list(tiktok_stage.SCOPES)}
        tokens = await app.control("tiktok/grant", wish)
        grant = tiktok_stage.grant_of(tokens, await instagram_stage.now_of(app))
        show = Show[Any](app, _adapter("tiktok", way, self._patient, app.url, ""), grant)
        show.options = tiktok_stage.INBOX if way == "inbox" else tiktok_stage.PUBLIC
        show.pulls = Door(self._side) if way == "pull" else show.pulls
        show.size = tiktok_stage.LARGE if way == "large" else tiktok_stage.SMALL
        return show

    # ── on the way to the place ──────────────────────────────────────────────────────────────────

    async def _prepared(self, show: Show[Any], place: Place, *, login: str) -> Callable[[], Awaitable[Any]]:
        """Goes there; the call that meets the fault."""
        match place.call:
            case "exchange":
                url = show.platform.authorize_url(login, state=STATE, return_to=RETURN_TO, verifier=VERIFIER)
                code = Secret((await self._app.send("GET", url)).query["code"])
                return lambda: self._exchange(show, login, code)
            case "renew":
                if place.step:  # a token that is younger than a day is not renewed
                    await show.pass_time(timedelta(days=2))
                return lambda: self._renew(show)
            case "profile":
                return lambda: show.platform.profile(show.grant)
            case "live":
                return lambda: show.platform.live(show.grant, show.options)
            case _:
                await self._go(show, place)
                return show.once

    async def _exchange(self, show: Show[Any], login: str, code: Secret) -> object:
        now = await show.now()
        return await show.platform.exchange(login, code=code, return_to=RETURN_TO, verifier=VERIFIER, now=now)

    async def _renew(self, show: Show[Any]) -> object:
        return await show.platform.renew(show.grant, await show.now())

    async def _go(self, show: Show[Any], place: Place) -> None:
        """To the step, or to what went wrong in it, and from there to the step that the place names."""
        await show.until(place.before or place.step)
        for request in place.lost:
            # a session that does not answer is asked again; only one that is gone leads on to the search
            gone = {"action": "status", "status": 404} if request == "youtube.query" else {"action": "reset_before"}
            await self._app.control("faults", {"match": {"kind": request}, **gone})
            with suppress(PlatformFailure):
                await show.once()
        assert show.coming_step == place.step, show.coming
        assert show.fenced is (place.call == "look")


def _login(platform: str, way: str) -> str:
    return "facebook" if (platform, way) == ("instagram", "upload") else platform


def _adapter(platform: str, way: str, http: Http, url: str, elsewhere: str) -> object:
    """At the sandbox, or at `elsewhere` for what is neither sign-in nor upload."""
    match platform:
        case "tiktok":
            transfer: Literal["file", "pull"] = "pull" if way == "pull" else "file"
            return tiktok_stage.adapter(http, url, transfer, **_changed("api_url", elsewhere))
        case "youtube":
            return youtube_stage.adapter(http, url, **_changed("api_url", elsewhere))
        case "instagram":
            return instagram_stage.adapter(http, url, **_changed("graph", elsewhere))
        case _:
            return facebook_stage.facebook(http, url, **_changed("graph_url", elsewhere))


def _changed(name: str, address: str) -> dict[str, str]:
    return {name: address} if address else {}


async def _met(call: Callable[[], Awaitable[Any]], show: Show[Any], row: Row) -> tuple[Told, datetime | None]:
    """The failure; where one is expected, also one that a few more steps lead to."""
    try:
        outcome = await call()
        for _ in range(_PATIENCE):
            if row.ends == ON or not isinstance(outcome, Next):
                break
            await show.pass_time(outcome.after or timedelta(0))
            outcome = await show.once()
    except PlatformFailure as failure:
        return (failure.kind, failure.code, failure.turn), failure.retry_at
    return (ON, outcome.step if isinstance(outcome, Next) else _WELL, None), None


@asynccontextmanager
async def scripted(fault: Fault) -> AsyncIterator[str]:
    """The address of a server that gives this answer and no other; "" for what the sandbox can say itself."""
    if not fault.headers:
        yield ""
        return

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=fault.more["status"], text=fault.more["body"], headers=fault.headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Stage]:
    """The stage at a sandbox."""

    def waits(seconds: float) -> Http:
        timeouts = Timeouts(read=seconds, total=seconds, stall=seconds)
        return Http(user_agent="Playout-tests", timeouts=timeouts)

    async with (
        other_side() as side,
        waits(PATIENT) as patient,
        waits(HASTY) as hasty,
        aiohttp.ClientSession() as client,
    ):
        side.video = b"any bytes"
        yield Stage(App(client, url), patient, hasty, side)
