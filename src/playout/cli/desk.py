"""What a verb is handed: where it prints, whether it may ask, and the way into the house. Knows no Typer."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from playout.application.services import Services
from playout.cli.output import Out
from playout.domain.person import Actor

Flags = Mapping[str, str | int | Path]


class House(Protocol):
    """The house, open on the data folder."""

    @property
    def services(self) -> Services: ...

    def working(self) -> AbstractAsyncContextManager[None]:
        """Publishes what is due while the block runs. Raises Locked if another process does so on this folder."""
        ...

    def answering(self) -> AbstractAsyncContextManager[str]:
        """Serves the API at its address while the block runs, unless a server does so already; gives the address."""
        ...


class Door(Protocol):
    """Opens the house for a verb."""

    def enter(self, flags: Flags, use: Callable[[House], Awaitable[int]], *, debug: bool) -> int:
        """Runs `use` in the open house and closes it. Raises PlayoutError, Interrupted."""
        ...

    def note(self, flags: Flags, bug: BaseException) -> str:
        """Keeps what a mistake of ours left behind; says where."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a verb, with the options that every verb has."""

    out: Out
    door: Door
    flags: Flags
    no_input: bool = False
    debug: bool = False

    @property
    def may_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return not (self.no_input or self.out.as_json) and sys.stdin.isatty() and sys.stderr.isatty()


@dataclass(frozen=True, slots=True)
class Desk:
    """A call with the house open."""

    call: Call
    house: House

    @property
    def out(self) -> Out:
        return self.call.out

    @property
    def services(self) -> Services:
        return self.house.services

    @property
    def actor(self) -> Actor:
        """Whoever holds the machine."""
        return self.services.people.operator("cli")
