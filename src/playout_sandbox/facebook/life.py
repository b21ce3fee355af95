"""What happens to a video by itself: the look into the file, processing, publication. All in the background."""

from collections.abc import Callable

from playout_sandbox.facebook.events import Events
from playout_sandbox.facebook.records import Phase, Problem, Video, Wanted
from playout_sandbox.facebook.rules import UNREADABLE, is_short, verdict
from playout_sandbox.facebook.state import State
from playout_sandbox.feed import Live
from playout_sandbox.media import UnreadableError, look_into
from playout_sandbox.meta.rupload import Slot

_LATE = Problem(1363047, "Your video could not be published. Please try again later.")
_DRAFTED = "A short upright video belongs to the reels; it waits as a draft."


class Life:
    """Moves videos on. Also the receiver of the bytes that come by rupload."""

    def __init__(self, state: State, events: Events) -> None:
        self._state = state
        self._events = events

    # -- bytes (playout_sandbox.meta.rupload.Receiver) ----------------------------------------------------------

    def slot(self, object_id: str, token: str) -> Slot | None:
        """The video's bytes, if the token is its Page's and alive."""
        video = self._state.videos.get(object_id)
        known = self._state.meta.tokens.get(token)
        if video is None or known is None or known.page != video.page or self._state.meta.problem(known):
            return None
        return None if self._state.expired(video) or not video.reel else video.slot

    def accepted(self, slot: Slot, start: int, end: int, n: int) -> None:
        """Note the progress."""
        video = self._state.videos.get(slot.id)
        if video is not None:
            video.request = n
            self._state.record_video("chunk_accepted", video, range=[start, end])

    def completed(self, slot: Slot, n: int) -> None:
        """The file is here: processing begins, whether finish was called or not."""
        video = self._state.videos.get(slot.id)
        if video is not None:
            video.request = n
            self._state.record_video("upload_complete", video, size=slot.size, sha256=slot.sha256)
            video.processing = Phase.IN_PROGRESS
            self._state.world.spawn(self._process(video))

    def success(self) -> dict[str, object]:
        """What a good upload is answered."""
        return {"success": True}

    # -- after finish -------------------------------------------------------------------------------------------

    async def finish(self, video: Video, wanted: Wanted, check: Callable[[Problem], None]) -> None:
        """Accept a finish: what was wanted stands from here on, and happens in the background.

        Whether there will be a reel is settled before the answer, so that the ledger says it at this instant; the
        status tells it later. `check` may refuse a bad file, and then nothing was accepted.
        """
        await video.judged.wait()
        if video.wanted not in {Wanted.NOTHING, Wanted.DRAFT}:
            return  # another finish was faster
        if video.problem is not None:
            check(video.problem)
        if wanted is Wanted.PUBLISHED and video.reel:
            self._state.check_limit(video.page)
        video.wanted = wanted
        if video.problem is not None:
            self._state.record_video("failed", video, reason=video.problem.message)
        elif wanted is Wanted.PUBLISHED and self._state.config.publish_fails_late:
            self._state.world.spawn(self._fail_late(video))
        elif wanted is Wanted.PUBLISHED and not video.reel and self._becomes_draft(video):
            self._drafted(video)
        elif wanted is Wanted.PUBLISHED:
            self._decide(video)
            self._state.world.spawn(self._publish(video))
        elif wanted is Wanted.SCHEDULED:
            self._state.record_video("scheduled", video, due=video.scheduled)
            self._state.world.spawn(self._wait_for_its_time(video))
        else:
            self._state.record_video("drafted", video)
            video.publishing = Phase.COMPLETE

    def remove(self, video: Video, by: str) -> None:
        """The video is no more. Its id is unknown from here on."""
        effect = "taken_down" if video.public else "deleted"
        self._state.record_video(effect, video, post_id=video.id, by=by)
        self._state.world.feed.remove(video.id)
        del self._state.videos[video.id]
        self._state.sessions.pop(video.session, None)

    async def _process(self, video: Video) -> None:
        video.problem = await self._look(video)
        video.judged.set()
        await self._state.world.clock.sleep(self._state.config.processing_seconds)
        video.processing = Phase.COMPLETE if video.problem is None else Phase.ERROR
        video.processed.set()

    async def _look(self, video: Video) -> Problem | None:
        if video.slot.file is None or not self._state.world.config.media_checks:
            return None
        try:
            video.found = await look_into(video.slot.file)
        except UnreadableError:
            return UNREADABLE
        return verdict(video.found, reel=video.reel)

    def _becomes_draft(self, video: Video) -> bool:
        return self._state.config.short_becomes_draft and is_short(video.found)

    def _drafted(self, video: Video) -> None:
        video.wanted = Wanted.DRAFT
        video.publishing = Phase.COMPLETE
        self._state.record_video("drafted", video, reason=_DRAFTED)

    def _decide(self, video: Video) -> None:
        """The one place where a reel comes into being."""
        video.post_id = self._state.meta.new_id()
        if video.reel:
            self._state.publications.append((video.page, self._state.now))
        self._state.record_video(
            "published", video, post_id=video.id, sha256=video.slot.sha256, privacy="public", reel=video.reel
        )

    async def _publish(self, video: Video) -> None:
        await video.processed.wait()
        video.publishing = Phase.IN_PROGRESS
        await self._state.world.clock.sleep(self._state.config.publishing_seconds)
        if video.id not in self._state.videos:
            return
        video.publishing = Phase.COMPLETE
        video.published_at = self._state.now
        self._show(video)
        self._events.ready(video)

    async def _fail_late(self, video: Video) -> None:
        await video.processed.wait()
        video.publishing = Phase.IN_PROGRESS
        await self._state.world.clock.sleep(self._state.config.publishing_seconds)
        video.publishing = Phase.ERROR
        video.problem = _LATE
        self._state.record_video("failed", video, reason=_LATE.message)

    async def _wait_for_its_time(self, video: Video) -> None:
        await video.processed.wait()
        await self._state.world.clock.sleep(video.scheduled - self._state.now)
        if video.id in self._state.videos:
            video.wanted = Wanted.PUBLISHED
            self._decide(video)
            await self._publish(video)

    def _show(self, video: Video) -> None:
        page = self._state.meta.config.page(video.page)
        self._state.world.feed.add(
            Live(
                id=video.id,
                platform="Facebook",
                username=page.username if page else video.page,
                nickname=page.name if page else video.page,
                caption=video.description,
                privacy="public",
                at=video.published_at,
                file=video.slot.file,
            )
        )
