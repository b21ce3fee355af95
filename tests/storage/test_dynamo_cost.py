"""What work costs on DynamoDB, counted in requests and items: the same whether ten other deliveries wait or 10,000.

The figures stand here and in the docstring of `playout.storage.dynamodb`. One that grows is a defect, or a decision.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, Fence, Receipt, State
from playout.domain.person import Passkey
from playout.domain.post import Post
from playout.storage.dynamodb import DynamoStore
from playout.storage.dynamodb.items import delivery_item
from tests.aws import AwsServer
from tests.contract.cast import NOW, House, event, house, ref
from tests.storage.dynamo_house import StagedProxy, chore, new_store, person_with_ways
from tests.storage.dynamo_stage import new_name
from tests.storage.dynamo_wire import TRANSACTIONS, Call

SECOND = timedelta(seconds=1)
SOON = NOW + timedelta(minutes=1)
LATER = NOW + timedelta(minutes=2)
LONG_AGO = NOW - timedelta(days=1)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step asks of DynamoDB; items in a transaction cost twice as much."""

    requests: int = 0
    transactions: int = 0  # of these
    read: int = 0  # items looked at or asked for
    written: int = 0  # items


#: One delivery, from its schedule to its receipt: two steps, and one look in between.
LIFE = {
    "schedule": Cost(3, 1, 1, 5),
    "claim": Cost(9, 1, 1, 2),
    "load": Cost(3, 1, 6, 0),
    "fence": Cost(2, 1, 1, 2),
    "keep": Cost(2, 1, 1, 2),
    "outcome": Cost(2, 1, 1, 3),
    "claim again": Cost(9, 1, 1, 2),
    "load again": Cost(3, 1, 6, 0),
    "published": Cost(3, 1, 1, 3),
    "note on the channel": Cost(2, 0, 1, 1),
    "put a chore": Cost(1, 0, 0, 1),
    "claim the chore": Cost(5, 0, 1, 1),
    "load the chore": Cost(1, 0, 1, 0),
    "chore done": Cost(1, 1, 0, 1),
}
#: What is told of it: of the first and the last webhooks may want to hear.
KINDS = ("post.scheduled", "delivery.processing", "delivery.published")
#: The same where there is a webhook; and what is sent to it.
HEARD = {"schedule": Cost(3, 1, 2, 6), "published": Cost(3, 1, 2, 4)}
SENT = {"to be sent": Cost(1, 1, 0, 3), "arrived": Cost(2, 0, 1, 1), "sweep": Cost(5, 0, 1, 1)}
#: Somebody signs in, and adds a way to do so: what is the same as before is not written again.
SIGN_IN = {
    "found by a way": Cost(2, 0, 2, 0),
    "sign-in noted": Cost(2, 1, 1, 2),
    "another passkey": Cost(2, 1, 1, 3),
    "gone": Cost(2, 1, 1, 7),
    "members": Cost(1, 0, 1, 0),
}
#: The planner once a second, while nothing is due.
TICK = {"claim deliveries": Cost(4), "claim chores": Cost(4)}


class Meter:
    """Reads off what each step has cost."""

    def __init__(self, proxy: StagedProxy) -> None:
        self.costs: dict[str, Cost] = {}
        self._calls = proxy.calls

    async def of(self, step: str, work: Awaitable[T]) -> T:
        self._calls.clear()
        done = await work
        self.costs[step] = cost(self._calls)
        return done


def cost(calls: list[Call]) -> Cost:
    return Cost(
        requests=len(calls),
        transactions=sum(call.operation in TRANSACTIONS for call in calls),
        read=sum(call.items for call in calls if call.reads),
        written=sum(call.items for call in calls if call.writes),
    )


@pytest.fixture(scope="module", params=[10, 10_000])
def crowded(request: pytest.FixtureRequest, aws_server: AwsServer) -> str:
    """A table in which so many deliveries wait for their time; its name."""
    table = new_name()
    asyncio.run(crowd(aws_server.url, table, request.param))
    return table


async def crowd(url: str, table: str, count: int) -> None:
    """Written as items, a request for 25: to save so many posts takes long."""
    store = new_store(url, table)
    await store.prepare()
    waiting = await others(store, count)
    for start in range(0, count, 25):
        batch = [{"PutRequest": {"Item": delivery_item(one)}} for one in waiting[start : start + 25]]
        await store._table.ask("batch_write_item", RequestItems={table: batch})
    await store.close()


async def others(store: DynamoStore, count: int) -> list[Delivery]:
    """In twenty channels of two houses, due in the hours and weeks to come."""
    houses = [await house(store, "bob"), await house(store, "charlie")]
    channels = [(one, await one.channel()) for one in houses for _ in range(10)]
    posts = [(await one.post(), one, channel) for one, channel in channels]
    return [replace(waiting(*posts[at % 20], NOW + timedelta(minutes=10 + at)), version=1) for at in range(count)]


def waiting(post: Post, owner: House, channel: Channel, due_at: datetime) -> Delivery:
    return owner.new_delivery(post, channel, due_at)


@pytest.fixture
async def store(proxy: StagedProxy, crowded: str) -> AsyncIterator[DynamoStore]:
    store = new_store(proxy.url, crowded)
    yield store
    await store.close()


async def test_a_delivery_costs_the_same_however_many_others_wait(proxy: StagedProxy, store: DynamoStore) -> None:
    alice, meter = await house(store, "alice"), Meter(proxy)
    await a_life(alice, meter)
    await a_chore(alice, meter)

    assert meter.costs == LIFE


async def test_whoever_has_a_webhook_pays_for_what_it_hears(proxy: StagedProxy, store: DynamoStore) -> None:
    alice, meter = await house(store, "alice"), Meter(proxy)
    await alice.webhook()
    await a_life(alice, meter)

    expected = {name: cost for name, cost in LIFE.items() if "chore" not in name} | HEARD
    assert meter.costs == expected


async def test_what_is_sent_costs_the_same_however_many_others_wait(proxy: StagedProxy, store: DynamoStore) -> None:
    alice, meter = await house(store, "alice"), Meter(proxy)
    new = alice.new_sending(await alice.webhook())
    sending = await meter.of("to be sent", store.sendings.save(new, [chore(alice)]))
    await meter.of("arrived", store.sendings.save(sending.arrived(204, NOW)))
    await meter.of("sweep", store.sendings.sweep(LATER))

    assert meter.costs == SENT


async def test_who_signs_in_costs_the_same_however_many_others_wait(proxy: StagedProxy, store: DynamoStore) -> None:
    alice, meter = await house(store, "alice"), Meter(proxy)
    added = await store.people.save(person_with_ways(alice))
    found = await meter.of("found by a way", store.people.by_way(added.ways[0]))
    assert found is not None
    noted = await meter.of("sign-in noted", store.people.save(replace(found, totp_used=1)))
    another = Passkey("k-2", b"cose", 0, "Key ring", NOW)
    more = await meter.of("another passkey", store.people.save(replace(noted, passkeys=(*noted.passkeys, another))))
    await meter.of("gone", store.people.remove(more))
    await meter.of("members", store.workspaces.get(alice.workspace_id))

    assert meter.costs == SIGN_IN


async def a_life(alice: House, meter: Meter) -> None:
    deliveries, channel = alice.store.deliveries, await alice.channel()
    post = alice.new_post(await alice.video())
    new = alice.new_delivery(post, channel)
    told = [event(alice.workspace_id, new.id, kind) for kind in KINDS]
    await meter.of("schedule", alice.store.posts.save(post, [new], told[:1]))

    assert len(await meter.of("claim", deliveries.claim(NOW, SOON, 10))) == 1
    held = (await meter.of("load", deliveries.work(ref(new)))).delivery
    sending = replace(held, state=State.SENDING, step="send", fence=Fence("send", NOW), total=10)
    fenced = await meter.of("fence", deliveries.save(sending))
    await meter.of("keep", deliveries.keep(ref(new), fenced.version, SOON + SECOND, 5))
    resting = replace(fenced, state=State.PROCESSING, fence=None, due_at=LATER, in_hand_until=None, handle="v_pub~1")
    await meter.of("outcome", deliveries.save(resting, told[1:2]))

    assert len(await meter.of("claim again", deliveries.claim(LATER, LATER + SECOND, 10))) == 1
    held = (await meter.of("load again", deliveries.work(ref(new)))).delivery
    done = replace(held, state=State.PUBLISHED, due_at=None, in_hand_until=None, receipt=Receipt("id", None, LATER))
    await meter.of("published", deliveries.save(done, told[2:]))
    await meter.of("note on the channel", alice.store.channels.save(replace(channel, last_published_at=LATER)))


async def a_chore(alice: House, meter: Meter) -> None:
    chores, put = alice.store.chores, chore(alice)
    await meter.of("put a chore", chores.put(put))
    assert len(await meter.of("claim the chore", chores.claim(NOW, SOON, 10))) == 1
    held = await meter.of("load the chore", chores.get(alice.workspace_id, put.id))
    assert held is not None
    await meter.of("chore done", chores.done(held))


async def test_a_look_of_the_planner_reads_nothing_however_many_wait(proxy: StagedProxy, store: DynamoStore) -> None:
    meter = Meter(proxy)
    assert await meter.of("claim deliveries", store.deliveries.claim(LONG_AGO, NOW, 10)) == []
    assert await meter.of("claim chores", store.chores.claim(LONG_AGO, NOW, 10)) == []

    assert meter.costs == TICK


async def test_what_is_in_hand_costs_the_planner_nothing(proxy: StagedProxy, store: DynamoStore) -> None:
    alice, meter = await house(store, "alice"), Meter(proxy)
    held = await alice.claimed(until=SOON)
    await store.deliveries.keep(ref(held), held.version, SOON + SECOND)
    assert await meter.of("claim deliveries", store.deliveries.claim(SOON, LATER, 10)) == []

    assert meter.costs == {"claim deliveries": TICK["claim deliveries"]}
    await store.deliveries.save(replace(held, state=State.PUBLISHED, due_at=None, in_hand_until=None))
