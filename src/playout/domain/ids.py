"""Names of records: sortable by the time they were made, and impossible to guess (64 random bits or more)."""

import hashlib
import re
import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_FORM = re.compile(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}")


def new_id(prefix: str, now: datetime, *, order: int = 0) -> str:
    """`prefix_` and 26 characters: 48 bits of milliseconds, 16 of `order`, 64 random ones (a ULID's form).

    `order` sorts what may be made within one millisecond; without it the 16 bits are random too.
    """
    place = order % 2**16 if order else secrets.randbits(16)
    number = (int(now.timestamp() * 1000) << 80) | (place << 64) | secrets.randbits(64)
    return prefix + "_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def derived_id(prefix: str, source: str, *also: str) -> str:
    """The id of what is made from `source`, and from nothing else twice: sorts by the same time.

    As hard to guess as those that it is made from.
    """
    digest = int.from_bytes(hashlib.sha256("\n".join([source, *also]).encode()).digest())
    tail = "".join(_ALPHABET[(digest >> shift) & 31] for shift in range(60, -1, -5))
    return f"{prefix}_{source.partition('_')[2][:13]}{tail}"


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` has the form of an id with this prefix; anything else need not be looked up."""
    return text.startswith(prefix + "_") and _FORM.fullmatch(text) is not None
