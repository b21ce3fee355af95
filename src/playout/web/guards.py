"""Before anything is changed: the request comes from a page of ours, and that page was made for this visitor.

Two checks, each enough alone: browsers say where a request comes from (Sec-Fetch-Site, Origin), and every form carries
a token signed with a key that only this visitor's pages know.
"""

import base64
import binascii
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request

from playout.domain.errors import Forbidden
from playout.domain.secret import Secret
from playout.web.marks import N_

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Of a form; scripts and htmx send the header instead.
FIELD = "form_token"
HEADER = "X-Form-Token"
_SALT = 12  # bytes


def same_origin(request: Request, public_origin: str) -> None:
    """Raises Forbidden for a request that another site's page sent, or that says nothing about its page."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = origin == public_origin or (origin and urlsplit(origin).netloc == request.headers.get("host"))
    allowed = site == "same-origin" and (ours or origin in {None, "null"}) if site else ours
    if not allowed:
        msg = N_("This was sent from another site’s page, so nothing was done. Open the page here and do it again.")
        raise Forbidden(msg, code="cross_site")


def token(key: Secret) -> str:
    """For one form. It differs each time, so that no compressed page gives it away."""
    salt = secrets.token_bytes(_SALT)
    return base64.urlsafe_b64encode(salt + _signed(key, salt)).decode()


def check(key: Secret, given: str | None) -> None:
    """Raises Forbidden for a token that was not made with this key."""
    try:
        raw = base64.urlsafe_b64decode((given or "").encode())
    except (ValueError, binascii.Error):
        raw = b""
    if not hmac.compare_digest(raw[_SALT:], _signed(key, raw[:_SALT])):
        msg = N_("This page is older than your sign-in, so nothing was done. Load it again and do it once more.")
        raise Forbidden(msg, code="form_expired")


def origin_of(url: str) -> str:
    """Scheme, host and port, as browsers write an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _signed(key: Secret, salt: bytes) -> bytes:
    return hmac.digest(key.reveal().encode(), b"form\0" + salt, "sha256")
