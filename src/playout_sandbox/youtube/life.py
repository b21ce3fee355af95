"""What happens to a video by itself, in the background: processing, rejection, going public at its time."""

import secrets
from dataclasses import replace

from playout_sandbox.feed import Live
from playout_sandbox.media import Found, UnreadableError, look_into
from playout_sandbox.youtube.records import PUBLIC, Session, Video
from playout_sandbox.youtube.state import State

_LONG = 15 * 60 + 0.5  #: seconds; half a second for the last audio packet
SHORT = 180.5  #: seconds; at most three minutes, likewise


class Life:
    """Moves videos on. A deleted one is never moved again."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create(self, session: Session, request: int) -> Video:
        """The last byte of a session is in: the video exists from here on, whatever processing finds (row 34)."""
        state = self._state
        said = session.metadata
        video = Video(
            id=secrets.token_urlsafe(9)[:11],
            creator=session.creator,
            session=session.number,
            metadata=replace(said, privacy=state.privacy_of(said.privacy)),
            at=state.now,
            request=request,
            size=session.received,
            sha256=session.sha256,
            file=session.file,
            file_name=session.file_name,
        )
        state.videos[video.id] = video
        state.record_video("published", video, sha256=video.sha256)
        state.world.spawn(self._process(video))
        return video

    def change(self, video: Video) -> None:
        """The owner changed what is said about it; its privacy and its time may be other ones now."""
        if video.processed:
            self._settle(video)

    def remove(self, video: Video) -> None:
        """It is gone: no list shows it any more."""
        self._state.videos.pop(video.id, None)
        self._state.world.feed.remove(video.id)

    def reject(self, video: Video, reason: str) -> None:
        """YouTube blocks it; the owner still sees it, and why."""
        video.upload_status, video.rejection_reason = "rejected", reason
        video.processing_status = "terminated"
        self._state.world.feed.remove(video.id)

    async def is_short(self, video: Video) -> bool:
        """Square or taller than wide, at most three minutes (section 4). What cannot be read is none."""
        try:
            found = video.found or (await look_into(video.file) if video.file else None)
        except UnreadableError:
            return False
        return found is not None and found.height >= found.width and found.seconds <= SHORT

    async def _process(self, video: Video) -> None:
        """Row 41."""
        await self._state.world.clock.sleep(self._state.config.processing_seconds)
        failure, rejection = await self._verdict(video)
        if video.id not in self._state.videos or video.rejection_reason:
            return
        if failure:
            video.upload_status, video.processing_status, video.failure_reason = "failed", "failed", failure
            self._state.record_video("failed", video, reason=failure)
        elif rejection:
            self.reject(video, rejection)
            self._state.record_video("failed", video, reason=rejection)
        else:
            video.upload_status, video.processing_status = "processed", "succeeded"
            self._settle(video)

    async def _verdict(self, video: Video) -> tuple[str, str]:
        """Its failureReason and rejectionReason; both empty for a good video (rows 42 to 44)."""
        if video.size == 0:
            return "emptyFile", ""
        if video.file is not None and self._state.world.config.media_checks:
            try:
                video.found = await look_into(video.file)
            except UnreadableError:
                return "invalidFile", ""
        channel = self._state.config.creator(video.creator)
        long_allowed = self._state.config.long_uploads or (channel is not None and channel.verified)
        if not long_allowed and _seconds(video.found) > _LONG:
            return "", "length"
        return "", "duplicate" if self._is_repeated(video) else ""

    def _is_repeated(self, video: Video) -> bool:
        earlier = (one for one in self._state.uploads_of(video.creator) if one is not video and one.at <= video.at)
        return (
            self._state.config.reject_duplicates
            and video.sha256 is not None
            and any(one.sha256 == video.sha256 and not one.rejection_reason for one in earlier)
        )

    def _settle(self, video: Video) -> None:
        """Make it as visible as its metadata says; a time for that lies ahead, or is past already (row 21)."""
        at = video.metadata.publish_at
        if at is not None and at <= self._state.now:
            privacy = self._state.privacy_of(PUBLIC)
            video.metadata = replace(video.metadata, privacy=privacy, publish_at=None)
        elif at is not None:
            self._state.world.spawn(self._publish_later(video, at))
        if video.metadata.privacy == PUBLIC and video.public_since is None:
            video.public_since = self._state.now
            self._state.record_video("made_public", video)
        self._show(video)

    async def _publish_later(self, video: Video, at: float) -> None:
        await self._state.world.clock.sleep(at - self._state.now)
        unchanged = video.metadata.publish_at == at and video.processed
        if unchanged and video.id in self._state.videos:
            self._settle(video)

    def _show(self, video: Video) -> None:
        channel = self._state.config.creator(video.creator)
        self._state.world.feed.add(
            Live(
                id=video.id,
                platform="YouTube",
                username=channel.handle if channel else video.creator,
                nickname=channel.title if channel else video.creator,
                caption=video.metadata.title,
                privacy=video.metadata.privacy,
                at=video.public_since or video.at,
                file=video.file,
            )
        )


def _seconds(found: Found | None) -> float:
    return found.seconds if found else 0.0
