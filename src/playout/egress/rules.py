"""What an address that a person gave means, in the one way that every parser agrees on, and whether it may be reached.

Nothing is looked up here. What is not plainly an https address is refused rather than understood.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

from playout.domain.errors import Invalid, Misconfigured
from playout.egress.addresses import is_public
from playout.egress.failures import wrong

HTTPS = 443
LONGEST = 2048
_LONGEST_NAME = 253
#: Visible ASCII only; no user name, backslash or fragment anywhere; a port without leading zeros.
_FORM = re.compile(
    r"(?i:https)://(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<rest>[/?][!-\"$-\[\]-~]*)?"
)
_ALLOWED = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<host>[0-9A-Za-z._-]+)):(?P<port>[1-9][0-9]{0,4})")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
#: The last label of what some parsers take for an IPv4 address (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: Names that lead to this machine or network wherever they are known (RFC 6761, 6762, 8375, 9476, and custom).
_INSIDE = frozenset(
    {"alt", "arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost", "onion"}
    | {"private"}
)


@dataclass(frozen=True, slots=True)
class Target:
    """An address in its parts. `host`: a name in lower case, or a numeric address in its shortest form."""

    host: str
    port: int
    rest: str  # path and query

    @property
    def url(self) -> str:
        """Put together again, the same for every parser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}{'' if self.port == HTTPS else f':{self.port}'}{self.rest}"


class Rules:
    """Public hosts at port 443, and `allow`: pairs of host or numeric address, and port, that may be reached besides.

    A pair with a name allows whatever that name leads to; a pair with an address, whatever name leads there.
    """

    def __init__(self, allow: Collection[tuple[str, int]] = ()) -> None:
        self._allow = frozenset((numeric(host) or host.lower(), port) for host, port in allow)
        self._ports = {HTTPS} | {port for _, port in self._allow}

    def target(self, url: str) -> Target:
        """The address, checked without asking anybody. Raises Invalid."""
        found = _FORM.fullmatch(url)
        if len(url) > LONGEST:
            raise wrong("bad_address", f"The address is longer than {LONGEST} characters. Use a shorter one.")
        if found is None:
            raise _misread()
        rest = found["rest"] or "/"
        port = int(found["port"] or HTTPS)
        target = Target(_host(found["host"]), port, rest if rest.startswith("/") else f"/{rest}")
        if port not in self._ports:
            raise wrong("address_refused", "Playout reaches only port 443 of other hosts. Leave the port out.")
        if not self._may_ask(target.host, port):
            raise inside()
        return target

    def may_reach(self, host: str, port: int, address: str) -> bool:
        """Whether this numeric address may be connected to, for this host."""
        known = numeric(address)
        if known is None:
            return False
        allowed = not self._allow.isdisjoint({(host, port), (known, port)})
        return allowed or (port == HTTPS and is_public(ip_address(known)))

    def _may_ask(self, host: str, port: int) -> bool:
        if numeric(host):
            return self.may_reach(host, port, host)
        return (host, port) in self._allow or ("." in host and host.rpartition(".")[2] not in _INSIDE)


def inside() -> Invalid:
    """The answer to an address of ours, whoever gave it."""
    sentence = "This address leads into a private or reserved network, which Playout does not reach. Use a public one."
    return wrong("address_refused", sentence)


def _host(text: str) -> str:
    if text.startswith("["):
        return _of_parser(IPv6Address, text[1:-1])
    host = text.lower()
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _of_parser(IPv4Address, host)  # four plain numbers, or nothing: no octal, hex or short form
    if len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise _misread()
    return host


def _of_parser(kind: type[IPv4Address | IPv6Address], text: str) -> str:
    try:
        return str(kind(text))
    except AddressValueError:
        raise _misread() from None


def numeric(text: str) -> str | None:
    """In its one form; None for a name, and for an address that holds only on one interface."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    else:
        return None if isinstance(found, IPv6Address) and found.scope_id else str(found)


def _misread() -> Invalid:
    sentence = (
        "Give a full https address, such as https://clips.example/first.mp4: without a user name, without # and with "
        "plain ASCII only (other characters as %XX, other hosts in their xn-- form)."
    )
    return wrong("bad_address", sentence)


def parse_allow(text: str) -> Iterator[tuple[str, int]]:
    """`host:port, [address]:port, …` as pairs. Raises Misconfigured."""
    for entry in filter(None, map(str.strip, text.split(","))):
        found = _ALLOWED.fullmatch(entry)
        if found is None:
            msg = "PLAYOUT_EGRESS_ALLOW is a comma list of host:port, such as hooks.lan:8443 or [fd00::5]:443."
            raise Misconfigured(msg)
        yield found["address"] or found["host"], int(found["port"])
