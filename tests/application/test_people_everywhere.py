"""The life of people in every kind of store: founded, invited, signed in with app and passkey, thrown out, erased."""

import pyotp
import pytest

from playout.application.joining import Newcomer
from playout.application.people import HOME
from playout.application.ports import Store
from playout.application.signing_in import HalfWay
from playout.domain.errors import NotFound, TooOften, Unauthenticated
from playout.domain.person import ALL_SCOPES, Actor, Role
from playout.domain.secret import Secret
from tests.authenticator import Device
from tests.cast import ELSEWHERE, NAMED_URL, PASSWORD, Cast


async def test_people_live_the_same_life_in_every_store(store: Store) -> None:
    cast = await Cast.open(store)
    membership, sessions, account = cast.services.membership, cast.services.sessions, cast.services.account
    link = await membership.first_link()
    assert link
    secret = Secret(link.reveal().removeprefix("/first/"))
    alice = await membership.found(secret, Newcomer("Alice@Example.com", PASSWORD, "Alice"))
    cookie = (await cast.sign_in(alice)).cookie
    visitor = await sessions.who(cookie)

    app = pyotp.TOTP((await account.offer_app(visitor, PASSWORD)).secret.reveal())
    recovery = await account.agree_app(visitor, app.at(cast.clock.now()))
    offer = await account.offer_passkey(visitor, PASSWORD)
    phone = Device(NAMED_URL)
    await account.add_passkey(visitor, offer.ticket, phone.create(offer.options), "Phone")

    signing_in = cast.services.signing_in
    half = await signing_in.with_password(alice.email, PASSWORD, peer="a", agent="Firefox")
    assert isinstance(half, HalfWay)
    await signing_in.with_code(half.ticket, recovery[0].reveal(), peer="a", agent="Firefox")
    question = await signing_in.ask_passkey()
    entered = await signing_in.with_passkey(question.ticket, phone.get(question.options), peer="a", agent="Safari")
    assert [one.agent for one in await sessions.list(alice)].count("Safari") == 1

    cast.clock.move(minutes=2)
    sent = await membership.invite(visitor.actor, Role.EDITOR, "bob@example.com")
    bob = await membership.join(sent.secret, Newcomer("bob@example.com", PASSWORD))
    bobs = (await cast.sign_in(bob)).cookie
    cast.clock.move(minutes=2)
    assert (await sessions.who(bobs)).role is Role.EDITOR
    assert [one.person.id for one in await membership.members(visitor.actor)] == [alice.id, bob.id]
    await membership.remove_member(visitor.actor, bob.id)
    with pytest.raises(Unauthenticated):
        await sessions.who(bobs)
    assert await store.people.by_email(bob.email) is None

    await sessions.end_all(alice.id, but_for=entered.session.id)
    with pytest.raises(Unauthenticated):
        await sessions.who(cookie)
    cast.clock.move(hours=1)
    assert (await sessions.who(entered.cookie)).actor.scopes == ALL_SCOPES


async def test_tries_are_counted_in_every_store(store: Store) -> None:
    cast = await Cast.open(store)
    person = await cast.member(Role.OWNER)
    for _ in range(10):
        await cast.sign_in(person)

    with pytest.raises(TooOften):
        await cast.sign_in(person)


async def test_a_workspace_takes_its_people_along_in_every_store(store: Store) -> None:
    cast = await Cast.open(store)
    alice, both = await cast.member(Role.OWNER), await cast.member(Role.EDITOR)
    here, there = await cast.sign_in(alice), await cast.sign_in(both)
    sent = await cast.services.membership.invite(cast.charlie, Role.VIEWER)
    await cast.services.membership.join_as(sent.secret, await cast.services.sessions.who(there.cookie))
    open_ = await cast.services.membership.invite(cast.alice, Role.VIEWER)

    deletion = await cast.services.erasure.begin(Actor(HOME, alice.id, ALL_SCOPES, "web"), "Home")
    for _ in range(20):
        cast.clock.move(seconds=5)
        await cast.work()
        if (await cast.services.erasure.get(deletion.id)).finished_at:
            break

    assert (await cast.services.erasure.get(deletion.id)).counts["people"] == 2
    assert await store.people.by_email(alice.email) is None
    assert (await store.people.get(both.id)).workspaces == (ELSEWHERE,)
    assert (await store.workspaces.get(HOME)).members == ()
    with pytest.raises(NotFound):
        await cast.services.membership.invited(open_.secret)
    for cookie in (here.cookie, there.cookie):
        with pytest.raises(Unauthenticated):
            await cast.services.sessions.who(cookie)
    assert (await cast.sign_in(await store.people.get(both.id))).session.workspace_id == ELSEWHERE
