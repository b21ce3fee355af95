"""Uploads that break off and files that are no videos: a clear error, nothing visible, nothing left behind."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from playout.domain.delivery import State
from playout.domain.retry import Turn
from playout.media.folder import FolderFiles
from playout.wiring import open_house
from tests.trust.inside import connected, posted, rested, taken_in
from tests.trust.machine import Machine, Serving
from tests.trust.other_side import OtherSide, other_side
from tests.trust.talk import Talk
from tests.trust.waiting import until

RESET = struct.pack("ii", 1, 0)  # SO_LINGER


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherSide]:
    with other_side(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, there: OtherSide) -> Machine:
    """One for all these tests; each leaves it as it was."""
    root = tmp_path_factory.mktemp("uploads")
    machine = Machine(root / "machine")
    machine.connected_to(there.url)
    return machine


@pytest.fixture(scope="module")
def serving(machine: Machine) -> Iterator[Serving]:
    with machine.serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def user(machine: Machine, serving: Serving) -> Talk:
    return Talk(serving.url, machine.token())


@pytest.fixture(scope="module")
def channel(user: Talk) -> str:
    return user.connect()


def files(machine: Machine) -> list[Path]:
    return [path for path in (machine.data / "files").rglob("*") if path.is_file()]


def videos(user: Talk) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = user.api("GET", "/videos")["items"]
    return listed


@pytest.mark.parametrize("in_chunks", [False, True])
def test_an_upload_that_ends_early_is_refused_and_nothing_is_kept(
    machine: Machine, user: Talk, clip: Path, *, in_chunks: bool
) -> None:
    before, kept = videos(user), files(machine)
    with user.half_a_file(clip, in_chunks=in_chunks) as connection:
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 400 "), answer
    assert '"code":"truncated_upload"' in answer
    assert "Nothing was kept; send it again." in answer
    assert (videos(user), files(machine)) == (before, kept)


def test_an_upload_whose_connection_is_cut_leaves_nothing(machine: Machine, user: Talk, clip: Path) -> None:
    before, kept = videos(user), files(machine)
    with user.half_a_file(clip) as connection:
        until(lambda: len(files(machine)) > len(kept), "half a file")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    until(lambda: files(machine) == kept, "that it is gone")
    assert videos(user) == before


@pytest.mark.parametrize(
    "named", [b"this is a text\n" * 100, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 999]
)
def test_a_file_that_is_no_video_is_rejected_with_a_sentence(user: Talk, tmp_path: Path, named: bytes) -> None:
    (tmp_path / "holiday.mp4").write_bytes(named)
    video = user.api("GET", f"/videos/{user.take_in(tmp_path / 'holiday.mp4')}")
    assert video["state"] == "rejected"
    assert all(problem["message"] for problem in video["problems"])
    user.api("DELETE", f"/videos/{video['id']}")


def test_a_post_of_a_rejected_video_is_refused(user: Talk, channel: str, tmp_path: Path) -> None:
    (tmp_path / "holiday.mp4").write_text("this is a text\n" * 100)
    video = user.take_in(tmp_path / "holiday.mp4")
    wanted = {"video_id": video, "caption": "x", "destinations": [{"channel_id": channel, "options": {}}]}
    answer = user.ask("POST", "/api/v1/posts", wanted | {"destinations": [destination(channel)]})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/video_id"), answer.body


def destination(channel: str, **options: object) -> dict[str, object]:
    return {"channel_id": channel, "options": {"privacy_level": "SELF_ONLY", **options}}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"destinations": [destination("chn_01arz3ndektsv4rrffq69g5fav")]}, "unknown_channel"),
        ({"destinations": [destination("nobody")]}, "unknown_channel"),
        ({"video_id": "vid_01arz3ndektsv4rrffq69g5fav"}, "unknown_video"),
    ],
)
def test_a_post_of_what_does_not_exist_is_refused(
    user: Talk, channel: str, clip: Path, wrong: dict[str, object], code: str
) -> None:
    wanted: dict[str, object] = {"video_id": user.take_in(clip), "caption": "x", "destinations": [destination(channel)]}
    answer = user.ask("POST", "/api/v1/posts", wanted | wrong)
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, code), answer.body
    assert user.api("GET", "/posts")["items"] == []


@pytest.mark.parametrize(
    "options",
    [
        {"privacy_level": "NOBODY"},
        {"privacy_level": 7},
        {"allow_comment": "yes"},
        {"allow_coment": True},
        {"mode": "x"},
    ],
)
def test_a_wrong_option_is_refused_by_its_name(
    user: Talk, channel: str, clip: Path, options: dict[str, object]
) -> None:
    wanted = {"video_id": user.take_in(clip), "caption": "x", "destinations": [destination(channel, **options)]}
    answer = user.ask("POST", "/api/v1/posts", wanted)
    assert answer.status == 422, answer.body
    assert next(iter(options)) in answer.json["errors"][0]["pointer"]
    assert user.api("GET", "/posts")["items"] == []


def test_what_a_killed_server_had_half_taken_in_is_swept_away(machine: Machine, clip: Path) -> None:
    other = Machine(machine.root.parent / "killed", dict(machine.settings))
    token = other.token()
    with other.serving() as serving, Talk(serving.url, token).half_a_file(clip):
        until(lambda: files(other), "half a file")
        serving.process.kill()
        serving.process.wait()
    assert len(files(other)) == 1
    asyncio.run(FolderFiles(other.data / "files").sweep(timedelta(0)))
    assert files(other) == []


async def test_a_post_whose_video_turns_out_to_be_none_fails_with_a_sentence(
    machine: Machine, there: OtherSide, tmp_path: Path
) -> None:
    other = Machine(tmp_path / "other", dict(machine.settings))
    (tmp_path / "holiday.mp4").write_text("this is a text\n" * 100)
    async with open_house(other.loaded) as house:
        delivery = await posted(house, await taken_in(house, tmp_path / "holiday.mp4"), await connected(house))
        async with house.working():
            failed = await rested(house, delivery)
    assert failed.state is State.FAILED
    assert failed.reason
    assert (failed.reason.code, failed.reason.whose_turn) == ("video_rejected", Turn.YOU)
    assert failed.reason.message
    assert there.requests("init") == 0
