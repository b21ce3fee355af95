"""After the request to publish: what Facebook makes of it, what became of one whose answer was lost, the receipt.

    follow   the request was acknowledged: until the video stands on the Page
    settle   nobody knows whether it arrived: until Facebook shows what it did, or, for minutes, nothing

Reads only. Not here: how the bytes get there, whether another beginning is allowed (publishing.py), and what is left to
do once it is published (completing.py).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from playout.application.ports import Task
from playout.domain.delivery import Next, Outcome, Receipt, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.facebook.completing import published
from playout.platforms.facebook.errors import PHRASES
from playout.platforms.facebook.mark import Mark
from playout.platforms.facebook.rules import is_reel
from playout.platforms.facebook.status import FIELDS, Status, read_status
from playout.platforms.http import host_allowed, join
from playout.platforms.meta import GONE, Graph, reread
from playout.platforms.meta.errors import DAY, HOUR, MINUTE
from playout.platforms.reading import items, stated
from playout.platforms.waits import halved

_SECOND = timedelta(seconds=1)
_MOST_ASKS = 5
_HOSTS = (".facebook.com",)


@dataclass(frozen=True, slots=True)
class Back:
    """The ways back to a step before the wait."""

    #: Begins again at Facebook, after a failure that published nothing; raises it when that was enough.
    begin: Callable[[Task, Mark, PlatformFailure], Next]
    #: Asks once more to publish the same video.
    ask: Callable[[Task, Mark], Next]


class Waiting:
    """What is left to do once Facebook was asked to publish."""

    def __init__(self, graph: Graph, www_url: str, back: Back) -> None:
        self._graph = graph
        self._www_url = www_url
        self._back = back

    def begin(self, task: Task, mark: Mark) -> Next:
        """Facebook has said that it will: the wait begins."""
        told = replace(mark, upload_url="", asks=0, ready_at=0, misses=0, refusal={}, since=task.now.timestamp())
        return self.go_on(task, told)

    async def follow(self, task: Task) -> Outcome:
        """What Facebook makes of it, and `settle` the same where it is not known whether it was asked at all."""
        mark = Mark.of(task.checkpoint)
        try:
            status = await self.read(task, mark)
            return await (self.outcome(task, mark, status) if status else self._out_of_sight(task, mark))
        except PlatformFailure as failure:
            if failure.kind is not Kind.AGAIN or mark.waited(task.now) < HOUR:
                raise
            if mark.waited(task.now) > DAY:
                return await self._unsettled(task, mark)
            raise _not_counted(failure, task.now) from None

    async def look(self, task: Task) -> Outcome:
        """The answer to a request to publish was lost."""
        before = Mark.of(task.checkpoint)
        mark = replace(before, asks=before.asks + 1, ready_at=0, since=task.now.timestamp())
        status = await self.read(task, mark)
        return await self.outcome(task, mark, status) if status else self.go_on(task, mark)

    def doubt(self, task: Task, mark: Mark, failure: PlatformFailure) -> Next:
        """The only request was refused for good: Meta has been seen to publish what it refused."""
        refusal = {"code": failure.code, "sentence": failure.sentence, "turn": failure.turn.value}
        return self.go_on(task, replace(mark, asks=1, ready_at=0, refusal=refusal, since=task.now.timestamp()))

    async def read(self, task: Task, mark: Mark) -> Status | None:
        """What Facebook says of the video; None where it does not find it. Raises PlatformFailure.

        Never such that says "not published": only a status can say that.
        """
        try:
            token = task.grant.access_token
            video = await self._graph.ask("GET", mark.video_id, token, now=task.now, query={"fields": FIELDS})
        except PlatformFailure as failure:
            if failure.code == GONE:
                return None
            raise reread(failure) from None
        return read_status(video)

    async def outcome(self, task: Task, mark: Mark, status: Status) -> Outcome:
        """What follows from a status, once it may have been asked to publish."""
        if status.is_public:
            return published(task, mark, self._receipt(task, mark, status))
        if status.is_draft:
            raise _kept_as_draft()
        if status.is_dead:
            return await self._failed(task, mark, status)
        if mark.waited(task.now) > DAY:
            return await self._unsettled(task, mark)
        if mark.asks and status.is_untouched:
            return await self._untouched(task, mark, status)
        return self.go_on(task, replace(mark, ready_at=0))

    def go_on(self, task: Task, mark: Mark, pause: timedelta | None = None) -> Next:
        """The wait goes on: ever fewer questions."""
        waited = mark.waited(task.now)
        return Next(
            "settle" if mark.asks else "follow",
            mark.kept(),
            after=pause or halved(waited, 2 * _SECOND, 5 * MINUTE),
            state=State.PROCESSING,
            handle=mark.video_id,
            sent=task.size,
            total=task.size,
        )

    async def _untouched(self, task: Task, mark: Mark, status: Status) -> Outcome:
        """Two looks some time apart that show the same: it never arrived. The same video cannot become two."""
        enough = 2 * MINUTE if status.processing == "complete" else 10 * MINUTE
        if mark.ready_at == 0:
            return self.go_on(task, replace(mark, ready_at=task.now.timestamp()), enough + _SECOND)
        if mark.ready_for(task.now) < enough:
            return self.go_on(task, mark, enough - mark.ready_for(task.now) + _SECOND)
        if mark.refusal:
            told = mark.refusal
            raise PlatformFailure(Kind.NEVER, told["code"], told["sentence"], turn=Turn(told["turn"]))
        if mark.asks >= _MOST_ASKS:
            return await self._unsettled(task, mark)
        return self._back.ask(task, replace(mark, ready_at=0))

    async def _failed(self, task: Task, mark: Mark, status: Status) -> Outcome:
        """Facebook has ended it. A new beginning only where the Page does not show it."""
        failure = self._explained(task, status)
        if failure.kind is Kind.NEVER:
            raise failure
        if await self._is_listed(task, mark):
            return published(task, mark, self._receipt(task, mark, status))
        return self._back.begin(task, mark, failure)

    def _explained(self, task: Task, status: Status) -> PlatformFailure:
        if status.word == "expired":
            sentence = "Facebook kept the upload for a day, and it was not published; it begins again."
            return PlatformFailure(Kind.AGAIN, "upload_expired", sentence, turn=Turn.US)
        told = next((number for words, number in PHRASES.items() if words in status.message), None)
        code = status.code if status.code is not None else told
        known = self._graph.explained(code, None, task.now) if code is not None else None
        sentence = "Facebook failed while it worked on the video; nothing was published."
        return known or PlatformFailure(Kind.AGAIN, "processing_failed", sentence)

    async def _out_of_sight(self, task: Task, mark: Mark) -> Outcome:
        """Deleted, or not shown to us; for a while also a fault of Facebook's."""
        if await self._is_listed(task, mark):
            return published(task, mark, self._receipt(task, mark, None))
        if mark.waited(task.now) < HOUR:
            raise PlatformFailure(Kind.AGAIN, GONE, "Facebook does not show the video yet.")
        raise _cannot_say()

    async def _unsettled(self, task: Task, mark: Mark) -> Outcome:
        """The last resort before a person is asked: what the Page shows."""
        with suppress(PlatformFailure):
            if await self._is_listed(task, mark):
                return published(task, mark, self._receipt(task, mark, None))
        raise _cannot_say()

    async def _is_listed(self, task: Task, mark: Mark) -> bool:
        """Whether the Page shows it. Raises PlatformFailure: a token that is dead must not read as "not there"."""
        edge = "video_reels" if is_reel(task.facts) else "videos"
        asked = {"fields": "id,updated_time", "limit": "25"}
        path, token = f"{task.profile.remote_id}/{edge}", task.grant.access_token
        try:
            listed = await self._graph.ask("GET", path, token, now=task.now, query=asked)
        except PlatformFailure as failure:
            if failure.code == GONE:
                return False
            raise reread(failure) from None
        return any(stated(one, "id") == mark.video_id for one in items(listed))

    def _receipt(self, task: Task, mark: Mark, status: Status | None) -> Receipt:
        """Reels are answered with an address without a host."""
        given = status.permalink if status else ""
        usual = f"reel/{mark.video_id}/" if is_reel(task.facts) else f"{task.profile.remote_id}/videos/{mark.video_id}/"
        url = join(self._www_url, given if given.startswith("/") and not given.startswith("//") else usual)
        if host_allowed(given, base=self._www_url, suffixes=_HOSTS):
            url = given
        at = datetime.fromtimestamp(status.publish_time, UTC) if status and status.publish_time else task.now
        return Receipt(mark.video_id, url, min(at, task.now))


def _not_counted(failure: PlatformFailure, now: datetime) -> PlatformFailure:
    """The same, but no try that is used up: only time ends this wait."""
    return PlatformFailure(Kind.LATER, failure.code, failure.sentence, turn=failure.turn, retry_at=now + 5 * MINUTE)


def _kept_as_draft() -> PlatformFailure:
    sentence = (
        "Facebook has kept the video as a draft of the Page. Publish it there; or delete it there, then send it again."
    )
    return PlatformFailure(Kind.NEVER, "kept_as_draft", sentence, turn=Turn.YOU)


def _cannot_say() -> PlatformFailure:
    sentence = "Facebook does not say what became of the video. Look at the Page: is it there?"
    return PlatformFailure(Kind.UNSURE, "facebook_cannot_say", sentence, turn=Turn.YOU)
