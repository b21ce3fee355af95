"""Which redirect addresses a client may use (section 2.1)."""

from collections.abc import Collection
from urllib.parse import urlsplit

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def may_redirect(uri: str, registered: Collection[str]) -> bool:
    """Whether a redirect_uri equals a registered one byte for byte (row 1).

    Without a registered list every http address of this machine is taken, as if each had been registered.
    """
    try:
        parts = urlsplit(uri)
        usual = parts.hostname is not None and parts.port != 0
    except ValueError:
        return False
    plain = usual and parts.username is None and "#" not in uri and "*" not in uri
    if not registered:
        return plain and parts.scheme == "http" and parts.hostname in _LOOPBACK
    return plain and uri in registered
