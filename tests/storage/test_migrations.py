"""From each schema to the next, with rows in place."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, text

from playout.domain.channel import Channel, Profile
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Stale
from playout.domain.person import LatePosts, Member, Person, Role, Workspace
from playout.domain.post import Destination, Post
from playout.domain.video import Video, VideoState
from playout.storage.sql import rows
from playout.storage.sql.migrate import MIGRATIONS, migrate
from playout.storage.sql.postgres import PostgresStore
from playout.storage.sql.schema import REVISIONS
from playout.storage.sql.sqlite import SqliteStore
from tests.contract.cast import FACTS, NOW

Store = SqliteStore | PostgresStore
WORKSPACE = Workspace("ws_1", "Alice's", NOW, 1)
CHANNEL = Channel("chn_1", "ws_1", "tiktok", Profile("remote-1", "alice", "Alice"), NOW, 1, scopes=("video.publish",))
VIDEO = Video("vid_1", "ws_1", VideoState.READY, "a.mp4", 5, "0" * 64, "videos/vid_1", NOW, 1, facts=FACTS)
POST = Post(
    "pst_1", "ws_1", "vid_1", "Hello", (Destination("chn_1", options={"privacy_level": "SELF_ONLY"}),), NOW, version=1
)
DELIVERY = Delivery("dlv_1", "ws_1", "pst_1", "chn_1", "tiktok", NOW, NOW, NOW, version=1)
RECORDS: list[tuple[rows.Rows[Any], Any]] = [
    (rows.WORKSPACES, WORKSPACE),
    (rows.CHANNELS, CHANNEL),
    (rows.VIDEOS, VIDEO),
    (rows.POSTS, POST),
    (rows.DELIVERIES, DELIVERY),
]
#: What the first Playout wrote: it knew neither people behind accounts, nor groups of pictures, nor copies.
AS_OF_0001 = {
    "channels": (
        "profile",
        '{"remote_id": "remote-1", "username": "alice", "display_name": "Alice", "avatar_url": null}',
    ),
    "posts": (
        "destinations",
        (
            '[{"channel_id": "chn_1", "caption": null, "title": null, "options": {"privacy_level": "SELF_ONLY"}, '
            '"consent": null}]'
        ),
    ),
    "videos": (
        "facts",
        (
            '{"container": "mp4", "duration": 12.345678901, "width": 1080, "height": 1920, "rotation": 90, '
            '"fps": 29.97002997, "variable_fps": true, "video_codec": "h264", "audio_codec": null, '
            '"pixel_format": "yuv420p", "sample_rate": null, "channels": null, "bitrate": 8000000000, '
            '"faststart": false, "edit_list": true}'
        ),
    ),
}


#: Of people as 0003 had them: id, workspace, address, role, seconds after NOW when they were made.
PEOPLE_OF_0003 = (
    ("psn_3", "ws_1", "bob@example.com", "editor", 3),
    ("psn_1", "ws_1", "alice@example.com", "owner", 1),
    ("psn_4", "ws_1", "dora@example.com", "approver", 4),
    ("psn_2", "ws_2", "charlie@example.com", "viewer", 2),
)


def migrate_to(destination: str) -> Callable[[Connection], None]:
    """As an older Playout did."""
    script = ScriptDirectory(str(MIGRATIONS))

    def missing(revision: Any, _: MigrationContext) -> Iterable[MigrationStep]:
        return script._upgrade_revs(destination, revision)

    def migrating(connection: Connection) -> None:
        with EnvironmentContext(Config(), script, fn=missing, destination_rev=destination) as environment:
            environment.configure(connection=connection)
            environment.run_migrations()

    return migrating


def write_as_of_0001(connection: Connection) -> None:
    for kind, record in RECORDS:
        there = {column["name"] for column in inspect(connection).get_columns(kind.table.name)}
        values = {name: value for name, value in kind.values(record).items() if name in there}
        connection.execute(insert(kind.table).values(values))
    for table, (column, said) in AS_OF_0001.items():
        connection.execute(text(f"UPDATE {table} SET {column} = :said"), {"said": said})  # noqa: S608 -- our own names


def write_as_of_0003(connection: Connection) -> None:
    """Three workspaces, one of them empty, and people with a role in one."""
    made = (NOW - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    for name in ("ws_1", "ws_2", "ws_3"):
        connection.execute(
            text(
                "INSERT INTO workspaces (id, name, created_at, version, late_posts, late_after, approval) "
                "VALUES (:id, :id, :made, 7, 'hold', 0, :no)"
            ),
            {"id": name, "made": made, "no": False},
        )
    for person_id, workspace_id, email, role, seconds in PEOPLE_OF_0003:
        connection.execute(
            text(
                "INSERT INTO people (id, email, password_hash, created_at, workspace_id, role, version) "
                "VALUES (:id, :email, '$argon2id$', :at, :workspace_id, :role, 5)"
            ),
            {
                "id": person_id,
                "email": email,
                "at": made + seconds * 1_000_000,
                "workspace_id": workspace_id,
                "role": role,
            },
        )


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[..., Store]]:
    """Opens one and the same database."""
    made: list[Store] = []
    address = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""

    def opened(**options: Any) -> Store:
        given = {"migrate": migrate} | options
        store = PostgresStore(address, **given) if address else SqliteStore(tmp_path / "playout.db", **given)
        made.append(store)
        return store

    yield opened
    for store in made:
        await store.close()


async def brought_from_0001(database: Callable[..., Store]) -> Store:
    return await brought_from("0001", write_as_of_0001, database)


async def brought_from(revision: str, write: Callable[[Connection], None], database: Callable[..., Store]) -> Store:
    """The database of today, in which this was written when it had that revision."""
    known = REVISIONS[: REVISIONS.index(revision) + 1]
    old = database(migrate=migrate_to(revision), revisions=known)
    await old.prepare()
    await old._runner.write(write)
    await old.close()
    new = database()
    await new.prepare()
    return new


async def test_everything_that_was_there_is_read_as_before(database: Callable[..., Store]) -> None:
    store = await brought_from_0001(database)

    assert await store.workspaces.get("ws_1") == WORKSPACE
    assert await store.channels.get("ws_1", "chn_1") == CHANNEL
    assert await store.videos.get("ws_1", "vid_1") == VIDEO
    assert await store.posts.get("ws_1", "pst_1") == POST
    assert await store.deliveries.get("ws_1", "dlv_1") == DELIVERY


async def test_an_older_workspace_is_asked_about_late_posts_after_six_hours(database: Callable[..., Store]) -> None:
    store = await brought_from_0001(database)

    workspace = await store.workspaces.get("ws_1")

    assert (workspace.late_posts, workspace.late_after) == (LatePosts.HOLD, timedelta(hours=6))


async def test_what_was_there_is_found_by_the_new_questions(database: Callable[..., Store]) -> None:
    store = await brought_from_0001(database)

    assert list(await store.videos.same_bytes("ws_1", "0" * 64)) == ["vid_1"]
    assert await store.deliveries.planned("ws_1", NOW, NOW + timedelta(seconds=1)) == [DELIVERY]
    assert [one.id for one in await store.channels.by_account("tiktok", "remote-1")] == ["chn_1"]


async def test_what_was_there_can_be_saved_and_claimed(database: Callable[..., Store]) -> None:
    store = await brought_from_0001(database)
    [ref] = await store.deliveries.claim(NOW, NOW + timedelta(minutes=1), 10)
    delivery = (await store.deliveries.work(ref)).delivery

    await store.deliveries.save(delivery)
    saved = await store.posts.save(await store.posts.get("ws_1", "pst_1"))

    assert (delivery.state, saved.destinations[0].fit) == (State.WAITING, None)


# ── people with a role become members ────────────────────────────────────────────────────────────


async def test_who_was_in_a_workspace_is_a_member_of_it_with_the_role_they_had(database: Callable[..., Store]) -> None:
    store = await brought_from("0003", write_as_of_0003, database)

    workspaces = [await store.workspaces.get(one) for one in ("ws_1", "ws_2", "ws_3")]

    assert [one.members for one in workspaces] == [
        (
            Member("psn_1", Role.OWNER, NOW + timedelta(seconds=1)),
            Member("psn_3", Role.EDITOR, NOW + timedelta(seconds=3)),
            Member("psn_4", Role.APPROVER, NOW + timedelta(seconds=4)),
        ),
        (Member("psn_2", Role.VIEWER, NOW + timedelta(seconds=2)),),
        (),
    ]
    assert [one.version for one in workspaces] == [7, 7, 7]


async def test_people_know_where_they_are_members_and_have_no_other_way_in_yet(database: Callable[..., Store]) -> None:
    store = await brought_from("0003", write_as_of_0003, database)

    alice = await store.people.by_email("alice@example.com")

    at = NOW + timedelta(seconds=1)
    assert alice == Person("psn_1", "alice@example.com", "$argon2id$", at, "ws_1", 5, workspaces=("ws_1",))
    assert alice.ways == ()


async def test_people_of_an_older_database_take_new_ways_in(database: Callable[..., Store]) -> None:
    store = await brought_from("0003", write_as_of_0003, database)
    alice, bob = await store.people.get("psn_1"), await store.people.get("psn_3")

    saved = await store.people.save(replace(alice, identities=("tiktok:alice",)))

    assert await store.people.by_way("tiktok:alice") == saved
    for taking in (replace(bob, identities=saved.identities), replace(bob, email=alice.email)):
        with pytest.raises(Stale):
            await store.people.save(taking)
    while await store.workspaces.erase("ws_1"):
        pass
    assert await store.people.by_way("tiktok:alice") is None


async def test_no_role_is_left_with_a_person(database: Callable[..., Store]) -> None:
    store = await brought_from("0003", write_as_of_0003, database)

    def names(connection: Connection) -> set[str]:
        return {column["name"] for column in inspect(connection).get_columns("people")}

    assert "role" not in await store._runner.read(names)
