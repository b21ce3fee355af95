"""The one HTTP client of the platform adapters: it sends once, and says what can have happened.

Here: one request out, one small answer back, streamed bodies, and which addresses may be followed. Not here:
retries, rate limits, OAuth, what a status means (the adapters); addresses given by people, which need a
client that looks where a name leads. Chosen by measurement: docs/decisions/0011-http-client.md.

HttpFailure         carries the method and scheme://host: never a path, a query, a header or a body
├── NotSent         nothing can have reached the platform (DNS, refused, TLS, no connection in time)
├── Refused         the address or a header is not one this client may send: a repeat changes nothing
├── Lost            the request may have reached the platform, its answer is lost (reset, time-out, cut)
│   └── TooLarge    the answer was over the cap; what it said is lost
└── Unreadable      the answer came, but it is not the JSON object it should be
"""

import asyncio
import json as jsonlib
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import ClassVar, Never, Protocol, Self, TypeAlias
from urllib.parse import SplitResult, urlencode, urlsplit

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from yarl import URL

from playout.application.ports.guard import STILL_OURS
from playout.domain.delivery import JsonValue
from playout.domain.secret import Secret

JsonObject: TypeAlias = Mapping[str, JsonValue]
Source: TypeAlias = AsyncIterator[bytes] | Callable[[], AsyncIterator[bytes]]
Words: TypeAlias = Mapping[str, str | Secret]

MIB = 1 << 20
_VISIBLE = re.compile(r"[!-~]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 5.6.2
_VALUE = re.compile(r"[\t -~]*")
_HTTPS = 443
_FRAMING = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect"})  # this client's own


class HttpFailure(Exception):
    """A request without a usable answer. `call` is its method and scheme://host."""

    reached: ClassVar[bool] = False  # may the platform have acted on it?

    def __init__(self, call: str, what: str) -> None:
        super().__init__(f"{call}: {what}")


class NotSent(HttpFailure):
    """Nothing can have reached the platform."""


class Refused(HttpFailure):
    """The address or a header is not one this client may send."""


class Lost(HttpFailure):
    """The request may have reached the platform; its answer did not reach us."""

    reached = True


class TooLarge(Lost):
    """The answer was longer than the cap; the rest was not read."""


class Unreadable(HttpFailure):
    """The answer came whole and is not a JSON object."""

    reached = True


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for each phase of a call."""

    connect: float = 10  # name, TCP and TLS together
    read: float = 30  # between two reads of an answer
    total: float = 60  # a whole call without a streamed body
    stall: float = 60  # of a streamed body not one byte leaves; also between two reads of its answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole and small."""

    status: int
    headers: Mapping[str, str]  # lower-case names; repeated ones joined by ", "
    body: bytes
    call: str = ""  # method and scheme://host of the question

    def json(self) -> JsonObject:
        """The body as a JSON object, or Unreadable (HTML, broken, another type), which does not quote it."""
        try:
            found = jsonlib.loads(self.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):  # the error holds the whole body, so it must not be chained
            found = None
        if isinstance(found, dict):
            return found
        raise Unreadable(self.call, f"the answer ({self.status}) is not a JSON object")

    def __repr__(self) -> str:
        return f"Answer({self.call} {self.status}, {len(self.body)} bytes)"


class Observer(Protocol):
    """Told of every call, in the task that makes it: metrics, and the instants of the crash table."""

    async def before(self, method: str, address: str) -> None:
        """The request is about to leave. `address` has no query."""

    async def after(self, status: int | None) -> None:
        """The answer is whole (`status`) or the call ended without one (None). Always follows `before`."""


class Http:
    """Sends each request at most once: no retry, redirect, cookie, proxy or netrc; TLS is verified.

    Small calls take a fresh connection each, so that a kept one which died meanwhile cannot make them Lost.
    Streamed bodies keep theirs: the parts of an upload follow each other at once.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        timeouts: Timeouts | None = None,
        answer_cap: int = MIB,
        observer: Observer | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._timeouts = timeouts or Timeouts()
        self._answer_cap = answer_cap
        self._observer = observer
        self._tls = tls or ssl.create_default_context()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        calls = aiohttp.TCPConnector(limit=0, force_close=True, ssl=self._tls)
        uploads = aiohttp.TCPConnector(limit=0, keepalive_timeout=5, ssl=self._tls)
        self._calls = await self._stack.enter_async_context(self._session(calls, self._timeouts.read))
        self._uploads = await self._stack.enter_async_context(self._session(uploads, self._timeouts.stall))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def send(  # noqa: PLR0913 -- a request has this many parts, all but two of them optional
        self,
        method: str,
        url: str,
        *,
        headers: Words | None = None,
        query: Words | None = None,
        form: Words | None = None,
        json: JsonValue = None,
        body: Source | None = None,
        length: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 -- one number for the caller, several phases inside
    ) -> Answer:
        """One request, one answer, whatever its status; the answer is read whole, up to the cap.

        `url` is sent as given, byte for byte; `query` is added to it. `body` needs its `length` in bytes: one
        that yields more or fewer never arrives whole (NotSent if no byte had left, else Lost). What the body
        itself raises comes through as it is; it is closed on every way out. Give pieces of 256 KiB (the
        fastest) to 1 MiB. `timeout` bounds the whole call, in seconds.
        Raises NotSent, Refused, Lost or TooLarge.
        """
        parts = _sound(url)
        if not method.isalpha() or parts is None:
            raise Refused("request", "not a plain http or https address")
        call = f"{method} {parts.scheme}://{parts.netloc}"
        names, content = _content(call, headers, form, json)
        if sum(part is not None for part in (form, json, body)) > 1:
            raise ValueError("a request has one body")
        stream = None if body is None else _Stream(call, body, length, self._timeouts.stall)
        target = url if query is None else f"{url}{'&' if '?' in url else '?'}{_encoded(query)}"
        request = _Request(call, method, target, names, stream or content)
        total = timeout if timeout is not None or stream is not None else self._timeouts.total
        status = None
        if self._observer is not None:
            await self._observer.before(method, f"{parts.scheme}://{parts.netloc}{parts.path}")
        try:
            answer = await self._within(total, request, stream)
            status = answer.status
            return answer
        finally:
            if self._observer is not None:
                await self._observer.after(status)

    async def _within(self, total: float | None, request: "_Request", stream: "_Stream | None") -> Answer:
        # Raised outside of `except`: a chained error of aiohttp would print the whole address.
        failure: Exception | None = None
        answer = None
        try:
            async with asyncio.timeout(total):
                answer = await self._exchange(self._calls if stream is None else self._uploads, request)
        except TimeoutError:
            failure = Lost(request.call, "no answer in time")
        except HttpFailure as caught:
            failure = caught
        finally:
            if stream is not None:
                await stream.finish()
        if stream is not None and stream.failure is not None:
            raise stream.failure
        if answer is None:
            raise failure or Lost(request.call, "no answer")
        return answer

    async def _exchange(self, session: aiohttp.ClientSession, request: "_Request") -> Answer:
        response = await session.request(
            request.method,
            URL(request.target, encoded=True),
            headers=request.headers,
            data=request.data,
            allow_redirects=False,
        )
        try:
            body = await self._whole(request.call, response)
        finally:
            response.close()  # ends what is unread or unsent; a finished connection is back in its pool
        headers = {name.lower(): ", ".join(response.headers.getall(name)) for name in response.headers}
        return Answer(response.status, headers, body, request.call)

    async def _whole(self, call: str, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        try:
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > self._answer_cap:
                    break
        except (aiohttp.ClientError, OSError) as caught:
            failure: Lost = Lost(call, f"the answer was cut ({type(caught).__name__})")
        else:
            if len(body) <= self._answer_cap:
                return bytes(body)
            failure = TooLarge(call, f"the answer is over {self._answer_cap} bytes")
        raise failure

    def _session(self, connector: aiohttp.TCPConnector, read: float) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect, sock_read=read),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
            skip_auto_headers=("Content-Type",),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            trust_env=False,
            auto_decompress=False,  # the cap is for what arrives
        )


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # aiohttp sends GET, PUT and DELETE again by itself when the connection ends without an answer, on a fresh
    # connection too. Its loop looks for its own errors only, so an error of ours ends the request here.
    STILL_OURS.get()()
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as caught:
        failure: HttpFailure = NotSent(_call(request), f"no connection ({type(caught).__name__})")
    except (aiohttp.ClientError, OSError) as caught:
        failure = Lost(_call(request), f"no answer ({type(caught).__name__})")
    raise failure


class _Stream(aiohttp.Payload):
    """A body that keeps to its length, notices a stall, and cuts the connection when it cannot be whole."""

    def __init__(self, call: str, body: Source, length: int | None, stall: float) -> None:
        if length is None:
            raise ValueError("a streamed body needs its length")
        super().__init__(None)
        self._call = call
        self._source = body() if callable(body) else body
        self._length = length
        self._stall = stall
        self._left = 0  # bytes handed to the connection
        self._task: asyncio.Task[None] | None = None
        self.failure: Exception | None = None  # what is wrong with the body itself, or with its pace

    @property
    def size(self) -> int:
        return self._length

    @property
    def consumed(self) -> bool:
        return True  # never to be sent again

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> Never:
        raise TypeError("a streamed body is never held as text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        transport = writer.transport
        if transport is None or not isinstance(writer, StreamWriter):
            raise ConnectionResetError
        transport.set_write_buffer_limits(high=0)  # drained means: all of it is with the kernel
        self._task = asyncio.current_task()
        try:
            async with aclosing(self._exact()) as pieces:
                async for piece in pieces:
                    await writer.write(piece, drain=False)
                    self._left += len(piece)
                    await self._drained(writer, transport)
        except BaseException:
            transport.abort()  # close() would first wait for a peer that may have stopped reading
            raise

    async def finish(self) -> None:
        """The writer has stopped and the source is closed when this returns."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()

    async def _exact(self) -> AsyncGenerator[bytes]:
        # The piece that makes the body whole waits for the end of the source: a longer body is cut too.
        got, last = 0, b""
        try:
            async for piece in self._source:
                got += len(piece)
                if got > self._length:
                    self._cut(f"more than {self._length} bytes")
                if got < self._length:
                    yield piece
                else:
                    last = piece or last
            if got < self._length:
                self._cut(f"{got} of {self._length} bytes")
        except Exception as caught:
            self.failure = caught
            raise
        yield last

    def _cut(self, what: str) -> Never:
        raise (Lost if self._left else NotSent)(self._call, f"the body has {what}")

    async def _drained(self, writer: StreamWriter, transport: asyncio.WriteTransport) -> None:
        waiting = transport.get_write_buffer_size()
        if not waiting:
            return
        drain = asyncio.ensure_future(writer.drain())
        try:
            while not (await asyncio.wait({drain}, timeout=self._stall))[0]:
                before, waiting = waiting, transport.get_write_buffer_size()
                if waiting >= before:
                    self.failure = Lost(self._call, f"not one byte left in {self._stall:g} s")
                    raise self.failure
            await drain
        finally:
            drain.cancel()


@dataclass(frozen=True, slots=True)
class _Request:
    call: str
    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    data: bytes | _Stream | None = field(repr=False)


def join(base: str, path: str) -> str:
    """`path` (with its query, if any) below `base`, whose own path is kept: never replaced."""
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def host_allowed(url: str, *, base: str, suffixes: Collection[str] = ()) -> bool:
    """Whether an address that a platform handed back may be followed (contract.md section 1).

    Yes for the host of `base`: on its port, or on any if `base` is http, which only emulators are. Yes for
    hosts below one of `suffixes` (".tiktokapis.com"), by https on port 443. Never with user names, nor where
    two programs could read two hosts from it.
    """
    there, home = _sound(url), _sound(base)
    if there is None or home is None or (there.scheme == "http" and home.scheme == "https"):
        return False
    host = there.hostname or ""
    if host == home.hostname:
        return home.scheme == "http" or _port(there) == _port(home)
    below = any(host.endswith("." + suffix.strip(".").lower()) for suffix in suffixes if suffix.strip("."))
    return below and there.scheme == "https" and _port(there) == _HTTPS


def _sound(url: str) -> SplitResult | None:
    # What every parser reads the same: visible ASCII, no backslash, fragment or user name, a plain host.
    if not _VISIBLE.fullmatch(url) or "\\" in url or "#" in url:
        return None
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and _port(parts) > 0 and not parts.netloc.endswith(":")
    except ValueError:  # a port or a bracketed host that is none
        return None
    host = parts.hostname or ""
    plain = parts.netloc.startswith("[") or all(_LABEL.fullmatch(label) for label in host.split("."))
    return parts if sound and plain and host and "@" not in parts.netloc and "%" not in host else None


def _port(parts: SplitResult) -> int:
    return parts.port if parts.port is not None else _HTTPS if parts.scheme == "https" else 80


def _call(request: aiohttp.ClientRequest) -> str:
    return f"{request.method} {request.url.origin()}"


def _content(
    call: str, headers: Words | None, form: Words | None, json: JsonValue
) -> tuple[dict[str, str], bytes | None]:
    names = {name: _clear(value) for name, value in (headers or {}).items()}
    for name, value in names.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _FRAMING or not _VALUE.fullmatch(value):
            raise Refused(call, "a header that may not be sent")
    if form is not None:
        return {"Content-Type": "application/x-www-form-urlencoded", **names}, _encoded(form).encode()
    if json is not None:
        return {"Content-Type": "application/json; charset=UTF-8", **names}, jsonlib.dumps(json).encode()
    return names, None


def _encoded(words: Words) -> str:
    return urlencode({name: _clear(value) for name, value in words.items()})


def _clear(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _no_constant(name: str) -> Never:
    raise ValueError(name)
