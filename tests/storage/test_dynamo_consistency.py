"""A normal life in the house: the table is read as of now, and nothing ever looks through all of it."""

import asyncio
from datetime import timedelta

import pytest

from playout.application.ports import Store
from playout.domain.delivery import State
from tests.aws import AwsServer
from tests.cast import NOON, Cast
from tests.contract.cast import House
from tests.storage.dynamo_house import StagedProxy, new_store, person_with_ways
from tests.storage.dynamo_wire import READS, Call


@pytest.fixture(scope="module")
def calls(aws_server: AwsServer) -> list[Call]:
    """What the house has asked of DynamoDB in its life."""
    return asyncio.run(live(aws_server.url))


async def live(url: str) -> list[Call]:
    """Signing in, posting, publishing, looking around, deleting, and the end of it."""
    async with StagedProxy(url) as proxy:
        store = new_store(proxy.url)
        await store.prepare()
        await a_life(await Cast.open(store))
        await store.close()
        return proxy.calls


async def a_life(cast: Cast) -> None:
    shown = await cast.post(cast.alice)
    await cast.token(cast.alice)
    cast.clock.move(hours=2)
    await cast.work()
    await cast.work()
    published = await cast.services.posts.get(cast.alice, shown.post.id)
    assert [one.state for one in published.deliveries] == [State.PUBLISHED]
    await look_around(cast, cast.store)
    await cast.services.posts.remove(cast.alice, shown.post.id)
    await cast.store.ephemera.sweep(cast.clock.now() + timedelta(days=2))
    await cast.store.sendings.sweep(cast.clock.now() + timedelta(days=2))
    while await cast.store.workspaces.erase(cast.alice.workspace_id):
        pass


async def look_around(cast: Cast, store: Store) -> None:
    """Every list there is."""
    home, channel = cast.alice.workspace_id, (await store.channels.list(cast.alice.workspace_id)).items[0]
    await store.posts.list(home)
    [video] = (await store.videos.list(home)).items
    await store.videos.same_bytes(home, video.sha256)
    await store.posts.using(home, video.id)
    await store.deliveries.list(home)
    await store.deliveries.list(home, channel_id=channel.id)
    await store.deliveries.list(home, states=[State.PUBLISHED, State.FAILED])
    await store.deliveries.planned(home, NOON, NOON + timedelta(days=1))
    await store.deliveries.by_handle("memory", "nobody")
    await store.channels.by_account("memory", channel.profile.remote_id)
    await store.channels.sealed_under("cast")
    await store.tokens.list(home)
    sending = await House(store, home).sending()
    await store.webhooks.list(home)
    await store.webhooks.sealed_under("key-1")
    assert (await store.sendings.list(home, sending.webhook_id)).items == (sending,)
    await store.posts.planned(home, NOON, NOON + timedelta(days=1))
    someone = await store.people.save(person_with_ways(House(store, home)))
    assert await store.people.by_email(someone.email) == await store.people.by_way(someone.ways[0]) == someone
    assert (await store.people.sealed_under("key-1")).items == (someone,)


def test_the_table_itself_is_only_read_as_of_now(calls: list[Call]) -> None:
    of_the_table = [call for call in calls if call.operation in READS and call.index is None]

    assert {call.operation for call in of_the_table} == {"GetItem", "BatchGetItem", "TransactGetItems", "Query"}
    assert [call for call in of_the_table if not call.consistent] == []


def test_nothing_ever_looks_through_the_whole_table(calls: list[Call]) -> None:
    assert "Scan" not in {call.operation for call in calls}


def test_every_index_is_used(calls: list[Call]) -> None:
    assert {call.index for call in calls} == {None, "due", "channel", "state", "planned", "named"}


def test_whatever_an_index_showed_is_read_from_the_table_before_it_is_shown(calls: list[Call]) -> None:
    shown = {key for call in calls if call.index in {"channel", "state", "planned"} for key in call.keys}
    read = {key for call in calls if call.index is None and call.operation == "BatchGetItem" for key in call.keys}

    assert shown
    assert shown <= read
