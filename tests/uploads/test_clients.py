"""Clients that other people wrote: tuspy, and tus-js-client in Node."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tests.trust.machine import Machine, Serving
from tests.trust.waiting import PATIENCE
from tests.uploads.speaking import UPLOADS
from tests.uploads.wire import SETTINGS, Wire, connect, content

HERE = Path(__file__).parent
VENDOR = HERE / "vendor"
MIB = 1024 * 1024
SIZE = 6 * MIB + 77
WHOLE = content(SIZE)
SHA256 = hashlib.sha256(WHOLE).hexdigest()

node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node on this machine")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("clients") / "machine", dict(SETTINGS))


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
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    path.write_bytes(WHOLE)
    return path


def is_whole(wire: Wire, url: str) -> bool:
    video = wire.video(urlsplit(url).path)
    return (video["filename"], video["size"], video["sha256"]) == ("clip.mp4", SIZE, SHA256)


# ── tuspy ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tuspy(wire: Wire) -> TusClient:
    return TusClient(f"{wire.talk.url}{UPLOADS}", headers={"Authorization": f"Bearer {wire.talk.token}"})


@pytest.mark.parametrize("checked", [False, True])
@pytest.mark.parametrize("chunk", [MIB, SIZE])
def test_tuspy_sends_a_file(tuspy: TusClient, wire: Wire, clip: Path, chunk: int, *, checked: bool) -> None:
    with clip.open("rb") as file:
        uploader = tuspy.uploader(
            file_stream=file, chunk_size=chunk, metadata={"filename": "clip.mp4"}, upload_checksum=checked
        )
        uploader.upload()

    assert is_whole(wire, str(uploader.url))


def test_tuspy_stops_and_goes_on(tuspy: TusClient, wire: Wire, clip: Path) -> None:
    with clip.open("rb") as file:
        first = tuspy.uploader(file_stream=file, chunk_size=MIB, metadata={"filename": "clip.mp4"})
        first.upload(stop_at=3 * MIB)
        assert wire.offset(urlsplit(str(first.url)).path) == 3 * MIB

        tuspy.uploader(file_stream=file, url=first.url, chunk_size=MIB).upload()

    assert is_whole(wire, str(first.url))


def test_tuspy_understands_a_refusal(wire: Wire, clip: Path) -> None:
    stranger = TusClient(f"{wire.talk.url}{UPLOADS}", headers={"Authorization": "Bearer po_nobody"})

    with clip.open("rb") as file, pytest.raises(TusCommunicationError) as refused:
        stranger.uploader(file_stream=file).upload()

    assert refused.value.status_code == 401


# ── tus-js-client ────────────────────────────────────────────────────────────────────────────────


def test_the_client_is_the_one_that_was_published() -> None:
    lines = [line.split(maxsplit=1) for line in (VENDOR / "SHA256SUMS").read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    there = {
        f"./{path.relative_to(VENDOR).as_posix()}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name not in {"SHA256SUMS", "README.md"}
    }

    assert there == listed


@contextmanager
def running(wire: Wire, clip: Path, **orders: object) -> Iterator[subprocess.Popen[str]]:
    told = {"endpoint": f"{wire.talk.url}{UPLOADS}", "token": wire.talk.token, "file": str(clip), **orders}
    environment = {**os.environ, "NODE_PATH": str(VENDOR)}
    command = ["node", str(HERE / "client.js"), json.dumps(told)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(wire: Wire, clip: Path, **orders: object) -> dict[str, Any]:
    """What it said last."""
    with running(wire, clip, **orders) as process:
        out, _ = process.communicate(timeout=PATIENCE)
    said: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert process.returncode == 0, said
    return said


@node
@pytest.mark.parametrize(
    "orders",
    [
        {},
        {"chunk": 2**40},
        {"early": True},
        {"early": True, "chunk": 2**40},
        {"deferred": True},
        {"deferred": True, "early": True},
        {"override": True},
    ],
    ids=str,
)
def test_tus_js_client_sends_a_file(wire: Wire, clip: Path, orders: dict[str, object]) -> None:
    said = run(wire, clip, **orders)

    assert said["done"]
    assert is_whole(wire, said["url"])
    assert said["video"] == wire.video(urlsplit(said["url"]).path)["id"]


@node
def test_tus_js_client_stops_and_goes_on(wire: Wire, clip: Path) -> None:
    first = run(wire, clip, abortAt=2 * MIB)
    assert SIZE > wire.offset(urlsplit(first["url"]).path) >= 2 * MIB

    again = run(wire, clip, resume=first["url"])

    assert again["url"] == first["url"]
    assert is_whole(wire, again["url"])


@node
def test_tus_js_client_that_asks_for_a_finished_upload_is_told_its_video(wire: Wire, clip: Path) -> None:
    first = run(wire, clip)

    again = run(wire, clip, resume=first["url"])

    assert again["done"]
    assert again["video"] == first["video"]


@node
def test_tus_js_client_ends_an_upload(wire: Wire, clip: Path) -> None:
    said = run(wire, clip, abortAt=MIB, terminate=True)

    assert wire.head(urlsplit(said["url"]).path).status == 410


@node
def test_tus_js_client_goes_on_by_itself_when_the_server_was_killed(tmp_path: Path, clip: Path) -> None:
    machine = Machine(tmp_path / "machine", dict(SETTINGS))
    token = machine.token()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with machine.serving("--port", port) as serving, running(connect(serving, token), clip) as process:
        assert process.stdout
        while json.loads(process.stdout.readline())["accepted"] < 2 * MIB:
            pass
        serving.end(signal.SIGKILL)
        with machine.serving("--port", port) as again:
            out, _ = process.communicate(timeout=PATIENCE)
            said = json.loads(out.splitlines()[-1])
            assert said["done"], said
            assert is_whole(connect(again, token), said["url"])
