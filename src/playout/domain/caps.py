"""Caps: how many calls of a kind a platform takes in a time. Warned about when scheduling, respected when sending.

Which caps there are is each adapter's data; who counts is `application/rates.py`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from playout.domain.delivery import JsonValue

#: A cap over a shorter time only delays; it is nothing to warn of.
WORTH_A_WARNING = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day in a zone: what was used up is free again at its midnight."""

    zone: str  # IANA name


def _always(_: Mapping[str, JsonValue]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` of `step`, in any `span` or in each day of a zone."""

    step: str  # the step, or `look` and `live`, that uses one up
    limit: int
    span: timedelta | Day
    of_app: bool = False  # all accounts of our app share it; else each account has its own
    certain: bool = True  # False: only roughly known; warned about, and left to the platform to enforce
    what: str = "calls of this kind"  # as a sentence calls them
    applies: Callable[[Mapping[str, JsonValue]], bool] = _always  # to a post with these options

    @property
    def length(self) -> timedelta:
        """Of the span, at the longest."""
        return self.span if isinstance(self.span, timedelta) else _DAY + timedelta(hours=2)

    @property
    def in_words(self) -> str:
        """The span, as it stands in a sentence."""
        if isinstance(self.span, Day):
            return f"a day ({self.span.zone})"
        hours, minutes = divmod(self.span // timedelta(minutes=1), 60)
        return f"in {hours} h" if hours else f"in {minutes} min"

    @property
    def warns(self) -> bool:
        """Whether people want to know of it before it is hit."""
        return self.length >= WORTH_A_WARNING

    def day_of(self, at: datetime) -> tuple[datetime, datetime] | None:
        """Begin and end of the day that `at` lies in, in UTC; None where any span counts."""
        if isinstance(self.span, timedelta):
            return None
        zone = ZoneInfo(self.span.zone)
        today = at.astimezone(zone).date()
        begin, end = (datetime.combine(day, time(), zone) for day in (today, today + _DAY))
        return begin.astimezone(at.tzinfo), end.astimezone(at.tzinfo)

    def around(self, at: datetime) -> tuple[datetime, datetime]:
        """From when until when others share this cap with something at `at`."""
        return self.day_of(at) or (at - self.length, at + self.length)

    def is_full_at(self, at: datetime, others: Iterable[datetime]) -> bool:
        """Whether one more at `at` is more than `limit`, beside `others` (times within `around`)."""
        times = sorted([*others, at])
        if self.day_of(at):
            return len(times) > self.limit
        first, last = bisect_right(times, at - self.length), bisect_right(times, at)
        ends = (bisect_left(times, one + self.length) for one in times[first:last])
        return any(end - begin > self.limit for begin, end in enumerate(ends, first))  # of the spans that hold `at`
