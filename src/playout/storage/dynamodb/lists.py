"""Lists: pages, and records behind an index. An index only says where to look; what is shown is read from the table."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Protocol, TypeVar

from playout.application.ports import Page
from playout.storage.dynamodb.actions import Key
from playout.storage.dynamodb.items import partitions
from playout.storage.dynamodb.table import Span, Table, below
from playout.storage.dynamodb.values import Item, said

#: So many records are read behind an index at a time, unless fewer are wanted.
_CHUNK = 100
#: Before every time there is.
_EVER = "0"


class Named(Protocol):
    """A record with a name."""

    @property
    def id(self) -> str: ...


T = TypeVar("T")
N = TypeVar("N", bound=Named)


async def page_of(records: AsyncGenerator[N, None], limit: int) -> Page[N]:
    """The first of them, and whether there are more."""
    shown: list[N] = []
    async with aclosing(records):
        async for one in records:
            if len(shown) == limit:
                return Page(tuple(shown), shown[-1].id)
            shown.append(one)
    return Page(tuple(shown))


async def newest(
    table: Table, workspace_id: str, prefix: str, read: Callable[[Item], N], cursor: str | None, limit: int
) -> Page[N]:
    """One page of a workspace's records of one kind, newest first."""
    span = below(workspace_id, prefix, newest=True, cursor=cursor)
    return await page_of(_beyond(cursor, table.query(span, limit + 2), read), limit)


async def oldest(
    table: Table, partition: str, prefix: str, read: Callable[[Item], N], cursor: str | None, limit: int
) -> Page[N]:
    """One page, oldest first."""
    span = below(partition, prefix, cursor=cursor)
    return await page_of(_beyond(cursor, table.query(span, limit + 2), read), limit)


async def _beyond(cursor: str | None, items: AsyncIterator[Item], read: Callable[[Item], N]) -> AsyncGenerator[N, None]:
    """A span includes its ends, a page begins behind its cursor."""
    async for item in items:
        record = read(item)
        if record.id != cursor:
            yield record


async def behind(
    table: Table, keys: AsyncIterator[Key], read: Callable[[Item], T], chunk: int = _CHUNK
) -> AsyncGenerator[T, None]:
    """The records of these keys, in their order, as they stand now; without those that are gone."""
    async for some in _chunks(keys, chunk):
        found = await table.batch(some)
        for key in some:
            if key in found:
                yield read(found[key])


async def keys_of(table: Table, span: Span, page: int = 1000) -> AsyncGenerator[Key, None]:
    """Keys alone."""
    async for item in table.query(span, page):
        yield item["PK"]["S"], item["SK"]["S"]


async def merged(sources: Sequence[AsyncGenerator[Key, None]]) -> AsyncGenerator[Key, None]:
    """Of several lists, each newest first, one that is newest first; what moved between them meanwhile comes once."""
    heads = [(await anext(source, None), source) for source in sources]
    there = [(head, source) for head, source in heads if head is not None]
    latest: Key | None = None
    while there:
        at = max(range(len(there)), key=lambda number: there[number][0])
        key, source = there[at]
        if key != latest:
            yield key
        latest = key
        following = await anext(source, None)
        there[at : at + 1] = [] if following is None else [(following, source)]


async def due_until(table: Table, kind: str, now: datetime) -> Sequence[Item]:
    """What of this kind has come due, from all parts of the index. Those that lag behind come the next time."""
    return await _everywhere(table, kind, _EVER, said(now))


async def due_after(table: Table, kind: str, now: datetime) -> Sequence[Item]:
    """What of this kind comes due later than now."""
    return [one for one in await _everywhere(table, kind, said(now), "~") if one["due_sk"]["S"] > said(now)]


async def _everywhere(table: Table, kind: str, first: str, last: str) -> Sequence[Item]:
    spans = [Span(partition, first, last, "due") for partition in partitions(kind)]
    found = await asyncio.gather(*(_all(table, span) for span in spans))
    return [item for part in found for item in part]


async def _all(table: Table, span: Span) -> Sequence[Item]:
    return [item async for item in table.query(span)]


async def _chunks(keys: AsyncIterator[Key], size: int) -> AsyncGenerator[Sequence[Key], None]:
    held: list[Key] = []
    async for key in keys:
        held.append(key)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held
