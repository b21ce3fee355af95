"""The largest file there may be, through a server that does not grow with it.

1 GiB in an ordinary run; PLAYOUT_TEST_UPLOAD_BYTES=4294967296 for the largest that is taken in by default.
"""

import hashlib
import os
import random
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.trust.machine import Machine, Serving
from tests.uploads.wire import SETTINGS, Wire, answered, connect

MIB = 1024 * 1024
SIZE = int(os.environ.get("PLAYOUT_TEST_UPLOAD_BYTES", str(1024 * MIB)))
#: Growth of the server's memory that is allowed, whatever the file.
MOST_GROWTH = 100 * MIB


@pytest.fixture
def clip(tmp_path: Path) -> Iterator[Path]:
    """Mostly holes, which take no room on the disk, with some bytes here and there."""
    if shutil.disk_usage(tmp_path).free < 2 * SIZE:
        pytest.skip("there is no room on the disk")
    path, chance = tmp_path / "clip.mp4", random.Random(5)
    with path.open("wb") as file:
        file.truncate(SIZE)
        for at in range(0, SIZE, 64 * MIB):
            file.seek(at + chance.randrange(MIB))
            file.write(chance.randbytes(4096))
    yield path
    shutil.rmtree(tmp_path)


@pytest.mark.slow
def test_a_large_file_does_not_fill_the_memory(tmp_path: Path, clip: Path) -> None:
    machine = Machine(tmp_path / "machine", {"MOST_VIDEO_BYTES": str(SIZE), **SETTINGS})
    token = machine.token()
    with machine.serving() as serving:
        wire = connect(serving, token)
        small(wire)
        before, path, part = resident(serving), wire.new(SIZE), SIZE * 2 // 5
        with clip.open("rb") as file, wire.patching(path, 0, SIZE) as connection:
            connection.sendfile(file, 0, part)
            wire.arrived(path, part - 16 * MIB)
            first = peak(serving) - before
            serving.end(signal.SIGKILL)
    with machine.serving() as serving:
        wire = connect(serving, token)
        small(wire)
        before, offset = resident(serving), wire.offset(path)
        with clip.open("rb") as file, wire.patching(path, offset, SIZE - offset) as connection:
            connection.sendfile(file, offset)
            assert answered(connection)[0] == 204
        growth = max(first, peak(serving) - before)
        assert wire.video(path)["sha256"] == sha256(clip)
    assert growth < MOST_GROWTH, f"{growth / MIB:.1f} MiB"


def small(wire: Wire) -> None:
    """So that everything is loaded."""
    assert wire.patch(wire.new(MIB), 0, bytes(MIB)).status == 204


def resident(serving: Serving) -> int:
    return int(psutil.Process(serving.process.pid).memory_info().rss)


def peak(serving: Serving) -> int:
    told = Path(f"/proc/{serving.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    assert found
    return int(found[1]) * 1024


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
