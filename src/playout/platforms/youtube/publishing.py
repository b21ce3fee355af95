"""The steps that bring a video to YouTube, and the look that settles what a lost answer left open.

    (check) ─► start ─► send … send ─► FINISH ─► follow ─► published ─► (cover) ─► (compare)
                 ▲       └─ resync ─┘    └ look: how much has arrived?
                 └──── the session is gone ────► find ─► follow

In capitals: not repeatable, a fence stands before. A session makes one video at most, and only by the last byte; so
everything before may be done again, and after a doubt the session is asked before anything else is sent to it. When it
is gone though the last byte may have arrived, the channel's uploads are searched, and nothing is sent any more. Not
here: what codes mean (errors.py), the session's manners (session.py), what comes after the last byte (waiting.py) and
after the publication (completing.py).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from playout.application.ports import Task
from playout.domain.delivery import Next, Outcome, State
from playout.domain.limits import Wanted
from playout.domain.preflight import blocking, check
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.waits import growing
from playout.platforms.youtube import account, session
from playout.platforms.youtube.api import Api
from playout.platforms.youtube.completing import Completing
from playout.platforms.youtube.errors import HOUR, MINUTE
from playout.platforms.youtube.mark import Mark
from playout.platforms.youtube.rules import LIMITS, end_of_chunk, is_long
from playout.platforms.youtube.session import Told, Word
from playout.platforms.youtube.waiting import Waiting

Step: TypeAlias = Callable[[Task], Awaitable[Outcome]]

_NOW = timedelta(0)
_MOST_ROUNDS = 3
_MOST_DETOURS = 20  # then it is for the law to count, and to give up
_FRESH = HOUR  # a session that was not heard of for longer is asked before the last byte is sent


class Publishing:
    """`step` and `look` of the law, for YouTube."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._wait = Waiting(api)
        completing = Completing(api)
        self._steps: Mapping[str, Step] = {
            "check": self._check,
            "start": self._start,
            "send": self._send,
            "finish": self._finish,
            "resync": self._resync,
            "find": self._wait.find,
            "follow": self._wait.follow,
            "cover": completing.cover,
            "compare": completing.compare,
        }

    def begin(self, task: Task) -> Next:
        return Next("check" if is_long(task.facts) else "start", total=task.size)

    async def step(self, task: Task) -> Outcome:
        return await self._steps[task.step](task)

    async def look(self, task: Task) -> Outcome:
        if task.step == "finish":
            return await self._resync(replace(task, checkpoint=_sent_to_the_end(task).kept()))
        if task.step in {"resync", "find", "follow", "compare"}:
            return await self._steps[task.step](task)  # these read only
        return Next(task.step, task.checkpoint, total=task.size)  # can be done twice: nothing to find out

    # ── before the first byte ────────────────────────────────────────────────────────────────────

    async def _check(self, task: Task) -> Next:
        """A long video is taken from every channel, and thrown away hours later where it was not allowed."""
        live = await account.live(self._api, task.grant, task.now)
        wanted = Wanted("", task.caption, task.title, task.options)
        for problem in blocking(check(LIMITS, wanted, task.facts, task.size, live)):
            sentence = problem.message
            if problem.code == "too_long":
                sentence += " Or verify the channel at https://www.youtube.com/verify, which allows longer ones."
            raise PlatformFailure(Kind.CHOOSE, problem.code, sentence, turn=Turn.YOU)
        return Next("start", task.checkpoint, total=task.size)

    async def _start(self, task: Task) -> Next:
        """Costs one of the day's uploads, and creates nothing: when the answer is lost, another one is asked for."""
        address = await session.begin(self._api, task)
        now = task.now.timestamp()
        return _sending(task, Mark(Mark.of(task.checkpoint).round, session=address, begun_at=now, heard_at=now))

    # ── the bytes ────────────────────────────────────────────────────────────────────────────────

    async def _send(self, task: Task) -> Outcome:
        mark = Mark.of(task.checkpoint)
        told = await session.feed(self._api, task, mark.session, mark.offset, end_of_chunk(mark.offset, task.size))
        stands_still = told.word is Word.INCOMPLETE and told.has <= mark.offset
        if mark.detours >= _MOST_DETOURS and (stands_still or _is_doubtful(told)):
            raise told.failure or _stuck(Kind.AGAIN)
        if _is_doubtful(told):
            return _resyncing(task, replace(mark, detours=mark.detours + 1))
        return self._after(task, mark, told)

    async def _finish(self, task: Task) -> Outcome:
        """The point of no return: the chunk with the last byte."""
        mark = Mark.of(task.checkpoint)
        if mark.unheard(task.now) > _FRESH:  # gone meanwhile, it would be unclear whether this made it a video
            return _resyncing(task, mark)
        told = await session.feed(self._api, task, mark.session, mark.offset, task.size)
        match told.word:
            case Word.COMPLETE:
                return self._wait.begin(task, mark, told.video_id)
            case Word.INCOMPLETE:
                return self._after(task, replace(mark, last_was_sent=True), told)
            case Word.REFUSED if told.failure and told.failure.kind is Kind.SIGN_IN:
                raise told.failure  # nobody reads the bytes of somebody who may not send them
            case _:
                sentence = "YouTube did not say clearly whether it has the last byte."
                raise PlatformFailure(Kind.UNSURE, "last_byte_unclear", sentence)

    async def _resync(self, task: Task) -> Outcome:
        mark = Mark.of(task.checkpoint)
        told = await session.ask(self._api, task, mark.session)
        if told.word is Word.NOTHING:
            raise PlatformFailure(Kind.AGAIN, "progress_unknown", "YouTube does not say how much of the video it has.")
        return self._after(task, mark, told)

    def _after(self, task: Task, mark: Mark, told: Told) -> Next:
        """Where a clear answer leads. Raises PlatformFailure."""
        match told.word:
            case Word.COMPLETE:
                return self._wait.begin(task, mark, told.video_id)
            case Word.INCOMPLETE:
                moved = mark.has(told.has, told.moved_to, task.now)
                if moved.last_was_sent and moved.detours > 2 * _MOST_DETOURS:
                    raise _stuck(Kind.UNSURE)
                return _sending(task, moved, max(told.pause, growing(moved.detours)))
            case Word.GONE:
                return self._lost(task, mark)
            case _ if told.failure is None:
                raise _stuck(Kind.AGAIN)
            case _ if told.failure.kind in {Kind.AGAIN, Kind.SIGN_IN} or _is_only_early(told):
                raise told.failure
            case _ if told.final:
                return _ended(task, mark, told.failure)
            case _ if mark.last_was_sent:
                return self._lost(task, mark)
            case _:
                raise _given_up(told.failure)

    def _lost(self, task: Task, mark: Mark) -> Next:
        """The session cannot be asked any more. Only if the last byte never left, it is certain what became of it."""
        if mark.last_was_sent:
            return self._wait.begin_search(task, mark)
        if mark.round < _MOST_ROUNDS:
            return _afresh(mark, mark.round * MINUTE, task)
        sentence = (
            "YouTube ended the upload several times before it was complete; nothing was published. Send it again."
        )
        raise PlatformFailure(Kind.NEVER, "upload_expired", sentence)


def _sending(task: Task, mark: Mark, after: timedelta = _NOW) -> Next:
    """The next chunk. Once the last byte was under way there may be a video: then nobody may cancel any more."""
    if mark.offset >= task.size:  # it has everything, and makes no video of it yet
        return _resyncing(task, replace(mark, last_was_sent=True), max(after, growing(mark.detours)))
    is_last = end_of_chunk(mark.offset, task.size) == task.size
    step = "finish" if is_last else "send"
    return _next(step, task, mark, after, repeatable=not is_last)


def _resyncing(task: Task, mark: Mark, after: timedelta | None = None) -> Next:
    """Ask how much has arrived."""
    return _next("resync", task, mark, growing(mark.detours) if after is None else after)


def _next(step: str, task: Task, mark: Mark, after: timedelta, *, repeatable: bool = True) -> Next:
    return Next(
        step,
        mark.kept(),
        repeatable=repeatable,
        after=after,
        state=State.PROCESSING if mark.last_was_sent else State.SENDING,
        sent=mark.offset,
        total=task.size,
    )


def _afresh(mark: Mark, after: timedelta, task: Task) -> Next:
    """Another session: only where it is certain that the last one came to nothing."""
    return Next("start", Mark(mark.round + 1).kept(), after=after, total=task.size)


def _ended(task: Task, mark: Mark, failure: PlatformFailure) -> Next:
    """YouTube has thrown the upload away, and says why."""
    if failure.kind is Kind.LATER and mark.round < _MOST_ROUNDS:
        return _afresh(mark, (failure.retry_at or task.now) - task.now, task)
    raise _given_up(failure)


def _given_up(failure: PlatformFailure) -> PlatformFailure:
    """With this upload: whatever is edited, its session stays as it is. The post can be sent again."""
    return PlatformFailure(Kind.NEVER, failure.code, failure.sentence, turn=failure.turn)


def _sent_to_the_end(task: Task) -> Mark:
    return replace(Mark.of(task.checkpoint), last_was_sent=True)


def _is_only_early(told: Told) -> bool:
    return told.failure is not None and told.failure.kind is Kind.LATER and not told.final


def _is_doubtful(told: Told) -> bool:
    """Whether YouTube must be asked what it has: a refusal may only mean that other bytes are next."""
    if told.failure is None:
        return told.word is Word.NOTHING
    return told.failure.kind in {Kind.NEVER, Kind.AGAIN} and not told.final


def _stuck(kind: Kind) -> PlatformFailure:
    return PlatformFailure(kind, "upload_stuck", "The upload to YouTube does not get on right now.")
