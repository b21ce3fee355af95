"""What a form sends: read whole, up to a limit."""

from contextlib import aclosing

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from playout.domain.errors import Invalid, TooLarge
from playout.web.marks import N_

#: Bytes of a form without files.
MOST = 256 * 1024
#: Fields of a form; a calendar's or a bulk table's among them.
MOST_FIELDS = 5000
MALFORMED = N_("This form could not be read. Load the page again.")
BROKEN_OFF = N_("The connection broke off. Nothing was kept; send it again.")
_KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read(request: Request, most: int = MOST) -> FormData:
    """Its fields; empty where something else than a form was sent. Raises TooLarge, Invalid."""
    if not request.headers.get("content-type", "").startswith(_KINDS):
        return FormData()
    body = await whole(request, most)
    try:
        return await _again(request, body).form(max_fields=MOST_FIELDS, max_part_size=most)
    except (MultiPartException, UnicodeDecodeError) as error:
        raise Invalid(MALFORMED, code="malformed_form") from error


async def whole(request: Request, most: int) -> bytes:
    """The body, whatever it is. Raises TooLarge, Invalid."""
    taken = bytearray()
    try:
        async with aclosing(request.stream()) as pieces:
            async for piece in pieces:
                taken += piece
                if len(taken) > most:
                    raise TooLarge(f"This form may have {most:,} bytes at most.")
    except ClientDisconnect as gone:
        raise Invalid(BROKEN_OFF, code="truncated_upload") from gone
    return bytes(taken)


def _again(request: Request, body: bytes) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)
