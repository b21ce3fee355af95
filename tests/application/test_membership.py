"""Who belongs to a workspace: the first owner, invitations, roles, going; and what people change about themselves."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from playout.application.invitations import MOST_OPEN
from playout.application.joining import Newcomer
from playout.application.people import HOME
from playout.application.sessions import Visitor
from playout.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooOften, Unauthenticated
from playout.domain.person import ALL_SCOPES, Actor, Member, Person, Role
from playout.domain.secret import Secret
from tests.application.interleaved import interleaved
from tests.cast import ELSEWHERE, PASSWORD, Cast

ALICE = Newcomer("alice@example.com", PASSWORD, "Alice")
BOB = Newcomer("bob@example.com", Secret("battery-@:/?[]-staple"), "Bob")
OTHER = Secret("another-@:/?[]-horse")


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


@pytest.fixture
async def busy() -> Cast:
    """Where those who do something at once get in each other's way."""
    return await Cast.open(interleaved())


async def first_secret(cast: Cast) -> Secret:
    link = await cast.services.membership.first_link()
    assert link
    return Secret(link.reveal().removeprefix("/first/"))


async def visiting(cast: Cast, person: Person) -> Visitor:
    return await cast.services.sessions.who((await cast.services.sessions.begin(person, "Firefox")).cookie)


async def is_signed_in(cast: Cast, cookie: Secret) -> bool:
    try:
        await cast.services.sessions.who(cookie)
    except Unauthenticated:
        return False
    return True


async def roles(cast: Cast, workspace_id: str = HOME) -> dict[str, Role]:
    actor = Actor(workspace_id, "operator", ALL_SCOPES, "test")
    return {one.person.email: one.member.role for one in await cast.services.membership.members(actor)}


# ── the first owner ──────────────────────────────────────────────────────────────────────────────


async def test_whoever_has_the_first_link_becomes_the_owner(cast: Cast) -> None:
    person = await cast.services.membership.found(await first_secret(cast), ALICE)

    assert (person.email, person.name, person.workspaces) == ("alice@example.com", "Alice", (HOME,))
    assert await roles(cast) == {"alice@example.com": Role.OWNER}
    assert (await visiting(cast, person)).actor.scopes == ALL_SCOPES


async def test_there_is_no_first_link_once_there_is_a_member(cast: Cast) -> None:
    await cast.services.people.create_owner(cast.alice, "alice@example.com", PASSWORD)

    assert await cast.services.membership.first_link() is None


async def test_the_first_link_is_good_once(cast: Cast) -> None:
    secret = await first_secret(cast)
    await cast.services.membership.found(secret, ALICE)

    with pytest.raises(NotFound):
        await cast.services.membership.found(secret, BOB)
    assert list(await roles(cast)) == ["alice@example.com"]


async def test_the_link_of_an_earlier_start_is_no_way_in_beside_the_owner(cast: Cast) -> None:
    earlier, later = await first_secret(cast), await first_secret(cast)
    await cast.services.membership.found(later, ALICE)

    with pytest.raises(Conflict) as refused:
        await cast.services.membership.first(earlier)
    assert refused.value.code == "has_owner"


async def test_of_two_who_come_first_one_is_the_owner_and_nothing_is_left_of_the_other(busy: Cast) -> None:
    one, other = await first_secret(busy), await first_secret(busy)

    answers = await asyncio.gather(
        busy.services.membership.found(one, ALICE), busy.services.membership.found(other, BOB), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Person"]
    assert len(await roles(busy)) == 1
    found = [await busy.store.people.by_email(new.email) for new in (ALICE, BOB)]
    assert sum(person is not None for person in found) == 1


async def test_the_first_link_is_good_for_seven_days(cast: Cast) -> None:
    secret = await first_secret(cast)
    cast.clock.move(days=7)

    with pytest.raises(NotFound):
        await cast.services.membership.first(secret)


async def test_a_form_that_is_filled_in_wrong_leaves_the_first_link_good(cast: Cast) -> None:
    secret = await first_secret(cast)
    with pytest.raises(Invalid):
        await cast.services.membership.found(secret, replace(ALICE, password=Secret("short")))

    await cast.services.membership.found(secret, ALICE)


async def test_one_whose_making_was_cut_off_makes_room_for_the_next_try(cast: Cast) -> None:
    """A kill between the person and the membership; the same form is sent again, with another password even."""
    secret = await first_secret(cast)
    draft = await cast.services.people._joining.drafted(ALICE, HOME)
    await cast.store.people.save(draft)
    cast.clock.move(minutes=2)

    person = await cast.services.membership.found(secret, replace(ALICE, password=OTHER))

    assert await roles(cast) == {"alice@example.com": Role.OWNER}
    assert person.id != draft.id


async def test_one_who_is_just_being_made_does_not_make_room(cast: Cast) -> None:
    secret = await first_secret(cast)
    await cast.store.people.save(await cast.services.people._joining.drafted(ALICE, HOME))

    with pytest.raises(Conflict) as refused:
        await cast.services.membership.found(secret, ALICE)
    assert refused.value.code == "taken"


# ── what people give ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "email",
    ["", "alice", "@example.com", "alice@", "a b@example.com", "a@b@c", "a\0@example.com", "x" * 250 + "@a.example"],
)
async def test_what_is_no_address_is_refused(cast: Cast, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        await cast.services.membership.found(await first_secret(cast), replace(ALICE, email=email))

    assert (refused.value.code, refused.value.problems[0].field) == ("bad_email", "/email")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "weak_password"),
        ("elevenchars", "weak_password"),
        ("common-password", "common_password"),
        ("alice@example.com", "common_password"),
        ("x" * 1001, "long_password"),
    ],
)
async def test_a_password_that_is_too_weak_is_refused(cast: Cast, password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        await cast.services.membership.found(await first_secret(cast), replace(ALICE, password=Secret(password)))

    assert (refused.value.code, refused.value.problems[0].field) == (code, "/password")


async def test_a_name_is_one_line(cast: Cast) -> None:
    new = replace(ALICE, name=" Alice\r\n\x1b[31m  Öhm" + "x" * 500)

    name = (await cast.services.membership.found(await first_secret(cast), new)).name

    assert name.startswith("Alice [31m Öhmxxx")
    assert len(name) == 100


# ── invitations ──────────────────────────────────────────────────────────────────────────────────


async def test_an_invitation_makes_somebody_new_a_member(cast: Cast) -> None:
    owner = await cast.services.membership.found(await first_secret(cast), ALICE)
    admin = (await visiting(cast, owner)).actor
    sent = await cast.services.membership.invite(admin, Role.EDITOR)

    seen = await cast.services.membership.invited(sent.secret)
    person = await cast.services.membership.join(sent.secret, BOB)

    assert (seen.workspace, seen.invitation.role, seen.invited_by) == ("Home", Role.EDITOR, "Alice")
    assert await roles(cast) == {"alice@example.com": Role.OWNER, "bob@example.com": Role.EDITOR}
    assert (await visiting(cast, person)).role is Role.EDITOR


async def test_only_an_admin_invites_sees_and_withdraws(cast: Cast) -> None:
    editor = (await visiting(cast, await cast.member(Role.EDITOR))).actor
    membership = cast.services.membership
    sent = await membership.invite(cast.alice, Role.VIEWER)
    for forbidden in (
        membership.invite(editor, Role.VIEWER),
        membership.invitations(editor),
        membership.withdraw(editor, sent.invitation.id),
    ):
        with pytest.raises(Forbidden):
            await forbidden


async def test_a_link_is_good_once(cast: Cast) -> None:
    sent = await cast.services.membership.invite(cast.alice, Role.EDITOR)
    await cast.services.membership.join(sent.secret, ALICE)

    with pytest.raises(NotFound):
        await cast.services.membership.join(sent.secret, BOB)


async def test_of_two_who_come_with_one_link_at_once_one_is_in(busy: Cast) -> None:
    sent = await busy.services.membership.invite(busy.alice, Role.EDITOR)

    await asyncio.gather(
        *(busy.services.membership.join(sent.secret, new) for new in (ALICE, BOB)), return_exceptions=True
    )

    assert len(await roles(busy)) == 1


async def test_a_link_is_good_for_seven_days(cast: Cast) -> None:
    sent = await cast.services.membership.invite(cast.alice, Role.EDITOR)
    cast.clock.move(days=7)

    with pytest.raises(NotFound):
        await cast.services.membership.invited(sent.secret)
    assert await cast.services.membership.invitations(cast.alice) == []


@pytest.mark.parametrize(
    "secret", ["", "x", "ws_home.", "ws_home.x", "\0.x", ".x", "ws_" + "x" * 5000 + ".x", "ä.\ud800"]
)
async def test_another_link_opens_nothing(cast: Cast, secret: str) -> None:
    await cast.services.membership.invite(cast.alice, Role.EDITOR)

    with pytest.raises(NotFound):
        await cast.services.membership.invited(Secret(secret))


async def test_open_invitations_are_listed_and_can_be_withdrawn(cast: Cast) -> None:
    first, second = [await cast.services.membership.invite(cast.alice, role) for role in (Role.OWNER, Role.VIEWER)]
    assert await cast.services.membership.invitations(cast.alice) == [first.invitation, second.invitation]
    assert await cast.services.membership.invitations(cast.charlie) == []

    await cast.services.membership.withdraw(cast.alice, first.invitation.id)

    assert await cast.services.membership.invitations(cast.alice) == [second.invitation]
    with pytest.raises(NotFound):
        await cast.services.membership.join(first.secret, BOB)


async def test_nobody_withdraws_what_another_workspace_sent(cast: Cast) -> None:
    sent = await cast.services.membership.invite(cast.alice, Role.EDITOR)

    with pytest.raises(NotFound):
        await cast.services.membership.withdraw(cast.charlie, sent.invitation.id)
    await cast.services.membership.invited(sent.secret)


async def test_an_invitation_for_an_address_is_for_nobody_else(cast: Cast) -> None:
    sent = await cast.services.membership.invite(cast.alice, Role.EDITOR, " Alice@Example.com ")

    with pytest.raises(Forbidden) as refused:
        await cast.services.membership.join(sent.secret, BOB)
    assert refused.value.code == "other_email"
    await cast.services.membership.join(sent.secret, ALICE)


async def test_somebody_who_is_here_already_signs_in_first(cast: Cast) -> None:
    """Else a link and an address would be enough to become somebody else."""
    bob = await cast.services.membership.join(
        (await cast.services.membership.invite(cast.alice, Role.OWNER)).secret, BOB
    )
    sent = await cast.services.membership.invite(cast.charlie, Role.VIEWER)
    with pytest.raises(Conflict) as refused:
        await cast.services.membership.join(sent.secret, BOB)
    assert refused.value.code == "taken"

    person = await cast.services.membership.join_as(sent.secret, await visiting(cast, bob))

    assert (person.id, person.workspace_id, person.workspaces) == (bob.id, HOME, (HOME, ELSEWHERE))
    assert await roles(cast, ELSEWHERE) == {"bob@example.com": Role.VIEWER}


async def test_a_link_to_where_one_is_already_stays_good_for_somebody_else(cast: Cast) -> None:
    owner = await cast.member(Role.OWNER)
    sent = await cast.services.membership.invite(cast.alice, Role.VIEWER)

    with pytest.raises(Conflict) as refused:
        await cast.services.membership.join_as(sent.secret, await visiting(cast, owner))

    assert refused.value.code == "member_already"
    assert (await roles(cast))[owner.email] is Role.OWNER
    assert await cast.services.membership.invitations(cast.alice) == [sent.invitation]
    await cast.services.membership.join(sent.secret, BOB)


async def test_a_workspace_that_is_being_deleted_takes_nobody_in(cast: Cast) -> None:
    sent = await cast.services.membership.invite(cast.alice, Role.EDITOR)
    await cast.services.erasure.begin(cast.alice, "Home")

    with pytest.raises(NotFound):
        await cast.services.membership.join(sent.secret, BOB)
    with pytest.raises(Conflict):
        await cast.services.membership.invite(cast.alice, Role.EDITOR)


async def test_an_owner_who_comes_too_late_is_not_left_behind(cast: Cast) -> None:
    await cast.services.erasure.begin(cast.alice, "Home")

    with pytest.raises(Conflict) as refused:
        await cast.services.people.create_owner(cast.alice, "late@example.com", PASSWORD)
    assert refused.value.code == "workspace_closed"
    assert await cast.store.people.by_email("late@example.com") is None


async def test_a_hundred_invitations_may_be_open(cast: Cast) -> None:
    sent = await cast.services.membership.invite(cast.alice, Role.VIEWER)
    for _ in range(MOST_OPEN - 1):
        await cast.services.membership.invite(cast.alice, Role.VIEWER)
    with pytest.raises(Conflict) as refused:
        await cast.services.membership.invite(cast.alice, Role.VIEWER)
    assert refused.value.code == "too_many_invitations"

    await cast.services.membership.withdraw(cast.alice, sent.invitation.id)
    await cast.services.membership.invite(cast.alice, Role.VIEWER)


# ── members ──────────────────────────────────────────────────────────────────────────────────────


async def test_members_are_listed_for_everybody_in_the_workspace(cast: Cast) -> None:
    owner = await cast.member(Role.OWNER)
    cast.clock.move(minutes=1)
    viewer = await cast.member(Role.VIEWER)

    seats = await cast.services.membership.members((await visiting(cast, viewer)).actor)

    assert [(one.person.id, one.member.role) for one in seats] == [(owner.id, Role.OWNER), (viewer.id, Role.VIEWER)]


async def test_only_an_admin_changes_roles_and_removes(cast: Cast) -> None:
    owner, editor = await cast.member(Role.OWNER), await cast.member(Role.EDITOR)
    actor = (await visiting(cast, editor)).actor

    with pytest.raises(Forbidden):
        await cast.services.membership.change_role(actor, editor.id, Role.OWNER)
    with pytest.raises(Forbidden):
        await cast.services.membership.remove_member(actor, owner.id)


async def test_the_last_owner_can_neither_go_nor_become_less(cast: Cast) -> None:
    owner = await cast.member(Role.OWNER)
    await cast.member(Role.EDITOR)
    membership, actor = cast.services.membership, (await visiting(cast, owner)).actor
    for refused in (
        membership.change_role(actor, owner.id, Role.EDITOR),
        membership.remove_member(actor, owner.id),
        membership.leave(actor),
    ):
        with pytest.raises(Conflict) as said:
            await refused
        assert said.value.code == "last_owner"


async def test_beside_another_owner_one_may_become_less_and_go(cast: Cast) -> None:
    owner, other = await cast.member(Role.OWNER), await cast.member(Role.OWNER, email="other@example.com")
    await cast.services.membership.change_role(cast.alice, owner.id, Role.VIEWER)

    await cast.services.membership.leave((await visiting(cast, owner)).actor)

    assert await roles(cast) == {other.email: Role.OWNER}


async def test_of_two_owners_who_go_at_once_one_stays(busy: Cast) -> None:
    both = [await busy.member(Role.OWNER, email=f"{name}@example.com") for name in ("one", "other")]
    actors = [(await visiting(busy, one)).actor for one in both]

    await asyncio.gather(*(busy.services.membership.leave(one) for one in actors), return_exceptions=True)

    assert list((await roles(busy)).values()) == [Role.OWNER]


@pytest.mark.parametrize("person_id", ["psn_nobody", "", "alice"])
async def test_nobody_who_is_no_member_is_removed_or_changed(cast: Cast, person_id: str) -> None:
    await cast.member(Role.OWNER)

    with pytest.raises(NotFound):
        await cast.services.membership.remove_member(cast.alice, person_id)
    with pytest.raises(NotFound):
        await cast.services.membership.change_role(cast.alice, person_id, Role.VIEWER)


async def test_members_of_another_workspace_are_out_of_reach(cast: Cast) -> None:
    await cast.member(Role.OWNER)
    elsewhere = await cast.member(Role.OWNER, ELSEWHERE)
    await cast.member(Role.OWNER, ELSEWHERE, email="second@example.com")

    with pytest.raises(NotFound):
        await cast.services.membership.remove_member(cast.alice, elsewhere.id)


async def test_whoever_is_removed_is_out_at_once_and_forgotten(cast: Cast) -> None:
    await cast.member(Role.OWNER)
    editor = await cast.member(Role.EDITOR)
    entered = await cast.sign_in(editor)

    await cast.services.membership.remove_member(cast.alice, editor.id)

    assert not await is_signed_in(cast, entered.cookie)
    assert await cast.store.people.by_email(editor.email) is None
    with pytest.raises(Unauthenticated):
        await cast.sign_in(editor)
    await cast.member(Role.VIEWER, email=editor.email)  # and may be asked in again


async def test_whoever_is_in_another_workspace_too_goes_on_there(cast: Cast) -> None:
    await cast.member(Role.OWNER)
    editor = await cast.member(Role.EDITOR)
    here, there = await cast.sign_in(editor), await cast.sign_in(editor)
    sent = await cast.services.membership.invite(cast.charlie, Role.OWNER)
    await cast.services.membership.join_as(sent.secret, await cast.services.sessions.who(here.cookie))
    await cast.services.sessions.enter(there.session, ELSEWHERE)

    await cast.services.membership.remove_member(cast.alice, editor.id)

    assert not await is_signed_in(cast, here.cookie)
    assert (await cast.services.sessions.who(there.cookie)).workspace.id == ELSEWHERE
    person = await cast.store.people.get(editor.id)
    assert (person.workspace_id, person.workspaces) == (ELSEWHERE, (ELSEWHERE,))


# ── the end of a workspace ───────────────────────────────────────────────────────────────────────


async def erased(cast: Cast) -> dict[str, int]:
    deletion = await cast.services.erasure.begin(cast.alice, "Home")
    for _ in range(20):
        cast.clock.move(seconds=5)
        await cast.work()
        if (seen := await cast.services.erasure.get(deletion.id)).finished_at:
            return dict(seen.counts)
    return {}


async def test_with_a_workspace_go_those_who_were_only_there(cast: Cast) -> None:
    owner = await cast.member(Role.OWNER)
    both = await cast.member(Role.EDITOR)
    here, there = await cast.sign_in(owner), await cast.sign_in(both)
    sent = await cast.services.membership.invite(cast.charlie, Role.OWNER)
    await cast.services.membership.join_as(sent.secret, await cast.services.sessions.who(there.cookie))
    await cast.services.sessions.enter(there.session, ELSEWHERE)

    counts = await erased(cast)

    assert counts["people"] == 2
    assert await cast.store.people.by_email(owner.email) is None
    left = await cast.store.people.get(both.id)
    assert (left.workspace_id, left.workspaces) == (ELSEWHERE, (ELSEWHERE,))
    assert not await is_signed_in(cast, here.cookie)
    assert (await cast.services.sessions.who(there.cookie)).workspace.id == ELSEWHERE


async def test_a_workspace_that_is_being_deleted_lets_nobody_in_from_the_first_moment(cast: Cast) -> None:
    entered = await cast.sign_in(await cast.member(Role.OWNER))

    await cast.services.erasure.begin(cast.alice, "Home")

    assert not await is_signed_in(cast, entered.cookie)


async def test_home_begun_anew_has_a_first_link_again_and_none_of_the_old(cast: Cast) -> None:
    old = await first_secret(cast)
    await cast.member(Role.OWNER)
    await erased(cast)

    with pytest.raises(NotFound):
        await cast.services.membership.first(old)
    await cast.services.membership.found(await first_secret(cast), ALICE)


# ── one's own ────────────────────────────────────────────────────────────────────────────────────


async def test_one_may_be_called_otherwise(cast: Cast) -> None:
    visitor = await visiting(cast, await cast.member(Role.VIEWER))

    assert (await cast.services.account.call(visitor, " Bob  the\nBuilder ")).name == "Bob the Builder"


async def test_one_chooses_a_language(cast: Cast) -> None:
    visitor = await visiting(cast, await cast.member(Role.VIEWER))

    assert (await cast.services.account.speak(visitor, "de-AT")).locale == "de-AT"
    assert (await cast.services.account.speak(visitor, "")).locale == ""
    with pytest.raises(Invalid):
        await cast.services.account.speak(visitor, "../../etc")


async def test_another_address_needs_the_password(cast: Cast) -> None:
    visitor = await visiting(cast, await cast.member(Role.VIEWER))
    with pytest.raises(Invalid) as refused:
        await cast.services.account.move(visitor, "new@example.com", OTHER)
    assert (refused.value.code, refused.value.problems[0].field) == ("wrong_password", "/password")

    person = await cast.services.account.move(visitor, " New@Example.com ", PASSWORD)

    assert person.email == "new@example.com"
    await cast.sign_in(person)


async def test_an_address_that_somebody_has_is_taken(cast: Cast) -> None:
    owner, viewer = await cast.member(Role.OWNER), await cast.member(Role.VIEWER)

    with pytest.raises(Conflict) as refused:
        await cast.services.account.move(await visiting(cast, viewer), owner.email, PASSWORD)
    assert refused.value.code == "taken"


async def test_another_password_needs_the_old_one_and_ends_all_other_sessions(cast: Cast) -> None:
    person = await cast.member(Role.VIEWER)
    other, visitor = await cast.sign_in(person), await visiting(cast, person)
    with pytest.raises(Invalid):
        await cast.services.account.change_password(visitor, OTHER, OTHER)
    assert await is_signed_in(cast, other.cookie)

    await cast.services.account.change_password(visitor, PASSWORD, OTHER)

    assert not await is_signed_in(cast, other.cookie)
    assert [one.id for one in await cast.services.sessions.list(person)] == [visitor.session.id]
    with pytest.raises(Unauthenticated):
        await cast.sign_in(person)


async def test_a_new_password_is_held_to_the_same_rules(cast: Cast) -> None:
    visitor = await visiting(cast, await cast.member(Role.VIEWER))

    with pytest.raises(Invalid) as refused:
        await cast.services.account.change_password(visitor, PASSWORD, Secret("common-password"))
    assert (refused.value.code, refused.value.problems[0].field) == ("common_password", "/new")


Verb = Callable[[Cast, Visitor], Awaitable[object]]


@pytest.mark.parametrize(
    "verb",
    [
        lambda cast, who: cast.services.account.move(who, "new@example.com", OTHER),
        lambda cast, who: cast.services.account.change_password(who, OTHER, PASSWORD),
        lambda cast, who: cast.services.account.offer_app(who, OTHER),
        lambda cast, who: cast.services.account.drop_app(who, OTHER),
        lambda cast, who: cast.services.account.renew_recovery(who, OTHER),
        lambda cast, who: cast.services.account.offer_passkey(who, OTHER),
        lambda cast, who: cast.services.account.drop_passkey(who, "x", OTHER),
    ],
    ids=["address", "password", "app", "no app", "recovery codes", "passkey", "no passkey"],
)
async def test_a_browser_left_open_does_not_guess_the_password(cast: Cast, verb: Verb) -> None:
    visitor = await visiting(cast, await cast.member(Role.VIEWER))
    for _ in range(10):
        with pytest.raises(Invalid):
            await verb(cast, visitor)

    with pytest.raises(TooOften) as refused:
        await verb(cast, visitor)
    assert refused.value.retry_at == cast.clock.now() + timedelta(minutes=10)


async def test_changes_at_the_same_time_do_not_undo_each_other(busy: Cast) -> None:
    visitor = await visiting(busy, await busy.member(Role.VIEWER))

    await asyncio.gather(
        busy.services.account.call(visitor, "Bob"),
        busy.services.account.speak(visitor, "de"),
        busy.services.account.move(visitor, "bob@example.com", PASSWORD),
    )

    person = await busy.store.people.get(visitor.person.id)
    assert (person.name, person.locale, person.email) == ("Bob", "de", "bob@example.com")


async def test_a_member_whose_person_is_gone_is_not_shown(cast: Cast) -> None:
    await cast.member(Role.OWNER)
    home = await cast.store.workspaces.get(HOME)
    await cast.store.workspaces.save(home.with_member(Member("psn_gone", Role.VIEWER, cast.clock.now())))

    assert len(await roles(cast)) == 1
