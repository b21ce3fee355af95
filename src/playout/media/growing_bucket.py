"""Growing files in a bucket, whose objects never change: a chain of objects, each named by where it begins.

An object is only ever created, never replaced (a conditional put), and the next one follows on it. So two writers, in
whatever processes, cannot mix their bytes: the second to put an object at a place is refused, after at most 8 MiB. No
lease is needed, and none has to run out after a crash. A killed process loses what it had not put yet: less than 8 MiB.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import timedelta

from playout.application.ports import Stored
from playout.application.ports.files import PIECE
from playout.media.buckets import ObjectFiles
from playout.media.growing_rules import Turns, being_written, check_limit, check_offset, checked_name
from playout.media.rules import gone
from playout.media.threads import settled

ROOT = "growing"
_LINK = 8 * PIECE
_DIGITS = 15  # of the offset in a key, so that keys sort as their bytes do
_CLOCK = f"{ROOT}/now"


class BucketGrowing:
    """The Protocol `Growing` below `growing/` in a bucket. Holds up to 16 MiB of memory for each append."""

    def __init__(self, files: ObjectFiles) -> None:
        self._files = files
        self._turns = Turns()

    async def append(
        self, name: str, offset: int, pieces: AsyncIterator[bytes], *, limit: int, whole: bool = False
    ) -> int:
        """An object for every 8 MiB, and one for what is left when the stream ends or breaks.

        With `whole` they are put aside first, and read back once the stream has ended well.
        """
        with self._turns.at(checked_name(name)):
            check_offset(offset, _end(await self._chain(name)))
            if not whole:
                return await self._extend(_place(name), offset, pieces, limit)
            aside = f"{_place(name)}/aside-{secrets.token_hex(8)}"
            try:
                await self._extend(aside, offset, pieces, limit)
                async with aclosing(self._read(await self._links(aside))) as verified:
                    return await self._extend(_place(name), offset, verified, limit)
            finally:
                await self._delete(aside)

    async def length(self, name: str) -> int:
        """What hangs together from the first byte on."""
        return _end(await self._chain(checked_name(name)))

    async def finish(self, name: str, key: str) -> Stored:
        """Reads it and puts it, which hashes it; the chain stays until `drop`."""
        with self._turns.at(checked_name(name)):
            chain = await self._chain(name)
            if not chain:
                raise gone()
            async with aclosing(self._read(chain)) as pieces:
                return await self._files.put(key, pieces, limit=_end(chain))

    async def drop(self, name: str) -> None:
        """One request for each object."""
        with self._turns.at(checked_name(name)):
            await self._delete(_place(name))

    async def sweep(self, older_than: timedelta) -> int:
        """By the bucket's own clock, which stamps an object that is made for this."""
        await self._files.delete(_CLOCK)
        await self._files.create(_CLOCK, b"")
        entries = {key: modified for key, _, modified in await self._files.entries(ROOT)}
        before = entries.pop(_CLOCK) - older_than
        names = defaultdict(list)
        for key, modified in entries.items():
            names[key.split("/")[1]].append(modified)
        old = [name for name, times in names.items() if max(times) <= before and not self._turns.taken(name)]
        for name in old:
            await self._delete(f"{ROOT}/{name}")
        await self._files.delete(_CLOCK)
        return len(old)

    async def _extend(self, place: str, offset: int, pieces: AsyncIterator[bytes], limit: int) -> int:
        growth = _Growth(self._files, place, offset)
        try:
            async for piece in pieces:
                check_limit(growth.end + len(piece), limit)
                await growth.take(piece)
        finally:
            await growth.put()  # what came stays, however the stream ended
        return growth.end

    async def _chain(self, name: str) -> list[tuple[int, int, str]]:
        """Offset, bytes and key of the objects that follow on one another."""
        end, chain = 0, []
        for offset, size, key in await self._links(_place(name)):
            if offset == end:
                chain.append((offset, size, key))
                end += size
        return chain

    async def _links(self, place: str) -> list[tuple[int, int, str]]:
        prefix = f"{place}/"
        entries = [(key.removeprefix(prefix), size, key) for key, size, _ in await self._files.entries(place)]
        return sorted((int(number), size, key) for number, size, key in entries if number.isdigit())

    async def _read(self, links: list[tuple[int, int, str]]) -> AsyncGenerator[bytes, None]:
        """Object by object, one ahead."""
        keys = [key for _, _, key in links]
        ahead: asyncio.Task[bytes] | None = None
        try:
            for number, key in enumerate(keys):
                this = ahead or asyncio.create_task(self._files.whole(key))
                following = keys[number + 1 : number + 2]
                ahead = asyncio.create_task(self._files.whole(following[0])) if following else None
                block = await this
                for start in range(0, len(block), PIECE):
                    yield block[start : start + PIECE]
        finally:
            if ahead is not None:
                ahead.cancel()
                await settled(ahead)

    async def _delete(self, place: str) -> None:
        for key, _, _ in await self._files.entries(place):
            await self._files.delete(key)


class _Growth:
    """What came and was not put yet."""

    def __init__(self, files: ObjectFiles, place: str, offset: int) -> None:
        self._files = files
        self._place = place
        self._held = bytearray()
        self._put = offset  # all before this is safe

    @property
    def end(self) -> int:
        return self._put + len(self._held)

    async def take(self, piece: bytes) -> None:
        self._held += piece
        while len(self._held) >= _LINK:
            await self._put_one(_LINK)

    async def put(self) -> None:
        while self._held:
            await self._put_one(min(_LINK, len(self._held)))

    async def _put_one(self, count: int) -> None:
        """Forgets the bytes only when they are safe: what follows must follow on them. One that was begun is ended."""
        content = bytes(memoryview(self._held)[:count])
        putting = asyncio.create_task(self._files.create(f"{self._place}/{self._put:0{_DIGITS}}", content))
        try:
            await asyncio.shield(putting)
        finally:
            await settled(putting)
            made = putting.exception() is None and putting.result()
            if made:
                del self._held[:count]
                self._put += count
        if not made:
            self._held.clear()
            raise being_written()


def _place(name: str) -> str:
    return f"{ROOT}/{name}"


def _end(chain: list[tuple[int, int, str]]) -> int:
    return chain[-1][0] + chain[-1][1] if chain else 0
