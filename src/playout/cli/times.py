"""Times as people type them: RFC 3339, a local date and time, or so long from now."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playout.domain.errors import Invalid, Problem

_LATER = re.compile(r"\+(?=\d)(?:(?P<days>\d{1,3})d)?(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m(?:in)?)?")
_FORMS = "2026-12-01T18:30:00Z, “2026-12-01 18:30” (in --tz), or +2h"


def local_zone() -> str:
    """The IANA name of this machine's zone; UTC where it has none."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if not named:
        _, _, named = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    try:
        return ZoneInfo(named).key if named else "UTC"
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def zone(name: str | None) -> ZoneInfo:
    """The zone of this name, or the machine's. Raises Invalid."""
    try:
        return ZoneInfo(name or local_zone())
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise _invalid(
            "unknown_timezone", f"There is no time zone “{name}”. Use a name such as Europe/Berlin.", "/timezone"
        ) from unknown


def moment(text: str, where: ZoneInfo, now: datetime) -> datetime:
    """The time that is meant, in UTC. Raises Invalid, also for a local time that a clock change makes two or none."""
    if text.startswith("+"):
        return _later(text, now)
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError as unreadable:
        raise _unreadable(text) from unreadable
    if len(text.strip()) <= len("2026-12-01"):
        raise _unreadable(text)
    try:
        return read.astimezone(UTC) if read.tzinfo else _local(read, where)
    except OverflowError as beyond:
        raise _unreadable(text) from beyond


def _later(text: str, now: datetime) -> datetime:
    found = _LATER.fullmatch(text)
    if not found:
        raise _unreadable(text)
    return now + timedelta(**{unit: int(number) for unit, number in found.groupdict().items() if number})


def _local(read: datetime, where: ZoneInfo) -> datetime:
    first, second = (read.replace(tzinfo=where, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    exists = first.astimezone(UTC).astimezone(where).replace(tzinfo=None) == read
    both = [one.astimezone(UTC).astimezone(where).isoformat() for one in (first, second)]
    if exists:
        sentence = (
            f"{read:%Y-%m-%d %H:%M} comes twice in {where.key}, as clocks go back. Say which: {both[0]} or {both[1]}."
        )
        raise _invalid("ambiguous_time", sentence)
    sentence = f"{read:%Y-%m-%d %H:%M} does not exist in {where.key}, as clocks go forward. Say {both[1]} or {both[0]}."
    raise _invalid("no_such_time", sentence)


def shown(at: datetime | None, where: str) -> str:
    """For people: local, with its zone."""
    return f"{at.astimezone(zone(where)):%Y-%m-%d %H:%M} {where}" if at else "now"


def _unreadable(text: str) -> Invalid:
    return _invalid("unreadable_time", f"“{text}” is no time that can be read. Use {_FORMS}.")


def _invalid(code: str, sentence: str, field: str = "/scheduled_at") -> Invalid:
    return Invalid(sentence, code=code, problems=[Problem(code, field, sentence)])
