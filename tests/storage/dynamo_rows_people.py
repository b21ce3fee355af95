"""Of the scenes of `dynamo_rows` those with a workspace, people and their tokens."""

from dataclasses import replace

from playout.domain.channel import WrappedKey
from tests.contract.cast import NOW, House
from tests.storage.dynamo_house import person, person_with_ways, token
from tests.storage.dynamo_scene import Scene


async def a_workspace_is_named_anew(alice: House) -> Scene:
    named = replace(await alice.store.workspaces.get(alice.workspace_id), name="Möwe")

    async def stands() -> bool:
        return await alice.store.workspaces.get(alice.workspace_id) == replace(named, version=2)

    return Scene(lambda: alice.store.workspaces.save(named), replace(named, version=2), stands)


async def a_person_takes_another_address(alice: House) -> Scene:
    moved = replace(await alice.store.people.save(person(alice)), email="alice@example.org")

    async def stands() -> bool:
        old = await alice.store.people.by_email("alice@example.com")
        return (old, await alice.store.people.by_email(moved.email)) == (None, replace(moved, version=2))

    return Scene(lambda: alice.store.people.save(moved), replace(moved, version=2), stands)


async def a_person_takes_another_way_in(alice: House) -> Scene:
    store, someone = alice.store.people, await alice.store.people.save(person_with_ways(alice))
    moved = replace(someone, identities=("tiktok:another",), data_key=WrappedKey("key-2", b"wrapped"))
    saved = replace(moved, version=2)

    async def stands() -> bool:
        led = [await store.by_way(way) for way in ("tiktok:alice", "tiktok:another", "passkey:k-1")]
        sealed = [(await store.sealed_under(key)).items for key in ("key-1", "key-2")]
        return (led, sealed) == ([None, saved, saved], [(), (saved,)])

    return Scene(lambda: store.save(moved), saved, stands)


async def a_person_is_removed(alice: House) -> Scene:
    store, someone = alice.store.people, await alice.store.people.save(person_with_ways(alice))

    async def stands() -> bool:
        led = [await store.by_email(someone.email), *[await store.by_way(way) for way in someone.ways]]
        return (led, (await store.sealed_under("key-1")).items) == ([None, None, None], ())

    return Scene(lambda: store.remove(someone), None, stands)


async def a_token_is_added(alice: House) -> Scene:
    made = token(alice)

    async def stands() -> bool:
        return await alice.store.tokens.list(alice.workspace_id) == [made]

    return Scene(lambda: alice.store.tokens.add(made), None, stands)


async def a_token_is_removed(alice: House) -> Scene:
    made = token(alice)
    await alice.store.tokens.add(made)

    async def stands() -> bool:
        listed = await alice.store.tokens.list(alice.workspace_id)
        return (listed, await alice.store.tokens.by_hash(made.hash)) == ([], None)

    return Scene(lambda: alice.store.tokens.remove(alice.workspace_id, made.id), None, stands)


async def a_token_is_used(alice: House) -> Scene:
    made = token(alice)
    await alice.store.tokens.add(made)

    async def stands() -> bool:
        return await alice.store.tokens.by_hash(made.hash) == replace(made, last_used_at=NOW)

    return Scene(lambda: alice.store.tokens.used(made, NOW), None, stands)
