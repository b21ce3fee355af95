"""Speaks to Playout over HTTP as its users do, and keeps every answer as it came."""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tests.trust.waiting import until

API = "/api/v1"
#: States in which nothing moves by itself.
STILL = {"published", "failed", "held", "unconfirmed", "cancelled", "handed_over"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str  # where it was kept

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a refusal."""
        return str(self.json["code"])


class Talk:
    """One user. Answers are kept below `folder`, if there is one, under a name that says what was asked."""

    def __init__(self, url: str, token: str, folder: Path | None = None) -> None:
        self.url = url
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 0
        self.token = token
        self._folder = folder
        self.invitations: list[tuple[str, str]] = []  # where each was kept, and the address

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        about: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer, whatever its status; redirects are not followed."""
        sent = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        usual = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        kind = {} if body is None or isinstance(body, bytes) else {"Content-Type": "application/json"}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, sent, {**usual, **kind, **(headers or {})})
            answer = connection.getresponse()
            got = answer.read()
        finally:
            connection.close()
        place = self._keep(about or f"{method} {path.partition('?')[0]}", answer, got)
        return Answer(answer.status, dict(answer.getheaders()), got, place)

    def api(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """What it answers, if it does what it is asked to."""
        answer = self.ask(method, API + path, body, **more)
        assert answer.status < 300, (answer.status, answer.body)
        return answer.json if answer.body else None

    def take_in(self, clip: Path, *, until_known: bool = True) -> str:
        """The id of a new video."""
        made = self.api("POST", f"/videos?filename={quote(clip.name)}", clip.read_bytes())
        if until_known:
            until(lambda: self.api("GET", f"/videos/{made['id']}")["state"] != "probing", "the probe")
        return str(made["id"])

    @contextmanager
    def half_a_file(self, clip: Path, *, in_chunks: bool = False) -> Iterator[socket.socket]:
        """The connection of an upload that has sent half of what it announced, in all or in its one chunk."""
        whole = clip.read_bytes()
        length = "Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {len(whole)}"
        chunk = f"{len(whole):x}\r\n" if in_chunks else ""
        head = (
            f"POST {API}/videos?filename=half.mp4 HTTP/1.1\r\nHost: {self.host}\r\n"
            f"Authorization: Bearer {self.token}\r\n{length}\r\n\r\n{chunk}"
        )
        with socket.create_connection((self.host, self.port), timeout=60) as connection:
            connection.sendall(head.encode() + whole[: len(whole) // 2])
            yield connection

    def post(self, video_id: str, channel_id: str, **more: object) -> str:
        """The id of the one delivery of a new post."""
        destination = {"channel_id": channel_id, "options": {"privacy_level": "SELF_ONLY"}}
        wanted = {"video_id": video_id, "caption": "First light", "destinations": [destination], **more}
        return str(self.api("POST", "/posts", wanted)["deliveries"][0]["id"])

    def delivery(self, delivery_id: str) -> Any:
        return self.api("GET", f"/deliveries/{delivery_id}")

    def settled(self, delivery_id: str, *, patience: float = 60.0) -> Any:
        """The delivery, once nothing moves by itself any more."""

        def still() -> Any:
            found = self.delivery(delivery_id)
            return found if found["state"] in STILL else None

        return until(still, "the delivery's end", patience)

    def invitation(self, **headers: str) -> str:
        """The address of a sign-in that begins; the one-time secret in it is handed out here."""
        asked = self.ask("POST", f"{API}/channels/connect", {"platform": "tiktok"}, headers=headers)
        assert asked.status == 201, asked.body
        self.invitations.append((asked.place, asked.json["authorize_url"]))
        return self.invitations[-1][1]

    def connect(self, browser: "Talk | None" = None) -> str:
        """Agrees at the platform, as a browser would; the id of the channel."""
        before = {one["id"] for one in self.api("GET", "/channels")["items"]}
        page = urlsplit(self.invitation())
        there = Talk(f"http://{page.netloc}", "").ask("GET", f"{page.path}?{page.query}")
        back = urlsplit(there.headers["location"])
        answer = (browser or self).ask("GET", f"{back.path}?{back.query}", about="a sign-in ends")
        assert answer.status == 200, answer.body
        after = {one["id"] for one in self.api("GET", "/channels")["items"]}
        return str((after - before or after).pop())

    def _keep(self, about: str, answer: http.client.HTTPResponse, body: bytes) -> str:
        if self._folder is None:
            return ""
        self._folder.mkdir(exist_ok=True)
        name = f"{len(list(self._folder.iterdir())):03} {about.replace('/', '_')}"
        (self._folder / name).write_bytes(f"{answer.status}\n{answer.headers}\n".encode() + body)
        return f"{self._folder.name}/{name}"
