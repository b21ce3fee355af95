"""Which redirect addresses an app may use (tiktok.md 2.2)."""

from collections.abc import Collection
from urllib.parse import urlsplit

_LOOPBACK = {"localhost", "127.0.0.1"}
_LONGEST = 511


def may_redirect(uri: str, registered: Collection[str]) -> bool:
    """Whether a redirect_uri is acceptable: static, and registered exactly, `*` standing for any port.

    Without a registered list every http loopback address with a port is taken, as if each had been registered.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    static = bool(parts.hostname) and not parts.query and not parts.fragment and "?" not in uri and "#" not in uri
    if not static or len(uri) > _LONGEST or parts.username is not None:
        return False
    loopback = parts.scheme in {"http", "https"} and parts.hostname in _LOOPBACK and port is not None
    if not registered:
        return loopback
    any_port = f"{parts.scheme}://{parts.hostname}:*{parts.path}" if loopback else uri
    return (parts.scheme == "https" or loopback) and (uri in registered or any_port in registered)
