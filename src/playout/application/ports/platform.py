"""A platform: sign-in, live options, and the two calls of the law: step and look.

An adapter neither sleeps, retries, stores, nor reads settings. It names every failure (`PlatformFailure`) where it is
understood, and lets no raw body travel further.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from playout.domain.channel import Grant, Profile
from playout.domain.delivery import JsonValue, Next, Outcome
from playout.domain.limits import Limits, Live
from playout.domain.retry import Reason
from playout.domain.secret import Secret
from playout.domain.video import Facts


@dataclass(frozen=True, slots=True)
class Connection:
    """One account that a sign-in gave access to."""

    profile: Profile
    grant: Grant


class Fetched(StrEnum):
    """How much of a file left through a pull address before it was withdrawn."""

    NOTHING = "nothing"
    SOMETHING = "something"
    EVERYTHING = "everything"
    UNKNOWN = "unknown"  # it led past us: anything may have left


class Pulls(Protocol):
    """Addresses of this video from which a platform fetches it: one per attempt, each can be switched off."""

    async def offer(self, nonce: str) -> str:
        """The address; it answers from now on."""
        ...

    async def withdraw(self, nonce: str) -> Fetched:
        """It gives nothing from now on; says how much was fetched by then. Again: the same answer."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """One delivery as an adapter sees it: no record, no store; what to send, and how far it is."""

    step: str  # the coming step, as `begin` or the last outcome named it
    checkpoint: Mapping[str, JsonValue]  # as the last outcome gave it
    grant: Grant
    profile: Profile
    size: int  # bytes
    filename: str
    facts: Facts
    caption: str
    title: str | None
    options: Mapping[str, JsonValue]
    now: datetime
    attempt: str  # different for each beginning from the start: names what may not be shared between two
    read: Callable[[int, int], AsyncIterator[bytes]]  # (start, length): pieces of at most 1 MiB
    frame: Callable[[int], Awaitable[bytes]]  # (milliseconds from the start): what is shown then, as `Probe.frame`
    pulls: "Pulls"  # for platforms that fetch the file themselves


class Platform(Protocol):
    """One platform."""

    @property
    def name(self) -> str:
        """As in addresses and settings: lower case."""
        ...

    @property
    def limits(self) -> Limits:
        """What it takes."""
        ...

    @property
    def logins(self) -> tuple[str, ...]:
        """The ways to sign in that there are keys for, the usual one first. Most platforms have one, of their name."""
        ...

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        """Where a person agrees. `verifier` is kept for `exchange` (PKCE where the platform takes it)."""
        ...

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        """The accounts behind a consent, at least one. Raises PlatformFailure; CHOOSE where there is no account."""
        ...

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        """A fresh grant; the old refresh token may be dead by then. Raises PlatformFailure (SIGN_IN: it is over)."""
        ...

    async def revoke(self, grant: Grant) -> None:
        """Ends what the person agreed to, for all accounts behind it. Ended already is fine."""
        ...

    async def profile(self, grant: Grant) -> Profile:
        """How the account is called now."""
        ...

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        """What the platform offers this account right now. Changes nothing there."""
        ...

    def begin(self, task: Task) -> Next:
        """The first step. Pure: nothing is sent."""
        ...

    async def step(self, task: Task) -> Outcome:
        """At most one external write that matters. Raises PlatformFailure."""
        ...

    async def look(self, task: Task) -> Outcome:
        """Reads what became of the step that a fence stands before. Writes nothing.

        Raises PlatformFailure: UNSURE when the platform cannot tell, NEVER when it is known not to have happened
        and cannot any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Removed:
    """The account's owner took our access away."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Webhook:
    """News from a platform, already verified."""

    id: str  # the same for every copy
    account: str  # remote id of the account it is about
    handle: str | None = None  # the work it is about
    removed: Removed | None = None


@runtime_checkable
class Newscaster(Protocol):
    """A platform that sends webhooks."""

    def news(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Webhook]:
        """What one request tells, nothing twice; empty where none of it is of use to us.

        Checks the signature over the raw bytes, and the age where the platform signs a time. Raises Forbidden or
        Invalid.
        """
        ...


@runtime_checkable
class Subscriber(Protocol):
    """A platform that first asks an address whether it wants webhooks, and sends none to one that does not say so."""

    @property
    def verify_token(self) -> Secret:
        """What a person enters at the platform beside the address, and the platform asks with."""
        ...

    def subscribed(self, query: Sequence[tuple[str, str]]) -> str:
        """The answer to its question, as plain text. Raises Forbidden unless it was asked with the verify token."""
        ...


class Withdrawal(StrEnum):
    """What a person asked for at the platform."""

    DEAUTHORIZE = "deauthorize"  # our access is over
    DELETION = "deletion"  # and what we keep of them has to go


@runtime_checkable
class SignedRequests(Protocol):
    """A platform that tells us in a signed form that a person removed our app, or wants their data deleted."""

    def withdrawn_by(self, signed_request: str, now: datetime) -> str:
        """The person: `Profile.owner_id` of the accounts. Raises Forbidden: not signed by this platform's app."""
        ...
