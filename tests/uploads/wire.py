"""tus over bare sockets, to a server that is a process of its own."""

import random
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.trust.machine import Serving
from tests.trust.talk import Answer, Talk
from tests.trust.waiting import until
from tests.uploads.speaking import BYTES, TUS, UPLOADS

PIECE = 256 * 1024
#: A test asks how far it is more often than a client may.
SETTINGS = {"RATE_LIMIT": "0"}


@dataclass
class Wire:
    """One user of a server."""

    talk: Talk

    def new(self, length: int | None, **more: str) -> str:
        """Its path."""
        size = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
        answer = self.talk.ask("POST", UPLOADS, b"", headers=TUS | size | more)
        assert answer.status == 201, answer.body
        return urlsplit(answer.headers["location"]).path

    def head(self, path: str) -> Answer:
        return self.talk.ask("HEAD", path, headers=TUS)

    def offset(self, path: str) -> int:
        answer = self.head(path)
        assert answer.status == 200, answer.status
        return int(answer.headers["upload-offset"])

    def patch(self, path: str, offset: int, content: bytes, **more: str) -> Answer:
        return self.talk.ask("PATCH", path, content, headers=TUS | BYTES | {"Upload-Offset": str(offset)} | more)

    @contextmanager
    def patching(self, path: str, offset: int, count: int, **more: str) -> Iterator[socket.socket]:
        """A PATCH of so many bytes, none of which was sent yet."""
        headers = TUS | BYTES | more | {"Upload-Offset": str(offset), "Content-Length": str(count)}
        headers |= {"Host": self.talk.host, "Authorization": f"Bearer {self.talk.token}"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection((self.talk.host, self.talk.port), timeout=60) as connection:
            connection.sendall(f"PATCH {path} HTTP/1.1\r\n{lines}\r\n".encode())
            yield connection

    def arrived(self, path: str, count: int) -> None:
        """Waits until at least so many bytes are safe."""
        until(lambda: self.offset(path) >= count, f"{count:,} bytes")

    def video(self, path: str) -> dict[str, object]:
        """What the upload has become."""
        found: dict[str, object] = self.talk.api("GET", f"/videos/{self.head(path).headers['playout-video-id']}")
        return found


def answered(connection: socket.socket) -> tuple[int, dict[str, str]]:
    """Status and headers of what comes back."""
    came = b""
    while b"\r\n\r\n" not in came:
        more = connection.recv(65536)
        assert more, came
        came += more
    head = came.partition(b"\r\n\r\n")[0].decode()
    headers = dict(re.findall(r"^([^:\r\n]+): *(.*?)\r?$", head, re.MULTILINE))
    return int(head.split()[1]), {name.lower(): value for name, value in headers.items()}


def connect(serving: Serving, token: str) -> Wire:
    return Wire(Talk(serving.url, token))


def content(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)
