"""A video: one file taken in, with what the probe found."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from playout.domain.errors import Problem
from playout.domain.retry import Reason


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


class RenditionState(StrEnum):
    """Where a rendition stands."""

    RENDERING = "rendering"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rendition:
    """A copy made to fit one platform's limits, named by the platform and by what happens to the picture's edges."""

    name: str  # see `rendition_name`
    key: str  # of the bytes
    state: RenditionState = RenditionState.RENDERING
    size: int = 0  # bytes
    sha256: str = ""  # hex
    facts: Facts | None = None
    reason: Reason | None = None  # why it failed


def rendition_name(platform: str, fit: str) -> str:
    """By which a video knows its renditions."""
    return f"{platform}-{fit}"


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
    renditions: tuple[Rendition, ...] = ()

    def rendition(self, platform: str, fit: str | None) -> Rendition | None:
        """The copy for this platform, if one was asked for."""
        name = rendition_name(platform, fit or "")
        return next((one for one in self.renditions if one.name == name), None)

    def at(self, key: str) -> "Video":
        """As it is sent from under `key`: the file itself, or a rendition that is ready."""
        for one in self.renditions:
            if one.key == key and one.state is RenditionState.READY:
                return replace(self, key=one.key, size=one.size, sha256=one.sha256, facts=one.facts)
        return self

    def with_rendition(self, rendition: Rendition) -> "Video":
        """With this one, instead of an earlier one of its name."""
        return replace(self, renditions=(*self.without_rendition(rendition.name).renditions, rendition))

    def without_rendition(self, name: str) -> "Video":
        """Without the one of this name."""
        return replace(self, renditions=tuple(one for one in self.renditions if one.name != name))

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
        made = (one.key for one in self.renditions)
        return tuple(key for key in (self.key, self.thumbnail_key, self.strip_key, *made) if key)
