"""Requests of any kind in any order, with crashes in between: the server agrees with a model that fits on a page.

Every request is judged at once; at the end the upload is what the model says, byte by byte.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from playout.api.app import create_app
from playout.application.services import Services
from playout.application.uploads import Uploads
from playout.media.folder import FolderFiles
from playout.media.growing import growing_beside
from tests.api.stage import API, client
from tests.cast import MOST_BYTES, PUBLIC_URL, Cast
from tests.uploads.speaking import Client, checksum

T = TypeVar("T")
CONTENT = bytes(range(256)) * (MOST_BYTES // 128)  # more than any upload may have
DAY = timedelta(hours=24)
LENGTHS = st.one_of(st.integers(1, 300), st.integers(1, MOST_BYTES))
COUNTS = st.one_of(st.integers(0, 100), st.integers(0, MOST_BYTES))


class Protocol(RuleBasedStateMachine):
    """The model: how many bytes there are, how many there will be, and whether it lives."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.offset = 0
        self.length: int | None = None
        self.alive = True
        self.video: str | None = None

    @initialize(length=st.one_of(st.none(), LENGTHS))
    def begin(self, length: int | None) -> None:
        self.cast = self.do(Cast.open())
        self.token = self.do(self.cast.token(self.cast.alice))
        self.restart()
        self.length = length
        self.address = self.do(self.tus.new(length))

    @rule()
    def restart(self) -> None:
        """Nothing but the folder and the store outlives a crash."""
        self.http = client(create_app(services(self.cast, Path(self.folder.name))), self.token)
        self.tus = Client(self.http)

    @rule(count=COUNTS)
    def append(self, count: int) -> None:
        self.judge(self.do(self.tus.patch(self.address, self.offset, self.next(count))), self.offset, count)

    @rule(count=COUNTS, offset=st.integers(0, MOST_BYTES + 1))
    def append_anywhere(self, count: int, offset: int) -> None:
        self.judge(self.do(self.tus.patch(self.address, offset, self.next(count))), offset, count)

    @rule(count=COUNTS, missing=st.integers(1, 1000))
    def break_off(self, count: int, missing: int) -> None:
        """Part of what is announced comes."""
        answer = self.do(self.tus.broken_patch(self.address, self.offset, self.next(count), missing))
        self.judge(answer, self.offset, count + missing, came=count)

    @rule(count=COUNTS, algorithm=st.sampled_from(["sha1", "sha256", "md5"]))
    def append_checked(self, count: int, algorithm: str) -> None:
        content = self.next(count)
        answer = self.do(self.tus.patch(self.address, self.offset, content, **checksum(content, algorithm)))
        self.judge(answer, self.offset, count)

    @rule(count=COUNTS)
    def append_with_a_wrong_checksum(self, count: int) -> None:
        wrong = checksum(b"other bytes")
        answer = self.do(self.tus.patch(self.address, self.offset, self.next(count), **wrong))
        if not self.alive or self.video or self.is_too_much(self.offset, count):
            self.judge(answer, self.offset, count)
        else:
            assert answer.status_code == 460

    @rule(count=COUNTS, missing=st.integers(1, 1000))
    def break_off_checked(self, count: int, missing: int) -> None:
        """Nobody can tell whether what came is right."""
        content = self.next(count)
        answer = self.do(self.tus.broken_patch(self.address, self.offset, content, missing, **checksum(content)))
        self.judge(answer, self.offset, count + missing, came=0)

    @rule(length=LENGTHS)
    def say_the_length(self, length: int) -> None:
        answer = self.do(self.tus.patch(self.address, self.offset, b"", Upload_Length=str(length)))
        if not self.alive:
            assert answer.status_code == 410
        elif length < self.offset and self.length != length:
            assert answer.status_code == 422
        elif self.length in {None, length}:
            self.length = length
            self.judge(answer, self.offset, 0)
        else:
            assert answer.status_code == 422

    @precondition(lambda self: self.alive and not self.video)
    @rule(hours=st.floats(0.1, 23))
    def wait(self, hours: float) -> None:
        """Any byte that comes gives it a whole day."""
        if not self.is_too_much(self.offset, 1):
            self.append(1)
            self.cast.clock.move(hours=hours)

    @precondition(lambda self: self.offset > 1000)
    @rule()
    def end(self) -> None:
        answer = self.do(self.tus.delete(self.address))
        assert answer.status_code == (204 if self.alive else 410)
        self.alive = False

    @precondition(lambda self: self.offset > 1000 and self.alive and not self.video)
    @rule()
    def wait_too_long(self) -> None:
        self.cast.clock.move(hours=24.5)
        self.alive = False

    @invariant()
    def the_server_agrees(self) -> None:
        answer = self.do(self.tus.head(self.address))
        if not self.alive:
            assert answer.status_code == 410
            return
        assert answer.status_code == 200
        told = answer.headers
        assert int(told["upload-offset"]) == self.offset
        assert told.get("upload-length") == (None if self.length is None else str(self.length))
        assert ("upload-defer-length" in told) == (self.length is None)
        assert told.get("playout-video-id") == self.video

    @invariant()
    def there_is_a_video_of_all_bytes_or_none(self) -> None:
        videos = self.do(self.http.get(f"{API}/videos")).json()["items"]
        assert [video["id"] for video in videos] == ([self.video] if self.video else [])
        if self.video:
            whole = CONTENT[: self.length]
            assert [(one["size"], one["sha256"]) for one in videos] == [(len(whole), hashlib.sha256(whole).hexdigest())]

    def judge(self, answer: httpx.Response, offset: int, count: int, came: int | None = None) -> None:
        """What a PATCH of so many bytes is answered, and what becomes of the model. `came`: fewer than announced."""
        if not self.alive:
            assert answer.status_code == 410
        elif offset != self.offset:
            assert (answer.status_code, answer.headers["upload-offset"]) == (409, str(self.offset))
        elif self.is_too_much(offset, count):
            assert answer.status_code == 413
        elif self.video:
            assert answer.status_code == 204
        else:
            self.offset += count if came is None else came
            assert answer.status_code == (204 if came is None else 400), answer.text
            if self.offset == self.length:
                self.video = answer.headers["playout-video-id"]

    def is_too_much(self, offset: int, count: int) -> bool:
        return offset + count > (self.length or MOST_BYTES)

    def next(self, count: int) -> bytes:
        return CONTENT[self.offset : self.offset + count]

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.runner.close()
        self.folder.cleanup()


def services(cast: Cast, folder: Path) -> Services:
    """As after a start."""
    uploads = Uploads(
        cast.store,
        growing_beside(FolderFiles(folder)),
        cast.services.videos,
        cast.clock,
        public_url=PUBLIC_URL,
        most_bytes=MOST_BYTES,
        lifetime=DAY,
    )
    return replace(cast.services, uploads=uploads)


Protocol.TestCase.settings = settings(
    max_examples=int(os.environ.get("PLAYOUT_TEST_UPLOAD_RUNS", "15")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestProtocol = Protocol.TestCase
