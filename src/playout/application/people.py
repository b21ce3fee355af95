"""Who may act: API tokens, the owner, and the workspace of an installation."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from playout.application.joining import Joining, Newcomer
from playout.application.ports import Clock, Page, Store
from playout.domain.errors import Conflict, Invalid, NotFound, Problem, Stale, Unauthenticated
from playout.domain.ids import new_id
from playout.domain.person import ALL_SCOPES, Actor, Person, Role, Scope, Token, Workspace
from playout.domain.secret import Secret

#: The workspace every installation has; others are made by people.
HOME = "ws_home"
PREFIX = "po_"
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token; `secret` is shown this once."""

    token: Token
    secret: Secret


class People:
    """What faces can do about who acts."""

    def __init__(self, store: Store, joining: Joining, clock: Clock) -> None:
        self._store = store
        self._joining = joining
        self._clock = clock

    async def prepare(self) -> None:
        """Makes the home workspace at the first start."""
        try:
            await self._store.workspaces.get(HOME)
        except NotFound:
            try:
                await self._store.workspaces.save(Workspace(HOME, "Home", self._clock.now()))
            except Stale:
                return  # another process was faster

    def operator(self, via: str) -> Actor:
        """Whoever holds the machine: the command line of an installation."""
        return Actor(HOME, "operator", ALL_SCOPES, via)

    async def actor(self, bearer: Secret) -> Actor:
        """Who this token is. Raises Unauthenticated."""
        token = await self._store.tokens.by_hash(_hash(bearer))
        now = self._clock.now()
        if token is None or (token.expires_at and token.expires_at <= now):
            msg = "This token is not valid. Make one with `playout token create`."
            raise Unauthenticated(msg)
        if token.last_used_at is None or token.last_used_at + USED_EVERY < now:
            await self._store.tokens.used(token, now)
        return Actor(token.workspace_id, token.id, token.scopes, "api")

    async def mint(
        self, actor: Actor, name: str, scopes: Sequence[Scope], *, expires_at: datetime | None = None
    ) -> Minted:
        """A new token with at most the scopes its maker has."""
        actor.need(Scope.ADMIN)
        if (await self._store.workspaces.get(actor.workspace_id)).closed_at:
            msg = "This workspace is being deleted: nobody gets in any more."
            raise Conflict(msg, code="workspace_closed")
        if not name.strip() or not scopes:
            sentence = "A token needs a name and at least one scope."
            raise Invalid(sentence, problems=[Problem("required", "/name" if scopes else "/scopes", sentence)])
        for scope in scopes:
            actor.need(scope)
        now = self._clock.now()
        secret = Secret(PREFIX + secrets.token_urlsafe(32))
        token = Token(
            id=new_id("tok", now),
            workspace_id=actor.workspace_id,
            name=name.strip()[:100],
            hash=_hash(secret),
            hint=secret.reveal()[:7],
            scopes=frozenset(scopes),
            created_at=now,
            expires_at=expires_at,
        )
        await self._store.tokens.add(token)
        return Minted(token, secret)

    async def tokens(self, actor: Actor) -> Sequence[Token]:
        """Newest first."""
        actor.need(Scope.ADMIN)
        return await self._store.tokens.list(actor.workspace_id)

    async def token_page(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[Token]:
        """Newest first: by id. Of a workspace's few tokens the store gives all."""
        tokens = sorted(await self.tokens(actor), key=lambda one: one.id, reverse=True)
        after = [one for one in tokens if cursor is None or one.id < cursor]
        return Page(tuple(after[:limit]), after[limit - 1].id if len(after) > limit else None)

    async def revoke(self, actor: Actor, token_id: str) -> None:
        """Ends a token. Raises NotFound."""
        actor.need(Scope.ADMIN)
        await self._store.tokens.remove(actor.workspace_id, token_id)

    async def workspace(self, actor: Actor) -> Workspace:
        """The actor's own."""
        return await self._store.workspaces.get(actor.workspace_id)

    async def create_owner(self, actor: Actor, email: str, password: Secret, name: str = "") -> Person:
        """A person who owns the actor's workspace. Raises Invalid, Conflict."""
        actor.need(Scope.ADMIN)
        draft = await self._joining.drafted(Newcomer(email, password, name), actor.workspace_id)
        return await self._joining.enter(draft, Role.OWNER)

    async def dismiss(self, workspace_id: str) -> None:
        """Whoever belongs to it belongs to it no more, and is forgotten if it was their only one. Safe to repeat."""
        await self._joining.dismiss(workspace_id)


def _hash(secret: Secret) -> str:
    return hashlib.sha256(secret.reveal().encode()).hexdigest()
