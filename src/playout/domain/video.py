"""A video: one file taken in, with what the probe found."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from playout.domain.errors import Problem


class VideoState(StrEnum):
    """Where a file stands between its last byte and its first post."""

    PROBING = "probing"
    READY = "ready"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the probe found in the file. Sizes are as shown, after rotation."""

    container: str  # mp4, mov, webm, mkv
    duration: float  # seconds
    width: int
    height: int
    rotation: int  # degrees clockwise: 0, 90, 180, 270
    fps: float  # average
    variable_fps: bool
    video_codec: str  # h264, hevc, vp9, …
    audio_codec: str | None
    pixel_format: str
    sample_rate: int | None  # Hz
    channels: int | None
    bitrate: int  # bit/s, 0 where unknown
    faststart: bool  # the index stands before the media data, so playing can start at once
    edit_list: bool
    closed_gop: bool | None = None


@dataclass(frozen=True, slots=True)
class Video:
    """The record of one file. `key` names the bytes in the file store and never leaves the house."""

    id: str
    workspace_id: str
    state: VideoState
    filename: str  # as the person named it; shown, never used as a path
    size: int  # bytes
    sha256: str  # hex
    key: str
    created_at: datetime
    version: int = 0
    facts: Facts | None = None
    problems: tuple[Problem, ...] = ()
    thumbnail_key: str | None = None
    strip_key: str | None = None

    def ready(self, facts: Facts, thumbnail_key: str, strip_key: str) -> "Video":
        """The probe could read it."""
        return replace(
            self,
            state=VideoState.READY,
            facts=facts,
            thumbnail_key=thumbnail_key,
            strip_key=strip_key,
            problems=(),
        )

    def rejected(self, problem: Problem) -> "Video":
        """The probe could not read it, and says why."""
        return replace(self, state=VideoState.REJECTED, problems=(problem,))

    @property
    def keys(self) -> tuple[str, ...]:
        """All that must go from the file store when this video goes."""
        return tuple(key for key in (self.key, self.thumbnail_key, self.strip_key) if key)
