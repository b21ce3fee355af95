"""What Meta's codes mean on either platform: for each its kind, whose turn it is, and the sentence a person reads.

Here: the shared table, and the lookup by subcode, then phrase, then code, then HTTP status. Not here: the codes of
publishing (each platform's own table is laid over this one), and how an answer is read (graph.py).
Sources: Graph API error handling, rate limiting, access tokens, securing requests (2026); field reports for 3600x.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from playout.domain.retry import Kind, Turn

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: The code of a failure where an object does not exist, or the token does not see it; also a passing fault of reads.
GONE = "graph_100_33"

_SERVER = 500
_PERMISSIONS = range(200, 300)
_PERMISSION = re.compile(r"\b(?:pages|instagram|business)_[a-z_]{3,40}")
_STATUSES = {401: 190, 403: 200, 408: 2, 425: 2, 429: 4}  # what a status means where the answer has no code


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means. In the sentence `{name}` is the platform, `{permissions}` which ones it named, in brackets."""

    kind: Kind
    turn: Turn
    sentence: str
    #: For LATER, where the answer does not say when it lifts. None: growing from a minute to an hour.
    wait: timedelta | None = None
    #: Whether it is known that the call did nothing. If not, a fenced call that is answered so is UNSURE.
    certain: bool = True


#: (code, subcode); (None, subcode) with any code; (code, None) with any subcode; (code, "words") with these words in
#: the message, which is asked only where Meta has no number for it.
Codes: TypeAlias = Mapping[tuple[int | None, int | str | None], Meaning]

FAULT = Meaning(Kind.AGAIN, Turn.PLATFORM, "{name} has a fault of its own right now.", certain=False)
UNKNOWN = Meaning(
    Kind.NEVER, Turn.US, "{name} refused this for a reason that we do not know; please report it.", certain=False
)
_APP_LIMIT = Meaning(
    Kind.LATER, Turn.PLATFORM, "This server's app may ask {name} nothing more for now. It goes on by itself."
)
_LIMIT = Meaning(Kind.LATER, Turn.PLATFORM, "{name} asks us to slow down with this account. It goes on by itself.")
_OVER = Meaning(Kind.SIGN_IN, Turn.YOU, "{name}'s permission has ended. Connect the account again.")
_NOT_ALLOWED = Meaning(
    Kind.SIGN_IN,
    Turn.YOU,
    "The account has not allowed this at {name}{permissions}. Connect it again and leave every permission ticked.",
)
_BAD_QUESTION = Meaning(
    Kind.NEVER, Turn.US, "{name} did not understand what we sent. This is our mistake; please report it."
)
_SETTINGS = Meaning(
    Kind.LATER,
    Turn.US,
    "{name} refuses the app id or secret that this server uses. Whoever runs it must correct the settings.",
    HOUR,
)
_SIGN_IN_AGAIN = "The sign-in at {name} was used already, or took too long. Start it again from Playout."

SHARED: Codes = {
    (1, None): FAULT,
    (2, None): FAULT,
    # sign-in
    (1, "client secret"): _SETTINGS,
    (101, None): _SETTINGS,
    (104, None): _SETTINGS,
    (100, "appsecret_proof"): _SETTINGS,
    (100, 36007): Meaning(Kind.SIGN_IN, Turn.YOU, _SIGN_IN_AGAIN),
    (100, 36008): Meaning(
        Kind.SIGN_IN,
        Turn.US,
        "{name} does not accept this server's return address. Whoever runs it must enter it in the Meta app, letter "
        "by letter, and set PUBLIC_URL to the same.",
    ),
    (100, 36009): Meaning(Kind.SIGN_IN, Turn.YOU, _SIGN_IN_AGAIN),
    (191, None): Meaning(
        Kind.SIGN_IN, Turn.US, "{name} does not accept this server's return address. Enter it in the Meta app."
    ),
    # tokens
    (102, None): _OVER,
    (190, None): _OVER,
    (190, 458): Meaning(Kind.SIGN_IN, Turn.YOU, "The app was removed at {name}. Connect the account again."),
    (190, 459): Meaning(
        Kind.SIGN_IN, Turn.YOU, "{name} wants to see you first: sign in there yourself, then connect the account again."
    ),
    (190, 460): Meaning(
        Kind.SIGN_IN, Turn.YOU, "The password was changed, or {name} ended the session. Connect the account again."
    ),
    (190, 463): Meaning(Kind.SIGN_IN, Turn.YOU, "The permission at {name} has expired. Connect the account again."),
    (190, 464): Meaning(
        Kind.SIGN_IN, Turn.YOU, "{name} has not confirmed the person's account. Confirm it there, then connect again."
    ),
    (190, 467): Meaning(Kind.SIGN_IN, Turn.YOU, "{name} has ended the session. Connect the account again."),
    (190, 492): Meaning(
        Kind.SIGN_IN,
        Turn.YOU,
        "The person who connected this has no role on the Page any more. Somebody who has one must connect it.",
    ),
    # permissions
    (3, None): Meaning(
        Kind.NEVER,
        Turn.US,
        "This server's Meta app is not approved for this. Whoever runs it must finish the App Review.",
    ),
    (10, None): _NOT_ALLOWED,
    (200, None): _NOT_ALLOWED,  # with it all of 200 to 299
    # rates
    (4, None): _APP_LIMIT,
    (17, None): _LIMIT,
    (32, None): _LIMIT,
    (341, None): _APP_LIMIT,
    (613, None): _LIMIT,
    (80001, None): _LIMIT,
    (80002, None): _LIMIT,
    # the rules of the house
    (368, None): Meaning(
        Kind.LATER,
        Turn.YOU,
        "{name} has blocked this account from doing that for a while. Look there for a notice about the account; it is "
        "tried again by itself.",
        3 * HOUR,
    ),
    (506, None): Meaning(
        Kind.NEVER,
        Turn.YOU,
        "{name} takes this for a repeat of the last post. Change the caption, then send it again.",
    ),
    # questions
    (100, None): _BAD_QUESTION,
    (100, 33): Meaning(Kind.AGAIN, Turn.PLATFORM, "{name} does not find it, or does not show it to us.", certain=False),
    (2500, None): _BAD_QUESTION,
    (2635, None): Meaning(
        Kind.NEVER,
        Turn.US,
        "{name} no longer serves the version of its interface that this server asks for (META_GRAPH_VERSION).",
    ),
}


def meaning(codes: Codes, code: int | None, subcode: int | None, message: str, status: int) -> Meaning | None:
    """What an error says; None for one that nobody knows. Without a code that is known the HTTP status speaks."""
    by_status = codes.get((_STATUSES.get(status, 2 if status >= _SERVER else None), None))
    if code is None:
        return by_status
    keys: list[tuple[int | None, int | str | None]] = [(code, subcode), (None, subcode)] if subcode else []
    keys += [(known, words) for known, words in codes if known == code and isinstance(words, str) and words in message]
    keys += [(code, None), *([(200, None)] if code in _PERMISSIONS else [])]
    return next((codes[key] for key in keys if key in codes), by_status if status >= _SERVER else None)


def named_permissions(message: str) -> str:
    """The permissions that an error calls by name, as they go into a sentence; "" where there are none."""
    found = dict.fromkeys(_PERMISSION.findall(message))
    return f" ({', '.join(found)})" if found else ""
