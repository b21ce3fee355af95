"""The end of a workspace in DynamoDB: everything in it goes, a part at a time, and the workspace last.

What points to something goes before it, and history with what it tells of. Each record goes only as it was seen, so
that what is saved at the same time is met again. What new records of every kind check (`lives`) is what makes the end
certain: the workspace is marked, seen to be empty as of then, and only then removed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TypeAlias

from playout.application.ports.store import ERASE
from playout.domain.errors import Stale, Unavailable
from playout.storage.dynamodb.actions import PRESENT, Action, Delete, Update, When, as_seen, key_of, stands
from playout.storage.dynamodb.channels import leading
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.history import forget
from playout.storage.dynamodb.items import (
    CHANNEL,
    ENDING,
    PERSON,
    REST,
    WEBHOOK,
    delivery_key,
    person_key,
    token_key,
    uses_key,
    workspace_key,
)
from playout.storage.dynamodb.lists import keys_of
from playout.storage.dynamodb.persons import leading as led_by
from playout.storage.dynamodb.rest import finish
from playout.storage.dynamodb.table import Span, Table, below
from playout.storage.dynamodb.values import Item, a_set, names
from playout.storage.dynamodb.webhooks import remove

#: So many records are on their way out at the same time.
_AT_ONCE = 16
#: Looks in a row at which nothing could go, or only a mark be set.
_TRIES = 20
_KEPT = f"CHORE#{ERASE}:"
_UNUSED = When("attribute_not_exists(#posts)")

#: Whether it went. If not, somebody has written to it meanwhile: it is to be looked at again.
_Goes: TypeAlias = Callable[[Table, Item], Awaitable[bool]]


async def erase(table: Table, workspace_id: str, limit: int) -> int:
    """As `Workspaces.erase`. Raises Unavailable where others write faster than it looks."""
    for _ in range(_TRIES):
        async for note in keys_of(table, below(workspace_id, REST)):
            await finish(table, note)
        gone, is_empty = await _some_of_each(table, workspace_id, limit)
        if gone:
            return gone
        if is_empty and await _ended(table, workspace_id):
            return 0
    raise Unavailable("Others keep writing into this workspace. Try again.")


async def _some_of_each(table: Table, workspace_id: str, limit: int) -> tuple[int, bool]:
    """How many went, and whether that was all there is."""
    gone = 0
    for prefix, goes in _ORDER.items():
        found = await _first(table, workspace_id, prefix, limit - gone)
        went = await _waves(table, found, goes)
        gone += went
        if went < len(found) or gone >= limit:
            return gone, False
    return gone, True


async def _first(table: Table, workspace_id: str, prefix: str, limit: int) -> Sequence[Item]:
    found: list[Item] = []
    async with aclosing(table.query(below(workspace_id, prefix), min(limit, 1000))) as items:
        async for item in items:
            if not item["SK"]["S"].startswith(_KEPT):
                found.append(item)
            if len(found) == limit:
                break
    return found


async def _waves(table: Table, found: Sequence[Item], goes: _Goes) -> int:
    went = 0
    for start in range(0, len(found), _AT_ONCE):
        went += sum(await asyncio.gather(*(goes(table, one) for one in found[start : start + _AT_ONCE])))
    return went


async def _ended(table: Table, workspace_id: str) -> bool:
    """False: not yet. Marked first, then seen to be empty: from the mark on nothing new comes into it."""
    here: Item | None = None
    async with aclosing(table.query(Span(workspace_id, "!", "~"), 100)) as items:
        async for item in items:
            if item["SK"]["S"] == workspace_key(workspace_id)[1]:
                here = item
            elif not item["SK"]["S"].startswith(_KEPT):
                return False
    if here is None:
        return True
    marking = Update(workspace_key(workspace_id), put={ENDING: {"BOOL": True}}, when=PRESENT)
    try:
        await table.write(Delete(key_of(here), as_seen(here)) if ENDING in here else marking)
    except Refused:
        return False
    return ENDING in here


# ── one of each kind ─────────────────────────────────────────────────────────────────────────────


async def _plain(table: Table, item: Item, *also: Action) -> bool:
    try:
        await table.write(Delete(key_of(item), as_seen(item)), *also)
    except Refused:
        return False
    return True


async def _with_history(table: Table, item: Item, *also: Action) -> bool:
    """A line that is written meanwhile moves the record too, which then stays until it is seen again."""
    workspace_id, name = key_of(item)
    await forget(table, workspace_id, name.partition("#")[2])
    return await _plain(table, item, *also)


async def _webhook(table: Table, item: Item) -> bool:
    try:
        await remove(table, WEBHOOK.record(item))
    except Stale:
        return False
    return True


async def _post(table: Table, item: Item) -> bool:
    """It knows its deliveries, also one that came a moment ago."""
    workspace_id, post_id = item["workspace_id"]["S"], item["id"]["S"]
    if await table.batch(delivery_key(workspace_id, one) for one in a_set(item, "deliveries")):
        return False
    used = uses_key(workspace_id, item["video_id"]["S"])
    return await _with_history(table, item, Update(used, take={"posts": names([post_id])}))


async def _video(table: Table, item: Item) -> bool:
    used = uses_key(item["workspace_id"]["S"], item["id"]["S"])
    return await _with_history(table, item, Delete(used, _UNUSED))


async def _use(table: Table, item: Item) -> bool:
    """Left of a video that is gone."""
    return "posts" not in item and await _plain(table, item)


async def _channel(table: Table, item: Item) -> bool:
    return await _with_history(table, item, *map(Delete, leading(CHANNEL.record(item))))


async def _token(table: Table, item: Item) -> bool:
    return await _plain(table, item, Delete(token_key(item["hash"]["S"])))


async def _person(table: Table, item: Item) -> bool:
    """Unless they are in another workspace by now."""
    workspace_id, name = key_of(item)
    person_id = name.partition("#")[2]
    found = await table.get(person_key(person_id))
    if found is None or found["workspace_id"]["S"] != workspace_id:
        return await _plain(table, item)
    mine = stands("person_id", person_id)
    ways = [Delete(key, mine) for key in led_by(PERSON.record(found)) if key != key_of(item)]
    return await _plain(table, item, Delete(key_of(found), as_seen(found)), *ways)


#: By the beginning of their sort keys.
_ORDER: Mapping[str, _Goes] = {
    "SND#": _plain,
    "WHK#": _webhook,
    "DLV#": _with_history,
    "POST#": _post,
    "VID#": _video,
    "USE#": _use,
    "CH#": _channel,
    "HAND#": _plain,
    "TOK#": _token,
    "PER#": _person,
    "CHORE#": _plain,
}
