"""Chores, history, people and small things in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from playout.application.ports import Chore, Page, Ref
from playout.application.ports.store import ERASE
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.domain.person import Person, Token, Workspace
from playout.storage.memory.tables import Tables, check, due, get, in_a_workspace, oldest, owned, put, raised

#: A time of use is noted at most this often.
COARSE = timedelta(minutes=1)


class MemoryChores:
    """Keeps the promises of `Chores`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.chores

    async def put(self, chore: Chore) -> None:
        due(self._tables, [chore])

    async def get(self, workspace_id: str, chore_id: str) -> Chore | None:
        return self._rows.get((workspace_id, chore_id))

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        due = sorted((one.wake_at, key) for key, one in self._rows.items() if one.wake_at <= now)
        taken = [key for _, key in due[:limit]]
        for key in taken:
            self._rows[key] = raised(replace(self._rows[key], in_hand_until=until))
        return [Ref(*key, self._rows[key].version) for key in taken]

    async def save(self, chore: Chore) -> Chore:
        check(self._rows, chore)
        return put(self._rows, chore)

    async def done(self, chore: Chore) -> None:
        stored = self._rows.get((chore.workspace_id, chore.id))
        if stored and stored.version == chore.version:
            del self._rows[chore.workspace_id, chore.id]


class MemoryEvents:
    """Keeps the promises of `Events`."""

    def __init__(self, tables: Tables) -> None:
        self._events = tables.events

    async def get(self, workspace_id: str, subject_id: str, event_id: str) -> Event:
        events = self._events.get((workspace_id, subject_id), {})
        if event_id in events:
            return events[event_id]
        raise NotFound("There is no such thing here.")

    async def list(
        self, workspace_id: str, subject_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Event]:
        return oldest(self._events.get((workspace_id, subject_id), {}).values(), cursor, limit)


class MemoryWorkspaces:
    """Keeps the promises of `Workspaces`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.workspaces

    async def get(self, workspace_id: str) -> Workspace:
        if workspace_id in self._rows:
            return self._rows[workspace_id]
        raise NotFound("There is no such workspace.")

    async def save(self, workspace: Workspace) -> Workspace:
        stored = self._rows.get(workspace.id)
        if workspace.version != (stored.version if stored else 0):
            raise Stale
        self._rows[workspace.id] = saved = raised(workspace)
        return saved

    async def erase(self, workspace_id: str, limit: int = 500) -> int:
        tables, gone = self._tables, 0
        kinds: Sequence[dict[tuple[str, str], Any]] = (
            tables.events,
            tables.sendings,
            tables.webhooks,
            tables.deliveries,
            tables.posts,
            tables.videos,
            tables.channels,
            tables.tokens,
            tables.chores,
        )
        for rows in kinds:
            mine = [key for key in rows if key[0] == workspace_id and not key[1].startswith(f"{ERASE}:")]
            for key in mine[: limit - gone]:
                del rows[key]
                gone += 1
        for one in [one for one in tables.people.values() if one.workspace_id == workspace_id][: limit - gone]:
            del tables.people[one.id]
            gone += 1
        if not gone:
            self._rows.pop(workspace_id, None)
        return gone


class MemoryPeople:
    """Keeps the promises of `People`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.people

    async def by_email(self, email: str) -> Person | None:
        return next((one for one in self._rows.values() if one.email == email), None)

    async def get(self, person_id: str) -> Person:
        if person_id in self._rows:
            return self._rows[person_id]
        raise NotFound("There is no such person.")

    async def by_way(self, way: str) -> Person | None:
        return next((one for one in self._rows.values() if way in one.ways), None)

    async def save(self, person: Person) -> Person:
        stored = self._rows.get(person.id)
        others = [one for one in self._rows.values() if one.id != person.id]
        taken = any(one.email == person.email or set(one.ways) & set(person.ways) for one in others)
        if taken or person.version != (stored.version if stored else 0):
            raise Stale
        in_a_workspace(self._tables, person.workspace_id)
        self._rows[person.id] = saved = raised(person)
        return saved

    async def remove(self, person: Person) -> None:
        stored = self._rows.get(person.id)
        if stored is None or stored.version != person.version:
            raise Stale
        del self._rows[person.id]

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Person]:
        sealed = [one for one in self._rows.values() if one.data_key and one.data_key.key_id == key_id]
        return oldest(sealed, cursor, limit)


class MemoryTokens:
    """Keeps the promises of `Tokens`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.tokens

    async def by_hash(self, token_hash: str) -> Token | None:
        return next((one for one in self._rows.values() if one.hash == token_hash), None)

    async def list(self, workspace_id: str) -> Sequence[Token]:
        return sorted(owned(workspace_id, self._rows), key=lambda one: one.id, reverse=True)

    async def add(self, token: Token) -> None:
        key = token.workspace_id, token.id
        if key in self._rows or await self.by_hash(token.hash):
            raise Stale
        in_a_workspace(self._tables, token.workspace_id)
        self._rows[key] = token

    async def remove(self, workspace_id: str, token_id: str) -> None:
        get(self._rows, workspace_id, token_id)
        del self._rows[workspace_id, token_id]

    async def used(self, token: Token, now: datetime) -> None:
        stored = self._rows.get((token.workspace_id, token.id))
        if stored and (stored.last_used_at is None or stored.last_used_at + COARSE <= now):
            self._rows[token.workspace_id, token.id] = replace(stored, last_used_at=now)


class MemoryEphemera:
    """Keeps the promises of `Ephemera`."""

    def __init__(self, tables: Tables) -> None:
        self._notes = tables.notes
        self._calls = tables.calls

    async def put_new(self, key: str, value: str, expires_at: datetime, now: datetime) -> str | None:
        standing = await self.get(key, now)
        if standing is None:
            self._notes[key] = value, expires_at
        return standing

    async def get(self, key: str, now: datetime) -> str | None:
        value, expires_at = self._notes.get(key, ("", now))
        return value if expires_at > now else None

    async def replace(self, key: str, old: str, new: str, expires_at: datetime) -> bool:
        stands = key in self._notes and self._notes[key][0] == old
        if stands:
            self._notes[key] = new, expires_at
        return stands

    async def take(self, key: str, now: datetime) -> str | None:
        value, expires_at = self._notes.pop(key, ("", now))
        return value if expires_at > now else None

    async def allow(self, key: str, limit: int, window: timedelta, now: datetime) -> datetime | None:
        counted, _ = self._calls.get(key, ([], now))
        calls = [at for at in counted if at + window > now]
        if len(calls) >= limit:
            return calls[-limit] + window
        self._calls[key] = sorted([*calls, now]), max([*calls, now]) + window
        return None

    async def forget(self, workspace_id: str) -> int:
        mine = [key for key in self._notes if key.split(":")[1:2] == [workspace_id]]
        for key in mine:
            del self._notes[key]
        return len(mine)

    async def sweep(self, now: datetime) -> int:
        notes = [key for key, (_, expires_at) in self._notes.items() if expires_at <= now]
        calls = [key for key, (_, expires_at) in self._calls.items() if expires_at <= now]
        for key in notes:
            del self._notes[key]
        for key in calls:
            del self._calls[key]
        return len(notes) + len(calls)
