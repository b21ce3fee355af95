"""The rest of the house: clock, vault, passkeys, engine and meter."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from playout.domain.channel import WrappedKey
from playout.domain.person import Passkey, Person


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits; returns early only by cancellation."""
        ...


class Box(Protocol):
    """A channel's data key, unlocked. Sealed bytes open only under the field they were sealed for."""

    def seal(self, field: str, clear: bytes) -> bytes: ...

    def open(self, field: str, sealed: bytes) -> bytes:
        """Raises Unreadable."""
        ...


class Vault(Protocol):
    """Seals grants and checkpoints: one data key per channel, wrapped by a key-encryption key."""

    @property
    def primary(self) -> str:
        """Id of the key-encryption key under which new data keys are wrapped."""
        ...

    @property
    def key_ids(self) -> tuple[str, ...]:
        """All it can unwrap with, the primary first."""
        ...

    async def new_key(self, workspace_id: str, channel_id: str) -> WrappedKey:
        """A data key of its own for a channel."""
        ...

    async def unlock(self, workspace_id: str, channel_id: str, key: WrappedKey) -> Box:
        """Raises Unreadable: unknown key-encryption key, or a key of another channel."""
        ...

    async def rewrap(self, workspace_id: str, channel_id: str, key: WrappedKey) -> WrappedKey:
        """The same data key under the primary key-encryption key."""
        ...


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a device says of a passkey that it has just made."""

    id: str  # credential id, base64url
    public_key: bytes  # COSE
    sign_count: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Which passkey a device says it has, and whose: to be believed only once `Passkeys.proven`."""

    key_id: str  # credential id, base64url
    person_id: str | None  # as it was given when the key was made; not every device tells


class Passkeys(Protocol):
    """Keys that live in people's devices (WebAuthn). Options and answers are JSON, as browsers take and give them.

    Whoever made a key, or shows it, was asked by the device who they are (a finger, a face, a PIN).
    """

    @property
    def possible(self) -> bool:
        """Whether browsers do this at our address: it needs a name (no bare IP address), and https or localhost."""
        ...

    def offer(self, person: Person, challenge: bytes) -> str:
        """Options for `navigator.credentials.create`, for a key that needs no e-mail address to be typed."""
        ...

    def made(self, answer: str, challenge: bytes) -> NewKey:
        """Raises Invalid unless it answers this challenge, for our address."""
        ...

    def question(self, challenge: bytes) -> str:
        """Options for `navigator.credentials.get`; whoever answers has yet to say who they are."""
        ...

    def claim(self, answer: str) -> Claim:
        """Raises Unauthenticated where it is not even an answer."""
        ...

    def proven(self, answer: str, challenge: bytes, passkey: Passkey) -> int:
        """The key's new sign count. Raises Unauthenticated: another challenge, signature or address; an old count."""
        ...


Handler = Callable[[str], Awaitable[None]]


class Engine(Protocol):
    """Where the work runs and how much at once.

    It may lose, repeat or reorder a wake: correctness never rests on it.
    """

    async def wake(self, kind: str, name: str) -> None:
        """Has the handler for `kind` called with `name`, soon, here or on another machine."""
        ...

    async def run(self, handlers: Mapping[str, Handler]) -> None:
        """Serves wakes until `stop`."""
        ...

    def free(self) -> int:
        """How many more handlers this process can take on right now."""
        ...

    async def room(self) -> None:
        """Returns when `free()` is more than 0 (at once, if it is)."""
        ...

    async def stop(self, grace: float) -> None:
        """Takes no more wakes, lets what runs finish for `grace` seconds, then cancels it."""
        ...


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured: a name in snake_case without a unit's or a program's prefix, and a sentence for people."""

    name: str
    about: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count(Measure):
    """How often something happened."""


@dataclass(frozen=True, slots=True)
class Duration(Measure):
    """How long something took, and how often it happened."""


@dataclass(frozen=True, slots=True)
class Level(Measure):
    """How much of something there is right now. Without labels."""


class Meter(Protocol):
    """Measures what happens, for whoever watches the house. Never raises, never waits, keeps nothing that lasts.

    The value of a label is one of few words that the code or a platform's adapter has itself: never an id, a name, a
    text, an address.
    """

    def count(self, measure: Count, **labels: str) -> None:
        """It happened once more."""
        ...

    def observe(self, measure: Duration, seconds: float, **labels: str) -> None:
        """It happened once more, and took so long."""
        ...

    def level(self, measure: Level, value: float) -> None:
        """So much there is now."""
        ...
