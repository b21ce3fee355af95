"""Who belongs to a workspace: the first owner, invitations, roles, leaving. Not here: sessions, one's own account.

There is always an owner: the last one can neither go nor become less.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from playout.application.credentials import address
from playout.application.invitations import Invitation, Invitations, Sent
from playout.application.joining import Joining, Newcomer
from playout.application.people import HOME
from playout.application.ports import Clock, Store
from playout.application.sessions import Visitor
from playout.domain.errors import Conflict, Forbidden, NotFound, Stale
from playout.domain.person import Actor, Member, Person, Role, Scope, Workspace
from playout.domain.secret import Secret

log = logging.getLogger(__name__)

#: Each start makes a new first link; those of earlier ones stay good so long, or until there is an owner.
FIRST_LINK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Seat:
    """A member, with who that is."""

    person: Person
    member: Member


@dataclass(frozen=True, slots=True)
class Welcome:
    """What somebody sees who comes with an invitation."""

    invitation: Invitation
    workspace: str  # its name
    invited_by: str  # a name or e-mail address; "" where it cannot be told


class Membership:
    """What faces can do about who belongs where."""

    def __init__(self, store: Store, joining: Joining, clock: Clock) -> None:
        self._store = store
        self._joining = joining
        self._clock = clock
        self._invitations = Invitations(store.ephemera, clock)

    # ── the first owner ─────────────────────────────────────────────────────────────────────────

    async def first_link(self) -> Secret | None:
        """The path by which the first owner comes; None where home has members. Asked once per start."""
        if (await self._store.workspaces.get(HOME)).members:
            return None
        secret, now = Secret(secrets.token_urlsafe(32)), self._clock.now()
        await self._store.ephemera.put_new(_first(secret), "open", now + FIRST_LINK, now)
        return Secret(f"/first/{secret.reveal()}")

    async def first(self, secret: Secret) -> None:
        """Whether the link is good. Raises NotFound, Conflict (`has_owner`)."""
        if await self._store.ephemera.get(_first(secret), self._clock.now()) is None:
            raise NotFound("This link is not good any more. Start Playout again for a new one.")
        if (await self._store.workspaces.get(HOME)).members:
            raise Conflict("This installation has an owner already. Sign in.", code="has_owner")

    async def found(self, secret: Secret, new: Newcomer) -> Person:
        """The first owner. Of several who try at once exactly one is. Raises NotFound, Conflict, Invalid."""
        await self.first(secret)
        person = await self._joining.enter(await self._joining.drafted(new, HOME), Role.OWNER, first=True)
        await self._store.ephemera.take(_first(secret), self._clock.now())
        log.info("membership.founded", extra={"person_id": person.id})
        return person

    # ── invitations ─────────────────────────────────────────────────────────────────────────────

    async def invite(self, actor: Actor, role: Role, email: str = "") -> Sent:
        """A link for one person, good for seven days: `/join/` and the secret. Raises Invalid, Conflict."""
        actor.need(Scope.ADMIN)
        workspace = await self._store.workspaces.get(actor.workspace_id)
        _check_open(workspace)
        meant = address(email) if email.strip() else ""
        return await self._invitations.make(workspace.id, role, meant, actor.name)

    async def invitations(self, actor: Actor) -> Sequence[Invitation]:
        """The open ones, oldest first."""
        actor.need(Scope.ADMIN)
        return await self._invitations.open(actor.workspace_id)

    async def withdraw(self, actor: Actor, invitation_id: str) -> None:
        """Raises NotFound."""
        actor.need(Scope.ADMIN)
        await self._invitations.withdraw(actor.workspace_id, invitation_id)

    async def invited(self, secret: Secret) -> Welcome:
        """What the link is for. Raises NotFound."""
        invitation = await self._invitations.find(secret)
        workspace = await self._store.workspaces.get(invitation.workspace_id)
        if workspace.closed_at:
            raise NotFound("This invitation is not open any more. Ask for a new one.")
        return Welcome(invitation, workspace.name, await self._name_of(invitation.invited_by))

    async def join(self, secret: Secret, new: Newcomer) -> Person:
        """Somebody new, who says who they are. Raises NotFound, Invalid, Conflict (`taken`, `other_email`)."""
        invitation = (await self.invited(secret)).invitation
        draft = await self._joining.drafted(new, invitation.workspace_id)
        _check_meant(invitation, draft.email)
        await self._joining.check_free(draft.email)
        taken = await self._invitations.take(secret)
        try:
            return await self._joining.enter(draft, taken.role)
        except Conflict:
            await self._invitations.put_back(secret, taken)
            raise

    async def join_as(self, secret: Secret, visitor: Visitor) -> Person:
        """Somebody who is signed in. Raises NotFound, Conflict (`member_already`, `other_email`)."""
        invitation = (await self.invited(secret)).invitation
        _check_meant(invitation, visitor.person.email)
        taken = await self._invitations.take(secret)
        try:
            return await self._joining.join(visitor.person.id, taken.workspace_id, taken.role)
        except Conflict:
            await self._invitations.put_back(secret, taken)
            raise

    # ── members ─────────────────────────────────────────────────────────────────────────────────

    async def members(self, actor: Actor) -> Sequence[Seat]:
        """Whoever is longest in it first."""
        actor.need(Scope.READ)
        workspace = await self._store.workspaces.get(actor.workspace_id)
        found = [(await self._person(one.person_id), one) for one in workspace.members]
        seats = [Seat(person, member) for person, member in found if person]
        return sorted(seats, key=lambda one: (one.member.since, one.member.person_id))

    async def change_role(self, actor: Actor, person_id: str, role: Role) -> Member:
        """It counts from the next request on. Raises NotFound, Conflict (`last_owner`)."""
        actor.need(Scope.ADMIN)

        def changed(workspace: Workspace) -> Workspace:
            return workspace.with_member(replace(_member(workspace, person_id), role=role))

        return _member(await self._change(actor.workspace_id, changed), person_id)

    async def remove_member(self, actor: Actor, person_id: str) -> None:
        """Their sessions there end; whoever is in no other workspace is forgotten.

        Raises NotFound, Conflict (`last_owner`).
        """
        actor.need(Scope.ADMIN)
        await self._remove(actor.workspace_id, person_id)

    async def leave(self, actor: Actor) -> None:
        """Oneself, whatever one's role. Raises Conflict (`last_owner`)."""
        await self._remove(actor.workspace_id, actor.name)

    # ── pieces ──────────────────────────────────────────────────────────────────────────────────

    async def _remove(self, workspace_id: str, person_id: str) -> None:
        def removed(workspace: Workspace) -> Workspace:
            return workspace.without_member(_member(workspace, person_id).person_id)

        await self._change(workspace_id, removed)
        await self._joining.forget(person_id, workspace_id)

    async def _change(self, workspace_id: str, change: Callable[[Workspace], Workspace]) -> Workspace:
        while True:
            workspace = await self._store.workspaces.get(workspace_id)
            _check_open(workspace)
            changed = change(workspace)
            if not any(one.role is Role.OWNER for one in changed.members):
                sentence = "A workspace needs an owner. Make somebody else an owner first."
                raise Conflict(sentence, code="last_owner")
            try:
                return await self._store.workspaces.save(changed)
            except Stale:
                continue

    async def _person(self, person_id: str) -> Person | None:
        try:
            return await self._store.people.get(person_id)
        except NotFound:
            return None

    async def _name_of(self, actor_name: str) -> str:
        person = await self._person(actor_name)
        return (person.name or person.email) if person else ""


def _member(workspace: Workspace, person_id: str) -> Member:
    found = workspace.member(person_id)
    if found is None:
        raise NotFound("There is no such member.")
    return found


def _check_open(workspace: Workspace) -> None:
    if workspace.closed_at:
        raise Conflict("This workspace is being deleted: nobody gets in any more.", code="workspace_closed")


def _check_meant(invitation: Invitation, email: str) -> None:
    if invitation.email and invitation.email != email:
        sentence = f"This invitation is for {invitation.email}. Use this address, or ask for another invitation."
        raise Forbidden(sentence, code="other_email")


def _first(secret: Secret) -> str:
    return f"first:{HOME}:{secret.digest()}"
