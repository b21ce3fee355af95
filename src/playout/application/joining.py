"""How people come and go: the record of a person, and their part in a workspace.

These are two saves, which a kill may cut apart. The person is saved first; one whose making was cut off there is in no
workspace, can do nothing, and makes room as soon as somebody comes with the same e-mail address.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from playout.application.credentials import Credentials, address, shown_name
from playout.application.ports import Clock, Store
from playout.application.sessions import Sessions
from playout.domain.errors import Conflict, NotFound, Stale
from playout.domain.ids import new_id
from playout.domain.person import Member, Person, Role, Workspace
from playout.domain.secret import Secret

#: One who is not so old may be about to be given their part by another process.
_BEING_MADE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody new says of themselves."""

    email: str
    password: Secret
    name: str = ""


class Joining:
    """Makes people, and members of them."""

    def __init__(self, store: Store, credentials: Credentials, sessions: Sessions, clock: Clock) -> None:
        self._store = store
        self._credentials = credentials
        self._sessions = sessions
        self._clock = clock

    async def drafted(self, new: Newcomer, workspace_id: str) -> Person:
        """Checked, and not saved yet. Raises Invalid (`bad_email`, `weak_password`, `common_password`)."""
        email, name, now = address(new.email), shown_name(new.name), self._clock.now()
        return Person(
            id=new_id("psn", now),
            email=email,
            password_hash=await self._credentials.hashed(new.password, email, name),
            created_at=now,
            workspace_id=workspace_id,
            name=name,
            workspaces=(workspace_id,),
        )

    async def check_free(self, email: str) -> None:
        """Raises Conflict (`taken`) where somebody signs in with this address."""
        standing = await self._store.people.by_email(email)
        if standing is not None and not await self._is_left_over(standing):
            raise _taken()

    async def enter(self, draft: Person, role: Role, *, first: bool = False) -> Person:
        """Saves the person and makes them a member. `first`: only where there is no member yet.

        Raises Conflict (`taken`, `workspace_closed`, `has_owner`), NotFound.
        """
        person = await self._saved(draft)
        try:
            await self.add(person.workspace_id, Member(person.id, role, self._clock.now()), first=first)
        except (Conflict, NotFound):
            with suppress(Stale):
                await self._store.people.remove(person)
            raise
        return person

    async def join(self, person_id: str, workspace_id: str, role: Role) -> Person:
        """Makes somebody who is here already a member. Raises Conflict (`member_already`, `workspace_closed`)."""
        workspace = await self._store.workspaces.get(workspace_id)
        if workspace.member(person_id):
            raise Conflict("You are a member of this workspace already.", code="member_already")
        person = await self.change(person_id, lambda one: _with(one, workspace_id))
        await self.add(workspace_id, Member(person_id, role, self._clock.now()))
        return person

    async def add(self, workspace_id: str, member: Member, *, first: bool = False) -> Workspace:
        """Raises Conflict where it is closed, or (`first`) has a member; NotFound."""
        while True:
            workspace = await self._store.workspaces.get(workspace_id)
            if workspace.closed_at:
                msg = "This workspace is being deleted: nobody gets in any more."
                raise Conflict(msg, code="workspace_closed")
            if first and workspace.members:
                raise Conflict("This installation has an owner already. Sign in.", code="has_owner")
            try:
                return await self._store.workspaces.save(workspace.with_member(member))
            except Stale:
                continue

    async def dismiss(self, workspace_id: str) -> None:
        """Nobody belongs to it any more, as it is being deleted. Safe to repeat."""
        for member in (await self._store.workspaces.get(workspace_id)).members:
            await self.forget(member.person_id, workspace_id)

    async def forget(self, person_id: str, workspace_id: str) -> None:
        """Somebody is in this workspace no more: their sessions there end. Where it was their last, they go too."""
        await self._sessions.end_in(person_id, workspace_id)
        while True:
            try:
                person = await self._store.people.get(person_id)
            except NotFound:
                return
            left = [one for one in person.workspaces if one != workspace_id and await self._is_in(person_id, one)]
            try:
                if not left:
                    await self._sessions.end_all(person_id)
                    await self._store.people.remove(person)
                    return
                home = person.workspace_id if person.workspace_id in left else left[0]
                await self._store.people.save(replace(person, workspaces=tuple(left), workspace_id=home))
            except Stale:
                continue
            return

    async def change(self, person_id: str, change: Callable[[Person], Person]) -> Person:
        """Raises NotFound."""
        while True:
            person = await self._store.people.get(person_id)
            try:
                return await self._store.people.save(change(person))
            except Stale:
                continue

    async def _saved(self, draft: Person) -> Person:
        while True:
            try:
                return await self._store.people.save(draft)
            except Stale:
                await self._store.workspaces.get(draft.workspace_id)  # raises NotFound where it went meanwhile
                standing = await self._store.people.by_email(draft.email)
            if standing is not None:
                if not await self._is_left_over(standing):
                    raise _taken()
                await self._store.people.remove(standing)

    async def _is_left_over(self, person: Person) -> bool:
        if person.created_at + _BEING_MADE > self._clock.now():
            return False
        return not any([await self._is_in(person.id, one) for one in person.workspaces])

    async def _is_in(self, person_id: str, workspace_id: str) -> bool:
        try:
            workspace = await self._store.workspaces.get(workspace_id)
        except NotFound:
            return False
        return workspace.member(person_id) is not None


def _with(person: Person, workspace_id: str) -> Person:
    return replace(person, workspaces=tuple(dict.fromkeys((*person.workspaces, workspace_id))))


def _taken() -> Conflict:
    return Conflict("Somebody has this e-mail address already. If it is you, sign in first.", code="taken")
