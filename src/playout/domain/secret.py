"""A string that must not be seen: tokens, client secrets, upload addresses."""

import hashlib
import hmac
from typing import Never


class Secret:
    """Holds a string that prints as `***`; `reveal()` is the one way to it, easy to search the code for."""

    __slots__ = ("_clear",)

    def __init__(self, clear: str) -> None:
        self._clear = clear

    def reveal(self) -> str:
        """The string in the clear. Hand it to a socket or to the vault, never to a log or an exception."""
        return self._clear

    def digest(self) -> str:
        """SHA-256, in hexadecimal: what may be kept of one that nobody can guess, and find it again by."""
        return hashlib.sha256(self._clear.encode(errors="replace")).hexdigest()

    def matches(self, other: str) -> bool:
        """Whether `other` is the same string, in constant time."""
        return hmac.compare_digest(self._clear.encode(), other.encode())

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._clear)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._clear)

    def __hash__(self) -> int:
        return hash(("Secret", self._clear))

    def __reduce__(self) -> Never:
        msg = "a Secret is not pickled; seal it in the vault"
        raise TypeError(msg)
