"""The exit codes, in one table: from kinds of errors, and from what became of deliveries.

0 done · 1 failed · 2 usage or settings · 3 refused by a platform · 4 sign-in or permission · 5 unconfirmed ·
130 stopped by Ctrl-C, 143 by SIGTERM (`serve` and `work` stop gracefully and give 0).
"""

from collections.abc import Iterable
from enum import IntEnum

from playout.domain import errors
from playout.domain.delivery import Delivery, State
from playout.domain.retry import Kind, PlatformFailure, Turn


class Exit(IntEnum):
    """What a shell sees."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    SIGN_IN = 4
    UNCONFIRMED = 5


#: The nearest kind in the error tree decides.
KINDS: dict[type[errors.PlayoutError], Exit] = {
    errors.PlayoutError: Exit.FAILED,
    errors.Invalid: Exit.USAGE,
    errors.TooLarge: Exit.FAILED,  # the words were right, the file is not
    errors.Unplayable: Exit.FAILED,
    errors.NotFound: Exit.FAILED,
    errors.Unauthenticated: Exit.SIGN_IN,
    errors.Forbidden: Exit.SIGN_IN,
    errors.Conflict: Exit.FAILED,
    errors.TooOften: Exit.SIGN_IN,
    errors.Locked: Exit.FAILED,
    errors.Unavailable: Exit.FAILED,
    errors.Misconfigured: Exit.USAGE,
    errors.SchemaAhead: Exit.FAILED,
    errors.Unreadable: Exit.FAILED,
}
FAILURES: dict[Kind, Exit] = {
    Kind.AGAIN: Exit.FAILED,
    Kind.LATER: Exit.REFUSED,
    Kind.SIGN_IN: Exit.SIGN_IN,
    Kind.CHOOSE: Exit.REFUSED,
    Kind.NEVER: Exit.REFUSED,
    Kind.UNSURE: Exit.UNCONFIRMED,
}
#: Of several deliveries, the first of these that occurs is told.
WORST_FIRST = (Exit.UNCONFIRMED, Exit.SIGN_IN, Exit.REFUSED, Exit.FAILED)


class Interrupted(Exception):
    """A signal ended the verb, in good order."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number = number

    @property
    def code(self) -> int:
        """As shells have it."""
        return 128 + self.number


def of_error(error: errors.PlayoutError) -> Exit:
    """What this error exits with."""
    if isinstance(error, PlatformFailure):
        return FAILURES[error.kind]
    return next(KINDS[kind] for kind in type(error).__mro__ if kind in KINDS)


def of_deliveries(deliveries: Iterable[Delivery]) -> Exit:
    """What several deliveries add up to."""
    codes = {_of_delivery(one) for one in deliveries}
    return next((code for code in WORST_FIRST if code in codes), Exit.DONE)


def _of_delivery(delivery: Delivery) -> Exit:
    match delivery.state:
        case State.UNCONFIRMED:
            return Exit.UNCONFIRMED
        case State.HELD:
            return Exit.SIGN_IN if delivery.held_for is Kind.SIGN_IN else Exit.REFUSED
        case State.FAILED:
            ours = delivery.reason is not None and delivery.reason.whose_turn is Turn.US
            return Exit.FAILED if ours else Exit.REFUSED
        case State.CANCELLED:
            return Exit.FAILED
        case _:
            return Exit.DONE
