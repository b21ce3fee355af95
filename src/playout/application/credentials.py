"""What people sign in with: e-mail addresses and passwords, checked the same way wherever they are given."""

import unicodedata
from collections.abc import Sequence
from typing import Protocol

from playout.domain.errors import Invalid, Problem
from playout.domain.person import Person
from playout.domain.secret import Secret

LEAST_PASSWORD = 12
#: A password is hashed at every try; a longer one would only cost more.
MOST_PASSWORD = 1000
LONGEST_EMAIL = 254  # characters, RFC 5321
LONGEST_NAME = 100


class Passwords(Protocol):
    """Slow hashes, and what guessers try first."""

    async def hash(self, password: Secret) -> str: ...

    async def verify(self, password: Secret, password_hash: str) -> bool: ...

    async def is_common(self, password: Secret, known: Sequence[str] = ()) -> bool:
        """Whether guessers come to it soon; `known`: what they know of its owner."""
        ...


def address(email: str) -> str:
    """The e-mail address as it is kept: trimmed, lower-case. Raises Invalid (`bad_email`)."""
    kept = email.strip().lower()
    name, at, domain = kept.rpartition("@")
    odd = any(letter.isspace() or not letter.isprintable() for letter in kept)
    if not (name and at and domain) or "@" in name or len(kept) > LONGEST_EMAIL or odd:
        raise refused("bad_email", "/email", "This is not an e-mail address.")
    return kept


def shown_name(name: str) -> str:
    """A person's name as it is kept: printable, in one line, not too long."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())[:LONGEST_NAME]


def refused(code: str, field: str, sentence: str) -> Invalid:
    """One field is wrong."""
    return Invalid(sentence, code=code, problems=[Problem(code, field, sentence)])


def _normal(password: Secret) -> Secret:
    """The same, however a keyboard composes it (NIST SP 800-63B §3.1.1.2). What is no text is no password."""
    clear = unicodedata.normalize("NFKC", password.reveal())
    return Secret(clear.encode(errors="replace").decode())


class Credentials:
    """Passwords: taken, compared."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._nobodys: str | None = None

    async def hashed(self, password: Secret, *known: str, field: str = "/password") -> str:
        """The hash of a new password. `known`: name and address of its owner. Raises Invalid, naming the field."""
        clear = _normal(password).reveal()
        if len(clear) < LEAST_PASSWORD:
            sentence = f"The password must have at least {LEAST_PASSWORD} characters."
            raise refused("weak_password", field, sentence)
        if len(clear) > MOST_PASSWORD:
            raise refused("long_password", field, f"The password may have at most {MOST_PASSWORD} characters.")
        told = [word for one in known for word in (one, *one.replace("@", " ").replace(".", " ").split()) if word]
        if await self._passwords.is_common(Secret(clear), told):
            sentence = "This password is among the first that are guessed. Take a longer or less usual one."
            raise refused("common_password", field, sentence)
        return await self._passwords.hash(Secret(clear))

    async def match(self, person: Person | None, password: Secret) -> bool:
        """Whether it is this person's. Takes as long where there is no such person, or none with a password."""
        if self._nobodys is None:
            self._nobodys = await self._passwords.hash(Secret("nobody's"))
        theirs = person.password_hash if person else None
        clear = _normal(password).reveal()
        right = await self._passwords.verify(Secret(clear[:MOST_PASSWORD]), theirs or self._nobodys)
        return right and theirs is not None and len(clear) <= MOST_PASSWORD
