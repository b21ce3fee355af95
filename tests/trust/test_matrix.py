"""Whoever asks for whatever of another workspace: it is not there, he learns nothing, and nothing is changed.

Every route of the router × every kind of principal × every place that takes an id, in both directions. What is not his
is answered as what is nowhere is, byte for byte.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from playout.api.app import create_app
from playout.application.once import Once, Turn
from playout.application.people import HOME
from playout.application.ports import Page
from playout.domain.delivery import Delivery, State
from playout.domain.person import Actor
from playout.domain.video import Video
from playout.storage.memory import MemoryDeliveries, MemoryStore
from playout.storage.memory.records import MemoryVideos
from playout.storage.sql.migrate import migrate
from playout.storage.sql.sqlite import SqliteStore
from tests.api.stage import Stage
from tests.api.test_every_route import PUBLIC, ROWS, routes
from tests.cast import Cast
from tests.trust.matrix import EVERYTHING, PRINCIPALS, WORKSPACES, Answer, Call, Document, Place, places
from tests.trust.matrix_checks import (
    Report,
    askew,
    attempts,
    foreign,
    in_path,
    own,
    pretending,
    public,
    same_key,
    tried,
    within,
)
from tests.trust.matrix_house import House, Marked, mirrored
from tests.trust.matrix_leaks import Wall, without_walls

#: In the other half the workspaces' posts need approval.
HALVES = [[one for one in PRINCIPALS if one.approval == approval] for approval in (False, True)]
#: Combinations of a principal, a route and an id that is not his.
LEAST = 5500


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(asyncio.run(Cast.open()).services, hosts=["playout.example"])


@pytest.fixture(scope="module")
def document(app: FastAPI) -> Document:
    return app.openapi()


@pytest.mark.parametrize("route", ROWS)
async def test_what_is_the_others_is_nowhere(app: FastAPI, document: Document, route: str) -> None:
    report = Report()
    for half in HALVES:
        house = await House.open(app, ROWS[route], EVERYTHING, *half, full=True)
        for principal in half:
            report.add(await foreign(house, document, route, principal))

    assert report.found == []


@pytest.mark.parametrize("route", ROWS)
async def test_what_is_ones_own_is_as_open_as_his_scopes(app: FastAPI, document: Document, route: str) -> None:
    report = Report()
    for half in HALVES:
        house = await House.open(app, ROWS[route], *half)
        for number, principal in enumerate(half):
            before = house.snapshot()
            report.add(await own(house, document, route, "alice", principal))
            if house.snapshot() != before:
                house = await House.open(app, ROWS[route], *half[number + 1 :])
    for side in WORKSPACES:
        report.add(await pretending(await House.open(app, ROWS[route], EVERYTHING, full=True), route, side))

    assert report.found == []


@pytest.mark.parametrize("route", [one for one in ROWS if one.startswith("POST ")])
async def test_a_key_is_good_for_its_own_token_only(app: FastAPI, document: Document, route: str) -> None:
    report = Report()
    for side in WORKSPACES:
        house = await House.open(app, ROWS[route], *HALVES[False])
        report.add(await same_key(house, document, route, side))

    assert report.found == []


@pytest.mark.parametrize("route", PUBLIC)
async def test_what_needs_no_token_says_nothing_of_anybody(app: FastAPI, route: str) -> None:
    house = await House.open(app, ROWS["GET /api/v1/posts"], *HALVES[False], full=True)

    assert (await public(house, route)).found == []


@pytest.mark.parametrize("route", [one for one in ROWS if one.count("_id}") > 1])
async def test_what_is_a_part_of_another_thing_is_nowhere(app: FastAPI, document: Document, route: str) -> None:
    house = await House.open(app, ROWS[route], EVERYTHING)
    for side, seen in (("alice", house.stage), ("charlie", mirrored(house.stage))):
        second = (await ROWS[route].setting(seen)).ids

        assert (await askew(house, document, route, side, second)).found == []


async def test_a_workspace_that_was_closed_lets_nobody_in_and_is_nowhere(app: FastAPI, document: Document) -> None:
    house, report = await House.open(app, ROWS["GET /api/v1/posts"], *HALVES[False], full=True), Report()
    owner = house.clients["charlie", EVERYTHING.name]
    closing = await Call.of("DELETE /api/v1/workspace", house.known["charlie"]).by(owner)
    assert closing.status == 202

    for route in ROWS:
        call = Call.of(route, house.known["charlie"])
        statuses = {(await call.by(house.clients["charlie", one.name])).status for one in HALVES[False]}
        report.note(route, *([] if statuses == {401} else [f"let in: {statuses}"]))
        report.add(await tried(house, route, in_path(house, document, route, "alice", EVERYTHING)))

    assert report.found == []


@pytest.fixture
async def on_disk(app: FastAPI, tmp_path: Path) -> AsyncIterator[House]:
    """The same house over SQLite."""
    store = SqliteStore(tmp_path / "playout.db", migrate=migrate)
    await store.prepare()
    yield await House.open(app, ROWS["GET /api/v1/posts"], EVERYTHING, cast=await Marked.open(store), full=True)
    await store.close()


async def test_all_of_it_holds_over_a_database_too(on_disk: House, document: Document) -> None:
    report = Report()
    for route in ROWS:
        for side in WORKSPACES:
            asked = on_disk, document, route, side, EVERYTHING
            report.add(await tried(on_disk, route, [*in_path(*asked), *within(*asked)]))

    assert report.found == []
    assert report.combinations > 200


# ── nothing is left out ──────────────────────────────────────────────────────────────────────────


async def test_the_matrix_has_every_route_of_the_router(app: FastAPI, document: Document) -> None:
    found = set(routes(Stage(await Cast.open(), app, *[House.nobody(app)] * 4)))

    assert found == ROWS.keys() | PUBLIC.keys()
    assert all(places(document, one) for one in ROWS if "_id}" in one)


async def test_every_place_that_takes_an_id_is_found(document: Document) -> None:
    assert places(document, "POST /api/v1/posts") == [
        Place("body", "/destinations/*/channel_id"),
        Place("body", "/video_id"),
        Place("header", "Idempotency-Key"),
    ]
    assert [one.name for one in places(document, "GET /api/v1/deliveries")] == ["channel_id", "cursor", "post_id"]
    assert Place("header", "If-Match") in places(document, "PATCH /api/v1/posts/{post_id}")
    assert Place("path", "sending_id") in places(document, next(one for one in ROWS if one.endswith("/replay")))


def test_an_id_is_put_where_it_belongs() -> None:
    call = Call("POST", "/", body={"destinations": [{"channel_id": "own"}]})

    filled = Place("body", "/destinations/*/channel_id").fill(call, "theirs", beside="own")

    assert [one["channel_id"] for one in filled.body["destinations"]] == ["own", "theirs"]
    assert call.body == {"destinations": [{"channel_id": "own"}]}


@pytest.mark.parametrize("least", [pytest.param(LEAST, id=f"more than {LEAST} combinations")])
async def test_the_matrix_is_as_large_as_it_says(app: FastAPI, document: Document, least: int) -> None:
    combinations = 0
    for route, row in ROWS.items():
        house = await House.open(app, row, EVERYTHING, full=True)
        for principal in PRINCIPALS:
            for side in WORKSPACES:
                combinations += len(await attempts(house, document, route, side, principal))

    assert combinations > least


# ── the matrix bites ─────────────────────────────────────────────────────────────────────────────


class Wide(MemoryDeliveries):
    """Deliveries of everybody."""

    async def list(
        self,
        workspace_id: str,
        *,
        states: Collection[State] = (),
        channel_id: str | None = None,
        post_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Delivery]:
        found = [one for one in self._rows.values() if post_id in {None, one.post_id}]
        return Page(tuple(sorted(found, key=lambda one: one.id, reverse=True)), None)


class Open(MemoryVideos):
    """A video of everybody, to whoever knows its id."""

    async def get(self, workspace_id: str, video_id: str) -> Video:
        return next(one for (_, name), one in self._rows.items() if name == video_id)


class Shared(Once):
    """One key for everybody."""

    async def begin(self, actor: Actor, key: str, request: bytes) -> Turn:
        return await super().begin(replace(actor, workspace_id=HOME, name=""), key, request)


@pytest.mark.parametrize("how", [Wall.SHOWS, Wall.TELLS])
@pytest.mark.parametrize("route", [one for one in ROWS if "_id}" in one])
async def test_a_service_that_forgets_the_workspace_is_found_on_every_route(
    app: FastAPI, document: Document, route: str, how: Wall
) -> None:
    house = await House.open(app, ROWS[route], EVERYTHING, full=True)
    app.state.services = without_walls(house.stage.cast.services, how)
    asked = house, document, route, "charlie", EVERYTHING

    assert (await tried(house, route, in_path(*asked))).found


@pytest.mark.parametrize("route", ["POST /api/v1/posts/{post_id}/cancel", "DELETE /api/v1/videos/{video_id}"])
async def test_what_is_done_in_secret_is_found(app: FastAPI, document: Document, route: str) -> None:
    house = await House.open(app, ROWS[route], EVERYTHING)
    app.state.services = without_walls(house.stage.cast.services, Wall.ACTS)

    (found,) = (await tried(house, route, in_path(house, document, route, "charlie", EVERYTHING))).found[:1]

    assert "changed" in found


@pytest.mark.parametrize("route", [one for one, row in ROWS.items() if row.scope])
async def test_a_service_that_forgets_the_scopes_is_found(app: FastAPI, document: Document, route: str) -> None:
    house = await House.open(app, ROWS[route], *HALVES[False])
    app.state.services = without_walls(house.stage.cast.services, Wall.TRUSTS)
    found = [await own(house, document, route, "alice", one) for one in HALVES[False] if one.name.startswith("only ")]

    assert any(report.found for report in found)


async def test_a_list_of_everybodys_is_found(app: FastAPI, document: Document) -> None:
    store, route = MemoryStore(), "GET /api/v1/deliveries"
    store.deliveries = Wide(store.deliveries._tables)
    house = await House.open(app, ROWS[route], EVERYTHING, cast=await Marked.open(store))

    found = (await own(house, document, route, "charlie", EVERYTHING)).found
    filtered = (await tried(house, route, within(house, document, route, "charlie", EVERYTHING))).found

    assert any("remote id" in one for one in found)
    assert any("as query post_id" in one for one in filtered)


@pytest.mark.parametrize(
    "route", ["POST /api/v1/posts", "POST /api/v1/posts/validate", "PATCH /api/v1/posts/{post_id}"]
)
async def test_a_body_that_reaches_across_is_found(app: FastAPI, document: Document, route: str) -> None:
    store = MemoryStore()
    house = await House.open(app, ROWS[route], EVERYTHING, cast=await Marked.open(store))
    store.videos = Open(store.deliveries._tables)

    found = (await tried(house, route, within(house, document, route, "charlie", EVERYTHING))).found

    assert any("video_id as body /video_id" in one for one in found)


@pytest.mark.parametrize("route", ["POST /api/v1/posts", "POST /api/v1/posts/{post_id}/cancel"])
async def test_a_key_that_is_everybodys_is_found(app: FastAPI, document: Document, route: str) -> None:
    house = await House.open(app, ROWS[route], *HALVES[False])
    services = house.stage.cast.services
    app.state.services = replace(services, once=Shared(services.store, services.clock))

    assert any("replayed" in one for one in (await same_key(house, document, route, "charlie")).found)


@pytest.mark.parametrize("form", [str, lambda one: base64.b64encode(one.encode()).decode(), quote])
async def test_a_word_of_the_other_is_found_in_any_form(app: FastAPI, form: Callable[[str], str]) -> None:
    house = await House.open(app, ROWS["GET /api/v1/me"], EVERYTHING)
    said = form(f"as {house.known['alice']['post_id']} has it")

    assert house.leaks("charlie", Answer(200, (("x-told", said),), b""))
    assert house.leaks("charlie", Answer(200, (), json.dumps({"told": said}).encode()))
    assert not house.leaks("alice", Answer(200, (("x-told", said),), b""))
