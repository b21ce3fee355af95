"""After the last byte: the wait for what YouTube makes of the video, and the search for one whose id was never told.

Reads only. Not here: how the bytes get there, whether another session is allowed (publishing.py), and what is left to
do once it is published (completing.py).
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from playout.application.ports import Task
from playout.domain.delivery import Next, Outcome, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import JsonObject
from playout.platforms.reading import part, text, unreadable
from playout.platforms.waits import halved
from playout.platforms.youtube import account
from playout.platforms.youtube.api import Api
from playout.platforms.youtube.completing import published
from playout.platforms.youtube.errors import DAY, FAILURES, HOUR, MINUTE, REJECTIONS, refusal
from playout.platforms.youtube.mark import Mark
from playout.platforms.youtube.session import slug

_SECOND = timedelta(seconds=1)
_SEARCH = 30 * MINUTE  # the list of uploads follows with some delay
_UNSEEN = 30 * MINUTE  # so may a video of which we know the id
_DELETED = 10 * MINUTE  # a video that was seen and is not shown any more
_WWW: Final = "https://www.youtube.com"
_STUDIO = "Look into YouTube Studio: is it there?"


class Waiting:
    """What is left to do once YouTube may have all it needs."""

    def __init__(self, api: Api) -> None:
        self._api = api

    # ── a video whose id is known ────────────────────────────────────────────────────────────────

    def begin(self, task: Task, mark: Mark, video_id: str) -> Next:
        """The video exists; the wait begins."""
        return _following(task, mark.ended(task.now, video_id))

    async def follow(self, task: Task) -> Outcome:
        """What YouTube makes of it. Only after a day without a word is it given up."""
        mark = Mark.of(task.checkpoint)
        try:
            parts = "status,processingDetails"
            found = await account.videos(self._api, task.grant, task.now, parts, [mark.video_id])
        except PlatformFailure as failure:
            raise self._not_final(task, mark, failure) from None
        if found:
            return _outcome(task, replace(mark, seen=True, missing_since=0), found[0])
        return _missing(task, mark)

    def _not_final(self, task: Task, mark: Mark, failure: PlatformFailure) -> PlatformFailure:
        """Trouble with asking says nothing about the video."""
        if mark.waited(task.now) > DAY and failure.kind is not Kind.SIGN_IN:
            return _still_at_it(mark)
        if failure.kind is Kind.AGAIN and mark.waited(task.now) > HOUR:  # no try is used up: only time ends this wait
            at = task.now + 5 * MINUTE
            return PlatformFailure(Kind.LATER, failure.code, failure.sentence, turn=failure.turn, retry_at=at)
        return _undecided(failure)

    # ── a video that there may be ────────────────────────────────────────────────────────────────

    def begin_search(self, task: Task, mark: Mark) -> Next:
        """The session is gone, and the last byte may have arrived before."""
        return _searching(task, mark.ended(task.now))

    async def find(self, task: Task) -> Next:
        """Among the channel's newest uploads. Raises UNSURE when it has not appeared for too long."""
        mark = Mark.of(task.checkpoint)
        try:
            ids = await account.uploads(self._api, task.grant, task.now)
            listed = await account.videos(self._api, task.grant, task.now, "snippet,fileDetails", ids)
        except PlatformFailure as failure:
            raise _undecided(failure) from None
        ours = [text(one, "id") for one in listed if _is_ours(task, mark, one)]
        if len(ours) == 1 and ours[0]:
            return self.begin(task, mark, ours[0])
        if mark.waited(task.now) <= _SEARCH:
            return _searching(task, mark)
        sentence = f"The upload ended without an answer, and the video does not appear on the channel. {_STUDIO}"
        raise PlatformFailure(Kind.UNSURE, "not_found", sentence, turn=Turn.YOU)


def _following(task: Task, mark: Mark) -> Next:
    pause = _pace(mark.waited(task.now))
    return Next(
        "follow",
        mark.kept(),
        after=pause,
        state=State.PROCESSING,
        handle=mark.video_id,
        sent=task.size,
        total=task.size,
    )


def _searching(task: Task, mark: Mark) -> Next:
    pause = min(max(mark.waited(task.now) / 2, 5 * _SECOND), 5 * MINUTE)
    return Next("find", mark.kept(), after=pause, state=State.PROCESSING, sent=task.size, total=task.size)


def _outcome(task: Task, mark: Mark, video: JsonObject) -> Outcome:
    status, processing = part(video, "status"), part(video, "processingDetails")
    word, work = text(status, "uploadStatus"), text(processing, "processingStatus")
    if not word:
        raise unreadable()
    if word == "processed":
        return published(task, mark, text(status, "privacyStatus"))
    if word == "deleted":
        raise _deleted()
    if word == "rejected":
        raise refusal(REJECTIONS, text(status, "rejectionReason") or "rejected", 400, task.now)
    if word == "failed" or work in {"failed", "terminated"}:
        reason = text(status, "failureReason") or text(processing, "processingFailureReason")
        raise refusal(FAILURES, reason or "processing_failed", 400, task.now)
    if mark.waited(task.now) > DAY:
        raise _still_at_it(mark)
    return _following(task, mark)


def _missing(task: Task, mark: Mark) -> Next:
    """YouTube does not show the video: not yet, or not any more."""
    mark = replace(mark, missing_since=mark.missing_since or task.now.timestamp())
    if mark.seen and mark.missing(task.now) > _DELETED:
        raise _deleted()
    if mark.missing(task.now) > _UNSEEN:
        raise PlatformFailure(
            Kind.UNSURE, "not_shown", f"YouTube took the video and does not show it. {_STUDIO}", turn=Turn.YOU
        )
    return _following(task, mark)


def _is_ours(task: Task, mark: Mark, video: JsonObject) -> bool:
    """By the name that we gave the file; by size and title where YouTube keeps no name.

    A title alone is no proof: posts of a series share one. Nor is a file of another name: it may be another delivery.
    """
    file, snippet = part(video, "fileDetails"), part(video, "snippet")
    if text(file, "fileName"):
        return text(file, "fileName") == slug(task)
    same_file = text(file, "fileSize") == str(task.size)
    return same_file and text(snippet, "title") == task.title and _is_young_enough(mark, snippet)


def _is_young_enough(mark: Mark, snippet: JsonObject) -> bool:
    try:
        published = datetime.fromisoformat(text(snippet, "publishedAt"))
    except ValueError:
        return False
    begun = datetime.fromtimestamp(mark.begun_at, UTC) - MINUTE  # our clock may be ahead
    return published.tzinfo is not None and published >= begun


def _pace(waited: timedelta) -> timedelta:
    """Half of what was waited already, at least a second; from an hour on ever fewer questions: each costs quota."""
    return halved(waited, _SECOND, max(5 * MINUTE, waited / 24))


def _undecided(failure: PlatformFailure) -> PlatformFailure:
    """The same, but never such that it says "not published"."""
    if failure.kind in {Kind.NEVER, Kind.CHOOSE}:
        return PlatformFailure(Kind.AGAIN, failure.code, failure.sentence, turn=failure.turn)
    return failure


def _deleted() -> PlatformFailure:
    sentence = "The video was deleted at YouTube before it was ready. If it is still wanted, send it again."
    return PlatformFailure(Kind.NEVER, "deleted", sentence, turn=Turn.YOU)


def _still_at_it(mark: Mark) -> PlatformFailure:
    sentence = f"YouTube has the video and has not got it ready in a day. Look at {_WWW}/watch?v={mark.video_id}."
    return PlatformFailure(Kind.UNSURE, "still_processing", sentence, turn=Turn.YOU)
