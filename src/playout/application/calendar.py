"""The calendar: what goes out when, and what did. And results: what was published, with its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from playout.application.ports import Clock, Store
from playout.application.shown import Shown, with_deliveries
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Invalid, Problem
from playout.domain.person import Actor, Scope

T = TypeVar("T")

#: The longest stretch that is shown at once.
LONGEST = timedelta(days=100)
#: Posts on one page.
MOST = 500


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lies in a stretch of time, in order. `more_from`: there is more, from then on."""

    entries: tuple[Shown, ...]
    more_from: datetime | None


@dataclass(frozen=True, slots=True)
class Results:
    """What was published in a stretch of time."""

    deliveries: tuple[Delivery, ...]
    more_from: datetime | None


class Calendar:
    """What faces can ask of it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def between(self, actor: Actor, start: datetime, end: datetime, *, most: int = MOST) -> Stretch:
        """Posts with a time from `start` to before `end`, drafts too; `most` of them at once, and never over MOST.

        Raises Invalid for a stretch that is none.
        """
        actor.need(Scope.READ)
        _check(start, end)
        most = min(most, MOST)
        planned = await self._store.posts.planned(actor.workspace_id, start, end, most + 1)
        posts, more_from = _cut([(one.scheduled_at, one) for one in planned if one.scheduled_at], most)
        return Stretch(await with_deliveries(self._store, actor.workspace_id, posts), more_from)

    async def results(self, actor: Actor, start: datetime, end: datetime) -> Results:
        """What was scheduled from `start` to before `end` and is published, in the order of its times."""
        actor.need(Scope.READ)
        _check(start, end)
        planned = await self._store.deliveries.planned(actor.workspace_id, start, end, MOST + 1)
        page, more_from = _cut([(one.scheduled_at, one) for one in planned], MOST)
        return Results(tuple(one for one in page if one.state is State.PUBLISHED), more_from)


def _cut(found: Sequence[tuple[datetime, T]], most: int) -> tuple[list[T], datetime | None]:
    """One page, and where the next one begins: between two times, so that it begins with all of its own."""
    if len(found) <= most:
        return [one for _, one in found], None
    more_from = found[most][0]
    before = [one for at, one in found if at < more_from]
    if before:
        return before, more_from
    return [one for _, one in found[:most]], more_from + timedelta(microseconds=1)


def _check(start: datetime, end: datetime) -> None:
    if start < end <= start + LONGEST:
        return
    sentence = f"“to” must be later than “from”, by at most {LONGEST.days} days."
    raise Invalid(sentence, code="bad_stretch", problems=[Problem("bad_stretch", "", sentence)])
