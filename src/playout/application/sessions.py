"""Sessions: who a browser is, for as long as it comes back. Not here: how somebody shows who they are (signing_in.py).

A session lies in the store under the SHA-256 of its cookie, which only the browser has. A list for each person leads to
their sessions; one that is not in it has ended.
"""

import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from playout.application.jots import JotLists
from playout.application.ports import Clock, Store
from playout.domain.errors import NotFound, Unauthenticated
from playout.domain.ids import new_id
from playout.domain.person import Actor, Member, Person, Role, Workspace
from playout.domain.secret import Secret

#: How long a session is good after it was last used.
KEPT = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=1)
#: The list is renewed on the first visit of a day only.
_LISTED = KEPT + timedelta(days=2)
#: A session that is in the list and not there: after this time it ran out, before it may be about to begin.
_BEGINNING = timedelta(hours=1)
LONGEST_AGENT = 300  # characters


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that somebody signed in with."""

    id: str
    person_id: str
    workspace_id: str  # where the person is in it
    agent: str  # what the browser calls itself
    begun_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """A session that has just begun. `cookie` is for the browser alone: it is handed out this once."""

    session: Session
    cookie: Secret


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a request comes from, and where they are. `csrf`: what their forms have to carry."""

    person: Person
    session: Session
    workspace: Workspace
    role: Role
    actor: Actor
    csrf: Secret


class Sessions:
    """Begins sessions, knows them again, ends them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lists = JotLists(store.ephemera, clock, "sessions", _LISTED)

    async def begin(self, person: Person, agent: str) -> Entered:
        """Raises Unauthenticated where the person is in no workspace."""
        workspace, _ = await self._place(person, person.workspace_id)
        await self._tidy(person.id)
        cookie, now = Secret(secrets.token_urlsafe(32)), self._clock.now()
        shown = "".join(letter for letter in agent if letter.isprintable())[:LONGEST_AGENT]
        session = Session(new_id("ses", now), person.id, workspace.id, shown, now, now)
        name = cookie.digest()
        await self._lists.add(person.id, session.id, name)
        await self._store.ephemera.put_new(_key(name), _written(session), now + KEPT, now)
        if session.id not in await self._lists.all(person.id):  # all were ended in between: this one too
            await self._store.ephemera.take(_key(name), now)
            raise _unknown()
        return Entered(session, cookie)

    async def who(self, cookie: Secret) -> Visitor:
        """Who has this cookie, and where they are: elsewhere than before, if they may not be there any more.

        Raises Unauthenticated.
        """
        name = cookie.digest()
        kept = await self._store.ephemera.get(_key(name), self._clock.now())
        if kept is None:
            raise _unknown()
        session = _read(kept)
        try:
            person = await self._store.people.get(session.person_id)
        except NotFound:
            raise _unknown() from None
        workspace, member = await self._place(person, session.workspace_id)
        session = await self._seen(name, kept, replace(session, workspace_id=workspace.id))
        scopes = member.role.scopes(approval=workspace.approval)
        actor = Actor(workspace.id, person.id, scopes, "web")
        return Visitor(person, session, workspace, member.role, actor, _csrf(cookie))

    async def enter(self, session: Session, workspace_id: str) -> None:
        """Goes to another workspace of the person. Raises NotFound where they are no member, or it is closed."""
        person = await self._store.people.get(session.person_id)
        if workspace_id not in person.workspaces or await self._membership(person, workspace_id) is None:
            raise NotFound("There is no such workspace.")
        name = (await self._lists.all(person.id)).get(session.id)
        while name:
            now = self._clock.now()
            kept = await self._store.ephemera.get(_key(name), now)
            if kept is None:
                break
            there = replace(_read(kept), workspace_id=workspace_id, seen_at=now)
            if await self._store.ephemera.replace(_key(name), kept, _written(there), now + KEPT):
                return
        raise _unknown()

    async def workspaces(self, person: Person) -> Sequence[Workspace]:
        """Those that the person may enter."""
        found = [await self._membership(person, one) for one in person.workspaces]
        return [one[0] for one in found if one]

    async def list(self, person: Person) -> Sequence[Session]:
        """The person's, last seen first."""
        found = [one for one in (await self._all(person.id)).values() if one]
        return sorted(found, key=lambda one: (one.seen_at, one.id), reverse=True)

    async def end(self, person: Person, session_id: str) -> None:
        """Signs out. Raises NotFound."""
        if session_id not in await self._lists.all(person.id):
            raise NotFound("There is no such session.")
        await self._end(person.id, [session_id])

    async def end_all(self, person_id: str, *, but_for: str | None = None) -> None:
        """Ends all of the person's, but for this one."""
        await self._end(person_id, [one for one in await self._lists.all(person_id) if one != but_for])

    async def end_in(self, person_id: str, workspace_id: str) -> None:
        """Ends those that are in this workspace."""
        found = await self._all(person_id)
        await self._end(person_id, [name for name, one in found.items() if one and one.workspace_id == workspace_id])

    # ── pieces ──────────────────────────────────────────────────────────────────────────────────

    async def _place(self, person: Person, wanted: str) -> tuple[Workspace, Member]:
        for workspace_id in dict.fromkeys((wanted, person.workspace_id, *person.workspaces)):
            if found := await self._membership(person, workspace_id):
                return found
        raise Unauthenticated("You are in no workspace any more. Ask whoever invited you.", code="no_workspace")

    async def _membership(self, person: Person, workspace_id: str) -> tuple[Workspace, Member] | None:
        try:
            workspace = await self._store.workspaces.get(workspace_id)
        except NotFound:
            return None
        member = workspace.member(person.id)
        return (workspace, member) if member and workspace.closed_at is None else None

    async def _seen(self, name: str, kept: str, session: Session) -> Session:
        """Noted once a minute, and where the place changed. Somebody else's note is as good as ours."""
        before, now = _read(kept), self._clock.now()
        if before.workspace_id == session.workspace_id and now < before.seen_at + SEEN_EVERY:
            return session
        seen = replace(session, seen_at=now)
        noted = await self._store.ephemera.replace(_key(name), kept, _written(seen), now + KEPT)
        if noted and now.date() != before.seen_at.date():
            await self._lists.stay(session.person_id)
        return seen

    async def _all(self, person_id: str) -> dict[str, Session | None]:
        """By id; None for one that ran out."""
        now = self._clock.now()
        jots = await self._lists.all(person_id)
        kept = {one: await self._store.ephemera.get(_key(name), now) for one, name in jots.items()}
        return {one: _read(text) if text else None for one, text in kept.items()}

    async def _tidy(self, person_id: str) -> None:
        """Takes out of the list what ran out."""
        lately = new_id("ses", self._clock.now() - _BEGINNING)
        gone = [name for name, one in (await self._all(person_id)).items() if one is None and name < lately]
        if gone:
            await self._lists.drop(person_id, *gone)

    async def _end(self, person_id: str, session_ids: Sequence[str]) -> None:
        """Taken before they leave the list, so that a kill leaves none that nobody can end; and after, see `begin`."""
        jots = await self._lists.all(person_id)
        names = [jots[one] for one in session_ids if one in jots]
        for round_ in range(2):
            for name in names:
                await self._store.ephemera.take(_key(name), self._clock.now())
            if round_ == 0:
                await self._lists.drop(person_id, *session_ids)


def _written(session: Session) -> str:
    times = {"begun_at": session.begun_at.isoformat(), "seen_at": session.seen_at.isoformat()}
    said = {"id": session.id, "person_id": session.person_id, "workspace_id": session.workspace_id}
    return json.dumps({**said, "agent": session.agent, **times})


def _read(text: str) -> Session:
    said = json.loads(text)
    return Session(
        id=said["id"],
        person_id=said["person_id"],
        workspace_id=said["workspace_id"],
        agent=said["agent"],
        begun_at=datetime.fromisoformat(said["begun_at"]),
        seen_at=datetime.fromisoformat(said["seen_at"]),
    )


def _csrf(cookie: Secret) -> Secret:
    """Follows from the cookie, so that nothing of it has to be kept."""
    return Secret(hmac.digest(cookie.reveal().encode(), b"playout csrf", "sha256").hex())


def _key(name: str) -> str:
    return f"session:{name}"


def _unknown() -> Unauthenticated:
    return Unauthenticated("Sign in first.", code="no_session")
