"""Workspaces, the people in them and their tokens in SQL, and history, which is only ever read here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select, update

from playout.application.ports import Page
from playout.domain.errors import NotFound
from playout.domain.event import Event
from playout.domain.person import Person, Token, Workspace
from playout.storage.sql import rows
from playout.storage.sql.rows import EVENTS, PEOPLE, TOKENS, WORKSPACES
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import events, people, tokens

#: A time of use is noted at most this often.
COARSE = timedelta(minutes=1)


class SqlWorkspaces:
    """Keeps the promises of `Workspaces`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str) -> Workspace:
        return await self._runner.read(lambda c: rows.get(c, WORKSPACES, workspace_id))

    async def save(self, workspace: Workspace) -> Workspace:
        return await self._runner.write(lambda c: rows.save(c, WORKSPACES, workspace))


class SqlPeople:
    """Keeps the promises of `People`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def by_email(self, email: str) -> Person | None:
        return await self._runner.read(lambda c: rows.first(c, PEOPLE, people.c.email == email))

    async def get(self, person_id: str) -> Person:
        return await self._runner.read(lambda c: rows.get(c, PEOPLE, person_id))

    async def save(self, person: Person) -> Person:
        return await self._runner.write(lambda c: rows.save(c, PEOPLE, person))


class SqlTokens:
    """Keeps the promises of `Tokens`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def by_hash(self, token_hash: str) -> Token | None:
        return await self._runner.read(lambda c: rows.first(c, TOKENS, tokens.c.hash == token_hash))

    async def list(self, workspace_id: str) -> Sequence[Token]:
        return await self._runner.read(lambda c: _tokens_of(c, workspace_id))

    async def add(self, token: Token) -> None:
        await self._runner.write(lambda c: rows.add(c, TOKENS, token))

    async def remove(self, workspace_id: str, token_id: str) -> None:
        await self._runner.write(lambda c: _remove_token(c, workspace_id, token_id))

    async def used(self, token: Token, now: datetime) -> None:
        if token.last_used_at is None or token.last_used_at + COARSE <= now:
            await self._runner.write(lambda c: _note_use(c, token, now))


class SqlEvents:
    """Keeps the promises of `Events`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def list(
        self, workspace_id: str, subject_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Event]:
        about = (events.c.workspace_id == workspace_id) & (events.c.subject_id == subject_id)
        return await self._runner.read(lambda c: rows.oldest(c, EVENTS, about, cursor, limit))


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
