"""What a step leaves to be done when it is too long for one transaction: history to delete, new items to put.

The step writes a note of the rest together with everything that can be refused, so it happens whole or not at all. Then
the rest is done, and the note goes. Whoever was killed in between leaves the note among what is due, where the next
claim finds it and finishes the work.
"""

from collections.abc import Sequence
from contextlib import suppress

from playout.domain.errors import Unavailable
from playout.storage.dynamodb.actions import ABSENT, Check, Key, Put, key_of
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.history import forget
from playout.storage.dynamodb.items import due, rest_key, sharded, under
from playout.storage.dynamodb.table import MOST_WRITES, Table, below
from playout.storage.dynamodb.values import Item, a_set, names, text

_AT_ONCE = "0"  # before every time there is


def forgetting(workspace_id: str, subjects: Sequence[str]) -> Put:
    """A note: the history of these is to go."""
    return _note(rest_key(workspace_id), {"subjects": names(subjects)})


def unsending(workspace_id: str, webhook_id: str) -> Put:
    """A note: what was sent to this webhook is to go."""
    return _note(rest_key(workspace_id), {"webhook": text(webhook_id)})


def putting(workspace_id: str, puts: Sequence[Put]) -> Put:
    """A note: these are to be put, none of which is there yet."""
    return _note(rest_key(workspace_id), {"puts": {"L": [{"M": one.item} for one in puts]}})


async def finish_soon(table: Table, note: Key) -> None:
    """Now if DynamoDB serves, else by the next claim: the step is done, and must not be told to have failed."""
    with suppress(Unavailable):
        await finish(table, note)


async def finish(table: Table, note: Key) -> None:
    """Does what the note says; again is fine."""
    item = await table.get(note)
    if item is None:
        return
    for subject in sorted(a_set(item, "subjects")):
        await forget(table, note[0], subject)
    if "webhook" in item:
        everything = table.query(below(note[0], "SND#"))  # an index could miss some
        await table.erase([key_of(one) async for one in everything if one["webhook_id"] == item["webhook"]])
    await _put_all(table, note, [one["M"] for one in item.get("puts", {"L": []})["L"]])
    await table.erase([note])


async def _put_all(table: Table, note: Key, items: Sequence[Item]) -> None:
    """As long as the note stands: what was put by somebody else, and deleted since, must not come back."""
    left = [Put(item, ABSENT) for item in items]
    while left:
        some = left[: MOST_WRITES - 1]
        try:
            await table.write(Check(note), *some)
        except Refused as refused:
            if 0 in refused.stood:
                return
            left = [one for at, one in enumerate(left, 1) if at not in refused.stood]
        else:
            left = left[len(some) :]


def _note(key: Key, content: Item) -> Put:
    return Put(under(key, {**content, **due(sharded("DUE", key[1]), _AT_ONCE)}))
