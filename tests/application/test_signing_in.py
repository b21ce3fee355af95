"""Signing in with a password and what comes after it: who is let in, who is not, and what stays unsaid."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from playout.application.account import WaysIn
from playout.application.codes import RECOVERY_CODES
from playout.application.sessions import Entered, Visitor
from playout.application.signing_in import HalfWay
from playout.application.tries import MOST, of_peer
from playout.domain.errors import Conflict, Invalid, TooOften, Unauthenticated
from playout.domain.person import Person, Role
from playout.domain.secret import Secret
from playout.passwords import Argon2Passwords
from playout.storage.memory import MemoryStore
from tests.application.interleaved import interleaved
from tests.cast import PASSWORD, Cast

WRONG = Secret("wrong-@:/?[]-horse")


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


@pytest.fixture
async def busy() -> Cast:
    """Where those who do something at once get in each other's way."""
    return await Cast.open(interleaved())


@pytest.fixture
async def owner(cast: Cast) -> Person:
    return await cast.member(Role.OWNER)


async def tried(cast: Cast, email: str, password: Secret = PASSWORD, *, peer: str = "192.0.2.7") -> Entered | HalfWay:
    return await cast.services.signing_in.with_password(email, password, peer=peer, agent="Firefox")


async def half(cast: Cast, person: Person) -> HalfWay:
    """The first half of a sign-in, from wherever nobody tried yet."""
    found = await tried(cast, person.email, peer=f"192.0.2.{cast.clock.now().second}")
    assert isinstance(found, HalfWay)
    return found


async def coded(cast: Cast, found: HalfWay, code: str, peer: str = "198.51.100.1") -> Entered:
    return await cast.services.signing_in.with_code(found.ticket, code, peer=peer, agent="Firefox")


async def visitor_of(cast: Cast, person: Person) -> Visitor:
    return await cast.services.sessions.who((await cast.services.sessions.begin(person, "Firefox")).cookie)


async def with_app(cast: Cast, person: Person) -> tuple[pyotp.TOTP, list[str]]:
    """The person's app, agreed on, and their recovery codes."""
    visitor = await visitor_of(cast, person)
    offer = await cast.services.account.offer_app(visitor, PASSWORD)
    app = pyotp.TOTP(offer.secret.reveal())
    codes = await cast.services.account.agree_app(visitor, app.at(cast.clock.now()))
    cast.clock.move(minutes=1)
    return app, [one.reveal() for one in codes]


async def ways_in(cast: Cast, person: Person) -> WaysIn:
    return await cast.services.account.ways_in(await visitor_of(cast, person))


# ── a password ───────────────────────────────────────────────────────────────────────────────────


async def test_address_and_password_are_enough(cast: Cast, owner: Person) -> None:
    entered = await tried(cast, owner.email)

    assert isinstance(entered, Entered)
    assert (await cast.services.sessions.who(entered.cookie)).person.id == owner.id


async def test_the_address_is_taken_however_it_is_spelt(cast: Cast, owner: Person) -> None:
    assert isinstance(await tried(cast, f"  {owner.email.upper()} "), Entered)


async def test_a_password_is_the_same_however_a_keyboard_composes_it(cast: Cast, owner: Person) -> None:
    visitor = await visitor_of(cast, owner)
    await cast.services.account.change_password(visitor, PASSWORD, Secret("Gru\u0308\u00dfe aus Ko\u0308ln"))

    assert isinstance(await tried(cast, owner.email, Secret("Gr\u00fc\u00dfe aus K\u00f6ln")), Entered)


@pytest.mark.parametrize("email", ["owner@ws-home.example", "nobody@ws-home.example", "", "a\0b@c", "\ud800@c"])
async def test_what_is_wrong_is_not_told(cast: Cast, owner: Person, email: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await tried(cast, email, WRONG)

    assert (refused.value.code, refused.value.sentence) == (
        "wrong_sign_in",
        "The e-mail address or the password is not right.",
    )


@pytest.mark.parametrize("password", ["", "\ud800", "correct-@:/?[]-hors", "x" * 5000, "Correct-@:/?[]-horse"])
async def test_nothing_but_the_password_is_the_password(cast: Cast, owner: Person, password: str) -> None:
    with pytest.raises(Unauthenticated):
        await tried(cast, owner.email, Secret(password))


async def test_a_slow_hash_is_computed_whether_there_is_such_a_person_or_not(owner: Person) -> None:
    """Counted and not timed: else the clock of the answer would tell who there is."""
    computed: list[str] = []

    class Counting(Argon2Passwords):
        async def verify(self, password: Secret, password_hash: str) -> bool:
            computed.append(password_hash)
            return await super().verify(password, password_hash)

    cast = await Cast.open(passwords=Counting())
    somebody = await cast.member(Role.OWNER)
    for email in (somebody.email, "nobody@ws-home.example", "\0"):
        with pytest.raises(Unauthenticated):
            await tried(cast, email, WRONG)

    assert len(computed) == 3
    assert all(one.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for one in computed)


async def test_one_who_has_no_password_is_not_let_in_by_any(cast: Cast, owner: Person) -> None:
    await cast.store.people.save(replace(owner, password_hash=None))

    for password in ("", "nobody's"):
        with pytest.raises(Unauthenticated):
            await tried(cast, owner.email, Secret(password))


# ── how often ────────────────────────────────────────────────────────────────────────────────────


async def test_ten_tries_for_an_address_in_ten_minutes_from_wherever_they_come(cast: Cast, owner: Person) -> None:
    for number in range(MOST):
        with pytest.raises(Unauthenticated):
            await tried(cast, owner.email, WRONG, peer=f"192.0.2.{number}")
    cast.clock.move(minutes=4)

    with pytest.raises(TooOften) as refused:
        await tried(cast, owner.email.upper(), PASSWORD, peer="192.0.2.99")

    assert refused.value.retry_at == cast.clock.now() + timedelta(minutes=6)
    assert refused.value.sentence == "There were too many tries. Try again in 6 minutes."
    cast.clock.move(minutes=6)
    assert isinstance(await tried(cast, owner.email, peer="192.0.2.99"), Entered)


async def test_ten_tries_from_one_machine_whomever_they_are_for(cast: Cast, owner: Person) -> None:
    for number in range(MOST):
        with pytest.raises(Unauthenticated):
            await tried(cast, f"nobody-{number}@ws-home.example", WRONG)

    with pytest.raises(TooOften):
        await tried(cast, owner.email)
    assert isinstance(await tried(cast, owner.email, peer="192.0.2.8"), Entered)


async def test_whoever_asks_whether_an_address_exists_is_slowed_down_alike(cast: Cast, owner: Person) -> None:
    for email in (owner.email, "nobody@ws-home.example"):
        for number in range(MOST):
            with pytest.raises(Unauthenticated):
                await tried(cast, email, WRONG, peer=f"{email} {number}")
        with pytest.raises(TooOften):
            await tried(cast, email, WRONG, peer="another")


async def test_of_many_tries_at_once_no_more_than_ten_are_looked_at(busy: Cast) -> None:
    owner = await busy.member(Role.OWNER)
    tries = [tried(busy, owner.email, WRONG, peer=str(number)) for number in range(30)]
    answers = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(one, Unauthenticated) for one in answers) == MOST


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "@socket", False),
    ],
)
def test_a_network_of_ipv6_is_one_machine(one: str, other: str, same: bool) -> None:
    assert (of_peer(one) == of_peer(other)) is same


# ── codes ────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_has_an_app_is_only_half_way_with_the_password(cast: Cast, owner: Person) -> None:
    app, _ = await with_app(cast, owner)

    found = await half(cast, owner)
    with pytest.raises(Unauthenticated):
        await cast.services.sessions.who(found.ticket)
    entered = await coded(cast, found, app.at(cast.clock.now()))

    assert (await cast.services.sessions.who(entered.cookie)).person.id == owner.id


@pytest.mark.parametrize(("seconds", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
async def test_the_clock_of_the_app_may_be_half_a_minute_off(
    cast: Cast, owner: Person, seconds: int, good: bool
) -> None:
    app, _ = await with_app(cast, owner)
    found = await half(cast, owner)
    code = app.at(cast.clock.now() + timedelta(seconds=seconds))

    if good:
        await coded(cast, found, code)
    else:
        with pytest.raises(Unauthenticated):
            await coded(cast, found, code)


async def test_a_code_counts_once(cast: Cast, owner: Person) -> None:
    app, _ = await with_app(cast, owner)
    first, second = await half(cast, owner), await half(cast, owner)
    code = app.at(cast.clock.now())
    await coded(cast, first, code)

    with pytest.raises(Unauthenticated) as refused:
        await coded(cast, second, code)
    assert refused.value.code == "wrong_code"


async def test_of_two_who_come_with_the_same_code_at_once_one_gets_in(busy: Cast) -> None:
    owner = await busy.member(Role.OWNER)
    app, _ = await with_app(busy, owner)
    first, second = await half(busy, owner), await half(busy, owner)
    code = app.at(busy.clock.now())

    answers = await asyncio.gather(coded(busy, first, code), coded(busy, second, code), return_exceptions=True)

    assert sorted(type(one).__name__ for one in answers) == ["Entered", "Unauthenticated"]


async def test_after_a_later_code_an_earlier_one_counts_no_more(cast: Cast, owner: Person) -> None:
    app, _ = await with_app(cast, owner)
    first, second = await half(cast, owner), await half(cast, owner)
    await coded(cast, first, app.at(cast.clock.now() + timedelta(seconds=30)))

    with pytest.raises(Unauthenticated):
        await coded(cast, second, app.at(cast.clock.now()))


async def test_the_code_by_which_the_app_was_agreed_on_counts_no_second_time(cast: Cast, owner: Person) -> None:
    visitor = await visitor_of(cast, owner)
    app = pyotp.TOTP((await cast.services.account.offer_app(visitor, PASSWORD)).secret.reveal())
    code = app.at(cast.clock.now())
    await cast.services.account.agree_app(visitor, code)

    with pytest.raises(Unauthenticated):
        await coded(cast, await half(cast, owner), code)


async def test_a_code_may_be_typed_with_spaces(cast: Cast, owner: Person) -> None:
    app, _ = await with_app(cast, owner)
    code = app.at(cast.clock.now())

    await coded(cast, await half(cast, owner), f" {code[:3]} {code[3:]} ")


async def test_a_wrong_code_may_be_followed_by_the_right_one(cast: Cast, owner: Person) -> None:
    app, _ = await with_app(cast, owner)
    found = await half(cast, owner)
    for wrong in ("", "000000x", "0" * 6000, "\ud800", "١٢٣٤٥٦"):
        with pytest.raises(Unauthenticated) as refused:
            await coded(cast, found, wrong)
        assert refused.value.code == "wrong_code"

    await coded(cast, found, app.at(cast.clock.now()))


async def test_half_way_is_for_five_minutes_and_once(cast: Cast, owner: Person) -> None:
    app, _ = await with_app(cast, owner)
    late, used = await half(cast, owner), await half(cast, owner)
    assert late.expires_at == cast.clock.now() + timedelta(minutes=5)
    await coded(cast, used, app.at(cast.clock.now()))
    with pytest.raises(Unauthenticated) as refused:
        await coded(cast, used, app.at(cast.clock.now() + timedelta(seconds=30)))
    assert refused.value.code == "ticket_gone"
    cast.clock.move(minutes=5)

    with pytest.raises(Unauthenticated) as refused:
        await coded(cast, late, app.at(cast.clock.now()))
    assert refused.value.code == "ticket_gone"


async def test_codes_can_be_tried_ten_times_in_ten_minutes_however_often_one_begins(cast: Cast, owner: Person) -> None:
    app, _ = await with_app(cast, owner)
    cast.clock.move(minutes=10)
    first, second = await half(cast, owner), await half(cast, owner)
    for number in range(MOST):
        with pytest.raises(Unauthenticated):
            await coded(cast, first, "000000", peer=str(number))

    with pytest.raises(TooOften):
        await coded(cast, second, app.at(cast.clock.now()), peer="another")


async def test_another_password_shuts_the_way_of_whoever_is_half_way(cast: Cast, owner: Person) -> None:
    app, _ = await with_app(cast, owner)
    found = await half(cast, owner)
    await cast.services.account.change_password(await visitor_of(cast, owner), PASSWORD, Secret("battery-staple-9"))

    with pytest.raises(Unauthenticated):
        await coded(cast, found, app.at(cast.clock.now()))


# ── recovery codes ───────────────────────────────────────────────────────────────────────────────


async def test_there_are_ten_recovery_codes_to_be_written_down(cast: Cast, owner: Person) -> None:
    _, codes = await with_app(cast, owner)

    assert len(set(codes)) == RECOVERY_CODES
    assert all(re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}", one) for one in codes)


async def test_a_recovery_code_stands_for_the_app_once(cast: Cast, owner: Person) -> None:
    _, codes = await with_app(cast, owner)
    first, second = await half(cast, owner), await half(cast, owner)
    await coded(cast, first, codes[3].upper().replace("-", " "))

    with pytest.raises(Unauthenticated):
        await coded(cast, second, codes[3])
    assert (await ways_in(cast, owner)).recovery_codes == RECOVERY_CODES - 1
    await coded(cast, second, codes[4])


async def test_new_recovery_codes_end_the_old_ones(cast: Cast, owner: Person) -> None:
    _, old = await with_app(cast, owner)
    new = await cast.services.account.renew_recovery(await visitor_of(cast, owner), PASSWORD)

    with pytest.raises(Unauthenticated):
        await coded(cast, await half(cast, owner), old[0])
    await coded(cast, await half(cast, owner), new[0].reveal())


# ── the app ──────────────────────────────────────────────────────────────────────────────────────


async def test_the_app_is_shown_a_link_that_names_us_and_the_person(cast: Cast, owner: Person) -> None:
    offer = await cast.services.account.offer_app(await visitor_of(cast, owner), PASSWORD)

    parsed = pyotp.parse_uri(offer.uri.reveal())
    assert (parsed.issuer, parsed.name, parsed.secret) == ("Playout", owner.email, offer.secret.reveal())


async def test_nothing_is_asked_until_the_app_has_answered(cast: Cast, owner: Person) -> None:
    visitor = await visitor_of(cast, owner)
    await cast.services.account.offer_app(visitor, PASSWORD)
    with pytest.raises(Invalid) as refused:
        await cast.services.account.agree_app(visitor, "000000")

    assert (refused.value.code, refused.value.problems[0].field) == ("wrong_code", "/code")
    assert isinstance(await tried(cast, owner.email), Entered)


async def test_the_newest_offer_is_the_one_that_counts(cast: Cast, owner: Person) -> None:
    visitor = await visitor_of(cast, owner)
    old, new = [pyotp.TOTP((await cast.services.account.offer_app(visitor, PASSWORD)).secret.reveal()) for _ in "12"]

    with pytest.raises(Invalid):
        await cast.services.account.agree_app(visitor, old.at(cast.clock.now()))
    assert await cast.services.account.agree_app(visitor, new.at(cast.clock.now()))


async def test_an_offer_is_good_for_a_quarter_of_an_hour(cast: Cast, owner: Person) -> None:
    visitor = await visitor_of(cast, owner)
    app = pyotp.TOTP((await cast.services.account.offer_app(visitor, PASSWORD)).secret.reveal())
    cast.clock.move(minutes=15)

    with pytest.raises(Conflict) as refused:
        await cast.services.account.agree_app(visitor, app.at(cast.clock.now()))
    assert refused.value.code == "app_gone"


async def test_an_app_once_agreed_on_ends_all_other_sessions(cast: Cast, owner: Person) -> None:
    elsewhere = await cast.services.sessions.begin(owner, "phone")
    await with_app(cast, owner)

    with pytest.raises(Unauthenticated):
        await cast.services.sessions.who(elsewhere.cookie)


async def test_without_the_app_the_password_is_enough_again(cast: Cast, owner: Person) -> None:
    await with_app(cast, owner)
    await cast.services.account.drop_app(await visitor_of(cast, owner), PASSWORD)

    assert isinstance(await tried(cast, owner.email), Entered)
    assert await ways_in(cast, owner) == WaysIn(owner.email, True, False, 0, (), ())
    with pytest.raises(Conflict):
        await cast.services.account.renew_recovery(await visitor_of(cast, owner), PASSWORD)


async def test_the_app_of_somebody_still_works_after_the_keys_were_rotated(cast: Cast, owner: Person) -> None:
    """The data key of a person is sealed apart from any workspace."""
    app, _ = await with_app(cast, owner)
    person = await cast.store.people.get(owner.id)
    assert person.data_key
    rewrapped = await cast.services.keys._vault.rewrap("people", person.id, person.data_key)
    await cast.store.people.save(replace(person, data_key=rewrapped))

    await coded(cast, await half(cast, owner), app.at(cast.clock.now()))


# ── one after the other ──────────────────────────────────────────────────────────────────────────


async def test_a_session_that_began_with_a_password_just_changed_ends_at_once() -> None:
    """The password is compared, then changed, and only then would the session begin."""

    class Slow(Argon2Passwords):
        compared = asyncio.Event()
        go_on = asyncio.Event()
        slow = False

        async def verify(self, password: Secret, password_hash: str) -> bool:
            right = await super().verify(password, password_hash)
            if self.slow:
                self.compared.set()
                await self.go_on.wait()
            return right

    passwords = Slow()
    cast = await Cast.open(passwords=passwords)
    person = await cast.member(Role.OWNER)
    visitor = await visitor_of(cast, person)
    passwords.slow = True
    signing_in = asyncio.create_task(tried(cast, person.email))
    await passwords.compared.wait()
    passwords.slow = False
    await cast.services.account.change_password(visitor, PASSWORD, Secret("battery-staple-9"))
    passwords.go_on.set()

    with pytest.raises(Unauthenticated):
        await signing_in
    assert [one.id for one in await cast.services.sessions.list(person)] == [visitor.session.id]


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


async def test_no_secret_lies_in_the_store_in_the_clear() -> None:
    store = MemoryStore()
    cast = await Cast.open(store, passwords=Argon2Passwords())
    link = await cast.services.membership.first_link()
    invitation = await cast.services.membership.invite(cast.alice, Role.VIEWER)
    person = await cast.member(Role.OWNER)
    visitor_cookie = (await cast.services.sessions.begin(person, "Firefox")).cookie
    visitor = await cast.services.sessions.who(visitor_cookie)
    offer = await cast.services.account.offer_app(visitor, PASSWORD)
    offered = repr(vars(store.ephemera)) + repr(vars(store.people))
    app = pyotp.TOTP(offer.secret.reveal())
    codes = await cast.services.account.agree_app(visitor, app.at(cast.clock.now()))
    cast.clock.move(minutes=1)
    found = await half(cast, person)
    question = await cast.services.signing_in.ask_passkey()
    kept = offered + repr(vars(store.ephemera)) + repr(vars(store.people)) + repr(vars(store.workspaces))

    assert link
    assert person.id in kept
    secrets = [PASSWORD, visitor_cookie, visitor.csrf, offer.secret, found.ticket, question.ticket, *codes]
    parts = [link.reveal().rpartition("/")[2], invitation.secret.reveal().rpartition(".")[2]]
    for secret in [one.reveal() for one in secrets] + parts:
        for piece in (secret, secret.replace("-", ""), secret.encode().hex()):
            assert piece not in kept, secret


@pytest.mark.parametrize(
    ("password", "common"),
    [
        ("123456789012", True),
        ("password1234", True),
        ("qwertyuiop12", True),
        ("passwordpassword", True),
        ("polniypizdec0211", True),
        ("aaaaaaaaaaaaaaaaaaaa", True),
        ("playoutplayout", True),
        ("margarethe-thornquist", True),
        ("x" * 900, True),
        ("correct-@:/?[]-horse", False),
        ("my dog is called Rex", False),
        ("Grüße aus dem Norden", False),
    ],
)
async def test_what_guessers_try_first_is_common(password: str, common: bool) -> None:
    known = ["margarethe-thornquist"]

    assert await Argon2Passwords().is_common(Secret(password), known) is common
