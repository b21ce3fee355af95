"""What the tests of the Instagram adapter share: an account connected by either login, a video, and a driver.

The driver is the one of the TikTok tests; its `tiktok` is any adapter. The fixtures are in instagram_cast.py.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from playout.application.ports import Fetched, Task
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import Outcome, Receipt
from playout.domain.errors import Conflict
from playout.domain.retry import PlatformFailure
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.instagram import FacebookKeys, Instagram, InstagramKeys
from tests.platforms.show import Show
from tests.sandbox.app import App
from tests.sandbox.other_side import OtherSide

ID, SECRET = "sandbox-client-id", "sandbox-client-secret"
ACCOUNT, SCOPED = "17841400000000001", "25000000000000001"
PERSON, PAGE = "100000000000001", "200000000000001"
PROFILE = Profile(ACCOUNT, "alice.films", "Alice Films")
VERSION = "v25.0"
WAYS = ("pull", "upload")  # Instagram Login and Facebook Login
AWAY = "http://127.0.0.1:1"
BASIC, PUBLISH = "instagram_business_basic", "instagram_business_content_publish"


def instagram_keys(url: str, **changed: str) -> InstagramKeys:
    bases = {name: f"{url}/instagram-{name}" for name in ("www", "api", "graph")} | changed
    secret = Secret(changed.get("secret", SECRET))
    return InstagramKeys(ID, secret, bases["www"], bases["api"], bases["graph"])


def facebook_keys(url: str, **changed: str) -> FacebookKeys:
    bases = {"www": f"{url}/facebook-www", "graph": f"{url}/facebook-graph", "rupload": f"{url}/meta-rupload"} | changed
    secret = Secret(changed.get("secret", SECRET))
    return FacebookKeys(ID, secret, bases["www"], bases["graph"], bases["rupload"])


def adapter(http: Http, url: str, **changed: str) -> Instagram:
    """For both logins. `changed` may name other bases (www, api, graph, rupload), or another secret."""
    return Instagram(
        http, instagram=instagram_keys(url, **changed), facebook=facebook_keys(url, **changed), version=VERSION
    )


class Door:
    """The house's /pull, as an adapter sees it: what is withdrawn is so for good."""

    def __init__(self, side: OtherSide) -> None:
        self._side = side
        self.offered: list[str] = []
        self.withdrawn: list[str] = []

    async def offer(self, nonce: str) -> str:
        if nonce in self.withdrawn:
            raise Conflict("This address was withdrawn.", code="withdrawn")
        self.offered.append(nonce)
        return f"{self._side.url}/pull/{nonce}.mp4"

    async def withdraw(self, nonce: str) -> Fetched:
        self.withdrawn.append(nonce)
        return Fetched.EVERYTHING


@dataclass
class Reel(Show[Instagram]):
    """One delivery to Instagram, driven by hand against the sandbox."""

    door: Door | None = None
    is_slow: bool = False  # time passes while Instagram works; else it is waited for, because it works in real time

    async def task(self) -> Task:
        return replace(await super().task(), profile=PROFILE)

    async def to_the_end(self, *, patience: int = 3000) -> Receipt | PlatformFailure | None:
        return await super().to_the_end(patience=patience)

    async def _go_on(self, outcome: Outcome) -> None:
        if self.is_slow or self.coming_step not in {"follow", "resync"}:
            await super()._go_on(outcome)

    async def configure(self, **settings: object) -> None:
        await self.app.control("config", {"instagram": settings})

    async def refused(self, code: str, kind: str, *, status: int = 400, times: int = 1) -> None:
        """The next call of a kind is answered with an error of this code, and does nothing."""
        await self.break_next("status", kind, status=status, code=code, times=times)

    async def fails(self) -> PlatformFailure:
        """One step that raises."""
        with pytest.raises(PlatformFailure) as refused:
            await self.once()
        return refused.value

    async def is_published(self) -> Receipt:
        """To the end, which is a publication with an address: the only one there is."""
        receipt = await self.to_the_end()
        assert isinstance(receipt, Receipt), (receipt, self.failures, self.taken[-20:])
        assert await self.published() == 1
        return receipt

    async def is_unknown(self) -> PlatformFailure:
        """To the end, where only a person can say."""
        failure = await self.to_the_end()
        assert isinstance(failure, PlatformFailure), (failure, self.taken[-20:])
        return failure


async def now_of(app: App) -> datetime:
    return datetime.fromtimestamp((await app.control("clock"))["now"], UTC)


async def instagram_grant(app: App, **wish: object) -> Grant:
    """As Instagram Login gives it."""
    token = await app.control("instagram/grant", wish)
    ends_at = await now_of(app) + timedelta(seconds=token["expires_in"])
    access = Secret(token["access_token"])
    scopes = tuple(token["permissions"].split(","))
    renew_at = ends_at - timedelta(seconds=token["expires_in"] / 2)
    return Grant(access, access, ends_at, ends_at, scopes, {"login": "instagram", "account": ACCOUNT}, renew_at)


async def facebook_grant(app: App, **wish: object) -> Grant:
    """As Facebook Login gives it."""
    token = await app.control("instagram/grant", {"login": "facebook", **wish})
    extra = {"login": "facebook", "account": ACCOUNT, "page_id": token["page_id"], "owner_id": PERSON}
    scopes = ("instagram_basic", "instagram_content_publish", "pages_show_list", "pages_read_engagement")
    return Grant(Secret(token["page_token"]), Secret(token["access_token"]), None, None, scopes, extra)
