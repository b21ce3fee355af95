"""Slots: the weekly times at which a channel publishes, in a time zone, right across daylight-saving changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

#: Enough for one every hour.
MOST_SLOTS = 168


class Day(IntEnum):
    """Days of the week, as `datetime.weekday` counts them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One time of the week, by the clock on the wall."""

    day: Day
    at: time


@dataclass(frozen=True, slots=True)
class Slots:
    """A channel's week. Paused: nothing new is put into it; what is scheduled stays."""

    timezone: str = "UTC"  # IANA name
    slots: tuple[Slot, ...] = ()
    paused: bool = False

    def after(self, now: datetime, until: datetime) -> Iterator[datetime]:
        """Their times later than `now` and before `until`, in order, in UTC.

        A time that the clock skips (spring) comes an hour later by the clock; one that it shows twice is the first.
        """
        zone = ZoneInfo(self.timezone)
        day = now.astimezone(zone).date()
        last = now
        while self.slots and last < until:
            today = sorted(one.at for one in self.slots if one.day == day.weekday())
            times = {datetime.combine(day, at, zone).astimezone(UTC) for at in today}
            for at in sorted(times):
                if last < at < until:
                    last = at
                    yield at
            day += timedelta(days=1)
            if datetime.combine(day, time(), zone).astimezone(UTC) >= until:
                return
