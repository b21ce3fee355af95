"""A real server, killed and cut off in the middle of uploads."""

import hashlib
import random
import signal
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from tests.trust.machine import Machine, Serving
from tests.trust.waiting import until
from tests.uploads.speaking import checksum
from tests.uploads.wire import PIECE, SETTINGS, Wire, answered, connect, content

RESET = struct.pack("ii", 1, 0)  # SO_LINGER
SIZE = 24 * 1024 * 1024 + 77
WHOLE = content(SIZE)
SHA256 = hashlib.sha256(WHOLE).hexdigest()
CUT = 12_345_678


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("uploads") / "machine", dict(SETTINGS))


@pytest.fixture(scope="module")
def token(machine: Machine) -> str:
    return machine.token()


@pytest.fixture(scope="module")
def serving(machine: Machine, token: str) -> Iterator[Serving]:
    with machine.serving() as serving:
        yield serving


@pytest.fixture
def wire(serving: Serving, token: str) -> Wire:
    return connect(serving, token)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Another machine, whose servers a test starts and kills itself."""
    return Machine(tmp_path_factory.mktemp("killed") / "machine", dict(SETTINGS))


@pytest.fixture(scope="module")
def its_token(killed: Machine) -> str:
    return killed.token()


def finish(wire: Wire, path: str) -> None:
    offset = wire.offset(path)
    if offset < SIZE:
        assert wire.patch(path, offset, WHOLE[offset:]).status == 204
    assert (wire.video(path)["sha256"], wire.video(path)["size"]) == (SHA256, SIZE)


def test_bytes_are_kept_to_the_last_one_when_the_connection_ends(wire: Wire) -> None:
    path = wire.new(SIZE)
    with wire.patching(path, 0, SIZE) as connection:
        connection.sendall(WHOLE[:CUT])
    until(lambda: wire.offset(path) == CUT, f"{CUT:,} bytes")

    finish(wire, path)


def test_whoever_ends_in_the_middle_and_still_listens_is_told(wire: Wire) -> None:
    path = wire.new(SIZE)
    with wire.patching(path, 0, SIZE) as connection:
        connection.sendall(WHOLE[:CUT])
        connection.shutdown(socket.SHUT_WR)
        status, headers = answered(connection)

    assert (status, headers["tus-resumable"]) == (400, "1.0.0")
    assert wire.offset(path) == CUT


def test_a_connection_that_is_reset_loses_nothing_that_was_counted(wire: Wire) -> None:
    path = wire.new(SIZE)
    for _ in range(3):
        offset = wire.offset(path)
        with wire.patching(path, offset, SIZE - offset) as connection:
            connection.sendall(WHOLE[offset : offset + CUT // 3])
            wire.arrived(path, offset + PIECE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        until(lambda: wire.patch(path, 10**15, b"").status == 409, "that the reset is noticed")

    finish(wire, path)


def test_a_second_writer_is_refused_and_the_first_goes_on(wire: Wire) -> None:
    path = wire.new(SIZE)
    with wire.patching(path, 0, SIZE) as first:
        first.sendall(WHOLE[:CUT])
        wire.arrived(path, PIECE)
        with wire.patching(path, wire.offset(path), 10) as second:
            assert answered(second)[0] == 423
        first.sendall(WHOLE[CUT:])
        status, headers = answered(first)

    assert (status, headers["upload-offset"]) == (204, str(SIZE))
    finish(wire, path)


def test_a_refusal_is_heard_by_whoever_sends_a_large_body(wire: Wire) -> None:
    path = wire.new(SIZE)
    with wire.patching(path, 5, SIZE - 5) as connection:
        connection.sendall(WHOLE[:PIECE])

        status, headers = answered(connection)

    assert (status, headers["upload-offset"]) == (409, "0")


def test_a_server_that_is_killed_goes_on_where_it_was(killed: Machine, its_token: str) -> None:
    path, seen, chance = "", 0, random.Random(11)
    for _ in range(3):
        with killed.serving() as serving:
            wire = connect(serving, its_token)
            path = path or wire.new(SIZE)
            offset = wire.offset(path)
            assert offset >= seen
            some = chance.randrange(PIECE * 4, SIZE // 5)
            with wire.patching(path, offset, SIZE - offset) as connection:
                connection.sendall(WHOLE[offset : offset + some])
                wire.arrived(path, offset + some // 2)
                seen = wire.offset(path)
                serving.end(signal.SIGKILL)

    with killed.serving() as serving:
        wire = connect(serving, its_token)
        assert wire.offset(path) >= seen
        finish(wire, path)


def test_a_server_that_is_stopped_in_good_order_keeps_every_byte(killed: Machine, its_token: str) -> None:
    with killed.serving() as serving:
        wire = connect(serving, its_token)
        path = wire.new(SIZE)
        with wire.patching(path, 0, SIZE) as connection:
            connection.sendall(WHOLE[:CUT])
            wire.arrived(path, CUT - PIECE * 8)
            serving.end(signal.SIGTERM)

    with killed.serving() as serving:
        wire = connect(serving, its_token)
        assert wire.offset(path) == CUT
        finish(wire, path)


def test_of_bytes_with_a_checksum_nothing_counts_when_the_server_is_killed(killed: Machine, its_token: str) -> None:
    with killed.serving() as serving:
        wire = connect(serving, its_token)
        path = wire.new(SIZE)
        wire.patch(path, 0, WHOLE[:1000])
        with wire.patching(path, 1000, SIZE - 1000, **checksum(WHOLE[1000:])) as connection:
            connection.sendall(WHOLE[1000:CUT])
            folder = killed.data / "files" / ".growing"
            name = path.rpartition("/")[2]
            until(lambda: (folder / name).stat().st_size > 1000, "bytes that do not count yet")
            assert wire.offset(path) == 1000
            serving.end(signal.SIGKILL)

    with killed.serving() as serving:
        wire = connect(serving, its_token)
        assert wire.offset(path) == 1000
        assert wire.patch(path, 1000, WHOLE[1000:2000]).status == 204
        assert wire.offset(path) == 2000
        finish(wire, path)


def test_a_server_that_is_killed_at_the_end_has_one_video_all_the_same(killed: Machine, its_token: str) -> None:
    """Whenever it dies around the last byte. When that is, is left to chance."""
    paths: list[str] = []
    for seconds in (0.0, 0.005, 0.02):
        with killed.serving() as serving:
            wire = connect(serving, its_token)
            for path in paths[-1:]:
                finish(wire, path)
            paths.append(wire.new(SIZE))
            with wire.patching(paths[-1], 0, SIZE) as connection:
                connection.sendall(WHOLE)
                wire.arrived(paths[-1], SIZE - 16 * PIECE)
                time.sleep(seconds)
                serving.end(signal.SIGKILL)

    with killed.serving() as serving:
        wire = connect(serving, its_token)
        finish(wire, paths[-1])
        ids = {str(wire.video(path)["id"]) for path in paths}
        listed = {video["id"] for video in wire.talk.api("GET", "/videos?limit=100")["items"]}
    assert len(ids) == len(paths)
    assert ids <= listed
    assert len(listed) == len(list((killed.data / "files" / "videos").rglob("vid_*")))
