"""Connects to a host by an address that was checked, and makes sure that it did.

The name is looked up once; every address of the answer is checked; the connection goes to one of these very addresses,
and who answers is checked again before a byte is sent. So nothing is left for a second answer of a name server.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

from playout.domain.errors import Unavailable
from playout.egress.rules import Rules, inside, numeric

#: Gives the numeric addresses that a name leads to. Raises OSError.
Resolve: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
#: Connects to a numeric address. Raises OSError.
Dial: TypeAlias = Callable[[str, int], Awaitable[socket.socket]]

#: So many addresses of a host are tried, one after the other.
_MOST_TRIED = 3
#: So many names are looked up at once: a name server may take its time, and must not hold up other threads' work.
_LOOKUPS = 8


class Names:
    """Looks names up as this machine does (files, name servers), in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS, "playout-names")

    async def __call__(self, host: str) -> Sequence[str]:
        """All addresses, in the order in which they should be tried."""
        ask = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [str(one[4][0]) for one in found]

    def close(self) -> None:
        """Waits for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def dialled(address: str, port: int) -> socket.socket:
    """A connected socket that does not block."""
    caller = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        caller.setblocking(False)
        await asyncio.get_running_loop().sock_connect(caller, (address, port))
    except BaseException:
        caller.close()
        raise
    return caller


class Door:
    """Opens connections that the rules allow. `patience`: seconds for each address that is tried."""

    def __init__(self, rules: Rules, resolve: Resolve, dial: Dial, patience: float) -> None:
        self._rules = rules
        self._resolve = resolve
        self._dial = dial
        self._patience = patience

    async def open(self, host: str, port: int) -> socket.socket:
        """Connected to the host. Raises Invalid (`address_refused`), Unavailable (`unreachable`)."""
        addresses = await self._addresses(host)
        if not all(self._rules.may_reach(host, port, one) for one in addresses):
            raise inside()
        for address in _tried(addresses):
            try:
                async with asyncio.timeout(self._patience):
                    opened = await self._dial(address, port)
            except OSError:  # a time-out too
                continue
            if self._is_there(opened, host, port):
                return opened
            opened.close()
            raise inside()
        raise Unavailable("The host of this address cannot be connected to.", code="unreachable")

    async def _addresses(self, host: str) -> tuple[str, ...]:
        if numeric(host):
            return (host,)
        try:
            found = tuple(await self._resolve(host))  # once, and what is checked is what is used
        except (OSError, UnicodeError):
            found = ()
        if found:
            return found
        raise Unavailable("The host of this address is not known to the name servers.", code="unreachable")

    def _is_there(self, opened: socket.socket, host: str, port: int) -> bool:
        """Whether the one at the other end is one that may be reached."""
        try:
            address, there = opened.getpeername()[:2]
        except OSError:
            return False
        return there == port and self._rules.may_reach(host, port, str(address))


def _tried(addresses: Sequence[str]) -> Sequence[str]:
    """The first few, the first of the other kind among them: a network may be broken for one kind only."""
    unique = list(dict.fromkeys(addresses))
    other = [one for one in unique if (":" in one) != (":" in unique[0])][:1]
    rest = [one for one in unique if one not in other]
    return [rest[0], *other, *rest[1:]][:_MOST_TRIED]
