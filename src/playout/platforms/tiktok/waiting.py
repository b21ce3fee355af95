"""After the last byte: the wait for what TikTok makes of it, the receipt, and what to do when TikTok cannot say.

Reads only. Not here: how the bytes get there, and whether another beginning is allowed (publishing.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from playout.application.ports import Task
from playout.domain.delivery import Done, JsonValue, Next, Outcome, Receipt, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import join
from playout.platforms.reading import need, number, text
from playout.platforms.tiktok.api import Api
from playout.platforms.tiktok.errors import DAY, FAIL_REASONS, HOUR, MINUTE, refusal
from playout.platforms.tiktok.mark import Mark
from playout.platforms.tiktok.rules import PUBLIC, is_inbox
from playout.platforms.waits import halved

#: Begins again at TikTok, after a failure that published nothing; raises PlatformFailure when that was enough.
Again: TypeAlias = Callable[[Task, Mark, PlatformFailure], Next]

_SECOND = timedelta(seconds=1)
_IN_INBOX = 7 * DAY
_LISTED = 150  # characters of a caption that the list of videos shows


@dataclass(frozen=True, slots=True)
class Status:
    """What status/fetch says. `word` "" while TikTok does not know the upload."""

    word: str
    received: int | None = None
    post_id: str = ""
    fail_reason: str = ""


class Waiting:
    """What is left to do once TikTok has all it needs."""

    def __init__(self, api: Api, www_url: str, again: Again) -> None:
        self._api = api
        self._www_url = www_url
        self._again = again

    def begin(self, task: Task, mark: Mark, *, sent: int) -> Next:
        """The wait begins."""
        return self._waiting(task, mark.followed_since(task.now), sent)

    def _waiting(self, task: Task, mark: Mark, sent: int) -> Next:
        waited = mark.waited(task.now)
        if mark.in_inbox:
            pause = None if waited > _IN_INBOX else halved(waited, 10 * _SECOND, HOUR)
        else:
            pause = halved(waited, _SECOND, 5 * MINUTE)
        return Next(
            "follow",
            mark.kept(),
            after=pause,
            state=State.HANDED_OVER if mark.in_inbox else State.PROCESSING,
            handle=mark.publish_id,
            sent=sent,
            total=task.size,
        )

    async def follow(self, task: Task) -> Outcome:
        """What TikTok makes of it. Only after a day without a word is it given up."""
        mark = Mark.of(task.checkpoint)
        try:
            status = await self.status(task, mark)
        except PlatformFailure as failure:
            if failure.kind is not Kind.AGAIN or mark.in_inbox or mark.waited(task.now) < HOUR:
                raise
            if mark.waited(task.now) > DAY:
                return await self.unsettled(task, mark)
            raise _not_counted(failure, task.now) from None
        return await self.outcome(task, mark, status)

    async def outcome(self, task: Task, mark: Mark, status: Status) -> Outcome:
        """What a status leads to."""
        if mark.nonce and status.word in {"PUBLISH_COMPLETE", "FAILED", "SEND_TO_USER_INBOX"}:
            await task.pulls.withdraw(mark.nonce)  # it has fetched what it will ever fetch
        match status.word:
            case "PUBLISH_COMPLETE":
                return self._published(task, mark, status)
            case "FAILED":
                return self._failed(task, mark, status.fail_reason)
            case "SEND_TO_USER_INBOX" if not mark.in_inbox:
                handed_over = replace(mark, in_inbox=True, since=task.now.timestamp())
                return self._waiting(task, handed_over, task.size)
            case _:
                if mark.waited(task.now) > DAY and not mark.in_inbox:
                    return await self.unsettled(task, mark)
                sent = task.size if status.received is None else status.received
                return self._waiting(task, mark, sent)

    def _published(self, task: Task, mark: Mark, status: Status) -> Done:
        receipt = self._receipt(task, mark, status.post_id, task.now)
        if status.post_id or not (is_inbox(task.options) or task.options.get("privacy_level") == PUBLIC):
            return Done(receipt)
        return Done(receipt, self._awaiting_id(task, replace(mark, since=task.now.timestamp())))

    def _awaiting_id(self, task: Task, mark: Mark) -> Next:
        """A public post has its id once TikTok has moderated it: in a minute, or in hours."""
        pause = halved(mark.waited(task.now), 5 * _SECOND, HOUR / 2)
        return Next("receipt", mark.kept(), after=pause, state=State.PUBLISHED, sent=task.size, total=task.size)

    async def complete_receipt(self, task: Task) -> Outcome:
        """Nothing that goes wrong here touches the publication: then there is no id yet."""
        mark = Mark.of(task.checkpoint)
        try:
            status = await self.status(task, mark)
        except PlatformFailure:
            status = Status("")
        over = mark.waited(task.now) > DAY
        done = Done(self._receipt(task, mark, status.post_id, task.now))
        return done if status.post_id or over else self._awaiting_id(task, mark)

    def _receipt(self, task: Task, mark: Mark, post_id: str, at: datetime) -> Receipt:
        name = mark.username or task.profile.username
        url = join(self._www_url, f"@{name}/video/{post_id}") if post_id and name else None
        return Receipt(post_id or mark.publish_id, url, at)

    def _failed(self, task: Task, mark: Mark, reason: str) -> Next:
        """TikTok has ended it, and nothing was published."""
        failure = refusal(FAIL_REASONS, reason or "failed", 400, task.now)
        if failure.kind is Kind.NEVER:
            raise failure
        return self._again(task, mark, failure)  # also for a removed access: we could ask, so it was given back

    async def unsettled(self, task: Task, mark: Mark) -> Outcome:
        """The last resort before a person is asked: a public post shows in the account's list."""
        receipt = await self.find_in_list(task, mark) if is_listed(task) else None
        if receipt:
            return Done(receipt)
        raise PlatformFailure(
            Kind.UNSURE,
            "tiktok_cannot_say",
            "TikTok does not say what became of the video. Look in the TikTok app: is it there?",
            turn=Turn.YOU,
        )

    async def find_in_list(self, task: Task, mark: Mark) -> Receipt | None:
        """The one public video of this wording and length that is not older than the attempt."""
        wanted = "id,create_time,video_description,duration"
        try:
            data = await self._api.ask("v2/video/list/", task.grant, task.now, json={"max_count": 20}, fields=wanted)
        except PlatformFailure:
            return None
        begun = int(mark.issued_at or mark.since) - 60  # our clock may be ahead
        listed = data.get("videos")
        found = [
            one
            for one in (listed if isinstance(listed, list) else [])
            if isinstance(one, dict) and (number(one, "create_time") or 0) >= begun and _is_this(task, one)
        ]
        if len(found) != 1 or not text(found[0], "id"):
            return None
        at = datetime.fromtimestamp(number(found[0], "create_time") or 0, UTC)
        return self._receipt(task, mark, text(found[0], "id"), at)

    async def status(self, task: Task, mark: Mark) -> Status:
        """Raises PlatformFailure, never such that says "not published": only a status of TikTok can say that."""
        try:
            data = await self._api.ask(
                "v2/post/publish/status/fetch/", task.grant, task.now, json={"publish_id": mark.publish_id}
            )
        except PlatformFailure as failure:
            if failure.code == "invalid_publish_id":
                return Status("")
            if failure.kind in {Kind.NEVER, Kind.CHOOSE}:
                raise undecided(failure.code, failure.sentence) from None
            raise
        ids = data.get("publicaly_available_post_id") or data.get("publicly_available_post_id")
        received = number(data, "downloaded_bytes" if mark.nonce else "uploaded_bytes")
        first = str(ids[0]) if isinstance(ids, list) and ids else ""
        return Status(need(data, "status"), received, first, text(data, "fail_reason"))


def is_listed(task: Task) -> bool:
    """Whether video/list would show this post."""
    public = task.options.get("privacy_level") == PUBLIC and not is_inbox(task.options)
    return public and "video.list" in task.grant.scopes


def _is_this(task: Task, video: Mapping[str, JsonValue]) -> bool:
    shown = text(video, "video_description").strip()
    seconds = number(video, "duration")
    same_words = bool(shown) and shown == task.caption[:_LISTED].strip()
    return same_words and (not seconds or abs(seconds - task.facts.duration) <= 2)  # noqa: PLR2004 -- rounded


def _not_counted(failure: PlatformFailure, now: datetime) -> PlatformFailure:
    """The same, but no try that is used up: only time ends this wait."""
    return PlatformFailure(Kind.LATER, failure.code, failure.sentence, turn=failure.turn, retry_at=now + 5 * MINUTE)


def undecided(code: str, sentence: str) -> PlatformFailure:
    """Nobody knows yet: ask again."""
    return PlatformFailure(Kind.AGAIN, code, sentence)
