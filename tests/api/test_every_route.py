"""Every route, met by nobody, by a stranger, by somebody who may not, and by the right one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from playout.application.exports import EXPORT
from playout.application.ports import Chore
from playout.domain import delivery as moves
from playout.domain.delivery import Delivery, Next
from playout.domain.person import ALL_SCOPES, Scope
from playout.domain.rendition import Fit
from playout.domain.retry import Reason, Turn
from tests.api.stage import Stage, new_post
from tests.cast import CLIP
from tests.uploads.speaking import BYTES, TUS

HOOK = "https://hooks.example/playout"
NOVEMBER = "?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"
WEEK = {"timezone": "Europe/Berlin", "slots": [{"day": "monday", "time": "18:00"}]}
#: Routes without a token, and what opens them instead.
PUBLIC = {
    "GET /api/v1/livez": "says nothing about anybody",
    "GET /api/v1/readyz": "says nothing about anybody",
    "GET /livez": "says nothing about anybody",
    "GET /readyz": "says nothing about anybody",
    "GET /api/v1/openapi.json": "the same for everybody",
    "HEAD /api/v1/openapi.json": "the same for everybody",
    "GET /openapi.json": "the same for everybody",
    "HEAD /openapi.json": "the same for everybody",
    "GET /metrics": "whoever is on this machine, or a token",
    "GET /api/v1/metrics": "whoever is on this machine, or a token",
    "GET /hooks/{platform}": "the verify token",
    "GET /connect/{platform}/callback": "the one-time state",
    "POST /hooks/{platform}": "the platform's signature",
    "POST /hooks/meta/deauthorize": "the platform's signature",
    "POST /hooks/meta/deletion": "the platform's signature",
    "GET /hooks/meta/deletion/{code}": "the code of the deletion",
    "GET /api/v1/deletions/{deletion_id}": "its id, which nobody can guess",
    "GET /pull/{nonce}.mp4": "the nonce",
    "HEAD /pull/{nonce}.mp4": "the nonce",
}


@dataclass(frozen=True)
class Scene:
    """Alice's things, by the name they have in paths."""

    ids: dict[str, str]


Setting = Callable[[Stage], Awaitable[Scene]]


async def things(stage: Stage) -> Scene:
    cast = stage.cast
    video, channel = await cast.video(cast.alice), await cast.channel(cast.alice)
    token = (await cast.services.people.tokens(cast.alice))[0]
    return Scene({"video_id": video.id, "channel_id": channel.id, "token_id": token.id})


async def copied(stage: Stage) -> Scene:
    scene = await things(stage)
    await stage.cast.services.renditions.ask(stage.cast.alice, scene.ids["video_id"], "memory", Fit.CROP)
    return Scene(scene.ids | {"name": "memory-crop"})


async def uploading(stage: Stage) -> Scene:
    upload = await stage.cast.services.uploads.create(stage.cast.alice, len(CLIP), "clip.mp4")
    return Scene({"upload_id": upload.id})


async def exported(stage: Stage) -> Scene:
    export = await stage.cast.services.exports.begin(stage.cast.alice)
    await stage.cast.services.exports.make(Chore(export.workspace_id, EXPORT, export.id, export.created_at))
    return Scene({"export_id": export.id})


async def draft(stage: Stage) -> Scene:
    return Scene({"post_id": (await stage.cast.post(stage.cast.alice, draft=True)).post.id})


async def scheduled(stage: Stage) -> Scene:
    shown = await stage.cast.post(stage.cast.alice)
    return Scene({"post_id": shown.post.id, "delivery_id": shown.deliveries[0].id})


async def failed(stage: Stage) -> Scene:
    return await moved(stage, lambda one: moves.fail(one, Reason("refused", "It was refused.", Turn.PLATFORM)))


async def unconfirmed(stage: Stage) -> Scene:
    now = stage.cast.clock.now()
    reason = Reason("lost", "The answer was lost.", Turn.YOU)
    return await moved(
        stage,
        lambda one: moves.unconfirm(
            moves.put_fence(moves.begin(one, Next("send", repeatable=False), None), now), reason
        ),
    )


async def moved(stage: Stage, move: Callable[[Delivery], Delivery]) -> Scene:
    shown = await stage.cast.post(stage.cast.alice)
    saved = await stage.cast.saved(move(shown.deliveries[0]))
    return Scene({"delivery_id": saved.id})


async def asked(stage: Stage) -> Scene:
    cast = stage.cast
    await cast.services.workspaces.change(cast.alice, approval=True)
    helper = replace(cast.alice, name="helper", scopes=frozenset({Scope.READ, Scope.WRITE}))
    return Scene({"post_id": (await cast.post(cast.alice, by=helper)).post.id})


async def listening(stage: Stage) -> Scene:
    made = await stage.cast.services.webhooks.create(stage.cast.alice, HOOK)
    return Scene({"webhook_id": made.webhook.id})


async def told(stage: Stage) -> Scene:
    scene = await listening(stage)
    sending = await stage.cast.services.webhooks.test(stage.cast.alice, scene.ids["webhook_id"])
    return Scene(scene.ids | {"sending_id": sending.id})


@dataclass(frozen=True)
class Row:
    """What a route needs, and what it answers."""

    scope: Scope | None
    status: int
    setting: Setting = things
    body: Callable[[Scene], dict[str, Any]] | None = None
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    #: What a stranger gets: theirs is empty, mine is not there.
    stranger: int = 404


def nothing(_scene: Scene) -> dict[str, Any]:
    return {}


def a_post(scene: Scene) -> dict[str, Any]:
    return new_post(scene.ids["video_id"], scene.ids["channel_id"])


ROWS = {
    "GET /api/v1/me": Row(None, 200, stranger=200),
    "GET /api/v1/channels": Row(Scope.READ, 200, stranger=200),
    "POST /api/v1/channels/connect": Row(Scope.PUBLISH, 201, body=lambda _: {"platform": "memory"}, stranger=201),
    "GET /api/v1/channels/{channel_id}": Row(Scope.READ, 200),
    "GET /api/v1/channels/{channel_id}/options": Row(Scope.READ, 200),
    "DELETE /api/v1/channels/{channel_id}": Row(Scope.PUBLISH, 204),
    "POST /api/v1/videos": Row(Scope.WRITE, 201, raw=CLIP, stranger=201),
    "POST /api/v1/videos/import": Row(
        Scope.WRITE, 202, body=lambda _: {"url": "https://clips.example/first.mp4"}, stranger=202
    ),
    "GET /api/v1/videos": Row(Scope.READ, 200, stranger=200),
    "GET /api/v1/videos/{video_id}": Row(Scope.READ, 200),
    "GET /api/v1/videos/{video_id}/thumbnail": Row(Scope.READ, 200),
    "DELETE /api/v1/videos/{video_id}": Row(Scope.WRITE, 204),
    "GET /api/v1/videos/{video_id}/renditions": Row(Scope.READ, 200),
    "POST /api/v1/videos/{video_id}/renditions": Row(
        Scope.WRITE, 202, body=lambda _: {"platform": "memory", "fit": "pad"}
    ),
    "DELETE /api/v1/videos/{video_id}/renditions/{name}": Row(Scope.WRITE, 204, copied),
    "OPTIONS /api/v1/uploads": Row(None, 204, stranger=204),
    "POST /api/v1/uploads": Row(Scope.WRITE, 201, headers=TUS | {"Upload-Length": "10"}, stranger=201),
    "HEAD /api/v1/uploads/{upload_id}": Row(Scope.WRITE, 200, uploading, headers=TUS),
    "PATCH /api/v1/uploads/{upload_id}": Row(
        Scope.WRITE, 204, uploading, raw=CLIP, headers=TUS | BYTES | {"Upload-Offset": "0"}
    ),
    "DELETE /api/v1/uploads/{upload_id}": Row(Scope.WRITE, 204, uploading, headers=TUS),
    "POST /api/v1/posts": Row(Scope.PUBLISH, 201, body=a_post, stranger=422),
    "POST /api/v1/posts/validate": Row(Scope.READ, 200, body=a_post, stranger=200),
    "GET /api/v1/posts": Row(Scope.READ, 200, draft, stranger=200),
    "GET /api/v1/posts/{post_id}": Row(Scope.READ, 200, draft),
    "PATCH /api/v1/posts/{post_id}": Row(Scope.WRITE, 200, draft, body=lambda _: {"caption": "Second light"}),
    "DELETE /api/v1/posts/{post_id}": Row(Scope.WRITE, 204, draft),
    "POST /api/v1/posts/{post_id}/schedule": Row(Scope.PUBLISH, 200, draft, body=nothing),
    "POST /api/v1/posts/{post_id}/cancel": Row(Scope.PUBLISH, 200, scheduled),
    "GET /api/v1/deliveries": Row(Scope.READ, 200, scheduled, stranger=200),
    "GET /api/v1/deliveries/{delivery_id}": Row(Scope.READ, 200, scheduled),
    "GET /api/v1/deliveries/{delivery_id}/events": Row(Scope.READ, 200, scheduled),
    "POST /api/v1/deliveries/{delivery_id}/retry": Row(Scope.PUBLISH, 200, failed),
    "POST /api/v1/deliveries/{delivery_id}/check": Row(Scope.PUBLISH, 200, unconfirmed),
    "POST /api/v1/deliveries/{delivery_id}/resolve": Row(
        Scope.PUBLISH, 200, unconfirmed, body=lambda _: {"published": True, "url": "https://memory.invalid/1"}
    ),
    "POST /api/v1/posts/{post_id}/approve": Row(Scope.PUBLISH, 200, asked),
    "POST /api/v1/posts/{post_id}/reject": Row(Scope.PUBLISH, 200, asked, body=lambda _: {"note": "Not this one."}),
    "GET /api/v1/channels/{channel_id}/slots": Row(Scope.READ, 200),
    "PUT /api/v1/channels/{channel_id}/slots": Row(Scope.WRITE, 200, body=lambda _: WEEK),
    "GET /api/v1/channels/{channel_id}/slots/next": Row(Scope.READ, 200),
    "GET /api/v1/calendar": Row(Scope.READ, 200, scheduled, query=NOVEMBER, stranger=200),
    "GET /api/v1/results": Row(Scope.READ, 200, scheduled, query=NOVEMBER, stranger=200),
    "GET /api/v1/deliveries/{delivery_id}/metrics": Row(Scope.READ, 200, scheduled),
    "GET /api/v1/webhooks": Row(Scope.ADMIN, 200, listening, stranger=200),
    "POST /api/v1/webhooks": Row(Scope.ADMIN, 201, body=lambda _: {"url": HOOK}, stranger=201),
    "GET /api/v1/webhooks/{webhook_id}": Row(Scope.ADMIN, 200, listening),
    "PATCH /api/v1/webhooks/{webhook_id}": Row(Scope.ADMIN, 200, listening, body=lambda _: {"enabled": False}),
    "DELETE /api/v1/webhooks/{webhook_id}": Row(Scope.ADMIN, 204, listening),
    "POST /api/v1/webhooks/{webhook_id}/rotate": Row(Scope.ADMIN, 200, listening),
    "POST /api/v1/webhooks/{webhook_id}/test": Row(Scope.ADMIN, 200, listening),
    "GET /api/v1/webhooks/{webhook_id}/deliveries": Row(Scope.ADMIN, 200, listening),
    "POST /api/v1/webhooks/{webhook_id}/deliveries/{sending_id}/replay": Row(Scope.ADMIN, 202, told),
    "GET /api/v1/tokens": Row(Scope.ADMIN, 200, stranger=200),
    "POST /api/v1/tokens": Row(Scope.ADMIN, 201, body=lambda _: {"name": "script", "scopes": ["read"]}, stranger=201),
    "DELETE /api/v1/tokens/{token_id}": Row(Scope.ADMIN, 204),
    "POST /api/v1/export": Row(Scope.ADMIN, 202, stranger=202),
    "GET /api/v1/export/{export_id}": Row(Scope.ADMIN, 200, exported),
    "GET /api/v1/export/{export_id}/file": Row(Scope.ADMIN, 200, exported),
    "GET /api/v1/workspace": Row(Scope.READ, 200, stranger=200),
    "DELETE /api/v1/workspace": Row(Scope.ADMIN, 202, body=lambda _: {"confirm": "Home"}, stranger=422),
    "PATCH /api/v1/workspace": Row(Scope.ADMIN, 200, body=lambda _: {"late_posts": "send"}, stranger=200),
}


@pytest.mark.parametrize("route", ROWS)
async def test_nobody_gets_past_without_a_token(stage: Stage, route: str) -> None:
    scene = await ROWS[route].setting(stage)

    answer = await ask(stage.nobody, route, scene)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", ROWS)
async def test_a_stranger_finds_nothing_of_it(stage: Stage, route: str) -> None:
    scene = await ROWS[route].setting(stage)

    answer = await ask(stage.charlie, route, scene)

    assert answer.status_code == ROWS[route].stranger
    told = answer.json() if answer.content else {}
    assert told.get("items", []) == [] or route.endswith("/tokens")
    assert not [one for one in scene.ids.values() if f'"id":"{one}"' in answer.text]


@pytest.mark.parametrize("route", [route for route, row in ROWS.items() if row.scope])
async def test_every_other_scope_is_too_small(stage: Stage, route: str) -> None:
    row = ROWS[route]
    scene = await row.setting(stage)
    helper = await stage.with_scopes(stage.cast.alice, *(ALL_SCOPES - {row.scope}))

    answer = await ask(helper, route, scene)

    assert answer.status_code == 403
    assert not answer.content or answer.json()["code"] == "forbidden"


@pytest.mark.parametrize("route", ROWS)
async def test_the_owner_gets_what_the_route_promises(stage: Stage, route: str) -> None:
    scene = await ROWS[route].setting(stage)

    answer = await ask(stage.alice, route, scene)

    assert answer.status_code == ROWS[route].status, answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


async def test_every_route_of_the_application_has_a_row(stage: Stage) -> None:
    assert set(routes(stage)) == ROWS.keys() | PUBLIC.keys()


async def test_every_answer_a_route_gave_is_in_the_document(stage: Stage) -> None:
    document = stage.app.openapi()

    for route, row in ROWS.items():
        method, path = route.split(" ")
        operation = document["paths"][path][method.lower()]
        assert {str(row.status), "400", "401", "403", "422", "500", "503"} <= operation["responses"].keys(), route
        assert operation["security"] == [{"token": []}], route
        assert operation["description"], route


@pytest.mark.parametrize("route", [route for route in ROWS if "_id}" in route])
async def test_what_cannot_be_an_id_is_not_found(stage: Stage, route: str) -> None:
    scene = await ROWS[route].setting(stage)
    nonsense = Scene(dict.fromkeys(scene.ids, "%00..%2f"))

    assert (await ask(stage.alice, route, nonsense)).status_code == 404


def routes(stage: Stage) -> list[str]:
    return [
        f"{method} {route.path}"
        for route in iter_route_contexts(stage.app.routes)
        for method in sorted(route.methods or ())
    ]


async def ask(who: httpx.AsyncClient, route: str, scene: Scene) -> httpx.Response:
    method, path = route.split(" ")
    row = ROWS[route]
    address = path.format(**scene.ids) + ("?filename=clip.mp4" if row.raw else row.query)
    return await who.request(
        method, address, content=row.raw, json=row.body(scene) if row.body else None, headers=row.headers
    )
