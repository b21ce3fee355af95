"""Bodies of requests: read whole up to a limit, or handed on piece by piece. Nothing large is ever held."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from playout.domain.errors import Invalid, Problem, TooLarge

#: No JSON that a face takes is larger.
MOST_JSON = 1024 * 1024
#: Seconds without a byte after which whoever sends a body is taken for gone.
SILENCE = 30
#: Digits of a size that a disk could have.
LONGEST_NUMBER = 18


async def whole(request: Request, most: int) -> bytes:
    """The body. Raises TooLarge past `most` bytes, before they are read where their number is announced."""
    announced = announced_size(request)
    taken = bytearray()
    if announced is None or announced <= most:
        async with aclosing(pieces(request)) as coming:
            async for piece in coming:
                taken += piece
                if len(taken) > most:
                    break
    if len(taken) > most or (announced or 0) > most:
        raise TooLarge(f"The body of this request may have {most:,} bytes at most.")
    return bytes(taken)


async def pieces(request: Request) -> AsyncGenerator[bytes, None]:
    """The body as it comes. Raises Invalid (truncated_upload) when less comes than was announced."""
    came = 0
    async with aclosing(request.stream()) as stream:
        while True:
            try:
                async with asyncio.timeout(SILENCE):
                    piece = await anext(stream)
            except StopAsyncIteration:
                break
            except (ClientDisconnect, TimeoutError) as gone:
                raise _truncated(came) from gone
            came += len(piece)
            if piece:
                yield piece
    announced = announced_size(request)
    if getattr(request.state, "cut", False) or (announced is not None and came != announced):
        raise _truncated(came)


def announced_size(request: Request) -> int | None:
    """Content-Length, where one was sent."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def again(request: Request, body: bytes) -> Request:
    """The same request with its body, which was read already, to be read once more."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)


def _truncated(came: int) -> Invalid:
    sentence = f"The connection broke off after {came:,} bytes. Nothing was kept; send it again."
    return Invalid(sentence, code="truncated_upload", problems=[Problem("truncated_upload", "", sentence)])
