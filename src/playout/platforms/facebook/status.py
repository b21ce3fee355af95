"""What Facebook says of a video, read: the word for the whole, the three phases, and what went wrong in them.

The page's table and its own examples spell it in two ways; both are read. Not here: what follows from it (waiting.py).
Sources: Reels Publishing API, step 4, and its sample; field reports.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from playout.platforms.http import JsonObject
from playout.platforms.meta import received
from playout.platforms.reading import items, number, part, stated

#: What `GET /{video-id}` is asked for.
FIELDS = "status,published,permalink_url,post_id"

_DEAD = {"expired", "error", "upload_failed"}


@dataclass(frozen=True, slots=True)
class Status:
    """Phases: not_started, in_progress, complete, error; "" where Facebook names none."""

    word: str  # ready, processing, expired, error, uploading, upload_complete, upload_failed
    uploading: str
    processing: str
    publishing: str
    publish_status: str  # draft, scheduled, published, error
    received: int | None  # bytes
    published: bool
    permalink: str
    publish_time: int | None
    code: int | None  # of what went wrong
    message: str

    @property
    def is_public(self) -> bool:
        """It stands on the Page."""
        if self.publish_status:
            return self.publish_status == "published"
        if self.publishing:
            return self.publishing == "complete"
        return self.published and self.word == "ready"  # a video that has no phases

    @property
    def is_dead(self) -> bool:
        """Nothing comes of it any more, and nothing came of it."""
        return self.word in _DEAD or "error" in {self.processing, self.publishing, self.publish_status}

    @property
    def is_draft(self) -> bool:
        """Facebook has ended its work, and shows it to nobody."""
        return self.publish_status == "draft" and self.publishing == "complete"

    @property
    def is_uploaded(self) -> bool:
        """Facebook has all bytes."""
        return self.uploading == "complete" or self.word in {"ready", "upload_complete"}

    @property
    def is_untouched(self) -> bool:
        """All is there, and nothing shows that its publication was ever asked for."""
        idle = self.publishing in {"", "not_started"} and not self.published
        return idle and self.is_uploaded and self.processing in {"complete", "not_started", ""}


def read_status(video: JsonObject) -> Status:
    """What is not there is not known."""
    status = part(video, "status")
    phases = [part(status, f"{name}_phase") for name in ("uploading", "processing", "publishing")]
    words = ["complete" if (word := stated(phase, "status")) == "completed" else word for phase in phases]
    wrong = next(iter(_errors(phases)), {})
    return Status(
        word=stated(status, "video_status"),
        uploading=words[0],
        processing=words[1],
        publishing=words[2],
        publish_status=stated(phases[2], "publish_status"),
        received=received(phases[0]),
        published=video.get("published") is True,
        permalink=stated(video, "permalink_url"),
        publish_time=number(phases[2], "publish_time"),
        code=number(wrong, "code"),
        message=stated(wrong, "message"),
    )


def _errors(phases: Iterable[JsonObject]) -> Iterable[JsonObject]:
    """An object in the page's example, a list in its sample."""
    for phase in phases:
        one = part(phase, "error")
        yield from [one] if one else items(phase, "errors")
