"""People by more than their address: other ways in, the key that seals something of theirs, and that they can go."""

import asyncio
from dataclasses import replace

import pytest

from playout.application.ports import Store
from playout.domain.channel import WrappedKey
from playout.domain.errors import NotFound, Stale
from playout.domain.person import Passkey, Person
from tests.contract.cast import NOW, House, name

TIKTOK, GOOGLE, PHONE = "tiktok:open~id", "oidc:https://id.example/@:/?[]#alice", "passkey:k-1_Z"
KEY = WrappedKey("key-1", b"wrapped")


def person(house: House, who: str, *identities: str, passkeys: tuple[str, ...] = ()) -> Person:
    keys = tuple(Passkey(one, b"cose", 0, "Phone", NOW) for one in passkeys)
    address = f"{who}@example.com"
    return Person(name("psn"), address, None, NOW, house.workspace_id, identities=identities, passkeys=keys)


# ── ways in ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_person_is_found_by_each_of_their_ways(store: Store, alice: House, charlie: House) -> None:
    saved = await store.people.save(person(alice, "alice", TIKTOK, GOOGLE, passkeys=("k-1_Z",)))
    other = await store.people.save(person(charlie, "charlie", "tiktok:other"))

    assert [await store.people.by_way(way) for way in (TIKTOK, GOOGLE, PHONE)] == [saved] * 3
    assert await store.people.by_way("tiktok:other") == other


@pytest.mark.parametrize("way", ["tiktok:nobody", "tiktok:", "tiktok:OPEN~ID", "k-1_Z", "alice@example.com", "%"])
async def test_nobody_is_found_by_what_is_no_way_of_anybody(store: Store, alice: House, way: str) -> None:
    await store.people.save(person(alice, "alice", TIKTOK, passkeys=("k-1_Z",)))

    assert await store.people.by_way(way) is None


@pytest.mark.parametrize("way", [TIKTOK, PHONE])
async def test_a_newcomer_with_a_way_of_somebody_else_is_stale_and_leaves_nothing(
    store: Store, alice: House, charlie: House, way: str
) -> None:
    mine = await store.people.save(person(alice, "alice", TIKTOK, passkeys=("k-1_Z",)))
    newcomer = person(charlie, "charlie", "tiktok:a", way, "tiktok:z")

    with pytest.raises(Stale):
        await store.people.save(replace(newcomer, data_key=KEY))

    assert await store.people.by_way(way) == mine
    assert await nothing_of(store, newcomer)
    assert (await store.people.sealed_under("key-1")).items == ()


async def test_nobody_can_take_over_a_way_by_a_change_and_nothing_of_it_is_left(store: Store, alice: House) -> None:
    mine = await store.people.save(person(alice, "alice", TIKTOK))
    bob = await store.people.save(person(alice, "bob", "tiktok:bob"))
    taking = replace(bob, email="robert@example.com", identities=("tiktok:a", TIKTOK, "tiktok:z"), data_key=KEY)

    with pytest.raises(Stale):
        await store.people.save(taking)

    assert await store.people.by_way(TIKTOK) == mine
    assert await store.people.get(bob.id) == bob
    assert await store.people.by_way("tiktok:bob") == await store.people.by_email("bob@example.com") == bob
    assert [await store.people.by_way(way) for way in ("tiktok:a", "tiktok:z")] == [None, None]
    assert await store.people.by_email("robert@example.com") is None
    assert (await store.people.sealed_under("key-1")).items == ()


async def test_of_two_who_take_a_way_at_once_one_gets_it(store: Store, alice: House) -> None:
    both = [person(alice, "alice", TIKTOK), person(alice, "bob", TIKTOK)]

    said = await asyncio.gather(*(store.people.save(one) for one in both), return_exceptions=True)

    [got] = [one for one in said if isinstance(one, Person)]
    assert sorted(type(one).__name__ for one in said) == ["Person", "Stale"]
    assert await store.people.by_way(TIKTOK) == got
    [refused] = [one for one in both if one.id != got.id]
    assert await store.people.by_email(refused.email) is None


async def test_a_dropped_way_is_free_again(store: Store, alice: House, charlie: House) -> None:
    mine = await store.people.save(person(alice, "alice", TIKTOK, GOOGLE, passkeys=("k-1_Z",)))

    mine = await store.people.save(replace(mine, identities=(GOOGLE,), passkeys=()))

    assert [await store.people.by_way(way) for way in (TIKTOK, GOOGLE, PHONE)] == [None, mine, None]
    other = await store.people.save(person(charlie, "charlie", TIKTOK, passkeys=("k-1_Z",)))
    assert [await store.people.by_way(way) for way in (TIKTOK, GOOGLE, PHONE)] == [other, mine, other]


async def test_a_way_goes_from_one_to_another_in_two_steps(store: Store, alice: House) -> None:
    one = await store.people.save(person(alice, "alice", TIKTOK))
    two = await store.people.save(person(alice, "bob"))

    await store.people.save(replace(one, identities=()))
    two = await store.people.save(replace(two, identities=(TIKTOK,)))

    assert await store.people.by_way(TIKTOK) == two


async def test_of_two_savers_the_second_changes_no_way(store: Store, alice: House) -> None:
    mine = await store.people.save(person(alice, "alice", TIKTOK))
    changed = await store.people.save(replace(mine, identities=(TIKTOK, GOOGLE)))

    with pytest.raises(Stale):
        await store.people.save(replace(mine, identities=("tiktok:late",)))

    assert [await store.people.by_way(way) for way in (TIKTOK, GOOGLE)] == [changed, changed]
    assert await store.people.by_way("tiktok:late") is None


async def test_a_way_that_is_said_twice_is_one(store: Store, alice: House) -> None:
    mine = await store.people.save(person(alice, "alice", TIKTOK, TIKTOK))
    assert await store.people.by_way(TIKTOK) == mine

    await store.people.remove(mine)

    assert await nothing_of(store, mine)


async def test_whoever_moves_to_another_house_takes_their_ways_along(
    store: Store, alice: House, charlie: House
) -> None:
    mine = await store.people.save(replace(person(alice, "alice", TIKTOK, passkeys=("k-1_Z",)), data_key=KEY))

    moved = await store.people.save(replace(mine, workspace_id=charlie.workspace_id))
    while await store.workspaces.erase(alice.workspace_id):
        pass

    assert [await store.people.by_way(way) for way in (TIKTOK, PHONE)] == [moved, moved]
    assert (await store.people.sealed_under("key-1")).items == (moved,)


# ── they can go ──────────────────────────────────────────────────────────────────────────────────


async def test_whoever_is_removed_leaves_nothing_and_all_of_it_is_free(
    store: Store, alice: House, charlie: House
) -> None:
    mine = await store.people.save(replace(person(alice, "alice", TIKTOK, passkeys=("k-1_Z",)), data_key=KEY))
    bob = await store.people.save(person(alice, "bob", GOOGLE))

    await store.people.remove(mine)

    assert await nothing_of(store, mine)
    assert (await store.people.sealed_under("key-1")).items == ()
    assert await store.people.by_way(GOOGLE) == await store.people.by_email("bob@example.com") == bob
    again = await store.people.save(replace(mine, id=name("psn"), version=0, workspace_id=charlie.workspace_id))
    assert await store.people.by_way(TIKTOK) == await store.people.by_email("alice@example.com") == again


async def test_whoever_changed_meanwhile_is_not_removed(store: Store, alice: House) -> None:
    mine = await store.people.save(person(alice, "alice", TIKTOK))
    changed = await store.people.save(replace(mine, identities=(TIKTOK, GOOGLE)))

    with pytest.raises(Stale):
        await store.people.remove(mine)

    found = [await store.people.by_way(TIKTOK), await store.people.by_way(GOOGLE)]
    assert [*found, await store.people.by_email("alice@example.com")] == [changed] * 3


async def test_whoever_is_gone_or_never_was_is_stale(store: Store, alice: House) -> None:
    mine = await store.people.save(person(alice, "alice"))
    await store.people.remove(mine)

    for nobody in (mine, person(alice, "bob")):
        with pytest.raises(Stale):
            await store.people.remove(nobody)


async def test_whoever_was_removed_is_not_brought_back_by_a_save(store: Store, alice: House) -> None:
    mine = await store.people.save(person(alice, "alice", TIKTOK))
    await store.people.remove(mine)

    with pytest.raises(Stale):
        await store.people.save(replace(mine, name="Alice"))

    assert await nothing_of(store, mine)


async def test_who_goes_is_the_one_that_is_there_whatever_is_said_of_them(store: Store, alice: House) -> None:
    mine = await store.people.save(person(alice, "alice", TIKTOK))
    bob = await store.people.save(replace(person(alice, "bob", GOOGLE), data_key=KEY))

    await store.people.remove(replace(mine, email=bob.email, identities=bob.identities, data_key=KEY))

    assert await nothing_of(store, mine)
    assert await store.people.by_way(GOOGLE) == await store.people.by_email(bob.email) == bob
    assert (await store.people.sealed_under("key-1")).items == (bob,)


# ── what is sealed ───────────────────────────────────────────────────────────────────────────────


async def test_people_sealed_under_a_key_come_in_order_of_their_ids_in_pages(
    store: Store, alice: House, charlie: House
) -> None:
    houses = (charlie, alice, charlie, alice, charlie)
    new = [replace(person(one, f"p{at}"), data_key=KEY) for at, one in enumerate(houses)]
    saved = {one.id: await store.people.save(one) for one in new[::-1]}
    await store.people.save(person(alice, "unsealed"))
    await store.people.save(replace(person(alice, "elsewhere"), data_key=WrappedKey("key-10", b"wrapped")))

    pages = [await store.people.sealed_under("key-1", limit=2)]
    while cursor := pages[-1].next_cursor:
        pages.append(await store.people.sealed_under("key-1", cursor=cursor, limit=2))

    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page.items] == [saved[one.id] for one in new]


async def test_people_channels_and_webhooks_under_one_key_are_listed_apart(store: Store, alice: House) -> None:
    channel = await store.channels.save(replace(alice.new_channel(), data_key=KEY))
    webhook = await alice.webhook()
    mine = await store.people.save(replace(person(alice, "alice"), data_key=KEY))
    assert webhook.data_key.key_id == "key-1"

    assert (await store.channels.sealed_under("key-1")).items == (channel,)
    assert (await store.webhooks.sealed_under("key-1")).items == (webhook,)
    assert (await store.people.sealed_under("key-1")).items == (mine,)


async def test_whose_key_was_wrapped_anew_is_under_the_new_one_alone(store: Store, alice: House) -> None:
    mine = await store.people.save(replace(person(alice, "alice"), data_key=KEY))
    mine = await store.people.save(replace(mine, data_key=WrappedKey("key-2", b"wrapped")))
    assert (await store.people.sealed_under("key-1")).items == ()
    assert (await store.people.sealed_under("key-2")).items == (mine,)

    await store.people.save(replace(mine, data_key=None))
    assert (await store.people.sealed_under("key-2")).items == ()


async def nothing_of(store: Store, gone: Person) -> bool:
    """Neither the person nor what would lead to them; ways that somebody else has are theirs."""
    with pytest.raises(NotFound):
        await store.people.get(gone.id)
    address = await store.people.by_email(gone.email)
    led = [await store.people.by_way(way) for way in gone.ways]
    return gone.id not in {one.id for one in (address, *led) if one} and address is None
