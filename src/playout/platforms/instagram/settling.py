"""After a publication that was not clearly answered: what became of it. Reads only.

    PUBLISHED                              it is out; which reel it is, the list of reels says
    FINISHED, over a time, and no reel     it is not: it may be published again, out of the same container
    ERROR, over a time, and no reel        it is not, and never will be: another container
    EXPIRED, or not found                  the list of reels decides, else a person
    a reel that could be it, and no word   nothing is sent again; a person decides

A second publication of one container is documented nowhere: it may be refused, answered with the first reel, or make a
second one. So none is sent before two things agree, for as long as Instagram may lag behind itself. Also here: the
receipt, which may come together later. Not here: the publication itself (publishing.py).
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from playout.application.ports import Task
from playout.domain.delivery import Done, Next, Outcome, Receipt, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import JsonObject
from playout.platforms.instagram.api import Api, Status
from playout.platforms.instagram.errors import container_failed
from playout.platforms.instagram.mark import Mark
from playout.platforms.reading import stated
from playout.platforms.waits import halved

#: Begins again with another container, after one that published nothing; raises when that was enough.
Again: TypeAlias = Callable[[Task, Mark, PlatformFailure], Outcome]

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
#: For how long a container must read as not published before the next call, by the calls so far.
_QUIET = (MINUTE, 5 * MINUTE, 30 * MINUTE)
#: How long things that do not fit together are waited for before a person is asked.
_PATIENCE = 15 * MINUTE
_SKEW = MINUTE  # our clock may be ahead of Instagram's, which shows whole seconds
_RECEIPT = DAY  # then it stays without an address


@dataclass(frozen=True, slots=True)
class Listed:
    """The reels that can be it: not older than the first call, of these words, and not much younger than the last call.

    `blind` counts those that cannot be told from it: without a caption or a time, or younger. `others` counts those
    of other words.
    """

    same: Sequence[JsonObject]
    blind: int
    others: int

    @property
    def only(self) -> JsonObject | None:
        """The one that it must be; None where there is none, or more than one."""
        return self.same[0] if len(self.same) == 1 else None

    @property
    def might_be_it(self) -> bool:
        return bool(self.same or self.blind)


class Settling:
    """What is left to do once a publication has been asked for."""

    def __init__(self, api: Api, again: Again) -> None:
        self._api = api
        self._again = again

    async def in_doubt(self, task: Task) -> Outcome:
        """The look at a publication that was asked for: one more call of which nobody knows what became of it."""
        mark = Mark.of(task.checkpoint)
        return await self._settle(task, replace(mark, publishes=mark.publishes + 1, since=task.now.timestamp()))

    async def settle(self, task: Task) -> Outcome:
        return await self._settle(task, Mark.of(task.checkpoint))

    def waiting(self, task: Task, mark: Mark, pause: timedelta) -> Next:
        """Another reading, later."""
        return Next(
            "settle",
            mark.kept(),
            after=pause,
            state=State.PROCESSING,
            handle=mark.container,
            sent=task.size,
            total=task.size,
        )

    def published(self, task: Task, mark: Mark, media: str) -> Done:
        """Instagram has said so itself."""
        return Done(Receipt(media, None, task.now), self._completing(task, replace(mark, media=media), first=True))

    async def is_published(self, task: Task, mark: Mark) -> Done:
        """The container says so, but not which reel it became."""
        try:
            found = (await self._listed(task, mark)).only
        except PlatformFailure:
            found = None
        if found:
            return Done(_receipt(found, task.now))
        return Done(Receipt(mark.container, None, task.now), self._completing(task, mark, first=True))

    async def complete_receipt(self, task: Task) -> Outcome:
        """Nothing that goes wrong here touches the publication: then there is no address yet."""
        mark = Mark.of(task.checkpoint)
        receipt = Receipt(mark.media or mark.container, None, task.now)
        try:
            if mark.media:
                receipt = replace(receipt, url=await self._api.permalink(task.grant, mark.media, task.now) or None)
            elif found := (await self._listed(task, mark)).only:
                receipt = _receipt(found, task.now)
        except PlatformFailure:
            pass
        over = receipt.url is not None or mark.waited(task.now) > _RECEIPT
        return Done(receipt) if over else self._completing(task, mark, first=False)

    # ── what the container and the list say ──────────────────────────────────────────────────────

    async def _settle(self, task: Task, mark: Mark) -> Outcome:
        as_person = mark.unseen % 2 == 1
        status = await self._api.status(task.grant, mark.container, task.now, as_person=as_person, upload=False)
        if status.word == "PUBLISHED":
            return await self.is_published(task, mark)
        listed = await self._listed(task, mark)
        match status.word:
            case "FINISHED" | "ERROR":
                return self._not_published(task, mark, status, listed)
            case "IN_PROGRESS" if mark.waited(task.now) <= DAY:
                return self.waiting(task, replace(mark, quiet_since=0), pace(mark.waited(task.now)))
            case _ if listed.only:
                return Done(_receipt(listed.only, task.now))
            case word:
                mark = replace(mark, quiet_since=0, unseen=0 if word else mark.unseen + 1)
                return self.unexplained(task, mark)

    def _not_published(self, task: Task, mark: Mark, status: Status, listed: Listed) -> Outcome:
        """Says the container. It is believed when it has said so for a while, and the list agrees."""
        if listed.might_be_it:
            return self.unexplained(task, replace(mark, quiet_since=0))
        if not mark.quiet_since:
            mark = replace(mark, quiet_since=task.now.timestamp())
        if mark.publishes > len(_QUIET):
            raise _unsettled()
        left = _QUIET[max(mark.publishes - 1, 0)] - mark.quiet(task.now)
        if left > timedelta(0):
            return self.waiting(task, replace(mark, unseen=0), min(max(left / 2, 5 * _SECOND), left))
        if status.word == "ERROR":
            return self._again(task, mark, container_failed(status.told))
        kept = replace(mark, quiet_since=0, unseen=0, others=listed.others)
        return Next("quota", kept.kept(), state=State.PROCESSING, sent=task.size, total=task.size)

    def unexplained(self, task: Task, mark: Mark) -> Next:
        """Waits for things to fit together; then a person is asked."""
        if mark.waited(task.now) > _PATIENCE:
            raise _unsettled()
        return self.waiting(task, mark, pace(mark.waited(task.now)))

    async def _listed(self, task: Task, mark: Mark) -> Listed:
        wanted, blind, others, same = _normal(task.caption), 0, 0, list[JsonObject]()
        for one in await self._api.listed(task.grant, task.profile.remote_id, task.now):
            at, caption = _time(one), _normal(stated(one, "caption"))
            if at and at < mark.first_try - _SKEW:
                continue
            if not _is_reel(one) or (caption and caption != wanted):
                others += at is not None and at >= mark.first_try.replace(microsecond=0)
            elif caption == wanted and at and at <= mark.last_try + _PATIENCE:
                same.append(one)
            else:
                blind += 1
        return Listed(same, blind, others)

    def _completing(self, task: Task, mark: Mark, *, first: bool) -> Next:
        """What is published is soon in the list, and can be opened soon."""
        since = task.now.timestamp() if first else mark.since
        kept = replace(mark, nonce="", uri="", since=since)
        pause = timedelta(0) if first else pace(kept.waited(task.now))
        return Next("receipt", kept.kept(), after=pause, state=State.PUBLISHED, sent=task.size, total=task.size)


def pace(waited: timedelta) -> timedelta:
    """Half of what was waited already: eight questions in the first minute, then ever fewer."""
    return halved(waited, 3 * _SECOND, 5 * MINUTE)


def _receipt(reel: JsonObject, now: datetime) -> Receipt:
    return Receipt(stated(reel, "id"), stated(reel, "permalink") or None, _time(reel) or now)


def _is_reel(media: JsonObject) -> bool:
    """What is not said to be something else."""
    return bool(stated(media, "id")) and stated(media, "media_product_type") in {"", "REELS"}


def _time(media: JsonObject) -> datetime | None:
    try:
        found = datetime.fromisoformat(stated(media, "timestamp"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _normal(caption: str) -> str:
    """As it may be read back: without @ for some readers, and with spaces of its own."""
    return " ".join(unicodedata.normalize("NFC", caption).replace("@", "").split())


def _unsettled() -> PlatformFailure:
    sentence = "Instagram does not say whether it published the reel. Look in the Instagram app: is it there?"
    return PlatformFailure(Kind.UNSURE, "instagram_cannot_say", sentence, turn=Turn.YOU)
