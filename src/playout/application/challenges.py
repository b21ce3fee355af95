"""Half-way notes: what somebody has begun and not finished, each good once and for a short time.

Whoever begins gets a ticket, of which only the SHA-256 is kept; whoever brings it back finds the note again.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from playout.application.ports import Clock
from playout.application.ports.store import Ephemera
from playout.domain.secret import Secret

#: From the first half to the second.
LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Question:
    """What a device is asked (JSON for the browser), and the ticket that must come back with its answer."""

    options: str
    ticket: Secret
    expires_at: datetime


class Tickets:
    """Notes of one kind, for one purpose each: a ticket opens nothing but what it was made for."""

    def __init__(self, ephemera: Ephemera, clock: Clock, kind: str) -> None:
        self._ephemera = ephemera
        self._clock = clock
        self._kind = kind

    async def make(self, whose: str, purpose: str) -> tuple[Secret, datetime]:
        """A ticket, and its end."""
        ticket, now = Secret(secrets.token_urlsafe(32)), self._clock.now()
        note = json.dumps({"whose": whose, "purpose": purpose})
        await self._ephemera.put_new(self._key(ticket), note, now + LIFETIME, now)
        return ticket, now + LIFETIME

    async def whose(self, ticket: Secret, purpose: str) -> str | None:
        """Whose it is; it stays good. None: it is not, or not for this."""
        return _whose(await self._ephemera.get(self._key(ticket), self._clock.now()), purpose)

    async def take(self, ticket: Secret, purpose: str) -> str | None:
        """Whose it was: it is good no more."""
        return _whose(await self._ephemera.take(self._key(ticket), self._clock.now()), purpose)

    def _key(self, ticket: Secret) -> str:
        return f"{self._kind}:{ticket.digest()}"


def challenge_of(ticket: Secret) -> bytes:
    """What a device has to sign: it follows from the ticket, so that nothing of it has to be kept."""
    return hashlib.sha256(f"challenge\n{ticket.reveal()}".encode(errors="replace")).digest()


def _whose(kept: str | None, purpose: str) -> str | None:
    note: dict[str, str] = json.loads(kept or "{}")
    return note["whose"] if note.get("purpose") == purpose else None
