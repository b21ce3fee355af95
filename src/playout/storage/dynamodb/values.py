"""Between values of the domain and attributes of DynamoDB, both ways.

Times are text of one length in UTC, so that they sort as they come; lengths of time are whole microseconds. Nested
values are JSON, as every store writes them. What is None is not there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar, get_args, get_type_hints

from playout.domain.channel import Profile, WrappedKey
from playout.domain.delivery import Fence, Receipt
from playout.domain.errors import Problem
from playout.domain.person import Member, Passkey, Scope
from playout.domain.post import Approval, Destination
from playout.domain.retry import Reason
from playout.domain.slots import Slots
from playout.domain.video import Facts, Rendition
from playout.storage import codecs

#: One attribute as DynamoDB says it: {"S": "text"}, {"N": "5"}, {"B": b"…"}, {"BOOL": True}, {"SS": ["a", "b"]}.
Value: TypeAlias = Mapping[str, Any]
Item: TypeAlias = Mapping[str, Value]

_MICROSECOND = timedelta(microseconds=1)


class Record(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How values of one type are written."""

    tag: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def text(value: str) -> Value:
    """A text."""
    return {"S": value}


def number(value: int) -> Value:
    """A whole number."""
    return {"N": str(value)}


def moment(value: datetime) -> Value:
    """A time."""
    return {"S": said(value)}


def names(values: Iterable[str]) -> Value:
    """A set of at least one."""
    return {"SS": sorted(values)}


def said(at: datetime) -> str:
    """A time, as it sorts."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def heard(text: str) -> datetime:
    """The time that `said` wrote."""
    return datetime.fromisoformat(text)


def a_set(item: Item, name: str) -> frozenset[str]:
    """A set; empty where it is not there, which is how DynamoDB keeps an empty one."""
    return frozenset(item.get(name, {"SS": ()})["SS"])


_PLAIN: Mapping[object, _Kind] = {
    str: _Kind("S", str, str),
    int: _Kind("N", str, int),
    bool: _Kind("BOOL", bool, bool),
    bytes: _Kind("B", bytes, bytes),
    datetime: _Kind("S", said, heard),
    timedelta: _Kind("N", lambda lapse: str(lapse // _MICROSECOND), lambda count: int(count) * _MICROSECOND),
}
_NESTED: Mapping[object, codecs.Codec[Any]] = {
    Profile: codecs.PROFILE,
    WrappedKey: codecs.KEY,
    Reason: codecs.REASON,
    Fence: codecs.FENCE,
    Receipt: codecs.RECEIPT,
    Approval: codecs.APPROVAL,
    Slots: codecs.SLOTS,
    Facts: codecs.FACTS,
    frozenset[Scope]: codecs.SCOPES,
    tuple[Member, ...]: codecs.MEMBERS,
    tuple[Passkey, ...]: codecs.PASSKEYS,
    tuple[str, ...]: codecs.WORDS,
    tuple[Problem, ...]: codecs.PROBLEMS,
    tuple[Rendition, ...]: codecs.RENDITIONS,
    tuple[Destination, ...]: codecs.DESTINATIONS,
}


class Shape(Generic[R]):
    """One kind of record: attributes and fields share their names."""

    def __init__(self, kind: type[R]) -> None:
        self._kind = kind
        self._fields = {name: _kind(hint) for name, hint in get_type_hints(kind).items() if _is_field(kind, name)}
        self._needed = [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]

    def item(self, record: R) -> dict[str, Value]:
        """What there is of it; fields that are None are left out."""
        values = ((name, kind, getattr(record, name)) for name, kind in self._fields.items())
        return {name: {kind.tag: kind.write(value)} for name, kind, value in values if value is not None}

    def missing(self, item: Item) -> list[str]:
        """Names of fields that an item of this record does not have: they are to go from an older one."""
        return [name for name in self._fields if name not in item]

    def record(self, item: Item) -> R:
        """Fields that were not known when it was written have their defaults."""
        there = {name: kind.read(item[name][kind.tag]) for name, kind in self._fields.items() if name in item}
        return self._kind(**dict.fromkeys(self._needed) | there)


def _is_field(kind: type[Record], name: str) -> bool:
    return name in kind.__dataclass_fields__ and kind.__dataclass_fields__[name] in fields(kind)


@cache
def _kind(hint: Any) -> _Kind:  # noqa: ANN401 -- what a type hint is has no type
    plain = _without_none(hint)
    if plain in _PLAIN:
        return _PLAIN[plain]
    if plain in _NESTED:
        return _Kind("S", _NESTED[plain].write, _NESTED[plain].read)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return _Kind("S", str, plain)
    message = f"no way is known to keep a {hint}"
    raise TypeError(message)


def _without_none(hint: Any) -> Any:  # noqa: ANN401 -- as above
    if isinstance(hint, UnionType):
        return next(one for one in get_args(hint) if one is not NoneType)
    return hint
