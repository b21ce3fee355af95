"""The pause that a host asks for in the header Retry-After (RFC 9110 10.2.3)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

_DIGITS = 7  # a number of seconds; more of them is years


def pause_asked(headers: Mapping[str, str]) -> timedelta | None:
    """From now; a date counts from the answer's own. None where there is none, or none that can be read."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return timedelta(seconds=int(asked)) if len(asked) <= _DIGITS else None
    until, said = _date(asked), _date(headers.get("Date", ""))
    return max(until - said, timedelta()) if until and said else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else None
