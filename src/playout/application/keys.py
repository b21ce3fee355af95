"""Rotating the key-encryption keys: the data key of every channel and webhook comes to stand under the primary one.

Only data keys are touched, never what they seal. It may be killed at any record and started again: what is
still to do is what the store says is sealed under another key. How keys are made and wrapped is the vault's.
"""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from playout.application.ports import Clock, Store, Vault
from playout.domain.channel import Channel
from playout.domain.errors import Stale, Unreadable
from playout.domain.person import Person
from playout.domain.webhook import Webhook

log = logging.getLogger(__name__)

#: What stands for the workspace where people's keys are sealed: they go from one to another.
PEOPLE = "people"
_Sealed: TypeAlias = Channel | Webhook | Person
_PAGE = 500  # records
_PAUSE = 1.0  # seconds, before those are met again that somebody else was saving


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """How many channels and webhooks are sealed under each key, the primary first."""

    counts: Mapping[str, int]

    @property
    def primary(self) -> str:
        return next(iter(self.counts))

    @property
    def removable(self) -> tuple[str, ...]:
        """Keys that may be taken out of the settings now, once no process has one of them as its primary."""
        return tuple(key_id for key_id, count in self.counts.items() if not count and key_id != self.primary)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did, and what stands where after it."""

    moved: int
    unreadable: tuple[str, ...]  # whose data key did not open; only making them anew helps
    status: KeyStatus


@dataclass(frozen=True, slots=True)
class _Pass:
    """Once through all under one key."""

    moved: int
    busy: int  # somebody else was saving them
    unreadable: tuple[str, ...]


class KeyRotation:
    """Counts and moves. Any number may run at once, beside everything else."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    async def status(self) -> KeyStatus:
        """Counts by reading every key; keys that this process does not have are not seen."""
        counts = dict.fromkeys(self._vault.key_ids, 0)
        for key_id in counts:
            async for _ in self._under(key_id):
                counts[key_id] += 1
        return KeyStatus(counts)

    async def rotate(self, progress: Callable[[int], None]) -> Rotation:
        """Moves every one that can be moved; tells `progress` how many so far, after each."""
        moved = 0
        unreadable: list[str] = []
        for key_id in self._vault.key_ids[1:]:
            done = await self._pass(key_id, moved, progress)
            while done.busy:
                moved += done.moved
                await self._clock.sleep(_PAUSE)
                done = await self._pass(key_id, moved, progress)
            moved += done.moved
            unreadable += done.unreadable
        return Rotation(moved, tuple(unreadable), await self.status())

    async def _pass(self, key_id: str, before: int, progress: Callable[[int], None]) -> _Pass:
        moved = busy = 0
        unreadable: list[str] = []
        async for one in self._under(key_id):
            try:
                await self._move(one)
                moved += 1
                progress(before + moved)
            except Stale:
                busy += 1
            except Unreadable as error:
                log.warning("keys.unreadable", extra={"subject_id": one.id, "reason": error.sentence})
                unreadable.append(one.id)
        return _Pass(moved, busy, tuple(unreadable))

    async def _move(self, one: _Sealed) -> None:
        """Raises Stale when the record is somebody else's: a renewal must find it as it left it."""
        if isinstance(one, Channel) and one.renewal_running(self._clock.now()):
            raise Stale
        if one.data_key is None:  # the store gives no such here
            return
        where = PEOPLE if isinstance(one, Person) else one.workspace_id
        key = await self._vault.rewrap(where, one.id, one.data_key)
        match one:
            case Channel():
                await self._store.channels.save(replace(one, data_key=key))
            case Webhook():
                await self._store.webhooks.save(replace(one, data_key=key))
            case Person():
                await self._store.people.save(replace(one, data_key=key))

    async def _under(self, key_id: str) -> AsyncIterator[_Sealed]:
        for kind in (self._store.channels, self._store.webhooks, self._store.people):
            cursor: str | None = None
            while True:
                page = await kind.sealed_under(key_id, cursor=cursor, limit=_PAGE)
                for one in page.items:
                    yield one
                cursor = page.next_cursor
                if cursor is None:
                    break
