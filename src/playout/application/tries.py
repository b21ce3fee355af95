"""How often somebody may try a secret: ten times in ten minutes, for each whom it is about and from each address."""

import hashlib
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from playout.application.ports import Clock
from playout.application.ports.store import Ephemera
from playout.domain.errors import TooOften

MOST = 10
WINDOW = timedelta(minutes=10)
_WIDTH = 64  # bits of an IPv6 address that are one customer's network


class Tries:
    """Counts in the store, so that all processes count together. Right ones count too."""

    def __init__(self, ephemera: Ephemera, clock: Clock) -> None:
        self._ephemera = ephemera
        self._clock = clock

    async def count(self, *whose: str) -> None:
        """One more try, for each of these. Raises TooOften, with the time when there is room again."""
        now = self._clock.now()
        for one in whose:
            free_at = await self._ephemera.allow(f"tries:{_hash(one)}", MOST, WINDOW, now)
            if free_at:
                minutes = max(1, round((free_at - now) / timedelta(minutes=1)))
                unit = "minute" if minutes == 1 else "minutes"
                raise TooOften(f"There were too many tries. Try again in {minutes} {unit}.", free_at)


def of_peer(peer: str) -> str:
    """Who counts as one: an address; of IPv6 the network, which is one customer's."""
    try:
        found = ip_address(peer.partition("%")[0])
    except ValueError:  # a socket of this machine has a path, or nothing
        return f"peer {peer}"
    if isinstance(found, IPv6Address):
        return f"peer {found.ipv4_mapped or IPv6Address(int(found) >> _WIDTH << _WIDTH)}"
    return f"peer {found}"


def _hash(text: str) -> str:
    """Addresses of people and machines are nobody's business who reads the store."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
