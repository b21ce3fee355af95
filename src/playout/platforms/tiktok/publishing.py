"""The steps that bring a video to TikTok, and the looks that settle what a lost answer left open.

    file   check ─► init ─► send … send ─► FINISH ─► follow ─► (receipt)
                      ▲       └─ resync ─┘    └ look: where is it?
    pull   check ─► PULL ─► follow ─► (receipt)

In capitals: not repeatable, a fence stands before. Sending to the inbox needs no check. A file can be published only
once its last byte is there, so everything before may be done again; a pull can be published from the moment it is asked
for, so each has an address of its own that is withdrawn before another is asked for. Not here: what codes mean
(errors.py), how an answer is read (api.py), what comes after the last byte (waiting.py).
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from playout.application.ports import Fetched, Task
from playout.domain.channel import Grant
from playout.domain.delivery import Done, JsonValue, Next, Outcome, State
from playout.domain.limits import Live, Wanted
from playout.domain.preflight import blocking, check
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Answer
from playout.platforms.reading import need, number, text, unreadable
from playout.platforms.tiktok.api import Api, refused
from playout.platforms.tiktok.errors import CODES, DAY, HOUR, MINUTE, refusal
from playout.platforms.tiktok.mark import Mark
from playout.platforms.tiktok.rules import LIMITS, chunk_plan, is_inbox, post_info
from playout.platforms.tiktok.waiting import Waiting, is_listed, undecided
from playout.platforms.waits import growing

Transfer: TypeAlias = Literal["file", "pull"]
Step: TypeAlias = Callable[[Task], Awaitable[Outcome]]

_SECOND = timedelta(seconds=1)
_UPLOAD_LIFE = HOUR  # of an upload address; the whole upload has to end within
_MOST_ROUNDS = 3
_SEEN_BY = 6 * HOUR  # a public video that TikTok fetched is in the list by then
_STALE = 10 * MINUTE  # a pull that was kept waiting so long (by a quota) begins afresh
_DEAD = {401, 403, 404, 410}  # of an upload address: expired, or gone
_RANGE = re.compile(r"bytes 0-([0-9]{1,15})/[0-9]+")


class Publishing:
    """`step` and `look` of the law, for TikTok."""

    def __init__(self, api: Api, www_url: str, transfer: Transfer, nonce_key: Secret) -> None:
        self._api = api
        self._wait = Waiting(api, www_url, self._again)
        self._transfer = transfer
        self._nonce_key = nonce_key
        self._steps: Mapping[str, Step] = {
            "check": self._check,
            "init": self._init,
            "send": self._send,
            "finish": self._finish,
            "resync": self._find_progress,
            "pull": self._pull,
            "follow": self._wait.follow,
            "receipt": self._wait.complete_receipt,
        }
        self._looks: Mapping[str, Step] = {"finish": self._find_progress, "pull": self._look_for_pull}

    def begin(self, task: Task) -> Next:
        return self._first(task, Mark(), timedelta(0))

    async def step(self, task: Task) -> Outcome:
        return await self._steps[task.step](task)

    async def look(self, task: Task) -> Outcome:
        if task.step in self._looks:
            return await self._looks[task.step](task)
        if task.step in {"resync", "follow", "receipt"}:
            return await self._steps[task.step](task)  # these read only
        return Next(task.step, task.checkpoint, total=task.size)  # can be done twice: nothing to find out

    async def creator(self, grant: Grant, now: datetime | None) -> Live:
        """What creator_info says. Raises PlatformFailure, also where the creator may not post at all right now."""
        data = await self._api.ask("v2/post/publish/creator_info/query/", grant, now, json={})
        offered = data.get("privacy_level_options")
        if not isinstance(offered, list):
            raise unreadable()
        off = {
            "allow_comment": (data.get("comment_disabled"), "Commenting"),
            "allow_duet": (data.get("duet_disabled"), "Duet"),
            "allow_stitch": (data.get("stitch_disabled"), "Stitch"),
        }
        return Live(
            choices={"privacy_level": tuple(one for one in offered if isinstance(one, str))},
            refused={
                option: f"{what} is switched off in the account's TikTok settings."
                for option, (disabled, what) in off.items()
                if disabled is True
            },
            most_seconds=number(data, "max_video_post_duration_sec"),
            shown={
                "nickname": text(data, "creator_nickname"),
                "username": text(data, "creator_username"),
                "avatar_url": text(data, "creator_avatar_url"),
                "most_seconds": number(data, "max_video_post_duration_sec"),
                "posts_a_day": 15,  # about: it varies, and all apps count together
            },
        )

    # ── before anything can be published ─────────────────────────────────────────────────────────

    def _first(self, task: Task, mark: Mark, after: timedelta) -> Next:
        if is_inbox(task.options):
            return self._transferring(task, mark, after)
        return Next("check", mark.kept(), after=after, total=task.size)

    def _transferring(self, task: Task, mark: Mark, after: timedelta) -> Next:
        """The step that makes the work known to TikTok."""
        if self._transfer == "file":
            return Next("init", mark.kept(), after=after, total=task.size)
        words = f"{task.attempt}:{mark.round}:{mark.pulls}".encode()
        nonce = hmac.new(self._nonce_key.reveal().encode(), words, hashlib.sha256).hexdigest()[:32]
        kept = replace(mark, nonce=nonce, since=(task.now + after).timestamp()).kept()
        return Next("pull", kept, repeatable=False, after=after, total=task.size)

    def _again(self, task: Task, mark: Mark, failure: PlatformFailure) -> Next:
        """From the start, at TikTok: only where nothing was published, and not for ever."""
        if mark.round >= _MOST_ROUNDS:
            raise PlatformFailure(Kind.NEVER, failure.code, failure.sentence, turn=failure.turn)
        return self._first(task, Mark(round=mark.round + 1), mark.round * MINUTE)

    async def _check(self, task: Task) -> Outcome:
        """What was chosen when it was scheduled must still be offered; nothing is substituted."""
        live = await self.creator(task.grant, task.now)
        wanted = Wanted("", task.caption, task.title, task.options)
        for problem in blocking(check(LIMITS, wanted, task.facts, task.size, live)):
            kind = Kind.NEVER if problem.field == "/video_id" else Kind.CHOOSE
            raise PlatformFailure(kind, problem.code, problem.message, turn=Turn.YOU)
        mark = replace(Mark.of(task.checkpoint), username=str(live.shown["username"]))
        return self._transferring(task, mark, timedelta(0))

    async def _init(self, task: Task) -> Outcome:
        plan = chunk_plan(task.size)
        source: dict[str, JsonValue] = {
            "source": "FILE_UPLOAD",
            "video_size": task.size,
            "chunk_size": plan.chunk,
            "total_chunk_count": plan.count,
        }
        data = await self._announce(task, source, fenced=False)
        mark = Mark(
            round=Mark.of(task.checkpoint).round,
            username=Mark.of(task.checkpoint).username,
            publish_id=need(data, "publish_id"),
            upload_url=need(data, "upload_url"),
            issued_at=task.now.timestamp(),
            chunk=plan.chunk,
            count=plan.count,
        )
        self._api.check_upload_url(mark.upload_url)
        return self._sending(task, mark)

    async def _announce(self, task: Task, source: Mapping[str, JsonValue], *, fenced: bool) -> Mapping[str, JsonValue]:
        where, words = "v2/post/publish/inbox/video/init/", {"source_info": source}
        if not is_inbox(task.options):
            where = "v2/post/publish/video/init/"
            words = {"post_info": post_info(task.caption, task.options), "source_info": source}
        return await self._api.ask(where, task.grant, task.now, json=words, fenced=fenced)

    # ── a file, chunk by chunk ───────────────────────────────────────────────────────────────────

    def _sending(self, task: Task, mark: Mark, after: timedelta = timedelta(0)) -> Next:
        """The next chunk. Once the last byte was under way it may be published: then nobody may cancel any more."""
        is_last = mark.end_of_chunk(task.size) == task.size
        return Next(
            "finish" if is_last else "send",
            replace(mark, last_was_sent=mark.last_was_sent or is_last).kept(),
            repeatable=not is_last,
            after=after,
            state=_state(mark),
            handle=mark.publish_id,
            sent=mark.offset,
            total=task.size,
        )

    async def _send(self, task: Task) -> Outcome:
        mark = Mark.of(task.checkpoint)
        answer = await self._put(task, mark, fenced=False)
        if answer.status == 206:  # noqa: PLR2004 -- accepted, more expected
            end = mark.end_of_chunk(task.size)
            if _progress(answer) in {end - 1, end, None}:  # documented as a count, written as a range
                return self._sending(task, replace(mark, offset=end, detours=0))
            return _resyncing(task, mark)
        return self._stuck(task, mark, answer)

    async def _finish(self, task: Task) -> Outcome:
        """The last chunk. TikTok posts by itself from the 201 on."""
        mark = Mark.of(task.checkpoint)
        answer = await self._put(task, mark, fenced=True)
        if answer.status == 416 or answer.status in _DEAD:  # noqa: PLR2004 -- not the range that is next
            return self._stuck(task, mark, answer)
        if answer.status == 201:  # noqa: PLR2004 -- all parts received
            return self._wait.begin(task, mark, sent=task.size)
        raise unreadable(fenced=True)

    async def _put(self, task: Task, mark: Mark, *, fenced: bool) -> Answer:
        start, end = mark.offset, mark.end_of_chunk(task.size)
        body = task.read(start, end - start)
        return await self._api.put(mark.upload_url, task.facts.container, start, end, task.size, body, fenced=fenced)

    def _stuck(self, task: Task, mark: Mark, answer: Answer) -> Next:
        """A chunk was refused. Raises PlatformFailure where asking for the progress would not help."""
        match answer.status:
            case 201:  # more than we knew of had arrived
                return self._wait.begin(task, mark, sent=task.size)
            case status if status in _DEAD:
                return _resyncing(task, replace(mark, dead=True))
            case status if status == 416 or mark.last_was_sent:  # noqa: PLR2004 -- not the range that is next
                return _resyncing(task, mark)
            case 200:
                raise unreadable()
            case 400:
                raise refusal(CODES, "invalid_file_upload", answer.status, task.now)
            case _:
                raise refused(answer, task.now)

    async def _find_progress(self, task: Task) -> Outcome:
        """Where an upload is: to be resumed, complete, or dead and certainly not complete."""
        mark = Mark.of(task.checkpoint)
        status = await self._wait.status(task, mark)
        if status.word not in {"", "PROCESSING_UPLOAD"} or status.received == task.size:
            return await self._wait.outcome(task, mark.followed_since(task.now), status)
        if status.received is None and mark.last_was_sent:
            if task.now > mark.issued + DAY:
                return await self._wait.unsettled(task, mark)
            raise undecided("not_known_yet", "TikTok does not say yet how much of the video it has.")
        if mark.dead or task.now > mark.issued + _UPLOAD_LIFE + 5 * MINUTE:
            return self._again(task, mark, _expired())
        offset = mark.offset if status.received is None else status.received
        resumed = replace(mark, offset=offset, detours=mark.detours + 1)
        return self._sending(task, resumed, growing(mark.detours))  # two who disagree do not run in circles

    # ── a file that TikTok fetches ───────────────────────────────────────────────────────────────

    async def _pull(self, task: Task) -> Outcome:
        """The point of no return: TikTok starts to fetch as soon as it has read this."""
        mark = Mark.of(task.checkpoint)
        if mark.waited(task.now) > _STALE:  # a look must be able to tell how old the attempt is
            return self._first(task, replace(mark, pulls=mark.pulls + 1), timedelta(0))
        address = await task.pulls.offer(mark.nonce)
        source: dict[str, JsonValue] = {"source": "PULL_FROM_URL", "video_url": address}
        data = await self._announce(task, source, fenced=True)
        return self._wait.begin(task, replace(mark, publish_id=need(data, "publish_id", fenced=True)), sent=0)

    async def _look_for_pull(self, task: Task) -> Outcome:
        """Without the answer there is no publish id: withdraw the address, then nothing can come of it any more."""
        mark = Mark.of(task.checkpoint)
        fetched = await task.pulls.withdraw(mark.nonce)
        # Its end is kept back until it is noted that everything leaves: less than everything can never be published.
        # Only for a whole day at most: nobody promises to remember for ever what was fetched.
        if fetched in {Fetched.NOTHING, Fetched.SOMETHING} and mark.waited(task.now) < DAY:
            pulls = mark.pulls + 1
            return self._transferring(task, replace(mark, pulls=pulls), growing(pulls))
        if mark.waited(task.now) < _SEEN_BY and is_listed(task):
            receipt = await self._wait.find_in_list(task, mark)
            if receipt:
                return Done(receipt)
            raise undecided("not_seen_yet", "TikTok has fetched the video; we wait to see it among the public ones.")
        return await self._wait.unsettled(task, mark)


def _state(mark: Mark) -> State:
    """Of an upload: behind the point of no return as soon as the last byte may have arrived."""
    return State.PROCESSING if mark.last_was_sent else State.SENDING


def _resyncing(task: Task, mark: Mark) -> Next:
    """Ask what TikTok has."""
    return Next("resync", mark.kept(), state=_state(mark), handle=mark.publish_id, sent=mark.offset, total=task.size)


def _progress(answer: Answer) -> int | None:
    found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    return int(found[1]) if found else None


def _expired() -> PlatformFailure:
    sentence = "The upload did not end within the hour that TikTok allows; nothing was published."
    return PlatformFailure(Kind.AGAIN, "upload_expired", sentence, turn=Turn.US)
