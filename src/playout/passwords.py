"""Passwords: slow hashes (argon2id), in threads, a few at a time (each takes 64 MiB); and what guessers try first.

The guessers' list is that of zxcvbn (MIT): the 30,000 commonest of the passwords that became public in breaches, with
words, names, keyboard runs, dates and what people make of them. It is asked here, offline.
"""

import asyncio
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from playout.domain.secret import Secret

MOST_AT_ONCE = 4
#: Whatever a guesser comes to within so many guesses is too common. The list itself ends far below.
FEWEST_GUESSES = 10**6
#: Characters that are judged; zxcvbn takes no more, and its time grows with the square of them.
_JUDGED = 72


class Argon2Passwords:
    """The library's defaults: RFC 9106's second recommendation."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    async def hash(self, password: Secret) -> str:
        """A hash with its own salt and parameters."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password.reveal())

    async def verify(self, password: Secret, password_hash: str) -> bool:
        """Whether it is the one."""
        async with self._room:
            try:
                return await asyncio.to_thread(self._hasher.verify, password_hash, password.reveal())
            except (VerificationError, InvalidHashError):
                return False

    async def is_common(self, password: Secret, known: Sequence[str] = ()) -> bool:
        """Whether guessers come to it soon; `known`: what they know of its owner."""
        async with self._room:
            return await asyncio.to_thread(_is_common, password, known)


def _is_common(password: Secret, known: Sequence[str]) -> bool:
    judged = zxcvbn(password.reveal()[:_JUDGED], user_inputs=["playout", *known])
    return int(judged["guesses"]) < FEWEST_GUESSES
