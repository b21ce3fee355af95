"""/export over the wire: asked for, followed, fetched whole or in part."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from playout.application.export_notes import KEPT
from playout.application.exports import EXPORT as MAKE
from playout.application.exports import MOST_TRIES
from playout.application.ports import Chore
from tests.api.stage import API, Stage, problem
from tests.cast import CLIP, NOON

EXPORT = f"{API}/export"


async def ready(stage: Stage) -> dict[str, Any]:
    """An export of Alice's, made."""
    begun = await stage.alice.post(EXPORT)
    await stage.cast.work()
    told: dict[str, Any] = (await stage.alice.get(begun.headers["location"])).json()
    return told


async def test_an_export_is_asked_for_followed_and_fetched(stage: Stage) -> None:
    video = await stage.cast.video(stage.cast.alice)

    begun = await stage.alice.post(EXPORT)
    await stage.cast.work()
    told = (await stage.alice.get(begun.headers["location"])).json()
    fetched = await stage.alice.get(told["download_url"])

    name = begun.json()["id"]
    assert begun.status_code == 202
    assert begun.headers["location"] == f"{EXPORT}/{name}"
    assert begun.json() == {
        "id": name,
        "state": "waiting",
        "progress": {"done": 0, "total": 0},
        "size": 0,
        "sha256": "",
        "created_at": "2026-11-20T12:00:00.000Z",
        "expires_at": "2026-11-27T12:00:00.000Z",
        "download_url": None,
        "reason": None,
    }
    assert told == begun.json() | {
        "state": "ready",
        "progress": {"done": len(CLIP), "total": len(CLIP)},
        "size": len(fetched.content),
        "sha256": told["sha256"],
        "download_url": f"{EXPORT}/{name}/file",
    }
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as opened:
        assert opened.testzip() is None
        assert opened.read(f"videos/{video.id}/clip.mp4") == CLIP


async def test_the_zip_is_a_file_to_be_kept_and_nothing_else(stage: Stage) -> None:
    told = await ready(stage)

    headers = (await stage.alice.get(told["download_url"])).headers

    assert headers["content-type"] == "application/zip"
    assert headers["content-disposition"] == 'attachment; filename="playout-export-2026-11-20.zip"'
    assert headers["content-security-policy"] == "sandbox"
    assert headers["accept-ranges"] == "bytes"
    assert headers["etag"] == f'"{told["sha256"]}"'


async def test_a_fetch_that_broke_off_goes_on_where_it_was(stage: Stage) -> None:
    told = await ready(stage)
    whole = (await stage.alice.get(told["download_url"])).content
    same = {"Range": "bytes=100-", "If-Range": f'"{told["sha256"]}"'}

    rest = await stage.alice.get(told["download_url"], headers=same)
    other = await stage.alice.get(told["download_url"], headers=same | {"If-Range": '"another"'})

    assert (rest.status_code, rest.content) == (206, whole[100:])
    assert rest.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    assert (other.status_code, other.content) == (200, whole)


async def test_a_range_that_is_not_there_is_refused(stage: Stage) -> None:
    told = await ready(stage)

    answer = await stage.alice.get(told["download_url"], headers={"Range": f"bytes={told['size']}-"})

    problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{told['size']}"


async def test_what_is_still_to_come_cannot_be_fetched(stage: Stage) -> None:
    begun = await stage.alice.post(EXPORT)

    problem(await stage.alice.get(f"{begun.headers['location']}/file"), 409, "export_not_ready")


async def test_one_whose_bytes_are_gone_is_not_found(stage: Stage) -> None:
    told = await ready(stage)
    async for key in stage.cast.files.list("exports/"):
        await stage.cast.files.delete(key)

    problem(await stage.alice.get(told["download_url"]), 404, "file_gone")


@pytest.mark.parametrize("path", ["", "/file"])
async def test_an_export_is_nobody_elses(stage: Stage, path: str) -> None:
    told = await ready(stage)

    problem(await stage.charlie.get(f"{EXPORT}/{told['id']}{path}"), 404, "not_found")
    problem(await stage.bob.get(f"{EXPORT}/{told['id']}{path}"), 403, "forbidden")


async def test_a_second_request_while_one_is_made_gets_that_one(stage: Stage) -> None:
    first, second = await stage.alice.post(EXPORT), await stage.alice.post(EXPORT)

    assert first.json()["id"] == second.json()["id"]


async def test_a_request_with_its_key_is_the_same_even_when_it_is_done(stage: Stage) -> None:
    first = await stage.alice.post(EXPORT, headers={"Idempotency-Key": "monday"})
    await stage.cast.work()

    again = await stage.alice.post(EXPORT, headers={"Idempotency-Key": "monday"})
    other = await stage.alice.post(EXPORT, headers={"Idempotency-Key": "tuesday"})

    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    assert other.json()["id"] != first.json()["id"]


async def test_why_it_failed_is_told(stage: Stage) -> None:
    begun = await stage.alice.post(EXPORT)
    export_id = begun.json()["id"]
    chore = Chore(stage.cast.alice.workspace_id, MAKE, export_id, NOON, tries=MOST_TRIES)
    await stage.cast.services.exports.make(chore)

    failed = (await stage.alice.get(begun.headers["location"])).json()

    assert (failed["state"], failed["reason"]["code"], failed["download_url"]) == ("failed", "export_failed", None)
    problem(await stage.alice.get(f"{EXPORT}/{export_id}/file"), 409, "export_not_ready")


async def test_after_a_week_there_is_none(stage: Stage) -> None:
    told = await ready(stage)
    stage.cast.clock.move(days=KEPT / timedelta(days=1))

    problem(await stage.alice.get(f"{EXPORT}/{told['id']}"), 404, "not_found")
    problem(await stage.alice.get(told["download_url"]), 404, "not_found")
