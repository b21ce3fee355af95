"""What people change about themselves: name, address, password, and the ways in. Not here: workspaces (membership.py).

Whoever has a password is asked for it before a way in is changed: a browser left open is not the person.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from playout.application.challenges import Question, Tickets, challenge_of
from playout.application.codes import AppOffer, Codes
from playout.application.credentials import Credentials, address, refused, shown_name
from playout.application.ports import Clock, Passkeys, Store
from playout.application.sessions import Sessions, Visitor
from playout.application.tries import Tries
from playout.domain.errors import Conflict, NotFound, Stale
from playout.domain.person import Passkey, Person
from playout.domain.secret import Secret

MOST_PASSKEYS = 20
LONGEST_DEVICE = 60  # characters
_LOCALE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}")


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How somebody can sign in, as they may see it."""

    email: str
    password: bool
    app: bool  # codes of an app are asked after the password
    recovery_codes: int  # so many are left
    passkeys: tuple[Passkey, ...]
    identities: tuple[str, ...]


class Account:
    """One's own."""

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
        self._tickets = Tickets(store.ephemera, clock, "newkey")

    async def ways_in(self, visitor: Visitor) -> WaysIn:
        """As they are now."""
        one = await self._store.people.get(visitor.person.id)
        has = one.password_hash is not None, one.totp is not None
        return WaysIn(one.email, *has, len(one.recovery), one.passkeys, one.identities)

    # ── who one is ──────────────────────────────────────────────────────────────────────────────

    async def call(self, visitor: Visitor, name: str) -> Person:
        """Another name."""
        return await self._change(visitor, lambda one: replace(one, name=shown_name(name)))

    async def speak(self, visitor: Visitor, locale: str) -> Person:
        """Another language (BCP 47); "" for the browser's. Raises Invalid."""
        if locale and not _LOCALE.fullmatch(locale):
            raise refused("unknown_locale", "/locale", "This is not the name of a language.")
        return await self._change(visitor, lambda one: replace(one, locale=locale))

    async def move(self, visitor: Visitor, email: str, password: Secret) -> Person:
        """Another e-mail address. Raises Invalid (`bad_email`, `wrong_password`), Conflict (`taken`), TooOften."""
        kept = address(email)
        await self._confirm(visitor, password)
        try:
            return await self._change(visitor, lambda one: replace(one, email=kept))
        except Stale as taken:
            raise Conflict("Somebody has this e-mail address already.", code="taken") from taken

    async def change_password(self, visitor: Visitor, old: Secret, new: Secret) -> Person:
        """Another password; all other sessions end. `old` counts for nothing where there was none.

        Raises Invalid (`weak_password`, `common_password`, `wrong_password`; fields /new and /password), TooOften.
        """
        await self._confirm(visitor, old)
        one = visitor.person
        hashed = await self._credentials.hashed(new, one.email, one.name, field="/new")
        changed = await self._change(visitor, lambda one: replace(one, password_hash=hashed))
        await self._sessions.end_all(changed.id, but_for=visitor.session.id)
        return changed

    # ── codes of an app ─────────────────────────────────────────────────────────────────────────

    async def offer_app(self, visitor: Visitor, password: Secret) -> AppOffer:
        """Begins: a secret to be scanned, good for 15 minutes. Raises Invalid (`wrong_password`), TooOften.

        Raises Conflict (`no_password`) where nobody would ask for the codes, as there is no password.
        """
        await self._confirm(visitor, password)
        person = await self._store.people.get(visitor.person.id)
        if person.password_hash is None:
            raise Conflict("Codes are asked after the password, and you have none.", code="no_password")
        return await self._codes.offer(person)

    async def agree_app(self, visitor: Visitor, code: str) -> Sequence[Secret]:
        """Ends it: the app shows `code`. Gives ten recovery codes, shown this once; all other sessions end.

        Raises Invalid (`wrong_code`), Conflict (`app_gone`), TooOften.
        """
        await self._tries.count(f"codes {visitor.person.id}")
        codes = await self._codes.agreed(visitor.person.id, code)
        if codes is None:
            raise refused("wrong_code", "/code", "This code is not right. Is the clock of the device right?")
        await self._sessions.end_all(visitor.person.id, but_for=visitor.session.id)
        return codes

    async def drop_app(self, visitor: Visitor, password: Secret) -> Person:
        """From now on the password is enough. Raises Invalid (`wrong_password`), TooOften."""
        await self._confirm(visitor, password)
        return await self._change(visitor, lambda one: replace(one, totp=None, recovery=()))

    async def renew_recovery(self, visitor: Visitor, password: Secret) -> Sequence[Secret]:
        """Ten new recovery codes instead of the old ones. Raises Invalid (`wrong_password`), Conflict, TooOften."""
        await self._confirm(visitor, password)
        return await self._codes.renew(visitor.person.id)

    # ── passkeys ────────────────────────────────────────────────────────────────────────────────

    async def offer_passkey(self, visitor: Visitor, password: Secret) -> Question:
        """Begins. Raises Conflict where browsers would not do it, Invalid (`wrong_password`), TooOften."""
        await self._confirm(visitor, password)
        if not self._passkeys.possible:
            sentence = "Browsers do passkeys only where this server has a name, and https (or is called localhost)."
            raise Conflict(sentence, code="no_passkeys_here")
        person = await self._store.people.get(visitor.person.id)
        ticket, expires_at = await self._tickets.make(person.id, "passkey")
        return Question(self._passkeys.offer(person, challenge_of(ticket)), ticket, expires_at)

    async def add_passkey(self, visitor: Visitor, ticket: Secret, answer: str, name: str) -> Passkey:
        """Ends it. `answer`: what `navigator.credentials.create` gave, as JSON; `name`: what the device is called.

        Raises Invalid (`bad_passkey`), Conflict (`ticket_gone`, `too_many_passkeys`, `taken`).
        """
        if await self._tickets.take(ticket, "passkey") != visitor.person.id:
            raise Conflict("This took too long. Try again.", code="ticket_gone")
        new = self._passkeys.made(answer, challenge_of(ticket))
        called = shown_name(name)[:LONGEST_DEVICE] or "Passkey"
        key = Passkey(new.id, new.public_key, new.sign_count, called, self._clock.now())

        def added(one: Person) -> Person:
            if len(one.passkeys) >= MOST_PASSKEYS:
                raise Conflict(f"You have {MOST_PASSKEYS} passkeys. Remove one first.", code="too_many_passkeys")
            return replace(one, passkeys=(*(old for old in one.passkeys if old.id != key.id), key))

        try:
            await self._change(visitor, added)
        except Stale as taken:
            raise Conflict("This passkey belongs to somebody else.", code="taken") from taken
        return key

    async def drop_passkey(self, visitor: Visitor, key_id: str, password: Secret) -> Person:
        """Raises NotFound, Conflict (`last_way_in`), Invalid (`wrong_password`), TooOften."""
        await self._confirm(visitor, password)

        def dropped(one: Person) -> Person:
            left = tuple(key for key in one.passkeys if key.id != key_id)
            if len(left) == len(one.passkeys):
                raise NotFound("You have no such passkey.")
            if not left and one.password_hash is None and not one.identities:
                raise Conflict("This is your only way in. Add another first.", code="last_way_in")
            return replace(one, passkeys=left)

        return await self._change(visitor, dropped)

    # ── pieces ──────────────────────────────────────────────────────────────────────────────────

    async def _confirm(self, visitor: Visitor, password: Secret) -> None:
        """Whoever has a password says it. An empty one is not counted as a try."""
        person = await self._store.people.get(visitor.person.id)
        if person.password_hash is None:
            return
        if password:
            await self._tries.count(f"person {person.id}")
        if not (password and await self._credentials.match(person, password)):
            raise refused("wrong_password", "/password", "This is not your password.")

    async def _change(self, visitor: Visitor, change: Callable[[Person], Person]) -> Person:
        """Raises Stale only where the person as changed cannot be: what is unique is taken."""
        while True:
            before = await self._store.people.get(visitor.person.id)
            try:
                return await self._store.people.save(change(before))
            except Stale:
                if (await self._store.people.get(before.id)).version == before.version:
                    raise
