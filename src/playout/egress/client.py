"""HTTP over connections that were checked: a file fetched, a body posted. Each request is sent once.

No proxy, cookie, credential or compression, and no redirect that was not checked as an address is. Errors of aiohttp
print whole addresses, so none is chained to ours.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urljoin

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from playout.application.ports.egress import MOST_ANSWER, Fetching, Reply
from playout.domain.errors import Invalid, Unavailable
from playout.egress.download import Download
from playout.egress.failures import wrong
from playout.egress.filenames import named
from playout.egress.replies import pause_asked
from playout.egress.rules import HTTPS, Rules, Target
from playout.egress.sockets import Dial, Door, Names, Resolve, dialled

MOST_REDIRECTS = 3
_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: What may pass by itself, besides all of 500 and above: time-out, conflict, too early, too many.
_PASSING = frozenset({408, 409, 425, 429})
_SERVER = 500
_SIGN_IN = frozenset({401, 402, 403, 407})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 5.6.2
_VALUE = re.compile(r"[\t -~]*")
_VISIBLE = re.compile(r"[!-~]+")
#: Ours alone to set, or nobody's.
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "expect", "te", "trailer", "upgrade", "user-agent"}
    | {"cookie", "authorization", "proxy-authorization", "accept-encoding"}
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a host may take, in seconds."""

    connect: float = 5  # for each of its addresses
    answer: float = 30  # until the head of the answer is here: name, connection, TLS, head
    idle: float = 30  # for the next 64 KiB of a file
    whole: float = 3600  # for a file, redirects and all
    post: float = 20  # for a whole post


class HttpsEgress:
    """The Protocol `Egress` over aiohttp. `allow`: see `Rules`; the other arguments are for those who test it."""

    def __init__(
        self,
        *,
        user_agent: str,
        allow: Collection[tuple[str, int]] = (),
        pace: Pace | None = None,
        resolve: Resolve | None = None,
        dial: Dial = dialled,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._rules = Rules(allow)
        self._pace = pace or Pace()
        self._names = Names()
        self._door = Door(self._rules, resolve or self._names, dial, self._pace.connect)
        self._tls = tls or ssl.create_default_context()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._stack.callback(self._names.close)
        session = aiohttp.ClientSession(
            connector=_Connector(self._door, self._tls),
            timeout=aiohttp.ClientTimeout(total=None),  # all waits are bounded here
            headers={"User-Agent": self._user_agent, "Accept": "*/*", "Accept-Encoding": "identity"},
            skip_auto_headers=("Content-Type",),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_once,),
            trust_env=False,
            auto_decompress=False,
            max_headers=64,
        )
        self._session = await self._stack.enter_async_context(session)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def check(self, url: str) -> None:
        """By the form and by what is known of names and addresses."""
        self._rules.target(url)

    @asynccontextmanager
    async def fetch(self, url: str, *, limit: int) -> AsyncIterator[Fetching]:
        """One GET, and one for each redirect."""
        end = asyncio.get_running_loop().time() + self._pace.whole
        target = self._rules.target(url)
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._asked(target)
            try:
                if response.status not in _REDIRECTS:
                    yield _file(response, target, Download(response, limit, self._pace.idle, end))
                    return
                target = self._moved(target, response.headers.get("Location", ""))
            finally:
                response.close()
        raise wrong("could_not_fetch", "This address only leads on to others. Use the address of the file itself.")

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, most_answer: int = MOST_ANSWER) -> Reply:
        """One POST. Of the answer status and pause are taken; the rest is read, so that the host can end in peace."""
        target = self._rules.target(url)
        names = _sound(headers)
        reply: Reply | None = None
        try:
            async with asyncio.timeout(self._pace.post):
                response = await self._sent("POST", target, names, body)
                reply = Reply(response.status, pause_asked(response.headers))
                try:
                    await _read_away(response, most_answer)
                finally:
                    response.close()
        except TimeoutError:
            pass
        if reply is None:
            raise _silent()
        return reply

    async def _asked(self, target: Target) -> aiohttp.ClientResponse:
        try:
            async with asyncio.timeout(self._pace.answer):
                return await self._sent("GET", target, {}, None)
        except TimeoutError:
            pass
        raise _silent()

    async def _sent(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> aiohttp.ClientResponse:
        url = URL(target.url, encoded=True)
        return await self._session.request(method, url, headers=headers, data=body, allow_redirects=False)

    def _moved(self, target: Target, location: str) -> Target:
        """Where a redirect leads, checked as any address is."""
        if _VISIBLE.fullmatch(location):  # else a parser might leave out what another reads
            try:
                return self._rules.target(urljoin(target.url, location.partition("#")[0]))
            except (Invalid, ValueError):
                pass
        raise wrong(
            "address_refused",
            "This address leads on to one that is not public, or not https. Use the one of the file itself.",
        )


class _Connector(aiohttp.BaseConnector):
    """Has no say in where a connection goes: the door has."""

    def __init__(self, door: Door, tls: ssl.SSLContext) -> None:
        super().__init__(limit=0, force_close=True)
        self._door = door
        self._tls = tls

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: object,
        timeout: object,  # noqa: ASYNC109 -- aiohttp's own signature
    ) -> ResponseHandler:
        host = req.url.raw_host
        if host is None or req.proxy is not None or not req.is_ssl():
            raise wrong("address_refused", "Playout reaches other hosts by https only.")
        opened = await self._door.open(host, req.port or HTTPS)
        failure: Exception
        try:
            _, protocol = await self._loop.create_connection(
                self._factory, sock=opened, ssl=self._tls, server_hostname=host
            )
        except ssl.SSLCertVerificationError:
            sentence = "The certificate of the host is not valid for its name and time, or nobody known has signed it."
            failure = Unavailable(sentence, code="unreachable")
        except OSError:
            failure = _silent()
        else:
            return protocol
        raise failure


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    # aiohttp sends a GET again by itself when the connection ends without an answer; an error of ours ends that.
    failure: Exception
    try:
        return await handler(request)
    except aiohttp.ClientResponseError:
        failure = wrong("could_not_fetch", "The host does not answer as a web server does. Check the address.")
    except (aiohttp.ClientError, OSError):
        failure = _silent()
    raise failure


def _file(response: aiohttp.ClientResponse, target: Target, download: Download) -> Fetching:
    """The answer as a file, if it is one."""
    _refuse_status(response.status)
    headers = response.headers
    coding = headers.get("Content-Encoding", "identity"), headers.get("Transfer-Encoding", "chunked")
    if (coding[0].strip().lower(), coding[1].strip().lower()) != ("identity", "chunked"):
        raise wrong("could_not_fetch", "The host sends the file compressed, though asked not to. Use another address.")
    download.filename = named(headers.get("Content-Disposition"), target.rest)
    download.refuse_announced()
    return download


def _refuse_status(status: int) -> None:
    if status in _PASSING or status >= _SERVER:
        raise Unavailable("The host of this address cannot give the file right now.", code="unreachable")
    if status in _SIGN_IN:
        raise wrong("could_not_fetch", "The host gives this file only to some. Use a link that needs no sign-in.")
    if status != _OK:
        raise wrong("could_not_fetch", "There is no file at this address, or no longer. Check it, or use a new link.")


async def _read_away(response: aiohttp.ClientResponse, most: int) -> None:
    left = most
    try:
        while left > 0 and (piece := await response.content.read(left)):
            left -= len(piece)
    except (aiohttp.ClientError, OSError):
        return  # the status was heard, and counts


def _sound(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS or not _VALUE.fullmatch(value):
            msg = f"a header that may not be sent: {name!r}"
            raise ValueError(msg)
    return dict(headers)


def _silent() -> Unavailable:
    return Unavailable("The host of this address does not answer, or breaks off.", code="unreachable")
