"""Cookies: their names and their attributes, in one place.

Over https their names begin with `__Host-`: the browser then takes them only from this host, over https, for every
path, so that no neighbour under the same domain can plant one. A browser refuses such a name on plain http; there (a
Playout on one's own machine) they go without it, and without `Secure`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response


class Word(StrEnum):
    """What a cookie is for."""

    SESSION = "session"  # who is signed in
    GUEST = "guest"  # signs the forms of somebody who is not
    THEME = "theme"  # light or dark; none: as the system says
    LANGUAGE = "language"
    ZONE = "zone"  # IANA name; set by zone.js from the browser's own, or chosen
    KEYS = "keys"  # "off": no single-key shortcuts
    TOAST = "toast"  # what the next page says, such as "Moved. Undo"


#: A year in seconds: how long a browser remembers what somebody prefers.
LONG = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Cookies:
    """Of this Playout. `secure`: its public address is https."""

    secure: bool

    def name(self, word: Word) -> str:
        """As the browser sees it."""
        return f"{'__Host-' if self.secure else ''}playout-{word}"

    def get(self, request: Request, word: Word) -> str | None:
        """What the browser sent; None for nothing and for an empty one."""
        return request.cookies.get(self.name(word)) or None

    def set(
        self,
        response: Response,
        word: Word,
        value: str,
        *,
        seconds: int | None = None,
        same_site: Literal["lax", "strict"] = "lax",
    ) -> None:
        """For every path, not for scripts. `seconds`: None until the browser is closed.

        `lax`, because somebody who comes back from a platform's sign-in must still be known.
        """
        response.set_cookie(
            self.name(word), value, max_age=seconds, httponly=True, secure=self.secure, samesite=same_site
        )

    def drop(self, response: Response, word: Word) -> None:
        """The browser forgets it."""
        response.delete_cookie(self.name(word), httponly=True, secure=self.secure, samesite="lax")
