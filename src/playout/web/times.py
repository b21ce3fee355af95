"""Times as people read them: in their zone, which always stands beside them."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_name

#: Where nothing else is known.
UTC = ZoneInfo("UTC")


def zone_named(name: str | None) -> ZoneInfo:
    """The zone of this IANA name; UTC for none and for a name that is none."""
    return ZoneInfo(name) if name and name in available_timezones() else UTC


def when(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """`Sat, Nov 21, 13:00`: for lists."""
    local = at.astimezone(zone)
    return f"{format_skeleton('MMMEd', local, locale=locale)}, {format_time(local, 'HH:mm', locale=locale)}"


def day(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """`Saturday, November 21`: for headings."""
    local = at.astimezone(zone)
    return f"{format_date(local, 'EEEE', locale)}, {format_skeleton('MMMMd', local, locale=locale)}"


def clock(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """`13:00`."""
    return format_time(at.astimezone(zone), "HH:mm", locale=locale)


def in_full(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """`Saturday, November 21, 2026, 13:00, Central European Standard Time`: for titles."""
    local = at.astimezone(zone)
    name = get_timezone_name(local, locale=locale)
    return f"{format_date(local, 'full', locale)}, {format_time(local, 'HH:mm', locale=locale)}, {name}"


def zone_at(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """As the language calls it, `MEZ`; else as the place does, `CET`; else by its distance, `UTC+03`."""
    local = at.astimezone(zone)
    names = (get_timezone_name(local, width="short", locale=locale), local.tzname() or "")
    return next((one for one in names if one[:1].isalpha()), f"UTC{names[1]}")
