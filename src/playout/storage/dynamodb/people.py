"""Workspaces, people and tokens in DynamoDB."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from playout.application.ports import Page
from playout.domain.errors import NotFound, Stale
from playout.domain.person import Person, Token, Workspace
from playout.storage.dynamodb.actions import ABSENT, PRESENT, Delete, Key, Put, Update, When, unchanged
from playout.storage.dynamodb.erasing import erase
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.items import (
    PERSON,
    TOKEN,
    WORKSPACE,
    email_key,
    lives,
    person_key,
    saved,
    token_key,
    token_of,
    under,
    way_key,
    workspace_key,
)
from playout.storage.dynamodb.lists import behind, page_of
from playout.storage.dynamodb.persons import LED, leading, members_of, person_of, saving
from playout.storage.dynamodb.table import Table, below
from playout.storage.dynamodb.values import moment, text

#: A time of use is noted at most this often.
COARSE = timedelta(minutes=1)


class DynamoWorkspaces:
    """Keeps the promises of `Workspaces`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, workspace_id: str) -> Workspace:
        found = await self._table.get(workspace_key(workspace_id))
        if found is None:
            raise NotFound("There is no such workspace.")
        workspace = WORKSPACE.record(found)
        if "members" in found:
            return workspace
        return replace(workspace, members=await members_of(self._table, workspace_id))

    async def save(self, workspace: Workspace) -> Workspace:
        made = replace(workspace, version=workspace.version + 1)
        try:
            await self._table.write(saved(WORKSPACE, workspace_key(workspace.id), made, workspace.version))
        except Refused:
            raise Stale from None
        return made

    async def erase(self, workspace_id: str, limit: int = 500) -> int:
        return await erase(self._table, workspace_id, limit)


class DynamoPeople:
    """Keeps the promises of `People`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def by_email(self, email: str) -> Person | None:
        return await self._led_by(email_key(email))

    async def get(self, person_id: str) -> Person:
        found = await self._table.get(person_key(person_id))
        if found is None:
            raise NotFound("There is no such person.")
        return person_of(found)

    async def by_way(self, way: str) -> Person | None:
        return await self._led_by(way_key(way))

    async def save(self, person: Person) -> Person:
        made = replace(person, version=person.version + 1)
        found = await self._table.get(person_key(person.id)) if person.version else None
        try:
            await self._table.write(*saving(made, found), lives(person.workspace_id))
        except Refused:
            raise Stale from None
        return made

    async def remove(self, person: Person) -> None:
        """What leads to them goes as it stands, whatever else the caller says of them."""
        found = await self._table.get(person_key(person.id))
        if found is None:
            raise Stale
        going = Delete(person_key(person.id), unchanged(person.version))
        try:
            await self._table.write(going, *map(Delete, leading(PERSON.record(found))))
        except Refused:
            raise Stale from None

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Person]:
        items = self._table.query(below(f"KEY#{key_id}", LED, cursor=cursor), limit + 2)
        keys = (person_key(item["person_id"]["S"]) async for item in items)
        found = behind(self._table, keys, person_of, min(limit + 1, 100))
        return await page_of((one async for one in found if one.id != cursor), limit)

    async def _led_by(self, key: Key) -> Person | None:
        lead = await self._table.get(key)
        found = await self._table.get(person_key(lead["person_id"]["S"])) if lead else None
        return person_of(found) if found else None


class DynamoTokens:
    """Keeps the promises of `Tokens`. Found by its hash with one read; the workspace has the list of hashes."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def by_hash(self, token_hash: str) -> Token | None:
        found = await self._table.get(token_key(token_hash))
        return TOKEN.record(found) if found else None

    async def list(self, workspace_id: str) -> Sequence[Token]:
        listed = [item async for item in self._table.query(below(workspace_id, "TOK#", newest=True))]
        keys = [token_key(item["hash"]["S"]) for item in listed]
        found = await self._table.batch(keys)
        return [TOKEN.record(found[key]) for key in keys if key in found]

    async def add(self, token: Token) -> None:
        key = token_of(token.workspace_id, token.id)
        try:
            await self._table.write(
                Put(under(token_key(token.hash), TOKEN.item(token)), ABSENT),
                Put(under(key, {"hash": text(token.hash)}), ABSENT),
                lives(token.workspace_id),
            )
        except Refused:
            raise Stale from None

    async def remove(self, workspace_id: str, token_id: str) -> None:
        key = token_of(workspace_id, token_id)
        found = await self._table.get(key)
        if found is None:
            raise NotFound("There is no such thing here.")
        await self._table.write(Delete(token_key(found["hash"]["S"])), Delete(key))

    async def used(self, token: Token, now: datetime) -> None:
        unused = When("attribute_not_exists(#last_used_at)")
        long_ago = When("#last_used_at <= :before", {":before": moment(now - COARSE)})
        noted = Update(token_key(token.hash), put={"last_used_at": moment(now)}, when=PRESENT & (unused | long_ago))
        try:
            await self._table.write(noted)
        except Refused:
            return
