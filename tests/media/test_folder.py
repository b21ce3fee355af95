"""What only the folder has to hold: power cuts, killed processes, full disks."""

import asyncio
import os
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from playout.domain.errors import FileGone, StorageFull, Unavailable
from playout.media.folder import FolderFiles

MIB = 1024 * 1024
KEY = "videos/w1/clip.mp4"
ELSEWHERE = Path("/dev/shm")  # in memory, which counts as another disk

#: Takes a stream in from standard input, and says so when the first bytes are on disk.
TAKES_IN = """
import asyncio, pathlib, sys
from playout.media.folder import FolderFiles

async def pieces():
    for _ in range(int(sys.argv[2])):
        yield b"x" * 1024 * 1024
    print("under way", flush=True)
    if sys.argv[3] == "hang":
        await asyncio.sleep(600)

asyncio.run(FolderFiles(pathlib.Path(sys.argv[1])).put("videos/w1/clip.mp4", pieces(), limit=2**40))
print("done", flush=True)
"""

#: The same with at most one mebibyte in a file.
CRAMPED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, 1024 * 1024))
"""


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def taking_in(folder: Path, script: str, *args: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        str(folder),
        *args,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def killed_upload(folder: Path) -> None:
    """A process that had written three mebibytes when it was killed."""
    process = await taking_in(folder, TAKES_IN, "3", "hang")
    assert process.stdout
    assert await process.stdout.readline() == b"under way\n"
    process.kill()
    await process.communicate()


def partials(folder: Path) -> list[Path]:
    return list((folder / ".partial").iterdir())


def handle_of(path: Path) -> int:
    """The number under which this process holds the file open."""
    return next(int(link.name) for link in Path("/proc/self/fd").iterdir() if link.resolve() == path)


def age(path: Path, seconds: float) -> None:
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def kinds_and_modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in folder.rglob("*")}


def on_two_disks(one: Path, other: Path) -> bool:
    return one.stat().st_dev != other.stat().st_dev


async def keys_of(files: FolderFiles) -> list[str]:
    return [key async for key in files.list("")]


async def test_a_killed_upload_shows_nothing_and_the_sweep_removes_its_remains(tmp_path: Path) -> None:
    await killed_upload(tmp_path)
    files = FolderFiles(tmp_path)

    assert await keys_of(files) == []
    assert [path.stat().st_size for path in partials(tmp_path)] == [3 * MIB]
    assert await files.sweep(timedelta(0)) == 1
    assert partials(tmp_path) == []


async def test_the_sweep_waits_until_remains_are_old_enough(tmp_path: Path) -> None:
    await killed_upload(tmp_path)
    files = FolderFiles(tmp_path)

    assert await files.sweep(timedelta(hours=1)) == 0
    [remains] = partials(tmp_path)
    age(remains, 3601)
    assert await files.sweep(timedelta(hours=1)) == 1


async def test_the_sweep_leaves_an_upload_of_another_process_alone(tmp_path: Path) -> None:
    process = await taking_in(tmp_path, TAKES_IN, "1", "hang")
    assert process.stdout
    await process.stdout.readline()

    assert await FolderFiles(tmp_path).sweep(timedelta(0)) == 0
    assert len(partials(tmp_path)) == 1
    process.kill()
    await process.communicate()


async def test_a_sweep_of_a_folder_never_used_finds_nothing(tmp_path: Path) -> None:
    assert await FolderFiles(tmp_path / "new").sweep(timedelta(0)) == 0


async def test_a_file_past_the_size_limit_is_storage_full_and_leaves_nothing(tmp_path: Path) -> None:
    process = await taking_in(tmp_path, CRAMPED + TAKES_IN, "3", "end")
    _, said = await process.communicate()

    assert b"StorageFull" in said
    assert b"needs 2.0 MiB or more" in said
    assert b"ulimit" in said
    assert partials(tmp_path) == []
    assert await keys_of(FolderFiles(tmp_path)) == []


async def test_a_copy_takes_no_room_and_leaves_nothing_hidden(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    await files.put(KEY, stream(b"abc"), limit=3)

    for _ in range(2):
        await files.copy(KEY, "pull/n0nce.mp4")

    assert (tmp_path / "pull/n0nce.mp4").samefile(tmp_path / KEY)
    assert partials(tmp_path) == []
    assert {mode for _, mode in kinds_and_modes(tmp_path)} == {0o600, 0o700}


@pytest.mark.skipif(not ELSEWHERE.is_dir(), reason="needs a second disk")
async def test_a_copy_to_another_disk_is_a_whole_file_there(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    with tempfile.TemporaryDirectory(dir=ELSEWHERE) as other:
        (tmp_path / "videos").symlink_to(other)
        (tmp_path / "videos/clip.mp4").write_bytes(b"abc" * MIB)
        assert on_two_disks(tmp_path, Path(other))

        await files.copy("videos/clip.mp4", "pull/n0nce.mp4")

    assert (tmp_path / "pull/n0nce.mp4").read_bytes() == b"abc" * MIB
    assert partials(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_full_disk_is_storage_full(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)

    async def disk_fills_up() -> AsyncIterator[bytes]:
        yield b"x" * MIB
        [partial] = partials(tmp_path)
        with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230 -- opens a device, waits for nothing
            os.dup2(full.fileno(), handle_of(partial))
        yield b"x" * MIB

    with pytest.raises(StorageFull, match=r"disk is full: this file needs 2\.0 MiB or more, and .* are free"):
        await files.put(KEY, disk_fills_up(), limit=9 * MIB)
    assert partials(tmp_path) == []


async def test_a_folder_that_cannot_be_written_says_what_to_check(tmp_path: Path) -> None:
    blocked = tmp_path / "files"
    blocked.write_text("a file where the folder should be")

    with pytest.raises(Unavailable, match="Check the disk"):
        await FolderFiles(blocked).put(KEY, stream(b"x"), limit=10)


async def test_nobody_else_on_the_machine_can_read_the_files(tmp_path: Path) -> None:
    await FolderFiles(tmp_path / "files").put(KEY, stream(b"x"), limit=10)

    assert kinds_and_modes(tmp_path / "files") == {(True, 0o700), (False, 0o600)}


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "files"
    root.mkdir()
    (root / "x.mp4").symlink_to(tmp_path / "secret")

    with pytest.raises(Unavailable):
        await FolderFiles(root).size("x.mp4")


async def test_a_read_goes_on_although_the_file_is_deleted(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    await files.put(KEY, stream(b"a" * 3 * MIB), limit=3 * MIB)

    taken = 0
    async for piece in files.read(KEY, 0, 3 * MIB):
        await files.delete(KEY)
        taken += len(piece)

    assert taken == 3 * MIB


async def test_a_file_cut_during_a_read_is_an_error_and_not_a_short_answer(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path)
    await files.put(KEY, stream(b"a" * 9 * MIB), limit=9 * MIB)

    async def read_while_it_shrinks() -> None:
        async for _ in files.read(KEY, 0, 9 * MIB):
            os.truncate(tmp_path / KEY, MIB)

    with pytest.raises(FileGone):
        await read_while_it_shrinks()
