"""Chores: one per kind and subject, claimed when due, never lost by finishing an older order."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from playout.application.ports import Chore, Ref, Store
from playout.domain.errors import Stale
from tests.contract.cast import NOW, SOON, House

SECOND = timedelta(seconds=1)
LATER = SOON + timedelta(seconds=60)


def renew(house: House, subject: str = "ch_1", due_at: timedelta = timedelta(0)) -> Chore:
    return Chore(house.workspace_id, "renew", subject, NOW + due_at)


async def held(store: Store, chore: Chore) -> Chore:
    """It was put and somebody has it in hand."""
    await store.chores.put(chore)
    await store.chores.claim(NOW, SOON, 10)
    found = await store.chores.get(chore.workspace_id, chore.id)
    assert found is not None
    return found


async def test_a_chore_comes_back_as_it_was_put(store: Store, alice: House) -> None:
    chore = replace(renew(alice, "with:colon"), tries=3)

    await store.chores.put(chore)

    assert await store.chores.get(alice.workspace_id, chore.id) == replace(chore, version=1)


async def test_a_chore_that_is_not_there_is_none(store: Store, alice: House) -> None:
    assert await store.chores.get(alice.workspace_id, "renew:ch_1") is None


async def test_putting_a_chore_again_moves_its_time(store: Store, alice: House) -> None:
    await store.chores.put(renew(alice))
    await store.chores.put(renew(alice, due_at=5 * SECOND))

    assert await store.chores.claim(NOW, SOON, 10) == []
    assert len(await store.chores.claim(NOW + 5 * SECOND, SOON, 10)) == 1


async def test_charlie_does_not_find_alices_chore(store: Store, alice: House, charlie: House) -> None:
    await store.chores.put(renew(alice))

    assert await store.chores.get(charlie.workspace_id, "renew:ch_1") is None


async def test_charlies_chore_of_the_same_name_is_another(store: Store, alice: House, charlie: House) -> None:
    await store.chores.put(renew(alice))
    await store.chores.put(renew(charlie, due_at=5 * SECOND))

    assert await store.chores.claim(NOW, SOON, 10) == [Ref(alice.workspace_id, "renew:ch_1", 2)]


async def test_what_is_due_is_taken_earliest_first(store: Store, alice: House) -> None:
    for subject, due_at in (("a", -SECOND), ("b", -3 * SECOND), ("c", -2 * SECOND), ("d", SECOND)):
        await store.chores.put(renew(alice, subject, due_at))

    first = await store.chores.claim(NOW, SOON, 2)
    rest = await store.chores.claim(NOW, SOON, 2)

    assert [one.id for one in (*first, *rest)] == ["renew:b", "renew:c", "renew:a"]


async def test_a_claim_holds_the_chore_and_moves_its_version(store: Store, alice: House) -> None:
    chore = renew(alice)
    await store.chores.put(chore)

    assert await store.chores.claim(NOW, SOON, 10) == [Ref(alice.workspace_id, chore.id, 2)]
    assert await store.chores.get(alice.workspace_id, chore.id) == replace(chore, in_hand_until=SOON, version=2)
    assert await store.chores.claim(SOON - SECOND, LATER, 10) == []


async def test_what_a_crash_left_in_hand_is_taken_again(store: Store, alice: House) -> None:
    chore = await held(store, renew(alice))

    assert await store.chores.claim(SOON, LATER, 10) == [Ref(alice.workspace_id, chore.id, 3)]


async def test_of_many_claimants_each_chore_has_one(store: Store, alice: House) -> None:
    for number in range(20):
        await store.chores.put(renew(alice, f"ch_{number}"))

    claims = await asyncio.gather(*(store.chores.claim(NOW, SOON, 5) for _ in range(8)))
    more = await store.chores.claim(NOW, SOON, 50)

    names = [one.id for claim in (*claims, more) for one in claim]
    assert len(names) == len(set(names)) == 20


async def test_a_saved_chore_is_due_at_its_new_time(store: Store, alice: House) -> None:
    chore = await held(store, renew(alice))

    saved = await store.chores.save(replace(chore, due_at=NOW + 9 * SECOND, in_hand_until=None, tries=1))

    assert await store.chores.get(alice.workspace_id, chore.id) == saved
    assert await store.chores.claim(NOW + 8 * SECOND, SOON, 10) == []
    assert len(await store.chores.claim(NOW + 9 * SECOND, SOON, 10)) == 1


async def test_saving_a_chore_that_was_put_again_is_stale(store: Store, alice: House) -> None:
    chore = await held(store, renew(alice))
    await store.chores.put(renew(alice))

    with pytest.raises(Stale):
        await store.chores.save(replace(chore, due_at=LATER))


async def test_saving_a_chore_that_is_done_is_stale(store: Store, alice: House) -> None:
    chore = await held(store, renew(alice))
    await store.chores.done(chore)

    with pytest.raises(Stale):
        await store.chores.save(chore)


async def test_a_chore_that_is_done_is_gone(store: Store, alice: House) -> None:
    chore = await held(store, renew(alice))

    await store.chores.done(chore)

    assert await store.chores.get(alice.workspace_id, chore.id) is None


async def test_a_chore_put_again_while_in_hand_is_not_lost_by_done(store: Store, alice: House) -> None:
    chore = await held(store, renew(alice))
    await store.chores.put(renew(alice, due_at=SECOND))

    await store.chores.done(chore)

    assert len(await store.chores.claim(NOW + SECOND, SOON, 10)) == 1


async def test_done_for_a_chore_of_another_house_does_nothing(store: Store, alice: House, charlie: House) -> None:
    chore = await held(store, renew(alice))

    await store.chores.done(replace(chore, workspace_id=charlie.workspace_id))

    assert await store.chores.get(alice.workspace_id, chore.id) == chore
