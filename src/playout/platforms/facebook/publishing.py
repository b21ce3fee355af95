"""The steps that bring a video to a Page, and the look that settles what a lost answer left open.

    reel (≤ 90 s)   start ─► upload … upload ─► FINISH  ─► follow ─► published ─► (cover)
    longer          open ─► transfer … transfer ─► PUBLISH ─► follow
                                                     └ look ─► settle ─► follow, or PUBLISH once more

In capitals: not repeatable, a fence stands before. Nothing is to be seen before that, so everything up to there may be
done again; the video's id is known from the first answer on and never changes, so Facebook can always be asked. Not
here: what codes mean (errors.py), what comes after the request to publish (waiting.py) and after the publication
(completing.py).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from playout.application.ports import Task
from playout.domain.delivery import Next, Outcome, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.facebook.chunk import Chunk
from playout.platforms.facebook.completing import Completing
from playout.platforms.facebook.errors import NOT_WHOLE
from playout.platforms.facebook.mark import Mark
from playout.platforms.facebook.rules import is_reel
from playout.platforms.facebook.status import Status
from playout.platforms.facebook.waiting import Back, Waiting
from playout.platforms.http import JsonObject
from playout.platforms.meta import GONE, Graph, Rupload
from playout.platforms.meta.errors import MINUTE
from playout.platforms.reading import need, number, unreadable
from playout.platforms.waits import growing

Step: TypeAlias = Callable[[Task], Awaitable[Outcome]]

_SECOND = timedelta(seconds=1)
_MOST_ROUNDS = 3
_MOST_DETOURS = 8
_MOST_MISSES = 3
_PROGRESS = 64 * 1024**2  # bytes of a long video between two saves
_OTHER_OFFSETS = 1363037  # subcode: the error says which part is next
_RESUMED = {"offset_invalid", "partial_upload", "upload_failed"}
_ASKS = {"finish", "publish"}


class Publishing:
    """`step` and `look` of the law, for Facebook. `videos` is the Graph on the host that takes long videos."""

    def __init__(self, graph: Graph, videos: Graph, rupload: Rupload, www_url: str) -> None:
        self._graph = graph
        self._videos = videos
        self._rupload = rupload
        self._wait = Waiting(graph, www_url, Back(self._again, self._asking))
        self._steps: Mapping[str, Step] = {
            "start": self._start,
            "upload": self._upload,
            "finish": self._ask,
            "open": self._open,
            "transfer": self._transfer,
            "publish": self._ask,
            "follow": self._wait.follow,
            "settle": self._wait.follow,
            "cover": Completing(graph).cover,
        }

    def begin(self, task: Task) -> Next:
        return self._first(task, Mark(), timedelta(0))

    async def step(self, task: Task) -> Outcome:
        return await self._steps[task.step](task)

    async def look(self, task: Task) -> Outcome:
        if task.step in _ASKS:
            return await self._wait.look(task)
        if task.step in {"follow", "settle"}:
            return await self._steps[task.step](task)  # these read only
        return Next(task.step, task.checkpoint, total=task.size)  # can be done twice: nothing to find out

    # ── beginnings ───────────────────────────────────────────────────────────────────────────────

    def _first(self, task: Task, mark: Mark, after: timedelta) -> Next:
        return Next("start" if is_reel(task.facts) else "open", mark.kept(), after=after, total=task.size)

    def _again(self, task: Task, mark: Mark, failure: PlatformFailure) -> Next:
        """From the start, at Facebook: only where nothing was published, and not for ever."""
        if mark.round >= _MOST_ROUNDS:
            raise PlatformFailure(Kind.NEVER, failure.code, failure.sentence, turn=failure.turn)
        return self._first(task, Mark(round=mark.round + 1), mark.round * MINUTE)

    async def _start(self, task: Task) -> Outcome:
        """Gives the video its id; nothing is to be seen of it."""
        path, token = f"{task.profile.remote_id}/video_reels", task.grant.access_token
        answer = await self._graph.ask("POST", path, token, now=task.now, form={"upload_phase": "start"})
        mark = Mark(
            round=Mark.of(task.checkpoint).round,
            video_id=need(answer, "video_id"),
            upload_url=need(answer, "upload_url"),
        )
        self._rupload.check(mark.upload_url)
        return self._sending(task, mark)

    async def _open(self, task: Task) -> Outcome:
        """The same for a longer video, which Facebook takes part by part."""
        form = {"upload_phase": "start", "file_size": str(task.size)}
        path, token = f"{task.profile.remote_id}/videos", task.grant.access_token
        answer = await self._videos.ask("POST", path, token, now=task.now, form=form)
        begun = Mark(
            round=Mark.of(task.checkpoint).round,
            video_id=need(answer, "video_id"),
            session=need(answer, "upload_session_id"),
        )
        return self._sending(task, _moved(begun, answer))

    def _sending(self, task: Task, mark: Mark, after: timedelta = timedelta(0)) -> Next:
        return Next(
            "upload" if is_reel(task.facts) else "transfer",
            mark.kept(),
            after=after,
            handle=mark.video_id,
            sent=mark.offset,
            total=task.size,
        )

    # ── a reel: the rest of the file at once ─────────────────────────────────────────────────────

    async def _upload(self, task: Task) -> Outcome:
        """Asks what Facebook has, and sends the rest: an upload that was cut goes on where it was."""
        before = Mark.of(task.checkpoint)
        status = await self._wait.read(task, before)
        if status is None:
            return self._missing(task, before)
        offset = status.received or 0
        detours = 0 if offset > before.offset else before.detours
        mark = replace(before, misses=0, offset=offset, detours=detours)
        if status.is_dead:
            return self._again(task, mark, _upload_over())
        if not status.is_uploaded and offset < task.size:
            failure = await self._send_rest(task, mark, offset)
            if failure:
                return self._resuming(task, mark, failure)
        return self._asking(task, mark)

    async def _send_rest(self, task: Task, mark: Mark, offset: int) -> PlatformFailure | None:
        """What went wrong, where it is worth asking again what Facebook has."""
        body = task.read(offset, task.size - offset)
        token = task.grant.access_token
        try:
            await self._rupload.send(mark.upload_url, token, body, offset=offset, size=task.size)
        except PlatformFailure as failure:
            if failure.code in _RESUMED:
                return failure
            if failure.code == "upload_not_authorized":  # not the token: the status has just been read with it
                return _upload_over()
            raise
        return None

    def _resuming(self, task: Task, mark: Mark, failure: PlatformFailure) -> Next:
        if failure.code == _upload_over().code or mark.detours >= _MOST_DETOURS:
            return self._again(task, mark, failure)
        return self._sending(task, replace(mark, detours=mark.detours + 1), growing(mark.detours))

    # ── a longer video: part by part, as Facebook cuts it ────────────────────────────────────────

    async def _transfer(self, task: Task) -> Outcome:
        """As many parts as are worth saving the progress for."""
        before = mark = Mark.of(task.checkpoint)
        while mark.offset < mark.end and mark.offset - before.offset < _PROGRESS:
            try:
                told = await self._send_part(task, mark)
            except PlatformFailure as failure:
                if failure.code == GONE:
                    return self._missing(task, mark)
                raise
            moved = _moved(mark, told)
            if moved.offset <= mark.offset:  # it was there already, or Facebook has less than we thought
                return self._resuming(task, moved, unreadable())
            mark = replace(moved, detours=0, misses=0)
        if mark.offset < mark.end:
            return self._sending(task, mark)
        return self._asking(task, mark) if mark.offset == task.size else self._again(task, mark, unreadable())

    async def _send_part(self, task: Task, mark: Mark) -> JsonObject:
        length = mark.end - mark.offset
        form = {"upload_phase": "transfer", "upload_session_id": mark.session, "start_offset": str(mark.offset)}
        chunk = Chunk(form, partial(task.read, mark.offset, length), length)
        return await self._videos.ask(
            "POST",
            f"{task.profile.remote_id}/videos",
            task.grant.access_token,
            now=task.now,
            body=chunk.stream(),
            length=chunk.length,
            content_type=chunk.content_type,
            answers=(_OTHER_OFFSETS,),
        )

    # ── the point of no return ───────────────────────────────────────────────────────────────────

    def _asking(self, task: Task, mark: Mark) -> Next:
        """Once a request may have arrived, nobody can cancel any more."""
        return Next(
            "finish" if is_reel(task.facts) else "publish",
            mark.kept(),
            repeatable=False,
            state=State.PROCESSING if mark.asks else State.SENDING,
            handle=mark.video_id,
            sent=task.size,
            total=task.size,
        )

    async def _ask(self, task: Task) -> Outcome:
        """Asks Facebook to publish; first of all what it has, because a refusal of an earlier request may have lied."""
        mark = Mark.of(task.checkpoint)
        status = await self._wait.read(task, mark)
        if status is None:
            return self._wait.go_on(task, mark) if mark.asks else self._missing(task, mark)
        if _is_settled(status):
            return await self._wait.outcome(task, replace(mark, since=task.now.timestamp()), status)
        try:
            answer = await self._request(task, mark)
        except PlatformFailure as failure:
            return self._declined(task, mark, failure)
        if answer.get("success") is not True:
            raise unreadable(fenced=True)
        return self._wait.begin(task, mark)

    def _declined(self, task: Task, mark: Mark, failure: PlatformFailure) -> Outcome:
        """Raises what only time, or a person, can end. What sounds final is believed once the status bears it out."""
        if failure.code in NOT_WHOLE and not mark.asks:
            return self._resuming(task, mark, failure)
        if failure.kind not in {Kind.NEVER, Kind.CHOOSE}:
            raise failure
        if mark.asks:  # perhaps because an earlier one was heard
            raise PlatformFailure(Kind.UNSURE, failure.code, failure.sentence, turn=failure.turn)
        return self._wait.doubt(task, mark, failure)

    async def _request(self, task: Task, mark: Mark) -> JsonObject:
        """What is empty is left out: Facebook takes `null` for a word."""
        title = task.options.get("title") or task.title or ""
        words = {"description": task.caption, "title": str(title), "place": str(task.options.get("place") or "")}
        graph, edge = self._graph, "video_reels"
        form = {"upload_phase": "finish", "video_id": mark.video_id, "video_state": "PUBLISHED"}
        if not is_reel(task.facts):
            graph, edge = self._videos, "videos"
            form = {"upload_phase": "finish", "upload_session_id": mark.session, "published": "true"}
        form |= {name: value for name, value in words.items() if value.strip()}
        path, token = f"{task.profile.remote_id}/{edge}", task.grant.access_token
        return await graph.ask("POST", path, token, now=task.now, form=form, fenced=True)

    def _missing(self, task: Task, mark: Mark) -> Next:
        """Facebook does not know a video that it has named itself. At times it only says so; nothing was published."""
        if mark.misses >= _MOST_MISSES:
            return self._again(task, mark, _upload_over())
        return Next(
            task.step,
            replace(mark, misses=mark.misses + 1).kept(),
            repeatable=task.step not in _ASKS,
            after=growing(mark.misses + 2),
            handle=mark.video_id,
            sent=mark.offset,
            total=task.size,
        )


def _is_settled(status: Status) -> bool:
    """Whether there is nothing left to ask for."""
    return status.is_dead or status.is_public or status.is_draft or status.publishing == "in_progress"


def _moved(mark: Mark, told: JsonObject) -> Mark:
    """The part that Facebook wants next; the two are equal when it has all."""
    start, end = number(told, "start_offset"), number(told, "end_offset")
    if start is None or end is None or end < start:
        raise unreadable()
    return replace(mark, offset=start, end=end)


def _upload_over() -> PlatformFailure:
    sentence = "Facebook does not take this upload any more; nothing was published."
    return PlatformFailure(Kind.AGAIN, "upload_over", sentence, turn=Turn.PLATFORM)
