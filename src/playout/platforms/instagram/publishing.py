"""The steps that bring a video to Instagram, up to the one call that publishes it.

    pull    container ─► follow ─► quota ─► PUBLISH ─► (receipt)
    file    container ─► upload ─► follow …    └ look, settle: what became of it?
                 ▲        └ resync ┘

In capitals: not repeatable, a fence stands before. A container is invisible to everybody but us, costs nothing but one
of 400 a day, and is gone after a day, so everything before may be done again. Accounts of Instagram Login let Instagram
fetch the file (only Facebook Login takes uploads); then its address is withdrawn as soon as the container is ready.
Not here: what codes mean (errors.py), what is asked (api.py), what became of a publication (settling.py).
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from playout.application.ports import Task
from playout.domain.channel import Grant
from playout.domain.delivery import Next, Outcome, State
from playout.domain.errors import Conflict, Problem
from playout.domain.limits import Live
from playout.domain.retry import Kind, PlatformFailure
from playout.domain.secret import Secret
from playout.platforms.instagram.api import FACEBOOK_LOGIN, Api, Quota
from playout.platforms.instagram.errors import HOUR, NOT_FETCHED, NOT_READY, container_failed
from playout.platforms.instagram.mark import Mark
from playout.platforms.instagram.rules import digest_of, reel
from playout.platforms.instagram.settling import DAY, MINUTE, Settling, pace
from playout.platforms.reading import need, stated
from playout.platforms.waits import growing

Step: TypeAlias = Callable[[Task], Awaitable[Outcome]]

_SECOND = timedelta(seconds=1)
_MOST_ROUNDS = 3
_STALE = 10 * MINUTE  # a publication that was put off so long (by a quota, by a person) is prepared afresh
_NEARLY_OVER = 23 * HOUR  # of the day that a container lives
#: The upload host has another part of the file than we thought, nobody knows how much, or the container is gone.
_ASK = {"offset_invalid", "partial_upload", "unreachable", "upload_not_authorized"}


class Publishing:
    """`step` and `look` of the law, for Instagram."""

    def __init__(self, api: Api, nonce_key: Secret) -> None:
        self._api = api
        self._nonce_key = nonce_key
        self._settling = Settling(api, self._again)
        self._steps: Mapping[str, Step] = {
            "container": self._container,
            "upload": self._upload,
            "resync": self._find_progress,
            "follow": self._follow,
            "quota": self._quota,
            "publish": self._publish,
            "settle": self._settling.settle,
            "receipt": self._settling.complete_receipt,
        }

    def begin(self, task: Task) -> Next:
        return self._anew(task, Mark(), timedelta(0))

    async def step(self, task: Task) -> Outcome:
        return await self._steps[task.step](task)

    async def look(self, task: Task) -> Outcome:
        if task.step == "publish":
            return await self._settling.in_doubt(task)
        if task.step in {"container", "upload"}:  # can be done twice: nothing to find out
            return Next(task.step, task.checkpoint, total=task.size)
        return await self._steps[task.step](task)  # these read only

    async def live(self, grant: Grant) -> Live:
        """How many more posts Instagram takes. Raises PlatformFailure."""
        quota = await self._api.quota(grant, grant.extra.get("account", "me"), None)
        left = None if quota.used is None or quota.total is None else max(quota.total - quota.used, 0)
        hours = quota.window // HOUR
        full = f"Instagram takes {quota.total} posts in {hours} h from this account, and that many were made."
        return Live(
            blocked=Problem("quota_used_up", "", full) if quota.is_full else None,
            shown={"posts_left": left, "posts_used": quota.used, "posts_total": quota.total, "quota_hours": hours},
        )

    # ── the container ────────────────────────────────────────────────────────────────────────────

    def _anew(self, task: Task, mark: Mark, after: timedelta) -> Next:
        """Another container. What is kept of `mark` is how many there were."""
        mark = Mark(round=mark.round, made=mark.made + 1)
        if not _uploads(task):
            words = f"{task.attempt}:{mark.made}".encode()
            nonce = hmac.new(self._nonce_key.reveal().encode(), words, hashlib.sha256).hexdigest()[:32]
            mark = replace(mark, nonce=nonce)
        return Next("container", mark.kept(), after=after, total=task.size)

    def _again(self, task: Task, mark: Mark, failure: PlatformFailure) -> Next:
        """Another container after one that failed: only where nothing was published, and not for ever."""
        if failure.kind is not Kind.AGAIN:
            raise failure
        if mark.round >= _MOST_ROUNDS:
            raise PlatformFailure(Kind.NEVER, failure.code, failure.sentence, turn=failure.turn)
        return self._anew(task, replace(mark, round=mark.round + 1), mark.round * MINUTE)

    async def _container(self, task: Task) -> Outcome:
        mark = Mark.of(task.checkpoint)
        if bool(mark.nonce) == _uploads(task):  # connected anew, by the other login
            return self._anew(task, mark, timedelta(0))
        said = reel(task.caption, task.options)
        try:
            said |= {"video_url": await task.pulls.offer(mark.nonce)} if mark.nonce else {"upload_type": "resumable"}
            made = await self._api.create(task.grant, task.profile.remote_id, said, task.now)
        except Conflict:  # the address was withdrawn just before a crash
            return self._anew(task, mark, timedelta(0))
        except PlatformFailure as failure:
            if failure.code not in NOT_FETCHED:
                raise
            await self._close(task, mark)
            return self._again(task, mark, failure)
        now = task.now.timestamp()
        mark = replace(mark, container=need(made, "id"), words=_made_of(task), created_at=now, since=now)
        if mark.nonce:
            return self._following(task, mark, pace(timedelta(0)))
        return self._uploading(task, replace(mark, uri=self._api.upload_url(mark.container, stated(made, "uri"))))

    # ── a file that is sent ──────────────────────────────────────────────────────────────────────

    def _uploading(self, task: Task, mark: Mark, after: timedelta = timedelta(0)) -> Next:
        return Next("upload", mark.kept(), after=after, handle=mark.container, sent=mark.offset, total=task.size)

    async def _upload(self, task: Task) -> Outcome:
        """The rest of the file in one piece."""
        mark = Mark.of(task.checkpoint)
        if mark.words != _made_of(task):
            return self._anew(task, mark, timedelta(0))
        body = task.read(mark.offset, task.size - mark.offset)
        try:
            await self._api.send(mark.uri, task.grant.access_token, body, offset=mark.offset, size=task.size)
        except PlatformFailure as failure:
            if failure.code not in _ASK or (failure.kind is Kind.SIGN_IN and mark.detours >= _MOST_ROUNDS):
                raise
            pause = growing(mark.detours)  # two who disagree do not run in circles
            kept = replace(mark, detours=mark.detours + 1).kept()
            return Next("resync", kept, after=pause, handle=mark.container, sent=mark.offset, total=task.size)
        return self._uploaded(task, mark, pace(timedelta(0)))

    def _uploaded(self, task: Task, mark: Mark, after: timedelta) -> Next:
        kept = replace(mark, offset=task.size, uri="", since=task.now.timestamp(), unseen=0, detours=0)
        return self._following(task, kept, after)

    async def _find_progress(self, task: Task) -> Outcome:
        """How much of the file Instagram has. Where it does not say, all is sent once more."""
        mark = Mark.of(task.checkpoint)
        status = await self._api.status(
            task.grant, mark.container, task.now, as_person=mark.unseen % 2 == 1, upload=True
        )
        match status.word:
            case "":
                return self._unseen(task, mark, "resync")
            case "IN_PROGRESS" if status.received != task.size:
                there = status.received or 0
                detours = 0 if there > mark.offset else mark.detours
                return self._uploading(task, replace(mark, offset=there, detours=detours, unseen=0))
            case _:
                return self._uploaded(task, mark, timedelta(0))

    # ── until it is ready ────────────────────────────────────────────────────────────────────────

    def _following(self, task: Task, mark: Mark, after: timedelta) -> Next:
        """Nothing is published yet, so until then it can be cancelled."""
        sent = task.size if not mark.nonce else 0
        return Next("follow", mark.kept(), after=after, handle=mark.container, sent=sent, total=task.size)

    async def _follow(self, task: Task) -> Outcome:
        """What Instagram makes of it. It is no failure that this takes long."""
        mark = Mark.of(task.checkpoint)
        if mark.words != _made_of(task):
            await self._close(task, mark)
            return self._anew(task, mark, timedelta(0))
        status = await self._api.status(
            task.grant, mark.container, task.now, as_person=mark.unseen % 2 == 1, upload=False
        )
        over = status.word == "EXPIRED" or mark.age(task.now) > DAY
        if over or status.word in {"FINISHED", "ERROR", "PUBLISHED"}:
            await self._close(task, mark)
        match status.word:
            case "FINISHED":
                return Next("quota", mark.kept(), handle=mark.container, sent=task.size, total=task.size)
            case "PUBLISHED":
                return await self._settling.is_published(task, mark)
            case "ERROR":
                return self._again(task, mark, container_failed(status.told))
            case _ if over:
                return self._again(task, mark, _expired())
            case "":
                return self._unseen(task, mark, "follow")
            case _:
                return self._following(task, replace(mark, unseen=0), pace(mark.waited(task.now)))

    def _unseen(self, task: Task, mark: Mark, step: str) -> Next:
        """Instagram does not find the container. It is there, and is found the next time, or with the other token."""
        if mark.age(task.now) > DAY:
            return self._again(task, mark, _expired())
        kept = replace(mark, unseen=mark.unseen + 1)
        return Next(step, kept.kept(), after=growing(mark.unseen + 1), handle=mark.container, total=task.size)

    async def _close(self, task: Task, mark: Mark) -> None:
        """It has fetched what it will ever fetch."""
        if mark.nonce:
            await task.pulls.withdraw(mark.nonce)

    # ── the point of no return ───────────────────────────────────────────────────────────────────

    async def _quota(self, task: Task) -> Outcome:
        """Whether Instagram takes one more. Raises LATER, with the time, where it does not."""
        mark = Mark.of(task.checkpoint)
        outdated = mark.age(task.now) > _NEARLY_OVER or mark.words != _made_of(task)
        if outdated and not mark.publishes:
            return self._anew(task, mark, timedelta(0))
        quota = await self._api.quota(task.grant, task.profile.remote_id, task.now)
        if quota.is_full:
            raise _full(task, quota)
        used = -1 if quota.used is None else quota.used
        if mark.publishes and 0 <= mark.used < used - mark.others:  # more than we see: it may have been this
            return self._settling.unexplained(task, mark)
        now = task.now.timestamp()
        first = mark.publish_at if mark.publishes else now
        kept = replace(mark, used=used, others=0, publish_at=first, asked_at=now)
        return Next(
            "publish",
            kept.kept(),
            repeatable=False,
            state=_state(mark),
            handle=mark.container,
            sent=task.size,
            total=task.size,
        )

    async def _publish(self, task: Task) -> Outcome:
        mark = Mark.of(task.checkpoint)
        if mark.is_late(task.now, _STALE):  # the list of reels is searched from the attempt on
            return self._back(task, mark, timedelta(0))
        try:
            media = await self._api.publish(task.grant, task.profile.remote_id, mark.container, task.now)
        except PlatformFailure as failure:
            if failure.code != NOT_READY:
                raise
            pause = max(growing(mark.detours), 5 * _SECOND)
            return self._back(task, replace(mark, detours=mark.detours + 1), pause)
        return self._settling.published(task, mark, media)

    def _back(self, task: Task, mark: Mark, after: timedelta) -> Next:
        """Nothing was sent, or nothing came of it: the container is read once more."""
        if mark.publishes:
            return self._settling.waiting(task, mark, after)
        return self._following(task, mark, after)


def _made_of(task: Task) -> str:
    """What a container is made of: it changes when a person edits the post, or connects by the other login."""
    return f"{task.grant.extra.get('login')}:{digest_of(task.caption, task.options)}"


def _uploads(task: Task) -> bool:
    return task.grant.extra.get("login") == FACEBOOK_LOGIN


def _state(mark: Mark) -> State:
    """Behind the point of no return as soon as one call may have published it."""
    return State.PROCESSING if mark.publishes else State.SENDING


def _full(task: Task, quota: Quota) -> PlatformFailure:
    """The window moves: nobody knows when the next one is free, but it is asked every hour."""
    sentence = (
        f"Instagram takes {quota.total} posts in {quota.window // HOUR} h from this account (all apps count together). "
        "It is tried again by itself."
    )
    return PlatformFailure(Kind.LATER, "quota_used_up", sentence, retry_at=task.now + HOUR)


def _expired() -> PlatformFailure:
    sentence = "Instagram kept the video for a day without it being published; nothing was published."
    return PlatformFailure(Kind.AGAIN, "container_expired", sentence)
