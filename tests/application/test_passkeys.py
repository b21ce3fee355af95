"""Passkeys: made, shown and taken back, with a software device that does what phones and browsers do."""

import asyncio
import json
from dataclasses import replace

import pyotp
import pytest

from playout.application.account import MOST_PASSKEYS
from playout.application.challenges import challenge_of
from playout.application.sessions import Entered, Visitor
from playout.application.signing_in import HalfWay
from playout.domain.errors import Conflict, Invalid, NotFound, TooOften, Unauthenticated
from playout.domain.person import Passkey, Person, Role
from playout.domain.secret import Secret
from playout.passkeys import WebauthnPasskeys
from tests.application.interleaved import interleaved
from tests.authenticator import Device, packed, unpacked
from tests.cast import NAMED_URL, PASSWORD, Cast

WRONG = Secret("wrong-@:/?[]-horse")


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


@pytest.fixture
async def busy() -> Cast:
    """Where those who do something at once get in each other's way."""
    return await Cast.open(interleaved())


@pytest.fixture
async def alice(cast: Cast) -> Visitor:
    return await visiting(cast, await cast.member(Role.OWNER))


@pytest.fixture
def phone() -> Device:
    return Device(NAMED_URL)


async def visiting(cast: Cast, person: Person) -> Visitor:
    return await cast.services.sessions.who((await cast.services.sessions.begin(person, "Firefox")).cookie)


async def made(cast: Cast, visitor: Visitor, device: Device, name: str = "Phone") -> Passkey:
    question = await cast.services.account.offer_passkey(visitor, PASSWORD)
    return await cast.services.account.add_passkey(visitor, question.ticket, device.create(question.options), name)


async def signed_in(cast: Cast, device: Device, *, peer: str = "192.0.2.7") -> Entered:
    question = await cast.services.signing_in.ask_passkey()
    return await answered(cast, question.ticket, device.get(question.options), peer=peer)


async def answered(cast: Cast, ticket: Secret, answer: str, *, peer: str = "192.0.2.7") -> Entered:
    return await cast.services.signing_in.with_passkey(ticket, answer, peer=peer, agent="Firefox")


# ── making one ───────────────────────────────────────────────────────────────────────────────────


async def test_a_device_that_made_a_key_signs_in_without_any_name(cast: Cast, alice: Visitor, phone: Device) -> None:
    key = await made(cast, alice, phone)
    cast.clock.move(days=1)

    entered = await signed_in(cast, phone)

    assert (await cast.services.sessions.who(entered.cookie)).person.id == alice.person.id
    seen = (await cast.services.account.ways_in(alice)).passkeys
    assert seen == (replace(key, sign_count=1, last_used_at=cast.clock.now()),)


async def test_the_device_is_asked_for_a_key_that_it_keeps_and_guards(
    cast: Cast, alice: Visitor, phone: Device
) -> None:
    first = await made(cast, alice, phone)

    options = json.loads((await cast.services.account.offer_passkey(alice, PASSWORD)).options)

    assert options["rp"] == {"id": "playout.invalid", "name": "Playout"}
    assert options["user"]["name"] == alice.person.email
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert [one["id"] for one in options["excludeCredentials"]] == [first.id]


async def test_it_is_called_as_the_person_calls_the_device(cast: Cast, alice: Visitor, phone: Device) -> None:
    names = [(await made(cast, alice, phone, name)).name for name in ("  My\nphone ", "", "x" * 200)]

    assert names == ["My phone", "Passkey", "x" * 60]


async def test_the_password_is_asked_before_a_key_is_made(cast: Cast, alice: Visitor) -> None:
    for wrong in (WRONG, Secret("")):
        with pytest.raises(Invalid) as refused:
            await cast.services.account.offer_passkey(alice, wrong)
        assert refused.value.code == "wrong_password"


async def test_nobody_finishes_what_somebody_else_began(cast: Cast, alice: Visitor, phone: Device) -> None:
    bob = await visiting(cast, await cast.member(Role.EDITOR))
    question = await cast.services.account.offer_passkey(alice, PASSWORD)

    with pytest.raises(Conflict) as refused:
        await cast.services.account.add_passkey(bob, question.ticket, phone.create(question.options), "mine")
    assert refused.value.code == "ticket_gone"


async def test_an_offer_is_good_once_and_for_five_minutes(cast: Cast, alice: Visitor, phone: Device) -> None:
    used, late = [await cast.services.account.offer_passkey(alice, PASSWORD) for _ in "12"]
    await cast.services.account.add_passkey(alice, used.ticket, phone.create(used.options), "")
    cast.clock.move(minutes=5)

    for one in (used, late):
        with pytest.raises(Conflict) as refused:
            await cast.services.account.add_passkey(alice, one.ticket, phone.create(one.options), "")
        assert refused.value.code == "ticket_gone"


async def test_the_answer_to_another_question_makes_no_key(cast: Cast, alice: Visitor, phone: Device) -> None:
    asked, other = [await cast.services.account.offer_passkey(alice, PASSWORD) for _ in "12"]

    with pytest.raises(Invalid) as refused:
        await cast.services.account.add_passkey(alice, asked.ticket, phone.create(other.options), "")
    assert refused.value.code == "bad_passkey"


@pytest.mark.parametrize(
    "device",
    [Device("https://evil.invalid"), Device("http://playout.invalid"), Device(NAMED_URL, uv=False)],
    ids=["another page", "not over https", "asks nobody who they are"],
)
async def test_a_key_is_made_only_on_our_page_by_a_device_that_asks_who_is_there(
    cast: Cast, alice: Visitor, device: Device
) -> None:
    with pytest.raises(Invalid):
        await made(cast, alice, device)
    assert (await cast.services.account.ways_in(alice)).passkeys == ()


@pytest.mark.parametrize("answer", ["", "{}", "null", "[" * 50_000, '{"id": 1}', "x" * 70_000])
async def test_what_is_no_answer_makes_no_key(cast: Cast, alice: Visitor, answer: str) -> None:
    question = await cast.services.account.offer_passkey(alice, PASSWORD)

    with pytest.raises(Invalid):
        await cast.services.account.add_passkey(alice, question.ticket, answer, "")


async def test_a_key_of_somebody_else_is_not_taken_over(cast: Cast, alice: Visitor, phone: Device) -> None:
    """A device of an attacker may claim any id for its key."""
    await made(cast, alice, phone)
    bob = await visiting(cast, await cast.member(Role.EDITOR))
    question = await cast.services.account.offer_passkey(bob, PASSWORD)
    forger = Device(NAMED_URL)
    forger.create(question.options)
    forged = json.loads(forger.create(question.options))
    statement = unpacked(forged["response"]["attestationObject"])
    forged["response"]["attestationObject"] = packed(statement.replace(forger.keys[-1].id, phone.keys[0].id))
    forged["id"] = forged["rawId"] = packed(phone.keys[0].id)

    with pytest.raises(Conflict) as refused:
        await cast.services.account.add_passkey(bob, question.ticket, json.dumps(forged), "")
    assert refused.value.code == "taken"


async def test_a_person_has_at_most_twenty(cast: Cast, alice: Visitor, phone: Device) -> None:
    for _ in range(MOST_PASSKEYS):
        cast.clock.move(minutes=2)
        await made(cast, alice, phone)

    with pytest.raises(Conflict) as refused:
        await made(cast, alice, phone)
    assert refused.value.code == "too_many_passkeys"


# ── signing in ───────────────────────────────────────────────────────────────────────────────────


async def test_the_question_names_nobody(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    options = json.loads((await cast.services.signing_in.ask_passkey()).options)

    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"


async def test_an_answer_counts_once(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    question = await cast.services.signing_in.ask_passkey()
    answer = phone.get(question.options)
    await answered(cast, question.ticket, answer)

    with pytest.raises(Unauthenticated) as refused:
        await answered(cast, question.ticket, answer)
    assert refused.value.code == "ticket_gone"


async def test_an_answer_to_another_question_is_refused(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    asked, other = await cast.services.signing_in.ask_passkey(), await cast.services.signing_in.ask_passkey()

    with pytest.raises(Unauthenticated) as refused:
        await answered(cast, asked.ticket, phone.get(other.options))
    assert refused.value.code == "bad_passkey"


async def test_a_question_is_good_for_five_minutes(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    question = await cast.services.signing_in.ask_passkey()
    cast.clock.move(minutes=5)

    with pytest.raises(Unauthenticated):
        await answered(cast, question.ticket, phone.get(question.options))


async def test_the_ticket_of_one_thing_opens_no_other(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    offer = await cast.services.account.offer_passkey(alice, PASSWORD)
    options = json.dumps({**json.loads(offer.options), "rpId": "playout.invalid"})

    with pytest.raises(Unauthenticated) as refused:
        await answered(cast, offer.ticket, phone.get(options))
    assert refused.value.code == "ticket_gone"


async def test_the_ticket_of_a_password_is_none_for_a_passkey(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    app = pyotp.TOTP((await cast.services.account.offer_app(alice, PASSWORD)).secret.reveal())
    await cast.services.account.agree_app(alice, app.at(cast.clock.now()))
    half = await cast.services.signing_in.with_password(alice.person.email, PASSWORD, peer="a", agent="Firefox")
    assert isinstance(half, HalfWay)
    options = json.dumps({"challenge": packed(challenge_of(half.ticket)), "rpId": "playout.invalid"})

    with pytest.raises(Unauthenticated) as refused:
        await answered(cast, half.ticket, phone.get(options))
    assert refused.value.code == "ticket_gone"


async def test_a_copied_key_is_found_out_by_its_count(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    copy = Device(NAMED_URL, keys=[replace(phone.keys[0])])
    await signed_in(cast, phone)
    await signed_in(cast, phone)

    with pytest.raises(Unauthenticated) as refused:
        await signed_in(cast, copy)
    assert refused.value.code == "bad_passkey"


async def test_a_device_that_does_not_count_is_fine(cast: Cast, alice: Visitor) -> None:
    phone = Device(NAMED_URL, counts=False)
    await made(cast, alice, phone)

    await signed_in(cast, phone)
    await signed_in(cast, phone)


async def test_two_sign_ins_at_once_with_one_key_both_count_or_the_older_is_refused(busy: Cast, phone: Device) -> None:
    alice = await visiting(busy, await busy.member(Role.OWNER))
    await made(busy, alice, phone)
    asked = [await busy.services.signing_in.ask_passkey() for _ in "12"]
    answers = [phone.get(one.options) for one in asked]

    await asyncio.gather(
        *(answered(busy, one.ticket, answer) for one, answer in zip(asked, answers, strict=True)),
        return_exceptions=True,
    )

    assert (await busy.services.account.ways_in(alice)).passkeys[0].sign_count == 2


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.invalid"},
        {"uv": False},
    ],
    ids=["another page", "asks nobody who they are"],
)
async def test_a_key_is_good_only_on_our_page_and_in_the_hands_of_its_owner(
    cast: Cast, alice: Visitor, phone: Device, change: dict[str, object]
) -> None:
    await made(cast, alice, phone)
    for name, value in change.items():
        setattr(phone, name, value)

    with pytest.raises(Unauthenticated):
        await signed_in(cast, phone)


async def test_a_key_that_nobody_has_is_refused(cast: Cast, alice: Visitor, phone: Device) -> None:
    question = await cast.services.account.offer_passkey(alice, PASSWORD)
    phone.create(question.options)

    with pytest.raises(Unauthenticated) as refused:
        await signed_in(cast, phone)
    assert refused.value.code == "unknown_passkey"


async def test_a_device_that_says_the_key_is_somebody_elses_is_refused(
    cast: Cast, alice: Visitor, phone: Device
) -> None:
    await made(cast, alice, phone)
    phone.keys[0].user = b"psn_somebody_else"

    with pytest.raises(Unauthenticated):
        await signed_in(cast, phone)


@pytest.mark.parametrize(
    "answer", ["", "{}", "null", "[" * 50_000, '{"id": "a", "rawId": "a", "response": {}, "type": "public-key"}']
)
async def test_what_is_no_answer_signs_nobody_in(cast: Cast, alice: Visitor, answer: str) -> None:
    question = await cast.services.signing_in.ask_passkey()

    with pytest.raises(Unauthenticated):
        await answered(cast, question.ticket, answer)


async def test_a_signature_that_was_changed_is_refused(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    question = await cast.services.signing_in.ask_passkey()
    answer = json.loads(phone.get(question.options))
    signature = bytearray(unpacked(answer["response"]["signature"]))
    signature[-1] ^= 1
    answer["response"]["signature"] = packed(bytes(signature))

    with pytest.raises(Unauthenticated):
        await answered(cast, question.ticket, json.dumps(answer))


async def test_whoever_tries_too_often_has_to_wait(cast: Cast, alice: Visitor, phone: Device) -> None:
    await made(cast, alice, phone)
    for _ in range(10):
        await signed_in(cast, phone)

    with pytest.raises(TooOften):
        await signed_in(cast, phone)
    await signed_in(cast, phone, peer="192.0.2.8")


# ── taken back ───────────────────────────────────────────────────────────────────────────────────


async def test_a_key_that_was_removed_opens_nothing(cast: Cast, alice: Visitor, phone: Device) -> None:
    key = await made(cast, alice, phone)
    await cast.services.account.drop_passkey(alice, key.id, PASSWORD)

    with pytest.raises(Unauthenticated):
        await signed_in(cast, phone)
    with pytest.raises(NotFound):
        await cast.services.account.drop_passkey(alice, key.id, PASSWORD)


async def test_the_only_way_in_is_not_removed(cast: Cast, alice: Visitor, phone: Device) -> None:
    first, second = [await made(cast, alice, phone) for _ in "12"]
    person = await cast.store.people.get(alice.person.id)
    await cast.store.people.save(replace(person, password_hash=None))
    await cast.services.account.drop_passkey(alice, first.id, Secret(""))

    with pytest.raises(Conflict) as refused:
        await cast.services.account.drop_passkey(alice, second.id, Secret(""))
    assert refused.value.code == "last_way_in"


# ── where ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "possible"),
    [
        ("https://playout.invalid", True),
        ("https://playout.invalid:8443/path", True),
        ("http://localhost:8030", True),
        ("http://playout.invalid", False),
        ("http://127.0.0.1:8030", False),
        ("https://192.0.2.1", False),
        ("https://[2001:db8::1]", False),
    ],
)
def test_browsers_do_it_only_for_names_and_over_https(url: str, possible: bool) -> None:
    assert WebauthnPasskeys(url).possible is possible


def test_a_port_is_part_of_the_page_and_not_of_the_name(alice: Visitor) -> None:
    passkeys = WebauthnPasskeys("http://localhost:8030/")
    device = Device("http://localhost:8030")
    options = passkeys.offer(alice.person, b"challenge-of-32-bytes-or-so......")
    new = passkeys.made(device.create(options), b"challenge-of-32-bytes-or-so......")

    assert (json.loads(options)["rp"]["id"], new.id) == ("localhost", packed(device.keys[0].id))
