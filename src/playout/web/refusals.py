"""What a refusal looks like on a page: by one table, from kinds of error to a status and a heading.

The sentence, and the mend in it, come from where the error was raised. A page whose form was refused shows the errors
beside its fields (`ask.page(…, refused=error)`); all else is answered here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from playout.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Locked,
    Misconfigured,
    NotFound,
    PlayoutError,
    StorageFull,
    TooLarge,
    TooOften,
    Unauthenticated,
    Unavailable,
    Unreadable,
)
from playout.domain.retry import Kind, PlatformFailure
from playout.web.marks import N_


@dataclass(frozen=True, slots=True)
class Kin:
    """How one kind of error is answered."""

    status: int
    title: str


#: An error is answered as the nearest of its kin here.
KINDS: Mapping[type[PlayoutError], Kin] = {
    Invalid: Kin(422, N_("Something is not right yet")),
    TooLarge: Kin(413, N_("Too large")),
    NotFound: Kin(404, N_("Not found")),
    Unauthenticated: Kin(401, N_("Please sign in")),
    Forbidden: Kin(403, N_("Not allowed")),
    Conflict: Kin(409, N_("Not possible right now")),
    TooOften: Kin(429, N_("Too many tries")),
    Locked: Kin(409, N_("In use elsewhere")),
    Unavailable: Kin(503, N_("Not available right now")),
    StorageFull: Kin(507, N_("No room left")),
    Misconfigured: Kin(500, N_("A setting is wrong")),
    Unreadable: Kin(500, N_("This cannot be opened")),
    PlayoutError: Kin(500, N_("That went wrong")),
}

#: A platform said no: what it means for the one who looks.
PLATFORM: Mapping[Kind, Kin] = {
    Kind.AGAIN: Kin(502, N_("The platform did not answer")),
    Kind.LATER: Kin(503, N_("The platform takes no more right now")),
    Kind.SIGN_IN: Kin(409, N_("The channel needs reconnecting")),
    Kind.CHOOSE: Kin(409, N_("The platform does not offer this any more")),
    Kind.NEVER: Kin(502, N_("The platform refused")),
    Kind.UNSURE: Kin(502, N_("The platform’s answer was lost")),
}

#: Where HTTP has a status of its own for a code.
CODES: Mapping[str, Kin] = {
    "rate_limited": Kin(429, N_("Too many tries")),
    "own_rate": Kin(429, N_("Too many requests to the platform")),
    "upload_gone": Kin(410, N_("The upload has ended")),
}

NO_SUCH_PAGE = N_("There is no page at this address. It may have moved, or what it showed was deleted.")
NOT_THIS_WAY = N_("This address cannot be opened this way. Go back and use the button there.")
MALFORMED = N_("This request could not be read. Load the page again.")
OUR_MISTAKE = N_("Playout made a mistake here. It is in the log; try once more, and tell whoever runs it if it stays.")


def kin_of(error: PlayoutError) -> Kin:
    """How it is answered."""
    if error.code in CODES:
        return CODES[error.code]
    if isinstance(error, PlatformFailure):
        return PLATFORM[error.kind]
    return next(KINDS[kind] for kind in type(error).__mro__ if kind in KINDS)


def unrouted(status: int) -> PlayoutError:
    """What the router refuses, as an error of ours."""
    match status:
        case 404:
            return NotFound(NO_SUCH_PAGE)
        case 405:
            return NotThisWay(NOT_THIS_WAY)
        case _:
            return Invalid(MALFORMED, code="malformed_request")


class NotThisWay(Conflict):
    """Another method than this address takes."""

    code = "method_not_allowed"


def problems_of(error: PlayoutError | None) -> dict[str, list[str]]:
    """Field (a JSON pointer, as in the API) -> what is wrong there; under "" what belongs to no field."""
    found: dict[str, list[str]] = {}
    if isinstance(error, Invalid):
        for one in error.problems:
            found.setdefault(one.field, []).append(one.message)
    return found
