"""Deliveries in DynamoDB, without the claim (`claim`)."""

from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

from playout.application.ports import Page, Ref, Work
from playout.domain.delivery import Delivery, State
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.storage.dynamodb.actions import (
    ABSENT,
    PRESENT,
    Action,
    Delete,
    Key,
    Put,
    Update,
    stands,
    unchanged,
)
from playout.storage.dynamodb.claim import claim
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.history import announcements
from playout.storage.dynamodb.items import (
    CHANNEL,
    DELIVERY,
    POST,
    VIDEO,
    channel_key,
    delivery_item,
    delivery_key,
    hand_attributes,
    hand_key,
    handle_partition,
    notes,
    post_key,
    state_partition,
    video_key,
)
from playout.storage.dynamodb.lists import behind, keys_of, merged, newest, page_of
from playout.storage.dynamodb.table import Span, Table, below
from playout.storage.dynamodb.values import a_set, moment, names, number, said

_PREFIX = "DLV#"


class DynamoDeliveries:
    """Keeps the promises of `Deliveries`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, workspace_id: str, delivery_id: str) -> Delivery:
        found = await self._table.get(delivery_key(workspace_id, delivery_id))
        if found is None:
            raise NotFound("There is no such thing here.")
        return DELIVERY.record(found)

    # ── lists ───────────────────────────────────────────────────────────────────────────────────

    async def list(
        self,
        workspace_id: str,
        *,
        states: Collection[State] = (),
        channel_id: str | None = None,
        post_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Delivery]:
        if post_id is not None:
            keys = self._of_post(workspace_id, post_id, cursor)
        elif channel_id is not None:
            keys = self._named_by("channel", f"{workspace_id}#{channel_id}", cursor, limit)
        elif states:
            among = [state_partition(workspace_id, state) for state in dict.fromkeys(states)]
            keys = merged([self._named_by("state", one, cursor, limit) for one in among])
        else:
            return await newest(self._table, workspace_id, _PREFIX, DELIVERY.record, cursor, limit)
        found = behind(self._table, keys, DELIVERY.record, min(limit + 1, 100))
        return await page_of(_wanted(found, states, channel_id, cursor), limit)

    async def of_posts(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Delivery]:
        known = await self._table.batch(post_key(workspace_id, one) for one in post_ids)
        wanted = {name for post in known.values() for name in a_set(post, "deliveries")}
        found = await self._table.batch(delivery_key(workspace_id, one) for one in wanted)
        return sorted(map(DELIVERY.record, found.values()), key=lambda one: one.id)

    async def _of_post(self, workspace_id: str, post_id: str, cursor: str | None) -> AsyncGenerator[Key, None]:
        """The post knows its deliveries, so that none is missed however new it is."""
        post = await self._table.get(post_key(workspace_id, post_id)) or {}
        for delivery_id in sorted(a_set(post, "deliveries"), reverse=True):
            if cursor is None or delivery_id < cursor:
                yield delivery_key(workspace_id, delivery_id)

    def _named_by(self, index: str, partition: str, cursor: str | None, limit: int) -> AsyncGenerator[Key, None]:
        return keys_of(self._table, below(partition, _PREFIX, index, newest=True, cursor=cursor), limit + 2)

    async def planned(self, workspace_id: str, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Delivery]:
        span = Span(workspace_id, said(start), said(end), "planned")
        found = behind(self._table, keys_of(self._table, span), DELIVERY.record)
        shown = (await page_of(_between(found, start, end), limit)).items
        return sorted(shown, key=lambda one: (one.scheduled_at, one.id))  # an old index has some in another order

    async def by_handle(self, platform: str, handle: str) -> Ref | None:
        span = below(handle_partition(platform, handle), _PREFIX, "named", newest=True)
        async with aclosing(keys_of(self._table, span, 1)) as keys:
            latest = await anext(keys, None)
        return Ref(latest[0], latest[1].removeprefix(_PREFIX)) if latest else None

    # ── work ────────────────────────────────────────────────────────────────────────────────────

    async def work(self, ref: Ref) -> Work:
        """Read at once, after it is known what: again where the post took another video in between."""
        delivery = await self.get(ref.workspace_id, ref.id)
        post = await self._table.get(post_key(ref.workspace_id, delivery.post_id))
        if post is None:
            raise NotFound("There is no such thing here.")
        video_id = POST.record(post).video_id
        found = await self._table.snapshot(
            delivery_key(ref.workspace_id, ref.id),
            post_key(ref.workspace_id, delivery.post_id),
            video_key(ref.workspace_id, video_id),
            channel_key(ref.workspace_id, delivery.channel_id),
        )
        delivered, posted, shown, connected = found
        if posted and POST.record(posted).video_id != video_id:
            return await self.work(ref)
        if not (delivered and posted and shown and connected):  # all of one moment: it goes, or its workspace does
            raise NotFound("There is no such thing here.")
        return Work(
            delivery=DELIVERY.record(delivered),
            post=POST.record(posted),
            video=VIDEO.record(shown),
            channel=CHANNEL.record(connected),
        )

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        return await claim(self._table, now, until, limit)

    async def keep(self, ref: Ref, version: int, until: datetime, sent: int | None = None) -> None:
        found = await self._table.get(delivery_key(ref.workspace_id, ref.id))
        if found is None or "in_hand_until" not in found or int(found["version"]["N"]) != version:
            raise Stale
        held = replace(DELIVERY.record(found), in_hand_until=until)
        kept = {"in_hand_until": moment(until)}
        if held.wake_at:
            kept["due_sk"] = moment(held.wake_at)
        if sent is not None:
            kept["sent"] = number(sent)
        hand = hand_key(held.workspace_id, held.channel_id)
        mine = ABSENT | stands("delivery_id", held.id)
        try:
            await self._table.write(
                Update(delivery_key(ref.workspace_id, ref.id), put=kept, when=unchanged(version)),
                Update(hand, put=hand_attributes(held.channel_id, held.id, until), when=mine),
            )
        except Refused:
            raise Stale from None  # the hold had ended, and the channel's turn went to another

    async def save(self, delivery: Delivery, events: Sequence[Event] = ()) -> Delivery:
        joined = await self._joined(delivery) if delivery.version == 0 else []
        told: list[Action] = [*notes(events), *await announcements(self._table, events)]
        while True:
            hands = await hands_of(self._table, [delivery])
            saving = [keep_delivery(delivery), *joined, *told, *hands]
            try:
                await self._table.write(*saving)
            except Refused as refused:
                if only_hands(refused, len(saving) - len(hands)):
                    continue
                raise Stale from None
            return replace(delivery, version=delivery.version + 1)

    async def _joined(self, delivery: Delivery) -> Sequence[Action]:
        """A new one belongs to a post, which notes it, and to a channel, which stays as long as posts do."""
        if await self._table.get(channel_key(delivery.workspace_id, delivery.channel_id)) is None:
            raise Stale("What this belongs to is gone. Load it again.")
        post = post_key(delivery.workspace_id, delivery.post_id)
        return [Update(post, add={"deliveries": names([delivery.id])}, when=PRESENT)]


async def _wanted(
    found: AsyncGenerator[Delivery, None], states: Collection[State], channel_id: str | None, cursor: str | None
) -> AsyncGenerator[Delivery, None]:
    async for one in found:
        if (not states or one.state in states) and channel_id in {None, one.channel_id} and one.id != cursor:
            yield one


async def _between(
    found: AsyncGenerator[Delivery, None], start: datetime, end: datetime
) -> AsyncGenerator[Delivery, None]:
    async for one in found:
        if start <= one.scheduled_at < end:
            yield one


def keep_delivery(delivery: Delivery) -> Put:
    """With its next version, if it is as it was loaded."""
    return Put(delivery_item(replace(delivery, version=delivery.version + 1)), unchanged(delivery.version))


async def hands_of(table: Table, deliveries: Iterable[Delivery]) -> list[Action]:
    """What becomes of the hands that these have on their channels: let go, or as long as the record says."""
    stored = {one.id: hand_key(one.workspace_id, one.channel_id) for one in deliveries if one.version}
    found = await table.batch(stored.values())
    return [
        _hand(one, stored[one.id])
        for one in deliveries
        if one.id in stored and found.get(stored[one.id], {}).get("delivery_id") == {"S": one.id}
    ]


def _hand(delivery: Delivery, key: Key) -> Action:
    mine = stands("delivery_id", delivery.id)
    if delivery.in_hand_until is None:
        return Delete(key, mine)
    return Update(key, put=hand_attributes(delivery.channel_id, delivery.id, delivery.in_hand_until), when=mine)


def only_hands(refused: Refused, first: int) -> bool:
    """Only a hand changed hands since it was looked at: to be looked at again. They are the last of the actions."""
    return all(number >= first for number in refused.stood)
