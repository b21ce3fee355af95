"""Workspaces, people, tokens and history. By what else people are found: test_store_ways.py."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from playout.application.ports import Store
from playout.domain.channel import WrappedKey
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.domain.person import LatePosts, Member, Passkey, Person, Role, Scope, Token, Workspace
from tests.contract.cast import NOW, House, name

MINUTE = timedelta(minutes=1)


def person(house: House, email: str = "alice@example.com") -> Person:
    return Person(name("per"), email, None, NOW, house.workspace_id)


def person_with_everything(house: House) -> Person:
    passkeys = (
        Passkey("k-1_Ü", b"\x00cose\xff", 0, "Alice’s phone 📱", NOW),
        Passkey("k-0", b"", 2**32 - 1, "", NOW - MINUTE, last_used_at=NOW + timedelta(microseconds=1)),
    )
    return replace(
        person(house),
        password_hash="$argon2id$v=19$…",
        name="Alice Ünïcode 🎬",
        workspaces=(house.workspace_id, "ws_b", "ws_a"),
        identities=("tiktok:9~z", "oidc:https://id.example/@:/?[]#alice"),
        passkeys=passkeys,
        data_key=WrappedKey("key-1", b"\x00wrapped\xff"),
        totp=b"\x00sealed\xff",
        totp_used=2**40,
        recovery=("f" * 64, "0" * 64),
        locale="de-AT",
    )


def token(house: House, hash_: str = "a" * 64) -> Token:
    return Token(name("tok"), house.workspace_id, "CI", hash_, "po_ab…", frozenset({Scope.READ, Scope.WRITE}), NOW)


# ── workspaces ───────────────────────────────────────────────────────────────────────────────────


async def test_a_workspace_comes_back_as_it_was_saved(store: Store) -> None:
    workspace = Workspace(name("ws"), "Möwe", NOW)

    saved = await store.workspaces.save(workspace)

    assert await store.workspaces.get(workspace.id) == saved == replace(workspace, version=1)


async def test_what_becomes_of_late_posts_is_kept_with_the_workspace(store: Store) -> None:
    first = await store.workspaces.save(Workspace(name("ws"), "Möwe", NOW))
    assert (first.late_posts, first.late_after) == (LatePosts.HOLD, timedelta(hours=6))

    await store.workspaces.save(
        replace(first, late_posts=LatePosts.SEND, late_after=timedelta(days=30, microseconds=1))
    )

    changed = await store.workspaces.get(first.id)
    assert (changed.late_posts, changed.late_after) == (LatePosts.SEND, timedelta(days=30, microseconds=1))


async def test_whether_posts_need_approval_and_when_it_closed_is_kept_with_the_workspace(store: Store) -> None:
    first = await store.workspaces.save(Workspace(name("ws"), "Möwe", NOW))
    assert (first.approval, first.closed_at) == (False, None)

    changed = await store.workspaces.save(replace(first, approval=True, closed_at=NOW))

    assert await store.workspaces.get(first.id) == changed
    assert (changed.approval, changed.closed_at) == (True, NOW)


async def test_a_workspace_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.workspaces.get(name("ws"))


async def test_members_come_back_in_their_order_with_part_and_time(store: Store) -> None:
    parts = [Role.VIEWER, Role.OWNER, Role.APPROVER, Role.EDITOR]
    members = tuple(Member(f"psn_{4 - at}", role, NOW + at * MINUTE) for at, role in enumerate(parts))

    saved = await store.workspaces.save(Workspace(name("ws"), "Möwe", NOW, members=members))

    assert saved.members == members
    assert await store.workspaces.get(saved.id) == saved


async def test_members_come_change_their_part_and_leave(store: Store) -> None:
    alice, bob = (Member(f"psn_{who}", Role.OWNER, NOW) for who in ("alice", "bob"))
    first = await store.workspaces.save(Workspace(name("ws"), "Möwe", NOW, members=(alice, bob)))

    changed = await store.workspaces.save(first.with_member(replace(alice, role=Role.VIEWER)))
    assert (await store.workspaces.get(first.id)).members == (bob, replace(alice, role=Role.VIEWER))

    await store.workspaces.save(replace(changed, members=()))
    assert (await store.workspaces.get(first.id)).members == ()


async def test_of_two_who_enter_at_once_the_second_is_stale(store: Store) -> None:
    empty = await store.workspaces.save(Workspace(name("ws"), "Möwe", NOW))
    entered = await store.workspaces.save(empty.with_member(Member("psn_alice", Role.OWNER, NOW)))

    with pytest.raises(Stale):
        await store.workspaces.save(empty.with_member(Member("psn_bob", Role.OWNER, NOW)))

    assert await store.workspaces.get(empty.id) == entered


@pytest.mark.parametrize("version", [0, 2])
async def test_another_version_of_a_workspace_is_stale(store: Store, alice: House, version: int) -> None:
    workspace = await store.workspaces.get(alice.workspace_id)

    with pytest.raises(Stale):
        await store.workspaces.save(replace(workspace, version=version))


# ── people ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_person_comes_back_as_they_were_saved(store: Store, alice: House) -> None:
    someone = replace(person(alice), password_hash="$argon2id$v=19$…")

    saved = await store.people.save(someone)

    assert await store.people.get(someone.id) == saved == replace(someone, version=1)
    assert await store.people.by_email("alice@example.com") == saved


async def test_everything_about_a_person_comes_back(store: Store, alice: House) -> None:
    someone = person_with_everything(alice)
    unsaid = {one.name for one in fields(Person) if getattr(someone, one.name) in (one.default, None)}
    assert unsaid == {"version"}  # so that a field that is new is kept by every store, or this fails

    saved = await store.people.save(someone)

    assert await store.people.get(someone.id) == saved == replace(someone, version=1)


async def test_whatever_was_taken_off_a_person_does_not_come_back(store: Store, alice: House) -> None:
    someone = await store.people.save(person_with_everything(alice))
    bare = Person(someone.id, someone.email, None, NOW, alice.workspace_id, someone.version)

    saved = await store.people.save(bare)

    assert await store.people.get(someone.id) == saved == replace(bare, version=2)


async def test_nobody_has_an_unknown_address(store: Store, alice: House) -> None:
    await store.people.save(person(alice))

    assert await store.people.by_email("charlie@example.com") is None


async def test_an_unknown_person_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.people.get(name("per"))


async def test_an_address_belongs_to_one_person_in_all_houses(store: Store, alice: House, charlie: House) -> None:
    await store.people.save(person(alice))

    with pytest.raises(Stale):
        await store.people.save(person(charlie))


async def test_nobody_can_take_over_an_address_by_a_change(store: Store, alice: House) -> None:
    await store.people.save(person(alice))
    bob = await store.people.save(person(alice, "bob@example.com"))

    with pytest.raises(Stale):
        await store.people.save(replace(bob, email="alice@example.com"))

    assert await store.people.by_email("bob@example.com") == bob


async def test_of_two_savers_of_a_person_the_second_is_stale(store: Store, alice: House) -> None:
    someone = await store.people.save(person(alice))
    await store.people.save(replace(someone, name="Alice"))

    with pytest.raises(Stale):
        await store.people.save(replace(someone, name="Bob"))


async def test_a_person_of_no_house_is_stale(store: Store, alice: House) -> None:
    with pytest.raises(Stale):
        await store.people.save(replace(person(alice), workspace_id=name("ws")))


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_is_found_by_its_hash_expired_or_not(store: Store, alice: House) -> None:
    mine = replace(token(alice), expires_at=NOW - MINUTE)

    await store.tokens.add(mine)

    assert await store.tokens.by_hash(mine.hash) == mine
    assert await store.tokens.by_hash("b" * 64) is None


async def test_a_token_of_no_house_is_stale(store: Store, alice: House) -> None:
    with pytest.raises(Stale):
        await store.tokens.add(replace(token(alice), workspace_id=name("ws")))


async def test_a_hash_is_added_once(store: Store, alice: House, charlie: House) -> None:
    await store.tokens.add(token(alice))

    with pytest.raises(Stale):
        await store.tokens.add(token(charlie))


async def test_tokens_are_listed_newest_first_and_of_one_house(store: Store, alice: House, charlie: House) -> None:
    made = [token(alice, letter * 64) for letter in "abc"]
    for one in (*made, token(charlie, "d" * 64)):
        await store.tokens.add(one)

    assert list(await store.tokens.list(alice.workspace_id)) == made[::-1]


async def test_a_removed_token_is_gone(store: Store, alice: House) -> None:
    mine = token(alice)
    await store.tokens.add(mine)

    await store.tokens.remove(alice.workspace_id, mine.id)

    assert await store.tokens.by_hash(mine.hash) is None
    with pytest.raises(NotFound):
        await store.tokens.remove(alice.workspace_id, mine.id)


async def test_charlie_cannot_remove_alices_token(store: Store, alice: House, charlie: House) -> None:
    mine = token(alice)
    await store.tokens.add(mine)

    with pytest.raises(NotFound):
        await store.tokens.remove(charlie.workspace_id, mine.id)

    assert await store.tokens.by_hash(mine.hash) == mine


async def test_the_time_of_use_is_noted_to_the_minute(store: Store, alice: House) -> None:
    mine = token(alice)
    await store.tokens.add(mine)

    for at in (NOW, NOW + MINUTE / 2, NOW + MINUTE):
        found = await store.tokens.by_hash(mine.hash)
        assert found is not None
        await store.tokens.used(found, at)

    used = await store.tokens.by_hash(mine.hash)
    assert used == replace(mine, last_used_at=NOW + MINUTE)


async def test_the_use_of_a_removed_token_is_no_error(store: Store, alice: House) -> None:
    await store.tokens.used(token(alice), NOW)

    assert list(await store.tokens.list(alice.workspace_id)) == []


# ── events ───────────────────────────────────────────────────────────────────────────────────────


async def test_history_is_told_oldest_first_in_pages(store: Store, alice: House) -> None:
    post = await alice.post()
    told = [Event(name("evt"), alice.workspace_id, post.id, f"kind.{number}", NOW) for number in range(5)]
    post = await store.posts.save(post, (), told[:3])
    first = await store.events.list(alice.workspace_id, post.id, limit=2)
    await store.posts.save(post, (), told[3:])

    rest = await store.events.list(alice.workspace_id, post.id, cursor=first.next_cursor)

    assert [*first.items, *rest.items] == told
    assert rest.next_cursor is None


async def test_one_line_of_history_is_found_by_its_name(store: Store, alice: House) -> None:
    post = await alice.post()
    told = [Event(name("evt"), alice.workspace_id, post.id, "kind", NOW, "sending", "c", "Ü.", 5) for _ in range(2)]
    await store.posts.save(post, (), told)

    assert await store.events.get(alice.workspace_id, post.id, told[1].id) == told[1]


async def test_a_line_about_something_else_is_not_found(store: Store, alice: House) -> None:
    post = await alice.post()
    told = Event(name("evt"), alice.workspace_id, post.id, "kind", NOW)
    await store.posts.save(post, (), [told])

    with pytest.raises(NotFound):
        await store.events.get(alice.workspace_id, post.video_id, told.id)
    with pytest.raises(NotFound):
        await store.events.get(alice.workspace_id, post.id, name("evt"))


async def test_charlie_does_not_hear_alices_history(store: Store, alice: House, charlie: House) -> None:
    post = await alice.post()
    told = Event(name("evt"), alice.workspace_id, post.id, "kind", NOW)
    await store.posts.save(post, (), [told])

    assert (await store.events.list(charlie.workspace_id, post.id)).items == ()
    with pytest.raises(NotFound):
        await store.events.get(charlie.workspace_id, post.id, told.id)
