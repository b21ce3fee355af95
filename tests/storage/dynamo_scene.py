"""A call of the store that writes, with something to write: what `dynamo_rows` is made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.contract.cast import House


@dataclass(frozen=True, slots=True)
class Scene:
    act: Callable[[], Awaitable[object]]
    gives: object
    stands: Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Row:
    """`writes`: how many requests it sends that change something.

    `forgotten`: what is given instead of `gives` where DynamoDB knows the token no longer when the request comes again;
    an error, or a value. Only a delete cannot be known again then: it leaves no item that could bear our mark.
    """

    method: str
    scene: Callable[[House], Awaitable[Scene]]
    writes: int = 1
    forgotten: object = ...
