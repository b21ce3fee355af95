"""One request for a page: who asks, in which language and zone, and the ways to answer."""

import gzip
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from playout.application.services import Services
from playout.domain.errors import PlayoutError, Unauthenticated
from playout.domain.person import Actor
from playout.domain.secret import Secret
from playout.web import guards, needs, times, toasts
from playout.web.cookies import Cookies, Word
from playout.web.drawing import Looks
from playout.web.headers import dress
from playout.web.languages import Language, choose
from playout.web.marks import N_
from playout.web.nav import COMPOSER, PLACES
from playout.web.refusals import kin_of, problems_of
from playout.web.static import WORTH_IT, takes_gzip
from playout.web.toasts import Toast
from playout.web.visitors import Guest, Visitor, Visitors

THEMES = ("light", "dark")
#: Where platforms send people back to after a sign-in.
COMING_BACK = "/connect/"
_SEE_OTHER = 303
_EVERY_ANSWER = 6  # how hard gzip tries where it is done anew each time


@dataclass(frozen=True, slots=True)
class House:
    """What all pages share."""

    services: Services
    visitors: Visitors
    cookies: Cookies
    public_origin: str
    looks: Looks


@dataclass(slots=True)
class Ask:
    """What a handler is given. `form` holds the fields of a POST, checked for where it came from."""

    request: Request
    house: House
    who: Guest | Visitor
    language: Language
    form: FormData = field(default_factory=FormData)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @classmethod
    async def of(cls, request: Request, house: House) -> "Ask":
        """Raises Unavailable when sessions cannot be read."""
        session = house.cookies.get(request, Word.SESSION)
        found = await house.visitors.of(Secret(session)) if session else None
        return cls(request, house, found or _guest(request, house), _language(request, house))

    @classmethod
    def unknown(cls, request: Request, house: House) -> "Ask":
        """Whoever it is, as a guest."""
        return cls(request, house, _guest(request, house), _language(request, house))

    # ── who asks, and what for ───────────────────────────────────────────────────────────────────

    @property
    def hall(self) -> Services:
        """The services; a page calls one verb of them."""
        return self.house.services

    @property
    def visitor(self) -> Visitor:
        """Raises Unauthenticated for a guest."""
        if isinstance(self.who, Visitor):
            return self.who
        msg = N_("Sign in to see this.")
        raise Unauthenticated(msg)

    @property
    def actor(self) -> Actor:
        """Raises Unauthenticated for a guest."""
        return self.visitor.actor

    @property
    def zone(self) -> ZoneInfo:
        """The visitor's own; UTC until it is known."""
        return times.zone_named(self.house.cookies.get(self.request, Word.ZONE))

    @property
    def by_htmx(self) -> bool:
        """Whether a part of a page is wanted, not a whole one."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def here(self) -> str:
        """This address with its query, for a form that comes back to it. After a POST: the start.

        The start, too, where a platform's sign-in comes back: its query holds one-time secrets.
        """
        url = self.request.url
        if self.request.method != "GET" or url.path.startswith(COMING_BACK):
            return "/"
        return f"{url.path}?{url.query}" if url.query else url.path

    def said(self, name: str, default: str = "") -> str:
        """A field of the form, or of the query for a GET; never a file."""
        value = (self.form if self.request.method == "POST" else self.request.query_params).get(name, default)
        return value if isinstance(value, str) else default

    def translated(self, sentence: str) -> str:
        """In the language of this answer, where it has it."""
        return self.language.words.gettext(sentence) if sentence else ""

    def counted(self, one: str, many: str, number: int) -> str:
        """As `translated`, for a sentence with a number: `ask.counted("%(num)d clip", "%(num)d clips", 3)`."""
        return self.language.words.ngettext(one, many, number) % {"num": number}

    # ── answers ──────────────────────────────────────────────────────────────────────────────────

    async def page(
        self, template: str, *, status: int | None = None, refused: PlayoutError | None = None, **shown: object
    ) -> Response:
        """A whole page. `refused`: an error to be shown in it, which also gives the status unless `status` does.

        A template knows, beside what is `shown`: ask, visitor (or none), zone, now, token(), nonce, toast, refused,
        problems (field -> sentence), places, needs, language.
        """
        toast = self._toast()
        if isinstance(self.who, Visitor) and "needs" not in shown:
            shown = {"needs": await needs.waiting(self.hall, self.who.actor), **shown}
        response = self._drawn(template, status, refused, {"toast": toast, **shown})
        if toast:
            self.house.cookies.drop(response, Word.TOAST)
        return response

    def fragment(
        self,
        template: str,
        *,
        status: int | None = None,
        refused: PlayoutError | None = None,
        toast: Toast | None = None,
        **shown: object,
    ) -> Response:
        """A part of a page, for htmx. With `toast` it brings one along, whatever it is swapped into."""
        return self._drawn(template, status, refused, {"toast": toast, **shown}, with_toast=toast is not None)

    def see_other(self, path: str, *, toast: Toast | None = None) -> Response:
        """After a change: on to a page of ours, which shows `toast`. A path that leads elsewhere leads to the start."""
        path = inside(path)
        response: Response = RedirectResponse(path, _SEE_OTHER)
        if self.by_htmx:
            response = Response(status_code=204, headers={"HX-Redirect": path})
        text = toasts.packed(toast, self.who.key) if toast else ""
        if text:
            self.house.cookies.set(response, Word.TOAST, text, seconds=toasts.LIVES)
        return response

    def finish(self, response: Response) -> Response:
        """Adds what every answer carries."""
        dress(response.headers, nonce=self.nonce, secure=self.house.cookies.secure)
        cookies = self.house.cookies
        if isinstance(self.who, Guest) and cookies.get(self.request, Word.GUEST) != self.who.key.reveal():
            cookies.set(response, Word.GUEST, self.who.key.reveal())
        return response

    def _drawn(
        self,
        template: str,
        status: int | None,
        refused: PlayoutError | None,
        shown: dict[str, object],
        *,
        with_toast: bool = False,
    ) -> Response:
        status = status or (kin_of(refused).status if refused else 200)
        known = self._known() | {"status": status, "refused": refused, "problems": problems_of(refused)} | shown
        text = self.house.looks.drawing.draw(template, self.language, known)
        if with_toast:
            text += self.house.looks.drawing.draw("parts/toast.html", self.language, known)
        return self._html(text, status)

    def _known(self) -> dict[str, object]:
        theme = self.house.cookies.get(self.request, Word.THEME)
        return {
            "ask": self,
            "visitor": self.who if isinstance(self.who, Visitor) else None,
            "zone": self.zone,
            "zone_known": self.house.cookies.get(self.request, Word.ZONE) is not None,
            "now": self.hall.clock.now(),
            "theme": theme if theme in THEMES else "system",
            "keys": self.house.cookies.get(self.request, Word.KEYS) != "off",
            "nonce": self.nonce,
            "token": lambda: guards.token(self.who.key),
            "token_field": guards.FIELD,
            "token_header": guards.HEADER,
            "zone_cookie": self.house.cookies.name(Word.ZONE),
            "places": PLACES,
            "composer": COMPOSER,
            "languages": self.house.looks.languages,
            "needs": 0,
        }

    def _html(self, text: str, status: int) -> Response:
        body, headers = text.encode(), {"Vary": "Accept-Encoding, HX-Request"}
        if len(body) >= WORTH_IT and takes_gzip(self.request):
            body = gzip.compress(body, _EVERY_ANSWER, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return HTMLResponse(body, status, headers)

    def _toast(self) -> Toast | None:
        packed = self.house.cookies.get(self.request, Word.TOAST)
        return toasts.unpacked(packed, self.who.key) if packed else None


def inside(path: str) -> str:
    """The path, if it leads to a page of ours; else the start. No browser reads another host into what this lets by."""
    parts = urlsplit(path)
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain and not parts.netloc and not parts.scheme else "/"


def _guest(request: Request, house: House) -> Guest:
    return Guest(Secret(house.cookies.get(request, Word.GUEST) or secrets.token_urlsafe()))


def _language(request: Request, house: House) -> Language:
    wanted = house.cookies.get(request, Word.LANGUAGE)
    return choose(house.looks.languages, wanted, request.headers.get("accept-language", ""))
