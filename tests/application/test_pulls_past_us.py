"""Pull addresses that lead past us: a copy in the bucket for each attempt, signed, deleted when it is withdrawn."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from playout.application.ports import Chore, Fetched, Files
from playout.application.pulls import KEPT, ROOT, Pulls
from playout.application.tidying import TIDY, Tidying
from playout.domain.errors import Conflict
from playout.media.s3 import open_s3
from tests.application.stage import Stage
from tests.aws import AwsServer

BYTES = b"x" * 1000
KEY = "videos/one"


@pytest.fixture
async def stage() -> Stage:
    one = Stage()
    await one.open()
    return one


@pytest.fixture
async def files(aws_server: AwsServer) -> Files:
    bucket = open_s3(f"s3://{aws_server.bucket()}/playout?region=eu-central-1&endpoint={aws_server.url}")
    await bucket.put(KEY, pieces(), limit=len(BYTES))
    return bucket


@pytest.fixture
def pulls(stage: Stage, files: Files, aws_server: AwsServer) -> Pulls:
    """The bucket's own host stands for the CDN before it."""
    return Pulls(stage.store, files, stage.clock, "https://playout.invalid", aws_server.url)


async def pieces() -> AsyncIterator[bytes]:
    yield BYTES


async def copies(files: Files) -> list[str]:
    return [key async for key in files.list(ROOT)]


async def fetched(address: str) -> bytes | int:
    """What is behind it, or the status that says that nothing is."""

    def fetch() -> bytes | int:
        try:
            with urllib.request.urlopen(address) as answer:  # noqa: S310 -- loopback, our own child
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            return error.code

    return await asyncio.to_thread(fetch)


async def tidy(stage: Stage, files: Files, pulls: Pulls) -> None:
    tidying = Tidying(stage.store, files, pulls, stage.clock)
    await tidying(Chore(stage.video.workspace_id, TIDY, "house", stage.clock.now()))


async def test_the_address_has_the_base_and_gives_the_bytes(stage: Stage, pulls: Pulls, aws_server: AwsServer) -> None:
    address = await pulls.of(stage.video).offer("n1")

    assert address.startswith(aws_server.url)
    assert "X-Amz-Signature=" in urlsplit(address).query
    assert await fetched(address) == BYTES


async def test_it_is_told_to_be_a_video(stage: Stage, pulls: Pulls) -> None:
    address = await pulls.of(stage.video).offer("n1")

    def kind() -> str:
        with urllib.request.urlopen(address) as answer:  # noqa: S310 -- loopback, our own child
            return str(answer.headers["Content-Type"])

    assert await asyncio.to_thread(kind) == "video/mp4"


async def test_the_nonce_and_the_videos_key_are_not_in_the_address(stage: Stage, pulls: Pulls) -> None:
    address = await pulls.of(stage.video).offer("n1-secret")

    assert "n1-secret" not in address
    assert KEY not in address


async def test_what_was_withdrawn_gives_nothing_and_the_video_stays(stage: Stage, pulls: Pulls, files: Files) -> None:
    address = await pulls.of(stage.video).offer("n1")

    assert await pulls.of(stage.video).withdraw("n1") is Fetched.UNKNOWN

    assert await fetched(address) == 404
    assert await copies(files) == []
    assert await files.size(KEY) == len(BYTES)


async def test_two_attempts_are_switched_off_one_by_one(stage: Stage, pulls: Pulls) -> None:
    first, second = await pulls.of(stage.video).offer("n1"), await pulls.of(stage.video).offer("n2")

    await pulls.of(stage.video).withdraw("n1")

    assert await fetched(first) == 404
    assert await fetched(second) == BYTES


async def test_what_was_withdrawn_before_it_was_offered_was_never_fetched(
    stage: Stage, pulls: Pulls, files: Files
) -> None:
    assert await pulls.of(stage.video).withdraw("n1") is Fetched.NOTHING

    with pytest.raises(Conflict):
        await pulls.of(stage.video).offer("n1")
    assert await copies(files) == []


async def test_a_worker_that_stood_still_while_copying_offers_nothing(stage: Stage, files: Files) -> None:
    slow = Slow(files)
    pulls = Pulls(stage.store, slow, stage.clock, "https://playout.invalid", "https://cdn.invalid")  # type: ignore[arg-type]  # only what a pull uses
    offering = asyncio.create_task(pulls.of(stage.video).offer("n1"))
    await slow.copied.wait()
    assert await pulls.of(stage.video).withdraw("n1") is Fetched.NOTHING
    slow.go.set()

    with pytest.raises(Conflict):
        await offering
    assert await copies(files) == []


class Slow:
    """A bucket whose copies take as long as a test wants."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.copied, self.go = asyncio.Event(), asyncio.Event()
        self.delete = files.delete
        self.signed_url = files.signed_url

    async def copy(self, key: str, target: str) -> None:
        self.copied.set()
        await self.go.wait()
        await self._files.copy(key, target)


# ── tidying ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_copy_on_offer_is_kept(stage: Stage, pulls: Pulls, files: Files) -> None:
    await pulls.of(stage.video).offer("n1")

    await tidy(stage, files, pulls)

    assert len(await copies(files)) == 1


async def test_a_copy_that_a_killed_worker_left_goes_after_two_days(stage: Stage, pulls: Pulls, files: Files) -> None:
    await pulls.of(stage.video).offer("n1")
    stage.clock.move(seconds=KEPT.total_seconds())

    await tidy(stage, files, pulls)

    assert await copies(files) == []


async def test_a_copy_of_a_video_that_is_gone_goes_at_once(stage: Stage, pulls: Pulls, files: Files) -> None:
    await pulls.of(stage.video).offer("n1")
    await stage.store.videos.remove(await stage.store.videos.get(stage.video.workspace_id, stage.video.id))

    await tidy(stage, files, pulls)

    assert await copies(files) == []
    assert await files.size(KEY) == len(BYTES)  # its own bytes are too young to be orphans


async def test_bytes_without_a_record_go_after_a_day(stage: Stage, pulls: Pulls, files: Files) -> None:
    old = f"videos/{stage.video.workspace_id}/vid_00000000000000000000000000.mp4"
    young = f"videos/{stage.video.workspace_id}/{stage.video.id}.mp4"
    for key in (old, young):
        await files.copy(KEY, key)

    await tidy(stage, files, pulls)

    assert sorted([key async for key in files.list("videos")]) == sorted([KEY, young])
