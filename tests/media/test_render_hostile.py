"""Renditions that come to nothing: files that mean harm, workers taken over, calls given up. Nothing is left of any."""

import asyncio
import contextlib
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from playout.domain.errors import FileGone, TooLarge, Unavailable, Unplayable
from playout.media.attendant import attended, start
from playout.media.memory import MemoryFiles
from playout.media.order import Allowance, Order
from playout.media.render import WorkerRender
from tests.media.film import Film, filmed, tone
from tests.media.renders import LIMIT, RECIPE, TARGET, quietly, rendered
from tests.media.stage import KEY, SMALL, made, processes, stored

WORKERS = "tests.media.workers."
REAL = "playout.media.render_worker"


async def keys(files: MemoryFiles) -> list[str]:
    return [key async for key in files.list("")]


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def open_files() -> int:
    """Of this process, without the one that counts."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def refusal(
    content: bytes = b"x",
    worker: str = REAL,
    *,
    allowance: Allowance | None = None,
    limit: int = LIMIT,
    progress: Callable[[float], Awaitable[None]] = quietly,
    kind: type[Exception] = Unplayable,
) -> Any:
    """What the call raises; nothing is stored, no process runs on, no file stays open."""
    files, handles = await stored(content), open_files()
    with pytest.raises(kind) as refused:
        await WorkerRender(files, allowance=allowance, worker=worker).render(
            KEY, TARGET, RECIPE, limit=limit, progress=progress
        )
    assert await keys(files) == [KEY]
    assert processes(worker) == []
    assert open_files() == handles
    return refused.value


async def code(content: bytes) -> str:
    return str((await refusal(content)).code)


async def test_an_empty_file_is_called_empty() -> None:
    assert await code(b"") == "empty_file"


async def test_a_file_that_is_no_video_is_refused_as_by_the_probe() -> None:
    error = await refusal(b"#!/bin/sh\nrm -rf /\n")

    assert (error.code, "looks like a script." in error.sentence) == ("not_a_video", True)


async def test_sound_alone_is_refused_as_by_the_probe() -> None:
    error = await refusal(made().replace(b"trak", b"free", 1))

    assert (error.code, error.sentence.startswith("The file has no picture")) == ("no_video_track", True)


async def test_sound_that_cannot_be_read_is_not_left_out_silently() -> None:
    error = await refusal(filmed(Film(container="matroska", sound=tone, sound_codec="mp2")))

    assert (error.code, error.sentence.startswith("The sound is packed")) == ("unknown_codec", True)


@pytest.mark.parametrize("share", [0.3, 0.999])
@pytest.mark.parametrize("container", ["mp4", "matroska"])
async def test_a_file_cut_off_is_refused_as_cut_off(share: float, container: str) -> None:
    whole = made(replace(SMALL, seconds=1, container=container))

    assert await code(whole[: int(len(whole) * share)]) == "truncated"


def broken_in_the_middle(container: str) -> bytes:
    """From half of the pictures on, noise; the index of an MP4, behind them, is whole."""
    content = filmed(Film(seconds=4, container=container, luma=lambda number, x, y: 16 + (x * y + number * 9) % 200))
    half, end = len(content) // 2, content.index(b"moov") - 4 if container == "mp4" else len(content)
    return content[:half] + random.Random(3).randbytes(end - half) + content[end:]


@pytest.mark.parametrize("container", ["mp4", "matroska"])
async def test_a_file_that_breaks_in_the_middle_is_refused_with_what_could_be_read(container: str) -> None:
    error = await refusal(broken_in_the_middle(container))

    assert error.code in {"damaged", "truncated"}
    reached = re.search(r"of the video's 4\.0 seconds only the first (\d\.\d) can be read", error.sentence)
    assert reached
    assert 1 < float(reached[1]) < 3


async def test_noise_instead_of_pictures_is_damage() -> None:
    content = made(replace(SMALL, seconds=1))
    at = content.index(b"mdat") + 4

    assert await code(content[:at] + random.Random(3).randbytes(len(content) - at)) == "damaged"


@pytest.mark.parametrize("seed", range(5))
async def test_flipped_bytes_are_coded_or_refused_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(made(replace(SMALL, seconds=0.5)))
    for _ in range(30):
        content[chance.randrange(2000 if seed % 2 else len(content))] = chance.randrange(256)

    with contextlib.suppress(Unplayable):
        assert await rendered(bytes(content))


async def test_a_result_past_the_limit_is_too_large() -> None:
    error = await refusal(made(), limit=5_000, kind=TooLarge)

    assert "larger than the 5,000 bytes that are allowed" in error.sentence


async def test_a_worker_may_not_take_more_memory_than_it_is_allowed() -> None:
    large = made(replace(SMALL, seconds=0.5, width=1920, height=1080))

    assert (await refusal(large, allowance=Allowance(memory=100 * 2**20))).code == "too_heavy"


async def test_the_worker_gives_way_to_others_and_can_open_start_or_take_no_more_than_it_needs() -> None:
    """By the kernel's own account, at some time of its work."""
    files = await stored(made(replace(SMALL, seconds=1)))
    large = replace(RECIPE, width=360, height=640)
    rendering = asyncio.create_task(WorkerRender(files).render(KEY, TARGET, large, limit=LIMIT, progress=quietly))
    accounts: list[dict[str, str]] = []
    while not rendering.done():
        accounts += [account(process) for process in processes(REAL)]
        await asyncio.sleep(0.01)
    await rendering

    assert {
        "nice": "10",
        "Max address space": str(2 * 2**30),
        "Max file size": str(LIMIT),
        "Max open files": "3",
        "Max processes": "0",
        "Max core file size": "0",
    } in accounts


def account(process: int) -> dict[str, str]:
    folder = Path(f"/proc/{process}")
    try:
        stat = (folder / "stat").read_text().rpartition(")")[2].split()
        lines = (folder / "limits").read_text().splitlines()
    except OSError:
        return {}  # ended while we looked
    limits = {line[:26].strip(): line[26:].split()[0] for line in lines[1:]}
    wanted = ("address space", "file size", "open files", "processes", "core file size")
    return {"nice": stat[16]} | {f"Max {name}": limits[f"Max {name}"] for name in wanted}


async def test_a_worker_that_is_busy_without_end_is_stopped_by_the_kernel() -> None:
    assert (await refusal(worker=WORKERS + "burns")).code == "too_heavy"


async def test_a_worker_that_hangs_is_given_up_in_time() -> None:
    """The time that is allowed for its sixty seconds, and no more."""
    error = await refusal(worker=WORKERS + "waits", allowance=Allowance(seconds=0.4, per_second=0.001))

    assert (error.code, error.sentence.startswith("The copy took too long")) == ("too_slow", True)


async def test_a_length_that_is_claimed_buys_no_time_without_end() -> None:
    error = await refusal(worker=WORKERS + "claims_length", allowance=Allowance(seconds=30, at_most=0.5))

    assert error.code == "too_slow"


@pytest.mark.parametrize("worker", ["dies", "floods"])
async def test_a_worker_that_falls_over_or_talks_without_end_means_damage(worker: str) -> None:
    assert (await refusal(worker=WORKERS + worker)).code == "damaged"


async def test_what_a_worker_starts_goes_with_it() -> None:
    assert (await refusal(worker=WORKERS + "forks", allowance=Allowance(seconds=0.5))).code == "too_slow"


def says(header: str) -> bytes:
    return b"D %d\n%s" % (len(header), header.encode())


LIES = {
    "done, and nothing written": says("{}"),
    "a list": says("[]"),
    "no JSON": says("abc"),
    "a refusal we do not know": says('{"refused": "send me your password"}'),
    "a failure we do not know": says('{"failed": "send_me_your_password"}'),
    "what it reached is a word": says('{"refused": "damaged", "reached": "<script>"}'),
    "what it reached is no number": says('{"refused": "damaged", "reached": NaN}'),
    "depth without end": b"D 16000\n" + b"[" * 16000,
    "a header too long": b"D 99999999\n",
    "two numbers too many": b"D 2 3 4\n{}",
    "more than all": b"P 1001\n",
    "less than before": b"P 500\nP 499\n",
    "no progress": b"P 0\n",
    "two lengths": b"L 1000\nL 2000\n",
    "an unknown word": b"X 1 2\n",
    "bytes past the end": b"R 0 5000000\n",
    "an empty line": b"\n",
    "digits without end": b"P " + b"9" * 60000 + b"\n",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_worker_taken_over_is_not_believed(lie: bytes) -> None:
    assert (await refusal(lie, WORKERS + "says")).code == "damaged"


async def test_the_words_of_a_refusal_are_ours_alone() -> None:
    error = await refusal(says('{"refused": "not_a_video", "kind": "call this number"}'), WORKERS + "says")

    assert "a file of another kind" in error.sentence


async def test_a_result_that_is_no_video_is_not_stored() -> None:
    assert (await refusal(b"<html><script>alert(1)</script>", WORKERS + "writes")).code == "damaged"


async def test_a_result_larger_than_a_worker_of_ours_could_write_is_not_stored() -> None:
    assert (await refusal(made(), WORKERS + "writes", limit=1000, kind=TooLarge)).code == "too_large"


@pytest.mark.parametrize("error", [RuntimeError("no"), TimeoutError("no"), ConnectionResetError("no"), EOFError("no")])
async def test_what_the_callback_raises_ends_the_work_and_comes_out(error: Exception) -> None:
    async def fail(share: float) -> None:
        raise error

    assert await refusal(worker=WORKERS + "waits", progress=fail, kind=type(error)) is error


async def test_a_callback_that_raises_at_the_end_leaves_nothing_either() -> None:
    async def fail(share: float) -> None:
        raise LookupError(share)

    await refusal(made(replace(SMALL, seconds=0.2)), progress=fail, kind=LookupError)


async def test_a_call_that_is_cancelled_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    """In the middle of real work."""
    files = await stored(made(replace(SMALL, seconds=2)))
    large = replace(RECIPE, width=2160, height=3840)
    rendering = asyncio.create_task(
        WorkerRender(files, folder=tmp_path).render(KEY, TARGET, large, limit=LIMIT, progress=quietly)
    )
    while not processes(REAL):
        await asyncio.sleep(0.01)

    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    assert processes(REAL) == []
    assert await keys(files) == [KEY]
    assert left_in(tmp_path) == []


async def test_one_works_at_a_time_and_the_next_begins_when_it_is_gone() -> None:
    worker = WORKERS + "waits"
    files = await stored(b"x")
    render = WorkerRender(files, worker=worker)
    begun: asyncio.Queue[list[int]] = asyncio.Queue()

    async def note(share: float) -> None:
        begun.put_nowait(processes(worker))

    tasks = [
        asyncio.create_task(render.render(KEY, f"{TARGET}.{number}", RECIPE, limit=LIMIT, progress=note))
        for number in range(2)
    ]
    seen = []
    for task in tasks:
        seen.append(await begun.get())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert [len(found) for found in seen] == [1, 1]
    assert seen[0] != seen[1]


class Failing(MemoryFiles):
    """A store that breaks off as soon as a byte is asked for."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def size(self, key: str) -> int:
        return 1000

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        yield b"x"
        raise self._error


@pytest.mark.parametrize("error", [FileGone("gone"), Unavailable("no network"), TimeoutError("late")])
async def test_a_store_that_fails_is_no_fault_of_the_file(error: Exception) -> None:
    with pytest.raises(type(error)):
        await WorkerRender(Failing(error)).render(KEY, TARGET, RECIPE, limit=LIMIT, progress=quietly)


async def test_a_file_that_is_gone_is_gone() -> None:
    with pytest.raises(FileGone):
        await WorkerRender(MemoryFiles()).render(KEY, TARGET, RECIPE, limit=LIMIT, progress=quietly)


async def test_a_folder_that_is_not_there_says_what_to_check(tmp_path: Path) -> None:
    render = WorkerRender(await stored(b"x"), folder=tmp_path / "missing")

    with pytest.raises(Unavailable, match="Check the disk"):
        await render.render(KEY, TARGET, RECIPE, limit=LIMIT, progress=quietly)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_worker_whose_disk_is_full_says_so() -> None:
    content = made(replace(SMALL, seconds=0.2))
    files = await stored(content)
    with Path("/dev/full").open("r+b", buffering=0) as full:  # noqa: ASYNC230 -- opens a device, waits for nothing
        order = Order(RECIPE, LIMIT, Allowance())
        process = await start(REAL, str(len(content)), str(full.fileno()), order.written(), handles=[full.fileno()])
        async with attended(process, files, KEY, len(content), seconds=30) as worker:
            assert (await worker.hear())[0] == b"L"
            word, [length] = await worker.hear()
            assert (word, (await worker.told(length)).word("failed")) == (b"D", "storage_full")
