"""The second step of a sign-in: codes of an app (TOTP, RFC 6238), and recovery codes for the day the app is gone.

The app's secret is sealed under the person's own data key. Of recovery codes only hashes are kept.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from playout.application.keys import PEOPLE
from playout.application.ports import Box, Clock, Store, Vault
from playout.domain.errors import Conflict, Stale
from playout.domain.person import Person
from playout.domain.secret import Secret

ISSUER = "Playout"
RECOVERY_CODES = 10
#: How long the app may be shown a secret that it has not answered with a code yet.
OFFERED = timedelta(minutes=15)
#: Steps of time that an app's clock may be off (RFC 6238 §5.2 advises at most one).
_DRIFT = 1
_FIELD = "totp"
_STEP = 30  # seconds, RFC 6238 §4.1
_DIGITS = 6
_SECRET = 20  # bytes, RFC 4226 §4 (R6)
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's, as in ids
_LENGTH = 16  # letters: 80 bits
_GROUP = 4  # letters, and a hyphen
_LONGEST = 64  # what people may type


@dataclass(frozen=True, slots=True)
class AppOffer:
    """A secret for an app: as a link (which a page may show as a QR code), and to be typed."""

    uri: Secret
    secret: Secret
    expires_at: datetime


class Codes:
    """Makes and checks them."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    async def offer(self, person: Person) -> AppOffer:
        """A new secret for the person's app. It counts for nothing until the app has answered: `agreed`."""
        secret, now = secrets.token_bytes(_SECRET), self._clock.now()
        key = f"app:{person.id}"
        sealed = (await self._box(person)).seal(_FIELD, secret).hex()
        while True:
            old = await self._store.ephemera.put_new(key, sealed, now + OFFERED, now)
            if old is None or await self._store.ephemera.replace(key, old, sealed, now + OFFERED):
                break
        typed = base64.b32encode(secret).decode()
        uri = f"otpauth://totp/{ISSUER}:{quote(person.email)}?secret={typed}&issuer={ISSUER}"
        return AppOffer(Secret(uri), Secret(typed), now + OFFERED)

    async def agreed(self, person_id: str, code: str) -> Sequence[Secret] | None:
        """The app shows the right code: from now on it is asked. Gives the recovery codes, shown this once.

        None: the code is wrong. Raises Conflict where nothing is on offer any more.
        """
        while True:
            now = self._clock.now()
            person = await self._store.people.get(person_id)
            kept = await self._store.ephemera.get(f"app:{person_id}", now)
            if kept is None:
                raise Conflict("This took too long. Begin again with a new code to scan.", code="app_gone")
            sealed = bytes.fromhex(kept)
            step = _step((await self._box(person)).open(_FIELD, sealed), code, now)
            if step is None:
                return None
            codes = [_new_code() for _ in range(RECOVERY_CODES)]
            hashes = tuple(_hash(person.id, one.reveal()) for one in codes)
            fresh = await self._store.people.get(person_id)  # its data key may just have been made
            try:
                await self._store.people.save(replace(fresh, totp=sealed, totp_used=step, recovery=hashes))
            except Stale:
                continue
            await self._store.ephemera.take(f"app:{person_id}", now)
            return codes

    async def use(self, person_id: str, code: str) -> bool:
        """Takes a code of the app, or a recovery code: each counts once. Says whether it did."""
        while True:
            person = await self._store.people.get(person_id)
            after = await self._used(person, code)
            if after is None:
                return False
            try:
                await self._store.people.save(after)
            except Stale:
                continue
            return True

    async def renew(self, person_id: str) -> Sequence[Secret]:
        """New recovery codes; the old ones count no more. Raises Conflict where no app is asked."""
        while True:
            person = await self._store.people.get(person_id)
            if person.totp is None:
                raise Conflict("There is no app whose loss these would make up for.", code="no_app")
            codes = [_new_code() for _ in range(RECOVERY_CODES)]
            hashes = tuple(_hash(person.id, one.reveal()) for one in codes)
            try:
                await self._store.people.save(replace(person, recovery=hashes))
            except Stale:
                continue
            return codes

    async def _used(self, person: Person, code: str) -> Person | None:
        """The person without it. None: it is no code of theirs, or was used before."""
        if person.totp is None:
            return None
        typed = _bare(code)
        if typed.isdecimal() and len(typed) < _LENGTH:
            secret = (await self._box(person)).open(_FIELD, person.totp)
            step = _step(secret, typed, self._clock.now(), after=person.totp_used)
            return None if step is None else replace(person, totp_used=step)
        spent = _hash(person.id, code)
        left = tuple(one for one in person.recovery if not hmac.compare_digest(one, spent))
        return replace(person, recovery=left) if len(left) < len(person.recovery) else None

    async def _box(self, person: Person) -> Box:
        """What the person's secret is sealed under: a data key of their own, made when it is needed first."""
        while person.data_key is None:
            key = await self._vault.new_key(PEOPLE, person.id)
            try:
                person = await self._store.people.save(replace(person, data_key=key))
            except Stale:
                person = await self._store.people.get(person.id)
        return await self._vault.unlock(PEOPLE, person.id, person.data_key)


def _step(secret: bytes, code: str, now: datetime, *, after: int = -1) -> int | None:
    """The step of time whose code this is, if it is around now and later than `after`."""
    typed, current = _bare(code), int(now.timestamp()) // _STEP
    around = range(current - _DRIFT, current + _DRIFT + 1)
    right = [one for one in around if hmac.compare_digest(_shown(secret, one).encode(), typed.encode())]
    return next((one for one in right if one > after), None)


def _shown(secret: bytes, step: int) -> str:
    """What an app shows in this step of time (RFC 4226 §5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def _new_code() -> Secret:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return Secret("-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP)))


def _bare(code: str) -> str:
    """Without what people put between, and with the letters that look like digits read as such (Crockford)."""
    told = "".join(letter for letter in code[:_LONGEST].lower() if letter.isalnum())
    return told.translate(str.maketrans("oil", "011"))


def _hash(person_id: str, code: str) -> str:
    return hashlib.sha256(f"{person_id}\n{_bare(code)}".encode()).hexdigest()
