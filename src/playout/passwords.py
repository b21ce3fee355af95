"""Slow hashes for passwords: argon2id, in threads, a few at a time (each takes 64 MiB)."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from playout.domain.secret import Secret

MOST_AT_ONCE = 4


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
