"""Who is looking at a page. How people sign in, and where sessions are kept, is not here: `Visitors` knows."""

import secrets
from dataclasses import dataclass
from typing import Protocol

from playout.application import sessions
from playout.domain.errors import Unauthenticated
from playout.domain.person import Actor, Role
from playout.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Guest:
    """Nobody we know. `key` signs the tokens of the forms that a guest may send; it lives in a cookie of its own."""

    key: Secret


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has signed in, in the workspace they chose. `key` belongs to the session and signs its forms."""

    actor: Actor  # via "web"
    name: str
    email: str
    role: Role
    key: Secret
    entered: sessions.Visitor | None = None  # the session itself, for the pages of one's own account


class Visitors(Protocol):
    """Sessions, as far as pages need them."""

    async def of(self, session: Secret) -> Visitor | None:
        """Whose session cookie this is; None for one that is unknown, ended or too old. Raises Unavailable."""
        ...


class SessionVisitors:
    """Those of the house: people who signed in here."""

    def __init__(self, known: sessions.Sessions) -> None:
        self._known = known

    async def of(self, session: Secret) -> Visitor | None:
        try:
            found = await self._known.who(session)
        except Unauthenticated:
            return None
        name = found.person.name or found.person.email
        return Visitor(found.actor, name, found.person.email, found.role, found.csrf, found)


class MemoryVisitors:
    """Sessions in a dictionary: for tests."""

    def __init__(self) -> None:
        self._known: dict[Secret, Visitor] = {}

    async def of(self, session: Secret) -> Visitor | None:
        return self._known.get(session)

    def let_in(self, actor: Actor, name: str, email: str, role: Role) -> Secret:
        """Begins a session; gives what its cookie holds."""
        session = Secret(secrets.token_urlsafe())
        self._known[session] = Visitor(actor, name, email, role, Secret(secrets.token_urlsafe()))
        return session

    def let_out(self, session: Secret) -> None:
        """Ends it."""
        self._known.pop(session, None)
