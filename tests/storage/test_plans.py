"""What is read by an index and not by looking through everything: the calendar, duplicates, whom news are about."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, delete, event, text

from playout.domain.person import Person, Workspace
from playout.storage.memory import MemoryStore
from playout.storage.sql import rows
from playout.storage.sql.channels import SqlChannels
from playout.storage.sql.deliveries import SqlDeliveries
from playout.storage.sql.migrate import migrate
from playout.storage.sql.people import SqlPeople, SqlWorkspaces
from playout.storage.sql.postgres import PostgresStore
from playout.storage.sql.posts import SqlPosts
from playout.storage.sql.runner import Runner
from playout.storage.sql.sqlite import SqliteStore
from playout.storage.sql.tables import metadata
from playout.storage.sql.videos import SqlVideos
from playout.storage.sql.webhooks import SqlSendings, SqlWebhooks
from tests.contract.cast import NOW, House
from tests.storage.test_claim_plan import nodes_of

T = TypeVar("T")
MANY = 500
Explain = Callable[[Connection, str, Any], Sequence[str]]


class Explaining:
    """A runner that notes how the database goes about each statement."""

    def __init__(self, runner: Runner, explain: Explain) -> None:
        self._runner = runner
        self._explain = explain
        self.plans: list[str] = []

    async def read(self, script: Callable[[Connection], T]) -> T:
        return await self._runner.write(lambda c: self._watched(c, script))

    async def write(self, script: Callable[[Connection], T]) -> T:
        return await self.read(script)

    def _watched(self, connection: Connection, script: Callable[[Connection], T]) -> T:
        said: list[tuple[str, Any]] = []

        def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
            said.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", note)
        result = script(connection)
        event.remove(connection, "before_cursor_execute", note)
        for statement, parameters in said:
            self.plans += self._explain(connection, statement, parameters)
        return result


def of_sqlite(connection: Connection, statement: str, parameters: Any) -> Sequence[str]:
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def of_postgres(connection: Connection, statement: str, parameters: Any) -> Sequence[str]:
    """The names of what it reads. Small tables are looked through, unless that is forbidden."""
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    [[found]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).all()
    plan = json.loads(found) if isinstance(found, str) else found
    nodes = list(nodes_of(plan[0]["Plan"]))
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"]
    return [node["Index Name"] for node in nodes if "Index Name" in node]


def fill(connection: Connection) -> None:
    """Enough for a choice between indexes. PostgreSQL counts by itself, in time; SQLite never does."""
    empty_of_rows(connection)
    workspace = Workspace("ws_1", "Alice's", NOW, 1)
    alice = House(MemoryStore(), workspace.id)
    of_people = [replace(alice.new_channel("instagram"), version=1) for _ in range(MANY)]
    channels = [replace(one, profile=replace(one.profile, owner_id=f"person-{one.id}")) for one in of_people]
    videos = [replace(alice.new_video(), version=1, sha256=f"{number:064}") for number in range(MANY)]
    rows.add(connection, rows.WORKSPACES, workspace)
    connection.execute(rows.CHANNELS.insert, [rows.CHANNELS.values(one) for one in channels])
    connection.execute(rows.VIDEOS.insert, [rows.VIDEOS.values(one) for one in videos])
    posts = [replace(alice.new_post(video), version=1) for video in videos]
    hourly = [alice.new_delivery(post, channels[0], NOW + timedelta(hours=number)) for number, post in enumerate(posts)]
    connection.execute(rows.POSTS.insert, [rows.POSTS.values(one) for one in posts])
    rows.save_all(connection, rows.DELIVERIES, hourly)
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE"))


def empty_of_rows(connection: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def runner(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Explaining]:
    made: SqliteStore | PostgresStore
    if request.param == "postgres":
        made, explain = PostgresStore(request.getfixturevalue("postgres_tables"), migrate=migrate), of_postgres
    else:
        made, explain = SqliteStore(tmp_path / "playout.db", migrate=migrate), of_sqlite
    await made.prepare()
    await made._runner.write(fill)
    yield Explaining(made._runner, explain)
    await made.close()


def uses(runner: Explaining, *indexes: str) -> bool:
    """Each is searched, and nothing is scanned."""
    plan = "\n".join(runner.plans)
    return "SCAN" not in plan and all(index in plan for index in indexes)


async def test_the_calendar_is_read_by_its_times(runner: Explaining) -> None:
    await SqlDeliveries(runner).planned("ws_1", NOW, NOW + timedelta(days=1))

    assert uses(runner, "deliveries_workspace_id_scheduled_at"), runner.plans


async def test_the_same_bytes_are_found_by_their_hash(runner: Explaining) -> None:
    await SqlVideos(runner).same_bytes("ws_1", "0" * 64)

    assert uses(runner, "videos_workspace_id_sha256"), runner.plans


async def test_the_posts_of_a_video_are_found_by_it(runner: Explaining) -> None:
    await SqlPosts(runner).using("ws_1", "vid_1")

    assert uses(runner, "posts_workspace_id_video_id"), runner.plans


@pytest.mark.parametrize("posts", [1, 3])
async def test_the_deliveries_of_posts_are_found_by_them(runner: Explaining, posts: int) -> None:
    await SqlDeliveries(runner).of_posts("ws_1", [f"pst_{number}" for number in range(posts)])
    await SqlDeliveries(runner).list("ws_1", post_id="pst_1", channel_id="chn_1", cursor="dlv_1")

    assert uses(runner, "deliveries_workspace_id_post_id"), runner.plans
    assert len(runner.plans) == 2


async def test_the_posts_of_the_calendar_are_read_by_their_times(runner: Explaining) -> None:
    await SqlPosts(runner).planned("ws_1", NOW, NOW + timedelta(days=1))

    assert uses(runner, "posts_workspace_id_scheduled_at"), runner.plans


async def test_what_was_sent_is_found_by_its_webhook_and_swept_by_its_age(runner: Explaining) -> None:
    await SqlSendings(runner).list("ws_1", "whk_1")
    await SqlSendings(runner).sweep(NOW)

    assert uses(runner, "sendings_workspace_id_webhook_id_id", "sendings_created_at"), runner.plans


async def test_webhooks_are_found_by_the_key_that_seals_them(runner: Explaining) -> None:
    await SqlWebhooks(runner).sealed_under("key-1")

    assert uses(runner, "webhooks_key_id_id"), runner.plans


async def test_people_are_found_by_a_way_in_and_by_the_key_that_seals_something_of_theirs(runner: Explaining) -> None:
    person = Person("psn_1", "alice@example.com", None, NOW, "ws_1", identities=("tiktok:1",))
    await SqlPeople(runner).save(person)
    runner.plans.clear()

    await SqlPeople(runner).by_way("tiktok:1")
    await SqlPeople(runner).sealed_under("key-1")

    assert uses(runner, "ways", "people_key_id_id"), runner.plans
    assert len(runner.plans) == 3


async def test_the_end_of_a_workspace_looks_through_nothing_of_others(runner: Explaining) -> None:
    await SqlWorkspaces(runner).erase("ws_2")

    assert uses(runner, "people_workspace_id"), runner.plans


async def test_whom_news_are_about_is_found_by_account_and_by_person(runner: Explaining) -> None:
    await SqlChannels(runner).by_account("instagram", "person-1")

    assert uses(runner, "channels_platform_remote_id", "channels_platform_owner_id"), runner.plans
