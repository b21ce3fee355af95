"""Invitations: links that make somebody a member, each good once; and the one by which the first owner comes.

A link has a secret of which the store knows only the SHA-256. Its notes lie under their workspace, and go with it.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from playout.application.jots import JotLists
from playout.application.ports import Clock
from playout.application.ports.store import Ephemera
from playout.domain.errors import Conflict, NotFound
from playout.domain.ids import new_id
from playout.domain.person import Role
from playout.domain.secret import Secret

GOOD_FOR = timedelta(days=7)
MOST_OPEN = 100
_GONE = "This invitation is not open any more. Ask for a new one."
_WORKSPACE = re.compile(r"[a-z0-9_]{1,40}")
_BETWEEN = "."  # the workspace's id and the secret, in a link


@dataclass(frozen=True, slots=True)
class Invitation:
    """An open one. `email`: only for whoever has this address; "" for whoever has the link."""

    id: str
    workspace_id: str
    role: Role
    email: str
    invited_by: str  # id of a person or token
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """A new invitation. `secret` is what its link ends with, and is shown this once."""

    invitation: Invitation
    secret: Secret


class Invitations:
    """Keeps them."""

    def __init__(self, ephemera: Ephemera, clock: Clock) -> None:
        self._ephemera = ephemera
        self._clock = clock
        self._lists = JotLists(ephemera, clock, "invitations", GOOD_FOR + timedelta(days=1))

    async def make(self, workspace_id: str, role: Role, email: str, invited_by: str) -> Sent:
        """Raises Conflict (`too_many_invitations`)."""
        if len(await self.open(workspace_id)) >= MOST_OPEN:
            raise Conflict(f"{MOST_OPEN} invitations are open. Withdraw one first.", code="too_many_invitations")
        now, token = self._clock.now(), secrets.token_urlsafe(32)
        made = Invitation(new_id("inv", now), workspace_id, role, email, invited_by, now, now + GOOD_FOR)
        secret = Secret(f"{workspace_id}{_BETWEEN}{token}")
        key = _key(secret)
        await self._lists.add(workspace_id, made.id, key)
        await self._ephemera.put_new(key, _written(made), made.expires_at, now)
        return Sent(made, secret)

    async def open(self, workspace_id: str) -> Sequence[Invitation]:
        """Oldest first."""
        now = self._clock.now()
        kept = [await self._ephemera.get(key, now) for key in (await self._lists.all(workspace_id)).values()]
        return [_read(one) for one in kept if one]

    async def find(self, secret: Secret) -> Invitation:
        """Raises NotFound."""
        return _found(await self._ephemera.get(_key(secret), self._clock.now()))

    async def take(self, secret: Secret) -> Invitation:
        """It is good no more: of two who come with the link exactly one gets this. Raises NotFound."""
        taken = _found(await self._ephemera.take(_key(secret), self._clock.now()))
        await self._lists.drop(taken.workspace_id, taken.id)
        return taken

    async def put_back(self, secret: Secret, taken: Invitation) -> None:
        """It came to nothing: the link is good again."""
        await self._lists.add(taken.workspace_id, taken.id, _key(secret))
        await self._ephemera.put_new(_key(secret), _written(taken), taken.expires_at, self._clock.now())

    async def withdraw(self, workspace_id: str, invitation_id: str) -> None:
        """Raises NotFound."""
        key = (await self._lists.all(workspace_id)).get(invitation_id)
        taken = await self._ephemera.take(key, self._clock.now()) if key else None
        await self._lists.drop(workspace_id, invitation_id)
        _found(taken)


def _found(kept: str | None) -> Invitation:
    if kept is None:
        raise NotFound(_GONE)
    return _read(kept)


def _written(one: Invitation) -> str:
    said = {"id": one.id, "workspace_id": one.workspace_id, "role": one.role, "email": one.email}
    times = {"made_at": one.made_at.isoformat(), "expires_at": one.expires_at.isoformat()}
    return json.dumps({**said, "invited_by": one.invited_by, **times})


def _read(text: str) -> Invitation:
    said = json.loads(text)
    times = {name: datetime.fromisoformat(said[name]) for name in ("made_at", "expires_at")}
    return Invitation(**{**said, **times, "role": Role(said["role"])})


def _key(secret: Secret) -> str:
    workspace_id, _, token = secret.reveal().partition(_BETWEEN)
    if not _WORKSPACE.fullmatch(workspace_id):
        raise NotFound(_GONE)
    return f"invitation:{workspace_id}:{Secret(token).digest()}"
