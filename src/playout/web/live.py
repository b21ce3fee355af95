"""Pages that change by themselves: server-sent events, which htmx swaps in (`hx-sse:connect`)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse

#: Seconds without a word after which one is sent, so that nothing on the way takes the line for dead.
SILENCE = 15


@dataclass(frozen=True, slots=True)
class Piece:
    """One event. Without `event`, `data` is HTML that is swapped in; with one, it is a DOM event of that name."""

    data: str
    event: str = ""
    id: str = ""  # what the browser sends as Last-Event-ID when it comes back


def stream(pieces: AsyncGenerator[Piece]) -> Response:
    """Hands them on until they end, or the browser goes."""
    return StreamingResponse(_told(pieces), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def as_text(piece: Piece) -> str:
    """As the wire has it. No line of `data` can be taken for a field of its own."""
    head = [f"{name}: {value}" for name, value in (("event", piece.event), ("id", piece.id)) if value]
    return "\n".join([*head, *(f"data: {line}" for line in piece.data.splitlines() or [""]), "", ""])


async def _told(pieces: AsyncGenerator[Piece]) -> AsyncIterator[str]:
    yield ": open\n\n"
    async with aclosing(pieces):
        coming = asyncio.ensure_future(anext(pieces, None))
        try:
            while True:
                await asyncio.wait({coming}, timeout=SILENCE)
                if not coming.done():
                    yield ": still here\n\n"
                    continue
                piece = coming.result()
                if piece is None:
                    return
                yield as_text(piece)
                coming = asyncio.ensure_future(anext(pieces, None))
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
