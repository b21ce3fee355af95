"""Workspaces, the people in them and their tokens in SQL."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from playout.application.ports import Page
from playout.domain.errors import NotFound, Stale, Unavailable
from playout.domain.person import Person, Token, Workspace
from playout.storage.sql import rows
from playout.storage.sql.erasing import erase
from playout.storage.sql.rows import PEOPLE, TOKENS, WORKSPACES
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import people, tokens, ways

#: A time of use is noted at most this often.
COARSE = timedelta(minutes=1)
#: Times that others may come in between while a workspace ends.
TRIES = 20


class SqlWorkspaces:
    """Keeps the promises of `Workspaces`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str) -> Workspace:
        return await self._runner.read(lambda c: rows.get(c, WORKSPACES, workspace_id))

    async def save(self, workspace: Workspace) -> Workspace:
        return await self._runner.write(lambda c: rows.save(c, WORKSPACES, workspace))

    async def erase(self, workspace_id: str, limit: int = 500) -> int:
        for _ in range(TRIES):
            with suppress(Stale):  # something was saved meanwhile that points to what was to go: it goes with the next
                return await self._runner.write(lambda c: erase(c, workspace_id, limit))
        raise Unavailable("Others keep writing into this workspace. Try again.")


class SqlPeople:
    """Keeps the promises of `People`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def by_email(self, email: str) -> Person | None:
        return await self._runner.read(lambda c: rows.first(c, PEOPLE, people.c.email == email))

    async def get(self, person_id: str) -> Person:
        return await self._runner.read(lambda c: rows.get(c, PEOPLE, person_id))

    async def by_way(self, way: str) -> Person | None:
        return await self._runner.read(lambda c: _by_way(c, way))

    async def save(self, person: Person) -> Person:
        return await self._runner.write(lambda c: _save(c, person))

    async def remove(self, person: Person) -> None:
        await self._runner.write(lambda c: rows.remove(c, PEOPLE, person))

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Person]:
        under = people.c.key_id == key_id
        return await self._runner.read(lambda c: rows.oldest(c, PEOPLE, under, cursor, limit))


class SqlTokens:
    """Keeps the promises of `Tokens`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def by_hash(self, token_hash: str) -> Token | None:
        return await self._runner.read(lambda c: _by_hash(c, token_hash))

    async def list(self, workspace_id: str) -> Sequence[Token]:
        return await self._runner.read(lambda c: _tokens_of(c, workspace_id))

    async def add(self, token: Token) -> None:
        await self._runner.write(lambda c: rows.add(c, TOKENS, token))

    async def remove(self, workspace_id: str, token_id: str) -> None:
        await self._runner.write(lambda c: _remove_token(c, workspace_id, token_id))

    async def used(self, token: Token, now: datetime) -> None:
        if token.last_used_at is None or token.last_used_at + COARSE <= now:
            await self._runner.write(lambda c: _note_use(c, token, now))


def _by_way(connection: Connection, way: str) -> Person | None:
    found = connection.execute(select(ways.c.person_id).where(ways.c.way == way)).scalar()
    return rows.find(connection, PEOPLE, found) if found else None


def _save(connection: Connection, person: Person) -> Person:
    """A way that somebody else has refuses the whole of it."""
    saved = rows.save(connection, PEOPLE, person)
    if person.version:
        connection.execute(delete(ways).where(ways.c.person_id == person.id))
    if person.ways:
        connection.execute(insert(ways), [{"way": one, "person_id": person.id} for one in sorted(set(person.ways))])
    return saved


#: Made once: every request asks this.
BY_HASH = select(*TOKENS.columns).where(tokens.c.hash == bindparam("of_hash"))


def _by_hash(connection: Connection, token_hash: str) -> Token | None:
    row = connection.execute(BY_HASH, {"of_hash": token_hash}).first()
    return TOKENS.record(row) if row else None


def _tokens_of(connection: Connection, workspace_id: str) -> Sequence[Token]:
    query = select(*TOKENS.columns).where(tokens.c.workspace_id == workspace_id)
    return [TOKENS.record(row) for row in connection.execute(query.order_by(tokens.c.id.desc()))]


def _remove_token(connection: Connection, workspace_id: str, token_id: str) -> None:
    if connection.execute(TOKENS.erase, TOKENS.named(workspace_id, token_id)).rowcount == 0:
        raise NotFound("There is no such token here.")


def _note_use(connection: Connection, token: Token, now: datetime) -> None:
    long_ago = or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at <= now - COARSE)
    mine = (tokens.c.workspace_id == token.workspace_id, tokens.c.id == token.id)
    connection.execute(update(tokens).where(*mine, long_ago).values(last_used_at=now))
