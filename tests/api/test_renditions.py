"""Copies that fit a platform, over the wire: asked for, watched, taken back, sent."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from playout.domain.errors import Unplayable
from playout.media.memory import UPRIGHT
from tests.api.stage import API, Stage, problem
from tests.cast import CLIP, COPY

PAD = {"platform": "memory", "fit": "pad"}


async def address(stage: Stage, **facts: object) -> str:
    """Of the copies of a new video that the platform does not take as it is."""
    seen = {"container": "webm", "video_codec": "vp9", **facts}
    stage.cast.studio.facts = replace(UPRIGHT, **seen)  # type: ignore[arg-type]  # each test names its own facts
    video = await stage.cast.video(stage.cast.alice)
    return f"{API}/videos/{video.id}/renditions"


async def listed(stage: Stage, where: str) -> list[dict[str, Any]]:
    answer = (await stage.alice.get(where)).json()
    assert answer["next_cursor"] is None
    items: list[dict[str, Any]] = answer["items"]
    return items


async def test_a_copy_is_asked_for_watched_and_there(stage: Stage) -> None:
    where = await address(stage)
    stage.cast.studio.gate.clear()

    answer = await stage.alice.post(where, json=PAD)
    asked = {"name": "memory-pad", "state": "rendering", "size": 0, "reason": None, "progress": 0.0}
    assert (answer.status_code, answer.json()) == (202, asked)
    making = asyncio.create_task(stage.cast.work())
    await stage.cast.studio.asked.wait()
    assert await listed(stage, where) == [asked | {"progress": 0.5}]
    stage.cast.studio.gate.set()
    await making

    ready = {"name": "memory-pad", "state": "ready", "size": len(COPY + CLIP), "reason": None}
    assert await listed(stage, where) == [ready | {"progress": 1.0}]
    assert (await stage.alice.get(where.removesuffix("/renditions"))).json()["renditions"] == [ready]


async def test_asking_twice_makes_one(stage: Stage) -> None:
    where = await address(stage)
    for _ in range(2):
        assert (await stage.alice.post(where, json=PAD)).status_code == 202
        await stage.cast.work()

    assert len(await listed(stage, where)) == len(stage.cast.studio.recipes) == 1


async def test_a_copy_that_could_not_be_made_says_why(stage: Stage) -> None:
    where = await address(stage)
    stage.cast.studio.failure = Unplayable("The picture cannot be read.", code="broken_picture")
    await stage.alice.post(where, json=PAD)
    await stage.cast.work()

    (one,) = await listed(stage, where)

    assert (one["state"], one["progress"]) == ("failed", 0.0)
    assert one["reason"] == {"code": "broken_picture", "message": "The picture cannot be read.", "whose_turn": "you"}


async def test_a_copy_is_taken_back(stage: Stage) -> None:
    where = await address(stage)
    await stage.alice.post(where, json=PAD)
    await stage.cast.work()

    assert (await stage.alice.delete(f"{where}/memory-pad")).status_code == 204

    assert await listed(stage, where) == []
    problem(await stage.alice.delete(f"{where}/memory-pad"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"platform": "elsewhere", "fit": "pad"}, "unknown_platform", "/platform"),
        ({"platform": "memory", "fit": "stretch"}, "invalid", "/fit"),
        ({"platform": "memory"}, "invalid", "/fit"),
    ],
)
async def test_what_cannot_be_made_is_pointed_to(stage: Stage, body: dict[str, str], code: str, pointer: str) -> None:
    where = await address(stage)

    told = problem(await stage.alice.post(where, json=body), 422, code)

    assert [one["pointer"] for one in told["errors"]] == [pointer]
    assert await listed(stage, where) == []


async def test_no_copy_is_made_of_a_file_that_was_not_looked_into(stage: Stage) -> None:
    taken = (await stage.alice.post(f"{API}/videos?filename=clip.webm", content=CLIP)).json()

    problem(await stage.alice.post(f"{API}/videos/{taken['id']}/renditions", json=PAD), 409, "not_ready")


# ── posts ────────────────────────────────────────────────────────────────────────────────────────


async def body_with(stage: Stage, fit: str | None) -> dict[str, Any]:
    """Of a post that is to go out now."""
    video = (await address(stage)).split("/")[4]
    channel = await stage.cast.channel(stage.cast.alice)
    to = {"channel_id": channel.id, "options": {"privacy_level": "SELF_ONLY"}, "fit": fit}
    return {"video_id": video, "caption": "First light", "destinations": [to]}


async def test_a_file_that_is_not_taken_is_refused_with_its_mend(stage: Stage) -> None:
    told = problem(await stage.alice.post(f"{API}/posts", json=await body_with(stage, None)), 422, "container")

    assert [(one["code"], one["fix"]) for one in told["errors"]] == [("container", "render"), ("video_codec", "render")]


async def test_with_a_fit_the_copy_is_sent(stage: Stage) -> None:
    post = (await stage.alice.post(f"{API}/posts", json=await body_with(stage, "crop"))).json()
    assert post["destinations"][0]["fit"] == "crop"

    for _ in range(3):
        await stage.cast.work()
        stage.cast.clock.move(seconds=2)

    assert (await stage.alice.get(f"{API}/posts/{post['id']}")).json()["state"] == "published"
    assert list(stage.cast.platform.received.values()) == [COPY + CLIP]


async def test_a_fit_that_there_is_not_is_refused(stage: Stage) -> None:
    told = problem(await stage.alice.post(f"{API}/posts", json=await body_with(stage, "stretch")), 422, "invalid")

    assert [one["pointer"] for one in told["errors"]] == ["/destinations/0/fit"]
