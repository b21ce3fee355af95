"""One resumable upload: begun, fed, and asked how much of the file has arrived.

The address of a session holds the right to write, so it is a secret and goes nowhere but to YouTube. It is also the
only thing that makes two requests one upload: whatever is sent to it becomes one video at most. Not here: what a step
does about an answer (publishing.py).
Source: guide to the resumable upload protocol (Data API), Google's own client.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto

from playout.application.ports import Task
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import Answer, Http, HttpFailure, Unreadable, Words, host_allowed, join
from playout.platforms.reading import retry_after, text, unreadable
from playout.platforms.youtube.api import OK, Api, bearer, reason_of, refused, unanswered
from playout.platforms.youtube.errors import VIDEO
from playout.platforms.youtube.rules import video_resource

_CREATED = 201
_INCOMPLETE = 308  # Google's own meaning; never a redirect
_GONE = {404, 410}  # expired, or ended for another reason
_SERVER = 500
_IN_PASSING = {408, 425}
_RANGE = re.compile(r"bytes[= ]0-([0-9]{1,15})")
_HOSTS = (".googleapis.com",)
_MEDIA_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska"}


class Word(Enum):
    """What a session says, in one word."""

    COMPLETE = auto()  # there is a video
    INCOMPLETE = auto()  # it has so many bytes
    GONE = auto()  # there is no such session any more
    REFUSED = auto()  # it says why
    NOTHING = auto()  # it may have acted, and nobody knows


@dataclass(frozen=True, slots=True)
class Told:
    """What a session says."""

    word: Word
    video_id: str = ""  # COMPLETE
    has: int = 0  # INCOMPLETE: bytes that are stored, from the first on
    moved_to: str = field(default="", repr=False)  # INCOMPLETE: the session has another address now
    pause: timedelta = timedelta(0)  # INCOMPLETE: wanted before more is sent
    failure: PlatformFailure | None = None  # REFUSED
    final: bool = False  # REFUSED: the upload has ended by it, and there is no video


def slug(task: Task) -> str:
    """The name under which the file is sent: of this attempt and no other."""
    return f"{task.attempt}.mp4"


async def begin(api: Api, task: Task) -> str:
    """The address of a new session; nothing is seen on the channel. Raises PlatformFailure."""
    query = {"uploadType": "resumable", "part": "snippet,status"}
    if "notify_subscribers" in task.options:
        query["notifySubscribers"] = "true" if task.options["notify_subscribers"] else "false"
    try:
        answer = await api.http.send(
            "POST",
            join(api.url, "upload/youtube/v3/videos"),
            headers={
                **bearer(task.grant),
                "X-Upload-Content-Length": str(task.size),
                "X-Upload-Content-Type": _media_type(task),
                "Slug": slug(task),
            },
            query=query,
            json=video_resource(task.title or "", task.caption, task.options),
        )
    except HttpFailure as caught:
        failure = unanswered(caught)
    else:
        address = answer.headers.get("location", "")
        if answer.status != OK:
            failure = refused(answer, task.now)
        elif not address:
            failure = unreadable()
        elif _is_ours(api, address):
            return address
        else:
            failure = PlatformFailure(
                Kind.NEVER,
                "foreign_upload_address",
                "YouTube named an upload address that is not its own; nothing was sent there. Please report it.",
                turn=Turn.US,
            )
    raise failure


async def feed(api: Api, task: Task, address: str, start: int, end: int) -> Told:
    """Sends the bytes from `start` up to, not with, `end`. Raises PlatformFailure only where nothing can have left."""
    return await _put(api, task, address, f"{start}-{end - 1}", task.read(start, end - start), end - start)


async def ask(api: Api, task: Task, address: str) -> Told:
    """How much has arrived. Writes nothing. Raises PlatformFailure where YouTube is out of reach."""
    return await _put(api, task, address, "*", None, None)


async def _put(
    api: Api, task: Task, address: str, span: str, body: AsyncIterator[bytes] | None, length: int | None
) -> Told:
    if not _is_ours(api, address):  # the settings have changed since
        return Told(Word.GONE)
    headers = {**bearer(task.grant), "Content-Type": _media_type(task), "Content-Range": f"bytes {span}/{task.size}"}
    answer = await _sent(api.http, address, headers, body, length)
    return Told(Word.NOTHING) if answer is None else _read(api, task, answer)


async def _sent(
    http: Http, address: str, headers: Words, body: AsyncIterator[bytes] | None, length: int | None
) -> Answer | None:
    """None where the answer was lost."""
    try:
        return await http.send("PUT", address, headers=headers, body=body, length=length)
    except HttpFailure as caught:
        if caught.reached:
            return None
        failure = unanswered(caught)
    raise failure


def _read(api: Api, task: Task, answer: Answer) -> Told:
    match answer.status:
        case status if status in {OK, _CREATED}:
            video_id = _video_id(answer)
            return Told(Word.COMPLETE, video_id) if video_id else Told(Word.NOTHING)
        case status if status == _INCOMPLETE:
            return _read_progress(api, task, answer)
        case status if status in _GONE:
            return Told(Word.GONE)
        case status if status >= _SERVER or status in _IN_PASSING:
            return Told(Word.NOTHING)
        case _:
            failure = refused(answer, task.now)
            return Told(Word.REFUSED, failure=failure, final=reason_of(answer) in VIDEO)


def _video_id(answer: Answer) -> str:
    try:
        return text(answer.json(), "id")
    except Unreadable:
        return ""


def _read_progress(api: Api, task: Task, answer: Answer) -> Told:
    """What YouTube says counts, not what was sent: it may have kept less. Without a range it has nothing."""
    said = answer.headers.get("range")
    found = _RANGE.fullmatch(said) if said else None
    has = 0 if said is None else int(found[1]) + 1 if found else -1
    if not 0 <= has <= task.size:
        return Told(Word.NOTHING)
    address = answer.headers.get("location", "")
    moved_to = address if _is_ours(api, address) else ""  # an address elsewhere never gets a byte
    return Told(Word.INCOMPLETE, has=has, moved_to=moved_to, pause=retry_after(answer) or timedelta(0))


def _is_ours(api: Api, address: str) -> bool:
    return host_allowed(address, base=api.url, suffixes=_HOSTS)


def _media_type(task: Task) -> str:
    return _MEDIA_TYPES.get(task.facts.container, "application/octet-stream")
