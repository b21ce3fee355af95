"""The upload host of Meta: bytes from an offset on, or the address of a file that Meta fetches.

Nothing that is sent here is published by it, so everything may be repeated. Not here: which upload, and what follows.
Sources: Reels Publishing API, Resumable Uploads; field reports for the spellings.
"""

from collections.abc import Mapping

from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import (
    Answer,
    Http,
    HttpFailure,
    JsonObject,
    Refused,
    Source,
    Unreadable,
    Words,
    host_allowed,
)
from playout.platforms.reading import number, part, stated, unreadable

_OK = 200
_SERVER = 500
_TOO_MANY = 429

#: `debug_info.type` -> our code, kind, whose turn it is, and the sentence.
TYPES: Mapping[str, tuple[str, Kind, Turn, str]] = {
    "OffsetInvalidError": (
        "offset_invalid",
        Kind.AGAIN,
        Turn.PLATFORM,
        "Meta has another part of the file than we thought; it is asked.",
    ),
    "PartialRequestError": ("partial_upload", Kind.AGAIN, Turn.PLATFORM, "Meta did not get the whole file yet."),
    "ProcessingFailedError": ("upload_failed", Kind.AGAIN, Turn.PLATFORM, "Meta could not take the file."),
    "NotAuthorizedError": (
        "upload_not_authorized",
        Kind.SIGN_IN,
        Turn.YOU,
        "Meta does not take a file from this connection. Connect the account again.",
    ),
    "ParameterValidationError": (
        "upload_refused",
        Kind.NEVER,
        Turn.US,
        "Meta refused the way the file was sent. This is our mistake; please report it.",
    ),
}


class Rupload:
    """Sends to upload addresses of one host."""

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url

    def check(self, url: str) -> None:
        """Raises PlatformFailure unless the address is on this host: a token and a video are sent there."""
        if not host_allowed(url, base=self._url):
            raise PlatformFailure(
                Kind.NEVER,
                "foreign_upload_address",
                "Meta named an upload address that is not its own; nothing was sent there. Please report it.",
                turn=Turn.US,
            )

    async def send(self, url: str, token: Secret, body: Source, *, offset: int, size: int) -> None:
        """The rest of a file of `size` bytes, from `offset` on. Raises PlatformFailure, with the codes of `TYPES`."""
        headers = {"offset": str(offset), "file_size": str(size), "Content-Type": "application/octet-stream"}
        await self._post(url, token, headers, body, size - offset)

    async def send_address(self, url: str, token: Secret, file_url: str) -> None:
        """Where Meta may fetch the file. Raises PlatformFailure, with the codes of `TYPES`."""
        await self._post(url, token, {"file_url": file_url}, None, None)

    async def _post(
        self, url: str, token: Secret, headers: Mapping[str, str], body: Source | None, length: int | None
    ) -> None:
        self.check(url)
        named: Words = {"Authorization": Secret(f"OAuth {token.reveal()}"), **headers}  # Bearer is not taken here
        try:
            answer = await self._http.send("POST", url, headers=named, body=body, length=length)
            _read(answer)
        except Refused:
            failure = PlatformFailure(
                Kind.NEVER, "unusable_address", "Meta gave an upload address that cannot be used.", turn=Turn.US
            )
        except Unreadable:
            failure = unreadable()
        except HttpFailure:
            failure = PlatformFailure(Kind.AGAIN, "unreachable", "Meta's upload host did not answer.")
        else:
            return
        raise failure


def received(upload: JsonObject) -> int | None:
    """How many bytes Meta has, out of an object that says so: documented with one r, answered with two."""
    found = number(upload, "bytes_transferred")
    return number(upload, "bytes_transfered") if found is None else found


def _read(answer: Answer) -> None:
    """Raises PlatformFailure for anything but success, which has to be said."""
    if answer.status == _TOO_MANY or answer.status >= _SERVER:
        raise PlatformFailure(Kind.AGAIN, f"http_{answer.status}", "Meta's upload host has a fault of its own.")
    data = answer.json()
    if answer.status == _OK and data.get("success") is True:
        return
    problem = part(data, "debug_info")
    known = TYPES.get(stated(problem, "type"))
    if known is None or (problem.get("retriable") is True and known[1] is Kind.NEVER):
        raise unreadable()
    code, kind, turn, sentence = known
    raise PlatformFailure(kind, code, sentence, turn=turn)
