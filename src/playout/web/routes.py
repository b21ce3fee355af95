"""What holds for every page, so that no handler can forget it.

Only who has signed in gets past, unless the route says `guests=True`; nothing is changed for a request that another
site sent; a refusal becomes a page (or, for htmx, a toast); a mistake is logged, and not shown as it is.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.contextvars import get_contextvars

from playout.domain.errors import PlayoutError, Unauthenticated
from playout.web import forms, guards
from playout.web.ask import Ask, House
from playout.web.refusals import OUR_MISTAKE, kin_of, unrouted
from playout.web.visitors import Guest

log = logging.getLogger(__name__)

Handler = Callable[[Ask], Awaitable[Response]]
SIGN_IN = "/sign-in"
#: From this status on it is not the visitor who can mend it.
OURS = 500


@dataclass(frozen=True, slots=True)
class Way:
    """One method of one address."""

    method: str
    path: str  # Starlette's pattern
    handler: Handler
    guests: bool  # whoever has not signed in may come too
    most: int  # bytes of the form
    streams: bool  # the handler reads the body itself; the token comes in a header

    def route(self, house: House) -> Route:
        """As Starlette takes it."""

        async def endpoint(request: Request) -> Response:
            request.scope["route"] = made  # the gate's log names the pattern, never the path
            return await self.answer(request, house)

        made = Route(self.path, endpoint, methods=[self.method], name=f"{self.method} {self.path}")
        return made

    async def answer(self, request: Request, house: House) -> Response:
        """The handler's, once all checks are passed; else why not."""
        try:
            ask = await Ask.of(request, house)
        except PlayoutError as error:  # nobody can be known right now
            ask = Ask.unknown(request, house)
            return ask.finish(await refused(ask, error))
        return ask.finish(await self._answered(ask))

    async def _answered(self, ask: Ask) -> Response:
        try:
            if ask.request.method not in guards.SAFE:
                await self._checked(ask)
            if not self.guests:
                ask.visitor  # noqa: B018 -- raises for a guest
            return await self.handler(ask)
        except PlayoutError as error:
            return await refused(ask, error)
        except HTTPException as error:
            return await refused(ask, unrouted(error.status_code), status=error.status_code)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is: it is logged, and not shown
            return await mistaken(ask, error)

    async def _checked(self, ask: Ask) -> None:
        guards.same_origin(ask.request, ask.house.public_origin)
        token = ask.request.headers.get(guards.HEADER)
        if not self.streams:
            ask.form = await forms.read(ask.request, self.most)
            given = ask.form.get(guards.FIELD)
            token = token or (given if isinstance(given, str) else None)
        guards.check(ask.who.key, token)


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one noun, as its module declares them."""

    ways: list[Way] = field(default_factory=list)

    def get(self, path: str, *, guests: bool = False) -> Callable[[Handler], Handler]:
        """Answers GET and HEAD."""
        return self._way("GET", path, guests=guests)

    def post(
        self, path: str, *, guests: bool = False, most: int = forms.MOST, streams: bool = False
    ) -> Callable[[Handler], Handler]:
        """Answers POST. `most`: bytes of the form. See `Way` for `streams`."""
        return self._way("POST", path, guests=guests, most=most, streams=streams)

    def way(
        self, method: str, path: str, *, guests: bool = False, streams: bool = False
    ) -> Callable[[Handler], Handler]:
        """Answers another method, for scripts: PATCH, DELETE."""
        return self._way(method, path, guests=guests, streams=streams)

    def _way(
        self, method: str, path: str, *, guests: bool, most: int = forms.MOST, streams: bool = False
    ) -> Callable[[Handler], Handler]:
        def declared(handler: Handler) -> Handler:
            self.ways.append(Way(method, path, handler, guests, most, streams))
            return handler

        return declared


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


async def refused(ask: Ask, error: PlayoutError, *, status: int | None = None) -> Response:
    """A page with the sentence; a toast for htmx; the way to the sign-in for a guest."""
    if isinstance(error, Unauthenticated) and isinstance(ask.who, Guest):
        return _to_sign_in(ask)
    kin = kin_of(error)
    status = status or kin.status
    if not ask.by_htmx:
        unasked = {"needs": 0} if status >= OURS else {}  # what failed is not asked again
        return await ask.page("refused.html", status=status, refused=error, title=kin.title, **unasked)
    response = ask.fragment("parts/refused.html", status=status, refused=error, title=kin.title)
    response.headers["HX-Retarget"] = "#toasts"
    response.headers["HX-Reswap"] = "beforeend"
    return response


async def mistaken(ask: Ask, error: Exception) -> Response:
    """Logged under the id of the request, which the page names."""
    request_id = str(get_contextvars().get("request_id", ""))
    log.error("request.mistake", exc_info=error, extra={"request_id": request_id})
    return await refused(ask, PlayoutError(OUR_MISTAKE, code="internal_error"))


def _to_sign_in(ask: Ask) -> Response:
    """And back, for what may be opened again by its address."""
    url = ask.request.url
    wanted = f"{url.path}?{url.query}" if url.query else url.path
    back = f"?next={quote(wanted)}" if ask.request.method == "GET" and not ask.by_htmx and wanted != "/" else ""
    return ask.see_other(f"{SIGN_IN}{back}")
