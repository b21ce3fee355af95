"""Sessions: known again by a cookie that only the browser has, wherever the person may be, and ended for good."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from typing import cast as typed

import pytest

from playout.application.people import HOME
from playout.application.ports import Store
from playout.application.sessions import KEPT, Entered, Visitor
from playout.domain.errors import NotFound, Unauthenticated
from playout.domain.person import ALL_SCOPES, Member, Person, Role, Scope
from playout.domain.secret import Secret
from playout.storage.memory import MemoryStore
from tests.cast import ELSEWHERE, Cast


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


@pytest.fixture
async def owner(cast: Cast) -> Person:
    return await cast.member(Role.OWNER)


class Held:
    """A store in which the note of a session waits until it may be put."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.ephemera = self
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store.ephemera, name, None) or getattr(self._store, name)

    async def put_new(self, key: str, value: str, expires_at: datetime, now: datetime) -> str | None:
        if key.startswith("session:"):
            self.reached.set()
            await self.go_on.wait()
        return await self._store.ephemera.put_new(key, value, expires_at, now)


async def who(cast: Cast, entered: Entered) -> Visitor:
    return await cast.services.sessions.who(entered.cookie)


async def also_elsewhere(cast: Cast, person: Person, role: Role = Role.VIEWER) -> Person:
    sent = await cast.services.membership.invite(cast.charlie, role)
    visitor = await who(cast, await cast.services.sessions.begin(person, "for a moment"))
    person = await cast.services.membership.join_as(sent.secret, visitor)
    await cast.services.sessions.end(person, visitor.session.id)
    return person


async def close(cast: Cast, workspace_id: str) -> None:
    workspace = await cast.store.workspaces.get(workspace_id)
    await cast.store.workspaces.save(replace(workspace, closed_at=cast.clock.now()))


# ── known again ──────────────────────────────────────────────────────────────────────────────────


async def test_whoever_has_the_cookie_is_the_person(cast: Cast, owner: Person) -> None:
    visitor = await who(cast, await cast.services.sessions.begin(owner, "Firefox on Linux"))

    assert visitor.person == owner
    assert (visitor.workspace.id, visitor.role) == (HOME, Role.OWNER)
    assert (visitor.actor.name, visitor.actor.via, visitor.actor.scopes) == (owner.id, "web", ALL_SCOPES)
    assert visitor.session.agent == "Firefox on Linux"


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, "\ud800", "a\0b"])
async def test_any_other_cookie_is_nobodys(cast: Cast, owner: Person, cookie: str) -> None:
    await cast.services.sessions.begin(owner, "Firefox")

    with pytest.raises(Unauthenticated) as refused:
        await cast.services.sessions.who(Secret(cookie))

    assert refused.value.code == "no_session"


@pytest.mark.parametrize(
    ("role", "approval", "scopes"),
    [
        (Role.VIEWER, False, {Scope.READ}),
        (Role.EDITOR, False, {Scope.READ, Scope.WRITE, Scope.PUBLISH}),
        (Role.EDITOR, True, {Scope.READ, Scope.WRITE}),
        (Role.APPROVER, True, {Scope.READ, Scope.WRITE, Scope.PUBLISH}),
    ],
)
async def test_the_role_in_the_workspace_says_what_is_allowed(
    cast: Cast, role: Role, approval: bool, scopes: set[Scope]
) -> None:
    await cast.services.workspaces.change(cast.alice, approval=approval)
    visitor = await who(cast, await cast.sign_in(await cast.member(role)))

    assert visitor.actor.scopes == scopes


async def test_another_role_counts_from_the_next_request_on(cast: Cast, owner: Person) -> None:
    editor = await cast.member(Role.EDITOR)
    entered = await cast.sign_in(editor)

    await cast.services.membership.change_role(cast.alice, editor.id, Role.VIEWER)

    assert (await who(cast, entered)).actor.scopes == {Scope.READ}


async def test_two_browsers_are_two_sessions_and_their_forms_carry_different_keys(cast: Cast, owner: Person) -> None:
    one, other = [await who(cast, await cast.services.sessions.begin(owner, name)) for name in ("one", "other")]

    assert one.session.id != other.session.id
    assert one.csrf != other.csrf


async def test_the_key_of_its_forms_stays_the_same_and_is_not_the_cookie(cast: Cast, owner: Person) -> None:
    entered = await cast.services.sessions.begin(owner, "Firefox")
    first = await who(cast, entered)
    cast.clock.move(days=1)

    assert (await who(cast, entered)).csrf == first.csrf
    assert entered.cookie.reveal() not in first.csrf.reveal()


# ── for how long ─────────────────────────────────────────────────────────────────────────────────


async def test_a_session_ends_thirty_days_after_it_was_last_used(cast: Cast, owner: Person) -> None:
    entered = await cast.services.sessions.begin(owner, "Firefox")
    for _ in range(4):
        cast.clock.move(days=29)
        await who(cast, entered)
    cast.clock.move(seconds=KEPT.total_seconds())

    with pytest.raises(Unauthenticated):
        await who(cast, entered)


async def test_one_that_is_used_for_long_can_still_be_listed_and_ended(cast: Cast, owner: Person) -> None:
    entered = await cast.services.sessions.begin(owner, "Firefox")
    for _ in range(4):
        cast.clock.move(days=29)
        await who(cast, entered)

    assert [one.id for one in await cast.services.sessions.list(owner)] == [entered.session.id]
    await cast.services.sessions.end(owner, entered.session.id)
    with pytest.raises(Unauthenticated):
        await who(cast, entered)


async def test_that_it_was_seen_is_noted_once_a_minute(cast: Cast, owner: Person) -> None:
    entered = await cast.services.sessions.begin(owner, "Firefox")
    began = cast.clock.now()

    cast.clock.move(seconds=59)
    await who(cast, entered)
    assert (await cast.services.sessions.list(owner))[0].seen_at == began
    cast.clock.move(seconds=1)
    await who(cast, entered)

    assert (await cast.services.sessions.list(owner))[0].seen_at == began + timedelta(minutes=1)


# ── where ────────────────────────────────────────────────────────────────────────────────────────


async def test_one_goes_to_another_workspace_of_ones_own_and_stays_there(cast: Cast, owner: Person) -> None:
    person = await also_elsewhere(cast, owner)
    entered = await cast.services.sessions.begin(person, "Firefox")

    await cast.services.sessions.enter((await who(cast, entered)).session, ELSEWHERE)

    visitor = await who(cast, entered)
    assert (visitor.workspace.id, visitor.role, visitor.actor.workspace_id) == (ELSEWHERE, Role.VIEWER, ELSEWHERE)


@pytest.mark.parametrize("where", [ELSEWHERE, "ws_nowhere", "", "a\0b"])
async def test_nobody_enters_a_workspace_that_they_do_not_belong_to(cast: Cast, owner: Person, where: str) -> None:
    visitor = await who(cast, await cast.services.sessions.begin(owner, "Firefox"))

    with pytest.raises(NotFound):
        await cast.services.sessions.enter(visitor.session, where)


async def test_nobody_enters_a_workspace_that_is_being_deleted(cast: Cast, owner: Person) -> None:
    person = await also_elsewhere(cast, owner)
    visitor = await who(cast, await cast.services.sessions.begin(person, "Firefox"))
    await close(cast, ELSEWHERE)

    with pytest.raises(NotFound):
        await cast.services.sessions.enter(visitor.session, ELSEWHERE)
    assert [one.id for one in await cast.services.sessions.workspaces(person)] == [HOME]


async def test_whoever_may_not_be_where_they_were_is_in_another_workspace_of_theirs(cast: Cast, owner: Person) -> None:
    person = await also_elsewhere(cast, owner)
    entered = await cast.services.sessions.begin(person, "Firefox")
    await close(cast, HOME)

    assert (await who(cast, entered)).workspace.id == ELSEWHERE


async def test_whoever_is_in_no_workspace_any_more_is_nobody(cast: Cast, owner: Person) -> None:
    entered = await cast.services.sessions.begin(owner, "Firefox")
    home = await cast.store.workspaces.get(HOME)
    await cast.store.workspaces.save(replace(home, members=(Member("psn_other", Role.OWNER, cast.clock.now()),)))

    with pytest.raises(Unauthenticated) as refused:
        await who(cast, entered)
    assert refused.value.code == "no_workspace"


async def test_a_person_who_is_gone_has_no_session(cast: Cast, owner: Person) -> None:
    entered = await cast.services.sessions.begin(owner, "Firefox")
    await cast.store.people.remove(owner)

    with pytest.raises(Unauthenticated):
        await who(cast, entered)


# ── listed and ended ─────────────────────────────────────────────────────────────────────────────


async def test_ones_sessions_are_listed_last_seen_first_and_nobody_elses(cast: Cast, owner: Person) -> None:
    await cast.sign_in(await cast.member(Role.EDITOR))
    phone = await cast.services.sessions.begin(owner, "phone")
    cast.clock.move(minutes=5)
    await cast.services.sessions.begin(owner, "desk")
    cast.clock.move(minutes=5)
    await who(cast, phone)

    assert [one.agent for one in await cast.services.sessions.list(owner)] == ["phone", "desk"]


async def test_an_ended_session_is_over_and_the_others_go_on(cast: Cast, owner: Person) -> None:
    phone, desk = [await cast.services.sessions.begin(owner, name) for name in ("phone", "desk")]

    await cast.services.sessions.end(owner, phone.session.id)

    with pytest.raises(Unauthenticated):
        await who(cast, phone)
    assert (await who(cast, desk)).session.agent == "desk"


async def test_nobody_ends_the_session_of_somebody_else(cast: Cast, owner: Person) -> None:
    editor = await cast.member(Role.EDITOR)
    entered = await cast.sign_in(owner)

    with pytest.raises(NotFound):
        await cast.services.sessions.end(editor, entered.session.id)
    await who(cast, entered)


async def test_all_but_this_one_can_be_ended_at_once(cast: Cast, owner: Person) -> None:
    phone, desk = [await cast.services.sessions.begin(owner, name) for name in ("phone", "desk")]

    await cast.services.sessions.end_all(owner.id, but_for=desk.session.id)

    with pytest.raises(Unauthenticated):
        await who(cast, phone)
    assert [one.agent for one in await cast.services.sessions.list(owner)] == ["desk"]


async def test_one_that_begins_while_all_are_ended_is_over_too() -> None:
    """Its note would come after all notes of the list were taken, and nobody could find it any more."""
    held = Held(MemoryStore())
    cast = await Cast.open(typed("Store", held))
    owner = await cast.member(Role.OWNER)
    beginning = asyncio.create_task(cast.services.sessions.begin(owner, "Firefox"))
    await held.reached.wait()
    await cast.services.sessions.end_all(owner.id)
    held.go_on.set()

    with pytest.raises(Unauthenticated):
        await beginning
    assert not [key for key in held.ephemera._notes if key.startswith("session:")]


async def test_sessions_that_ran_out_leave_the_list(cast: Cast, owner: Person) -> None:
    for _ in range(3):
        await cast.services.sessions.begin(owner, "Firefox")
        cast.clock.move(days=31)
    await cast.services.sessions.begin(owner, "Firefox")

    assert len(await cast.services.sessions._lists.all(owner.id)) == 1


async def test_an_agent_is_shown_in_one_short_line(cast: Cast, owner: Person) -> None:
    entered = await cast.services.sessions.begin(owner, "Fire\r\nfox\x1b[31m" + "x" * 1000)

    assert entered.session.agent.startswith("Firefox[31mxxx")
    assert len(entered.session.agent) == 300
