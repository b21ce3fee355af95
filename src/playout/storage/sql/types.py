"""How values of the domain lie in columns, the same on both dialects.

Times are whole microseconds since 1970 in UTC, so that they compare and index as integers. Nested values are JSON in
a TEXT column: they are only ever read and written whole.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import BigInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from playout.storage.codecs import Codec

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
#: As SQLAlchemy declares it.
Impl: TypeAlias = TypeEngine[Any] | type[TypeEngine[Any]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware time; whole microseconds since 1970."""

    impl: Impl = BigInteger
    cache_ok: bool | None = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


class Lapse(TypeDecorator[timedelta]):
    """A length of time; whole microseconds."""

    impl: Impl = BigInteger
    cache_ok: bool | None = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else value * _MICROSECOND


class Word(TypeDecorator[E], Generic[E]):
    """One value of an enumeration, by its name for outside."""

    impl: Impl = Text
    cache_ok: bool | None = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.kind(value)


class Nested(TypeDecorator[T], Generic[T]):
    """A value of its own shape, as its codec says it."""

    impl: Impl = Text
    cache_ok: bool | None = True

    def __init__(self, codec: Codec[T]) -> None:
        super().__init__()
        self.codec = codec

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:
        return None if value is None else self.codec.write(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:
        return None if value is None else self.codec.read(value)
