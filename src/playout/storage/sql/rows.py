"""Between records and rows, and the few statements that all records share.

A conditional save is one statement whose row count is the answer: nothing is read first, so nothing can come between.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields, replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, insert, select, update

from playout.application.ports import Chore, Page
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.domain.person import Person, Token, Workspace
from playout.domain.post import Post
from playout.domain.video import Video
from playout.domain.webhook import Sending, Webhook
from playout.storage.sql import tables


class Record(Protocol):
    """A dataclass with a name."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def id(self) -> str: ...


class Versioned(Record, Protocol):
    """One whose saves are conditional."""

    @property
    def version(self) -> int: ...


R = TypeVar("R", bound=Record)
V = TypeVar("V", bound=Versioned)


class Rows(Generic[R]):
    """One kind of record in its table: columns and fields share their names; `derive` fills the columns beyond."""

    def __init__(self, table: Table, kind: type[R], derive: Callable[[R], Mapping[str, object]] = lambda _: {}) -> None:
        self.table = table
        self.fields = [one.name for one in fields(kind)]
        self.columns = [table.c[name] for name in self.fields]
        self.key = [column.name for column in table.primary_key]
        self._kind = kind
        self._derive = derive
        mine = [table.c[name] == bindparam(f"of_{name}") for name in self.key]
        same = [table.c.version == bindparam("loaded_version")] if "version" in table.c else []
        self.find = select(*self.columns).where(*mine)
        self.insert = insert(table)
        self.overwrite = update(table).where(*mine, *same)
        self.erase = delete(table).where(*mine, *same)

    def record(self, values: Sequence[Any]) -> R:
        return self._kind(*values)

    def values(self, record: R) -> dict[str, object]:
        return {name: getattr(record, name) for name in self.fields} | dict(self._derive(record))

    def named(self, *key: str) -> dict[str, object]:
        """Parameters of `find`; the key in the order of the table's."""
        return {f"of_{name}": value for name, value in zip(self.key, key, strict=True)}

    def loaded(self, record: Versioned) -> dict[str, object]:
        """Parameters of `overwrite` and `erase`: this record as it was loaded."""
        key = {f"of_{name}": getattr(record, name) for name in self.key}
        return key | {"loaded_version": record.version}


WORKSPACES = Rows(tables.workspaces, Workspace)
PEOPLE = Rows(tables.people, Person, lambda one: {"key_id": one.data_key.key_id if one.data_key else None})
TOKENS = Rows(tables.tokens, Token)
CHANNELS = Rows(
    tables.channels,
    Channel,
    lambda one: {
        "remote_id": one.profile.remote_id,
        "owner_id": one.profile.owner_id,
        "key_id": one.data_key.key_id if one.data_key else None,
    },
)
VIDEOS = Rows(tables.videos, Video)
POSTS = Rows(tables.posts, Post)
DELIVERIES = Rows(tables.deliveries, Delivery, lambda one: {"wake_at": one.wake_at})
EVENTS = Rows(tables.events, Event)
WEBHOOKS = Rows(tables.webhooks, Webhook, lambda one: {"key_id": one.data_key.key_id})
SENDINGS = Rows(tables.sendings, Sending)
CHORES = Rows(tables.chores, Chore, lambda one: {"id": one.id, "wake_at": one.wake_at})


def find(connection: Connection, rows: Rows[R], *key: str) -> R | None:
    """The record with this primary key."""
    row = connection.execute(rows.find, rows.named(*key)).first()
    return rows.record(row) if row else None


def get(connection: Connection, rows: Rows[R], *key: str) -> R:
    """As `find`; raises NotFound."""
    found = find(connection, rows, *key)
    if found is None:
        raise NotFound("There is no such thing here.")
    return found


def first(connection: Connection, rows: Rows[R], *where: ColumnElement[bool]) -> R | None:
    """The one record that matches."""
    row = connection.execute(select(*rows.columns).where(*where)).first()
    return rows.record(row) if row else None


def newest(
    connection: Connection, rows: Rows[R], where: ColumnElement[bool], cursor: str | None, limit: int
) -> Page[R]:
    """One page, newest first."""
    column = rows.table.c.id
    after = where if cursor is None else and_(where, column < cursor)
    query = select(*rows.columns).where(after).order_by(column.desc()).limit(limit + 1)
    return page(rows, connection.execute(query).all(), limit)


def oldest(
    connection: Connection, rows: Rows[R], where: ColumnElement[bool], cursor: str | None, limit: int
) -> Page[R]:
    """One page, oldest first."""
    column = rows.table.c.id
    after = where if cursor is None else and_(where, column > cursor)
    query = select(*rows.columns).where(after).order_by(column).limit(limit + 1)
    return page(rows, connection.execute(query).all(), limit)


def page(rows: Rows[R], found: Sequence[Sequence[Any]], limit: int) -> Page[R]:
    """What was found, but for the one row too many that says that there is more."""
    shown = tuple(rows.record(row) for row in found[:limit])
    return Page(shown, shown[-1].id if len(found) > limit else None)


def save(connection: Connection, rows: Rows[V], record: V) -> V:
    """Inserts version 0, updates any other if the stored one has the same. Raises Stale."""
    saved = replace(record, version=record.version + 1)
    if record.version == 0:
        add(connection, rows, saved)
        return saved
    if connection.execute(rows.overwrite, rows.values(saved) | rows.loaded(record)).rowcount == 0:
        raise Stale
    return saved


def save_all(connection: Connection, rows: Rows[V], records: Sequence[V]) -> None:
    """As `save` for each; in the order of their ids, so that two of these never wait for each other."""
    ordered = sorted(records, key=lambda one: one.id)
    new = [rows.values(replace(one, version=1)) for one in ordered if one.version == 0]
    if new:
        connection.execute(rows.insert, new)
    for one in ordered:
        if one.version > 0:
            save(connection, rows, one)


def add(connection: Connection, rows: Rows[R], record: R) -> None:
    """Raises Stale where the key is taken."""
    connection.execute(rows.insert, rows.values(record))


def remove(connection: Connection, rows: Rows[V], record: V) -> None:
    """Deletes it if it is as it was loaded. Raises Stale."""
    if connection.execute(rows.erase, rows.loaded(record)).rowcount == 0:
        raise Stale
