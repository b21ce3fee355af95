"""The claim. The index of what is due lags: it proposes, and a conditional write to the table decides who wins.

A channel's hand is an item of its own, so that of two workers who see two deliveries of one channel only one gets a
hand on it, however old the index is that they look at.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from playout.application.ports import Ref
from playout.storage.dynamodb.actions import ABSENT, PRESENT, Key, Put, Update, When, unchanged
from playout.storage.dynamodb.failures import Crossed, Refused
from playout.storage.dynamodb.items import REST, delivery_key, hand_attributes, hand_key, under
from playout.storage.dynamodb.lists import due_after, due_until
from playout.storage.dynamodb.rest import finish
from playout.storage.dynamodb.table import Table
from playout.storage.dynamodb.values import Item, heard, moment, number, said, text
from playout.storage.turns import Line, Waiting, deal

#: So many of a claim are on their way at the same time.
_AT_ONCE = 16


async def claim(table: Table, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
    """Goes on with the next in turn where somebody else was faster, until it has `limit` or nobody is left."""
    found = await due_until(table, "DUE", now)
    rest = [(one["PK"]["S"], one["SK"]["S"]) for one in found if one["SK"]["S"].startswith(REST)]
    due = [_waiting(one) for one in found if not one["SK"]["S"].startswith(REST)]
    for note in rest[:_AT_ONCE]:
        await finish(table, note)
    if not due:
        return []
    held = [_line(item) for item in await due_after(table, "HAND", now)]
    queue = deal(due, held)
    taken: list[Ref] = []
    while queue and len(taken) < limit:
        some = min(limit - len(taken), _AT_ONCE)
        wave, queue = queue[:some], queue[some:]
        answers = await asyncio.gather(*(_take(table, one, now, until) for one in wave), return_exceptions=True)
        taken += [one for one in answers if isinstance(one, Ref)]
        for failure in (one for one in answers if isinstance(one, BaseException)):
            if taken:
                return taken  # what is in hand must be worked on; the rest is due still
            raise failure
    return taken


async def _take(table: Table, one: Waiting, now: datetime, until: datetime) -> Ref | None:
    """None: it is not as the index saw it, or the channel is in hand. An old index proposes it again."""
    hand = hand_key(one.workspace_id, one.channel_id)
    delivery = Update(
        delivery_key(one.workspace_id, one.id),
        put={"in_hand_until": moment(until), "due_sk": text(said(max(one.due_at, until)))},
        add={"version": number(1)},
        when=unchanged(one.version) & _due(now),
    )
    free = ABSENT | When("#due_sk <= :now", {":now": moment(now)})
    try:
        await table.write(
            delivery,
            Put(under(hand, hand_attributes(one.channel_id, one.id, until)), free),
            patient=False,
        )
    except (Refused, Crossed):
        return None
    return Ref(one.workspace_id, one.id, one.version + 1)


async def take_one(table: Table, key: Key, item: Item, now: datetime, until: datetime) -> bool:
    """Of what needs no hand: takes it if it is as the index saw it."""
    version = int(item["version"]["N"])
    waking = {"in_hand_until": moment(until), "due_sk": moment(until)}
    taking = Update(key, put=waking, add={"version": number(1)}, when=unchanged(version) & _due(now))
    try:
        await table.write(taking, patient=False)
    except (Refused, Crossed):
        return False
    return True


def _due(now: datetime) -> When:
    """Not in hand either: a hold that was lengthened has the same version, and a later time."""
    return PRESENT & When("#due_sk <= :due", {":due": moment(now)})


def _waiting(item: Item) -> Waiting:
    return Waiting(
        due_at=heard(item["due_at"]["S"]),
        id=item["SK"]["S"].partition("#")[2],
        workspace_id=item["PK"]["S"],
        channel_id=item["channel_id"]["S"],
        version=int(item["version"]["N"]),
    )


def _line(item: Item) -> Line:
    return item["PK"]["S"], item["channel_id"]["S"]
