"""A whole answer held in memory, and the ways in which a fault spoils it."""

import json
from dataclasses import dataclass, replace

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers without content-length, body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @classmethod
    def of(cls, response: Response) -> "Answer":
        """The answer a plain Starlette response would give."""
        headers = tuple((name, value) for name, value in response.raw_headers if name != b"content-length")
        return cls(response.status_code, headers, bytes(response.body))

    def with_body(self, body: bytes, content_type: bytes = b"application/json") -> "Answer":
        """The same answer with another body."""
        kept = tuple(header for header in self.headers if header[0].lower() != b"content-type")
        return replace(self, body=body, headers=(*kept, (b"content-type", content_type)))

    async def start(self, send: Send, length: int | None = None) -> None:
        """Send the head; `length` overrides the true content-length."""
        size = str(len(self.body) if length is None else length).encode()
        headers = [*self.headers, (b"content-length", size)]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})

    async def send(self, send: Send) -> None:
        """Send all of it."""
        await self.start(send)
        await send({"type": "http.response.body", "body": self.body})


async def captured(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """Let the application do its work and keep its answer back."""
    head: list[Message] = []
    body = bytearray()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            head.append(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    headers = tuple((name, value) for name, value in head[0]["headers"] if name.lower() != b"content-length")
    return Answer(head[0]["status"], headers, bytes(body))


def html() -> Answer:
    """What a gateway in front of a platform answers when the platform is away."""
    return Answer(502, ((b"content-type", b"text/html"),), HTML_502)


def malformed(answer: Answer) -> Answer:
    """The same, as JSON that ends too early, with status 200."""
    cut = answer.body[: max(1, len(answer.body) * 2 // 3)] or b'{"data":'
    return replace(answer.with_body(cut.rstrip(b"}")), status=200)


def renamed(answer: Answer) -> Answer:
    """The same, with the fields of `data` (or, without an envelope, all fields) under other names."""
    try:
        whole = json.loads(answer.body)
    except ValueError:
        return answer
    if not isinstance(whole, dict):
        return answer
    if isinstance(whole.get("data"), dict):
        whole["data"] = {f"new_{name}": value for name, value in whole["data"].items()}
    else:
        whole = {f"new_{name}": value for name, value in whole.items()}
    return answer.with_body(json.dumps(whole).encode())
