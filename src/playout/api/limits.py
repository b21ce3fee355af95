"""How often one may ask: so many requests a token, and far fewer wrong tokens an address. Counted in this process only.

Moving windows: whoever is at the limit may go on when the oldest of the counted requests is a window old. A request
counts once, however large its body. What has no token (a platform's webhook, a pull link) is not counted here: a
secret of its own opens it, and a platform turned away would fetch no video.
"""

import hashlib
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playout.api.problems import CODES, problem
from playout.application.meter import NoMeter
from playout.application.ports.house import Count, Meter

LIMITED = Count("http_requests_limited", "Requests that came too often, by what they were counted for.", ("by",))
#: For the OpenAPI document: what is told of the limit, where one is set. The bytes of an upload are not counted.
HEADERS: dict[str, dict[str, Any]] = {
    "RateLimit-Policy": {
        "description": "The limit, if there is one: `q` requests in `w` seconds.",
        "schema": {"type": "string"},
        "example": '"token";q=600;w=60',
    },
    "RateLimit": {
        "description": "`r` requests are left of it; there are more in `t` seconds.",
        "schema": {"type": "string"},
        "example": '"token";r=599;t=60',
    },
}
UNAUTHENTICATED = 401
#: The window of both limits, in seconds.
WINDOW = 60
#: Wrong tokens that may come from one address in a window.
WRONG_TOKENS = 20
#: Tokens that are remembered to be right. One that is forgotten is only counted as a first try again.
MOST_KNOWN = 10_000


class Windows(MemoryStorage):
    """The memory storage of `limits`, but for its time and its tidying.

    Its time is the wall clock's: set back by an hour, it would let nobody at the limit through for an hour. And at
    every request it looks through all keys, each in a thread: measured 0.2 ms of processor time with one token, 0.9 ms
    with a hundred. Here time only goes on, and all keys are looked through once a window.
    """

    def __init__(self, timer: Callable[[], float]) -> None:
        super().__init__()
        self._timer = timer
        self._times: dict[str, deque[float]] = {}
        self._tidied = timer()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Notes it, unless there are too many."""
        now = self._timer()
        self._tidy(now - expiry)
        times = self._since(key, now - expiry)
        if len(times) + amount > limit:
            return False
        self._times[key] = times
        times.extend([now] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The time of the oldest one that still counts, and how many do."""
        now = self._timer()
        times = self._since(key, now - expiry)
        return (times[0] if times else now), len(times)

    def _since(self, key: str, start: float) -> deque[float]:
        times = self._times.get(key, deque[float]())
        while times and times[0] <= start:
            times.popleft()
        return times

    def _tidy(self, start: float) -> None:
        if self._tidied <= start:
            self._times = {key: times for key, times in self._times.items() if times and times[-1] > start}
            self._tidied = self._timer()


@dataclass(frozen=True, slots=True)
class Limit:
    """One rule, and what is said to whoever is past it."""

    name: str
    item: RateLimitItem
    sentence: str

    @property
    def policy(self) -> str:
        """RateLimit-Policy, as draft-ietf-httpapi-ratelimit-headers has it."""
        return f'"{self.name}";q={self.item.amount};w={self.item.get_expiry()}'


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a limit is left, and in how many seconds there is more."""

    limit: Limit
    left: int
    more_in: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": self.limit.policy,
            "RateLimit": f'"{self.limit.name}";r={self.left};t={self.more_in}',
        }


@dataclass(frozen=True, slots=True)
class Try:
    """A token that is not known yet, being looked up. `state` gets an `actor` once it is found right."""

    token: str
    state: dict[str, Any]  # Starlette's own type


class Limits:
    """ASGI middleware, inside the gate. `per_token`: requests a window; 0: as many as one likes.

    A token's first request counts as a try of its address until it is answered; a token that was right once is not
    held up by the wrong ones of others at its address, such as behind a proxy.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_token: int,
        wrong_tokens: int = WRONG_TOKENS,
        seconds: int = WINDOW,
        timer: Callable[[], float] = time.monotonic,
        meter: Meter | None = None,
    ) -> None:
        self._app = app
        self._timer = timer
        self._meter = meter or NoMeter()
        self._window = MovingWindowRateLimiter(Windows(timer))
        self._token = Limit(
            "token",
            RateLimitItemPerSecond(per_token, seconds, "token"),
            f"This token may send {per_token} requests in {seconds} s.",
        )
        self._wrong = Limit(
            "wrong-tokens",
            RateLimitItemPerSecond(wrong_tokens, seconds, "wrong"),
            "Too many wrong tokens came from your address.",
        )
        self._known: dict[str, None] = {}  # tokens that were right, by their hash, oldest first
        self._trying: dict[str, list[Try]] = {}  # by address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what may be."""
        bearer = _bearer(scope) if scope["type"] == "http" else ""
        if not bearer:
            await self._app(scope, receive, send)
            return
        token, address = hashlib.sha256(bearer.encode()).hexdigest(), _address(scope)
        one = Try(token, scope.setdefault("state", {}))
        if token in self._known:
            await self._counted(one, address, scope, receive, send)
        else:
            trying = self._trying.setdefault(address, [])
            trying.append(one)
            try:
                await self._tried(one, address, scope, receive, send)
            finally:
                trying.remove(one)
                if not trying:
                    self._trying.pop(address, None)

    async def _tried(self, one: Try, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A token that was not seen before. Those that are being looked up count: guessing all at once is no way in."""
        cost = len({other.token for other in self._trying[address] if "actor" not in other.state})
        if await self._window.test(self._wrong.item, address, cost=cost):
            await self._counted(one, address, scope, receive, send)
        else:
            await self._refuse(await self._standing(self._wrong, address), scope, receive, send)

    async def _counted(self, one: Try, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        limit, headers = self._token, dict[str, str]()
        if limit.item.amount and not _goes_on(scope):
            fits = await self._window.hit(limit.item, one.token)
            standing = await self._standing(limit, one.token)
            if not fits:
                await self._refuse(standing, scope, receive, send)
                return
            headers = standing.headers

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._learn(one, address, message["status"])
                if "actor" in one.state:
                    MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, sending)

    async def _learn(self, one: Try, address: str, status: int) -> None:
        """Right or wrong. Neither, where the token was not looked at: /livez takes any."""
        if "actor" in one.state:
            self._known.pop(one.token, None)
            self._known[one.token] = None
            if len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
        elif status == UNAUTHENTICATED:
            self._known.pop(one.token, None)
            await self._window.hit(self._wrong.item, address)

    async def _standing(self, limit: Limit, key: str) -> Standing:
        stats = await self._window.get_window_stats(limit.item, key)
        return Standing(limit, max(stats.remaining, 0), max(math.ceil(stats.reset_time - self._timer()), 1))

    async def _refuse(self, standing: Standing, scope: Scope, receive: Receive, send: Send) -> None:
        self._meter.count(LIMITED, by=standing.limit.name)
        sentence = f"{standing.limit.sentence} Wait {standing.more_in} s."
        headers = standing.headers | {"Retry-After": str(standing.more_in)}
        await problem(CODES["rate_limited"], "rate_limited", sentence, headers=headers)(scope, receive, send)


def _goes_on(scope: Scope) -> bool:
    """The next bytes of an upload that was counted when it began: a fast line sends more of them than questions are."""
    return scope["method"] == "PATCH" and "/uploads/" in str(scope["path"])


def _bearer(scope: Scope) -> str:
    """The token as `hall` reads it: however it is spelt around, it is one token."""
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _address(scope: Scope) -> str:
    """The peer of the socket, whatever a header says of others. Of IPv6 the network, which is one customer's."""
    peer = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(peer)
    except ValueError:  # a socket of this machine has a path, or nothing
        return peer
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return peer
