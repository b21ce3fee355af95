"""Taking an answer apart without believing it: what is not of the expected type is not there."""

import re
from datetime import timedelta

from playout.domain.delivery import JsonValue
from playout.domain.retry import Kind, PlatformFailure
from playout.platforms.http import Answer, JsonObject

_SECONDS = re.compile(r"[0-9]{1,7}")
_DAY = timedelta(days=1)


def text(data: JsonObject, name: str) -> str:
    """A text, "" where there is none."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def stated(data: JsonObject, name: str) -> str:
    """A text, or a whole number as one: ids are both, in answers of different age. "" where there is neither."""
    return text(data, name) or str(number(data, name) or "")


def need(data: JsonObject, name: str, *, fenced: bool = False) -> str:
    """A text that must be there. Raises PlatformFailure: AGAIN, or UNSURE where the call was `fenced`."""
    value = stated(data, name)
    if not value:
        raise unreadable(fenced=fenced)
    return value


def number(data: JsonObject, name: str) -> int | None:
    """A whole number, None where there is none. Offsets come as texts."""
    value = data.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value[:18])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def part(data: JsonObject, *names: str) -> JsonObject:
    """The object below these names, empty where there is none."""
    for name in names:
        value: JsonValue = data.get(name)
        data = value if isinstance(value, dict) else {}
    return data


def items(data: JsonObject, name: str = "data") -> list[JsonObject]:
    """The objects in a list, none where there is none."""
    value = data.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def unreadable(*, fenced: bool = False) -> PlatformFailure:
    """The failure behind an answer that is not what was documented."""
    kind = Kind.UNSURE if fenced else Kind.AGAIN
    return PlatformFailure(kind, "unreadable_answer", "The platform answered something that Playout cannot read.")


def retry_after(answer: Answer) -> timedelta | None:
    """The wait that an answer asks for; a day at most."""
    seconds = answer.headers.get("retry-after", "")
    return min(timedelta(seconds=int(seconds)), _DAY) if _SECONDS.fullmatch(seconds) else None
