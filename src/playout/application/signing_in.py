"""Signing in: with a password and what comes after it, or with a passkey. What it leads to is a session (sessions.py).

Whoever is refused learns nothing of who there is: the answers, and the time they take, are the same.
"""

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import datetime

from playout.application.challenges import Question, Tickets, challenge_of
from playout.application.codes import Codes
from playout.application.credentials import Credentials
from playout.application.ports import Clock, Passkeys, Store
from playout.application.sessions import Entered, Sessions
from playout.application.tries import Tries, of_peer
from playout.domain.errors import Conflict, NotFound, Stale, Unauthenticated
from playout.domain.person import Passkey, Person
from playout.domain.secret import Secret

log = logging.getLogger(__name__)

_CODE = "code"
_KEY = "passkey"


@dataclass(frozen=True, slots=True)
class HalfWay:
    """The password was right; now a code is asked. The ticket goes to the browser, and comes back with the code."""

    ticket: Secret
    expires_at: datetime


class SigningIn:
    """What a page can do for somebody who is not signed in. `peer`: the address of their machine."""

    def __init__(
        self, store: Store, credentials: Credentials, codes: Codes, passkeys: Passkeys, sessions: Sessions, clock: Clock
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._codes = codes
        self._passkeys = passkeys
        self._sessions = sessions
        self._clock = clock
        self._tries = Tries(store.ephemera, clock)
        self._tickets = Tickets(store.ephemera, clock, "half")

    async def with_password(self, email: str, password: Secret, *, peer: str, agent: str) -> Entered | HalfWay:
        """Raises Unauthenticated (`wrong_sign_in`), TooOften."""
        address = email.strip().lower()
        await self._tries.count(of_peer(peer), f"address {address}")
        person = await self._store.people.by_email(address) if address.isprintable() else None
        if not await self._credentials.match(person, password) or person is None:
            log.info("sign_in.refused")
            raise Unauthenticated("The e-mail address or the password is not right.", code="wrong_sign_in")
        if person.totp is None:
            return await self._entered(person, agent)
        return HalfWay(*await self._tickets.make(_half(person), _CODE))

    async def with_code(self, ticket: Secret, code: str, *, peer: str, agent: str) -> Entered:
        """The second half: a code of the app, or a recovery code. Raises Unauthenticated, TooOften.

        After a wrong code (`wrong_code`) another may be tried with the same ticket; where that is no good any more
        (`ticket_gone`) one has to begin again.
        """
        gone = Unauthenticated("This took too long. Sign in again.", code="ticket_gone")
        half = await self._tickets.whose(ticket, _CODE)
        if half is None:
            raise gone
        person_id = half.partition("\n")[0]
        await self._tries.count(of_peer(peer), f"codes {person_id}")
        person = await self._known(person_id)
        if person is None or _half(person) != half:
            raise gone
        if not await self._codes.use(person_id, code):
            log.info("sign_in.refused", extra={"person_id": person_id})
            raise Unauthenticated("This code is not right, or was used before.", code="wrong_code")
        if await self._tickets.take(ticket, _CODE) is None:
            raise gone
        return await self._entered(person, agent)

    @property
    def passkeys_possible(self) -> bool:
        """Whether browsers do passkeys at our address."""
        return self._passkeys.possible

    async def ask_passkey(self) -> Question:
        """For whoever has a passkey; they need not say who they are. Raises Conflict where browsers would not do it."""
        if not self._passkeys.possible:
            sentence = "Browsers do passkeys only where this server has a name, and https (or is called localhost)."
            raise Conflict(sentence, code="no_passkeys_here")
        ticket, expires_at = await self._tickets.make("", _KEY)
        return Question(self._passkeys.question(challenge_of(ticket)), ticket, expires_at)

    async def with_passkey(self, ticket: Secret, answer: str, *, peer: str, agent: str) -> Entered:
        """`answer`: what the browser's `navigator.credentials.get` gave, as JSON. Raises Unauthenticated, TooOften.

        No code is asked: the device has asked who it is, and a device is something that one has.
        """
        await self._tries.count(of_peer(peer))
        if await self._tickets.take(ticket, _KEY) is None:
            raise Unauthenticated("This took too long. Try again.", code="ticket_gone")
        claim = self._passkeys.claim(answer)
        while True:
            person = await self._store.people.by_way(f"passkey:{claim.key_id}")
            key = _key_of(person, claim.key_id)
            if person is None or key is None or claim.person_id not in {None, person.id}:
                sentence = "This passkey is not known here (any more). Sign in another way."
                raise Unauthenticated(sentence, code="unknown_passkey")
            count = self._passkeys.proven(answer, challenge_of(ticket), key)
            used = replace(key, sign_count=count, last_used_at=self._clock.now())
            keys = tuple(used if one.id == key.id else one for one in person.passkeys)
            try:
                person = await self._store.people.save(replace(person, passkeys=keys))
            except Stale:
                continue
            return await self._entered(person, agent, key=key.id)

    async def _entered(self, person: Person, agent: str, *, key: str | None = None) -> Entered:
        """Looks at the way in once more, now that there is a session: who shut it meanwhile did not find this one."""
        entered = await self._sessions.begin(person, agent)
        now = await self._known(person.id)
        stands = now and (_key_of(now, key) if key else now.password_hash == person.password_hash)
        if not stands:
            await self._sessions.end(person, entered.session.id)
            raise Unauthenticated("Sign in again.", code="wrong_sign_in")
        log.info("sign_in.done", extra={"person_id": person.id})
        return entered

    async def _known(self, person_id: str) -> Person | None:
        try:
            return await self._store.people.get(person_id)
        except NotFound:
            return None


def _half(person: Person) -> str:
    """Who is half-way, and with which password: if that changes, the way is shut."""
    return f"{person.id}\n{hashlib.sha256((person.password_hash or '').encode()).hexdigest()}"


def _key_of(person: Person | None, key_id: str) -> Passkey | None:
    return next((one for one in person.passkeys if one.id == key_id), None) if person else None
