"""Uploads from pages: with a session and a token, by the part of tus that our script speaks."""

import httpx
import pytest

from tests.cast import CLIP
from tests.web.stage import Stage, same_origin


async def sent(stage: Stage, who: httpx.AsyncClient, method: str, path: str, **more: object) -> httpx.Response:
    headers = same_origin(stage.url) | {"X-Form-Token": await stage.token(who), "Tus-Resumable": "1.0.0"}
    body = more.pop("body", None)
    told = {name.replace("_", "-"): str(value) for name, value in more.items()}
    return await who.request(method, path, headers=headers | told, content=body)  # type: ignore[arg-type]  # bytes


async def begun(stage: Stage, length: int = len(CLIP)) -> str:
    answer = await sent(
        stage, stage.alice, "POST", "/uploads", Upload_Length=length, Upload_Metadata="filename Y2xpcC5tcDQ="
    )
    assert answer.status_code == 201
    return answer.headers["location"]


async def test_an_upload_in_two_parts_becomes_a_video(stage: Stage) -> None:
    path = await begun(stage)
    first = await sent(stage, stage.alice, "PATCH", path, Upload_Offset=0, body=CLIP[:1000])
    looked = await sent(stage, stage.alice, "HEAD", path)
    second = await sent(stage, stage.alice, "PATCH", path, Upload_Offset=1000, body=CLIP[1000:])
    video = await stage.cast.services.videos.get(stage.cast.alice, second.headers["playout-video-id"])

    assert (first.status_code, looked.headers["upload-offset"], looked.headers["upload-length"]) == (
        204,
        "1000",
        str(len(CLIP)),
    )
    assert (video.filename, video.size) == ("clip.mp4", len(CLIP))


async def test_bytes_that_do_not_follow_are_refused(stage: Stage) -> None:
    path = await begun(stage)

    assert (await sent(stage, stage.alice, "PATCH", path, Upload_Offset=7, body=CLIP[7:])).status_code == 409


async def test_another_workspace_finds_no_upload(stage: Stage) -> None:
    path = await begun(stage)

    assert (await sent(stage, stage.charlie, "HEAD", path)).status_code == 404
    assert (await sent(stage, stage.charlie, "PATCH", path, Upload_Offset=0, body=CLIP)).status_code == 404
    assert (await sent(stage, stage.charlie, "DELETE", path)).status_code == 404


async def test_an_upload_that_is_ended_is_gone(stage: Stage) -> None:
    path = await begun(stage)

    assert (await sent(stage, stage.alice, "DELETE", path)).status_code == 204
    assert (await sent(stage, stage.alice, "HEAD", path)).status_code == 410


async def test_without_the_token_of_a_page_nothing_is_taken(stage: Stage) -> None:
    path = await begun(stage)
    headers = same_origin(stage.url) | {"Upload-Offset": "0"}

    assert (await stage.alice.patch(path, content=CLIP, headers=headers)).status_code == 403
    assert (await sent(stage, stage.alice, "HEAD", path)).headers["upload-offset"] == "0"


@pytest.mark.parametrize("length", ["", "-1", "many", "9" * 19])
async def test_a_length_that_is_none_is_refused(stage: Stage, length: str) -> None:
    assert (await sent(stage, stage.alice, "POST", "/uploads", Upload_Length=length)).status_code == 422


async def test_a_file_that_is_too_large_is_refused_before_its_first_byte(stage: Stage) -> None:
    assert (await sent(stage, stage.alice, "POST", "/uploads", Upload_Length=10**12)).status_code == 413
