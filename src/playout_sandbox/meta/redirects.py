"""Which redirect addresses an app may use, and the way back to them."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode, urlsplit

from starlette.responses import RedirectResponse, Response

_LOOPBACK = {"localhost", "127.0.0.1"}


def registered(uri: str, uris: Collection[str]) -> bool:
    """Strict mode (row 1): exactly one of the list. An empty list stands for every loopback address with a port."""
    if uris:
        return uri in uris
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.hostname in _LOOPBACK and port is not None


def back(asked: Mapping[str, str], answer: Mapping[str, str], *, fragment: str = "") -> Response:
    """302 to the app's `redirect_uri`, with its state if it sent one."""
    query = dict(answer)
    if "state" in asked:
        query["state"] = asked["state"]
    joint = "&" if "?" in asked["redirect_uri"] else "?"
    return RedirectResponse(f"{asked['redirect_uri']}{joint}{urlencode(query)}{fragment}", 302)
