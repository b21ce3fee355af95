"""Sign-ins with a choice, what was not allowed there, and consents that serve several channels."""

from urllib.parse import parse_qs, urlsplit

import pytest

from playout.application.channels import LOOK_AGAIN, Connected
from playout.domain import delivery as moves
from playout.domain.channel import Channel, ChannelState
from playout.domain.delivery import State
from playout.domain.errors import Invalid
from playout.domain.limits import Need
from playout.domain.person import Actor
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from tests.cast import Cast

DEAD = PlatformFailure(Kind.SIGN_IN, "token_dead", "Sign in again.", turn=Turn.YOU)
BUSY = PlatformFailure(Kind.AGAIN, "busy", "The platform is busy.")


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


async def agreed(cast: Cast, login: str | None = None) -> Connected:
    """Alice's sign-in, begun and ended."""
    invitation = await cast.services.channels.connect(cast.alice, "memory", login=login)
    state = Secret(parse_qs(urlsplit(invitation.authorize_url).query)["state"][0])
    return await cast.services.channels.finish("memory", state, code=Secret("alice"), error=None)


async def now(cast: Cast, channel: Channel) -> Channel:
    return await cast.store.channels.get(channel.workspace_id, channel.id)


# ── ways to sign in ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "used"), [(None, "memory"), ("memory", "memory"), ("through a page", "through a page")]
)
async def test_a_person_chooses_between_the_ways_to_sign_in(cast: Cast, asked: str | None, used: str) -> None:
    cast.platform.logins = ("memory", "through a page")

    invitation = await cast.services.channels.connect(cast.alice, "memory", login=asked)

    assert parse_qs(urlsplit(invitation.authorize_url).query)["login"] == [used]


async def test_the_way_that_was_chosen_is_the_one_that_is_ended(cast: Cast) -> None:
    cast.platform.logins = ("memory", "through a page")

    await agreed(cast, "through a page")

    assert cast.platform.exchanged == ["through a page"]


async def test_a_way_that_there_is_not_is_named_with_those_there_are(cast: Cast) -> None:
    cast.platform.logins = ("memory", "through a page")

    with pytest.raises(Invalid) as refused:
        await cast.services.channels.connect(cast.alice, "memory", login="by\nmagic")

    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("unknown_login", "/login")
    assert problem.message == "memory has no sign-in called “bymagic” here; it has memory, through a page."


# ── permissions ──────────────────────────────────────────────────────────────────────────────────


async def test_what_was_not_allowed_is_told_in_words(cast: Cast) -> None:
    cast.platform.needs = (Need(frozenset({"post"}), "publish"), Need(frozenset({"read"}), "see what became of it"))

    connected = await agreed(cast)

    assert connected.lacking == ("see what became of it",)
    assert connected.channels[0].scopes == ("post",)


async def test_where_everything_was_allowed_there_is_nothing_to_tell(cast: Cast) -> None:
    cast.platform.needs = (Need(frozenset({"post"}), "publish"),)

    assert (await agreed(cast)).lacking == ()


# ── disconnect ───────────────────────────────────────────────────────────────────────────────────


async def disconnected(cast: Cast, who: Actor, channel: Channel) -> list[str]:
    """What was revoked at the platform by then."""
    await cast.services.channels.disconnect(who, channel.id)
    gone = await now(cast, channel)
    assert (gone.grant, gone.data_key) == (None, None)
    return cast.platform.revoked


async def test_the_last_channel_of_a_consent_ends_it_at_the_platform(cast: Cast) -> None:
    assert await disconnected(cast, cast.alice, await cast.channel(cast.alice)) == ["act.alice"]


async def test_a_consent_that_another_page_of_the_person_lives_on_is_left(cast: Cast) -> None:
    cast.platform.owner = "person-1"
    first, second = await cast.channel(cast.alice, "first"), await cast.channel(cast.alice, "second")

    assert await disconnected(cast, cast.alice, first) == []
    assert await disconnected(cast, cast.alice, second) == ["act.second"]


async def test_a_consent_that_the_account_lives_on_in_another_workspace_is_left(cast: Cast) -> None:
    mine, theirs = await cast.channel(cast.alice, "shared"), await cast.channel(cast.charlie, "shared")

    assert await disconnected(cast, cast.alice, mine) == []
    assert (await now(cast, theirs)).state(cast.clock.now()) is ChannelState.CONNECTED
    assert await disconnected(cast, cast.charlie, theirs) == ["act.shared"]


async def test_a_channel_in_trouble_keeps_no_consent_alive(cast: Cast) -> None:
    cast.platform.owner = "person-1"
    first, second = await cast.channel(cast.alice, "first"), await cast.channel(cast.alice, "second")
    await cast.store.channels.save((await now(cast, second)).broken(DEAD.reason))

    assert await disconnected(cast, cast.alice, first) == ["act.first"]


async def test_people_of_different_accounts_do_not_hinder_each_other(cast: Cast) -> None:
    first, _ = await cast.channel(cast.alice, "first"), await cast.channel(cast.alice, "second")

    assert await disconnected(cast, cast.alice, first) == ["act.first"]


async def test_a_grant_that_is_dead_already_is_simply_forgotten(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)
    cast.platform.failure = DEAD

    assert await disconnected(cast, cast.alice, channel) == []


async def test_a_platform_that_cannot_be_reached_is_tried_again_and_nothing_is_forgotten(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)
    cast.platform.failure = BUSY

    with pytest.raises(PlatformFailure):
        await cast.services.channels.disconnect(cast.alice, channel.id)

    assert (await now(cast, channel)).grant


async def test_what_is_scheduled_there_is_held(cast: Cast) -> None:
    shown = await cast.post(cast.alice)
    (one,) = shown.deliveries

    await cast.services.channels.disconnect(cast.alice, one.channel_id)

    held = await cast.services.deliveries.get(cast.alice, one.id)
    assert (held.state, held.reason and held.reason.code) == (State.HELD, "disconnected")


# ── what a reconnect lets go ─────────────────────────────────────────────────────────────────────


async def test_what_the_reconnect_missed_goes_on_two_minutes_later(cast: Cast) -> None:
    delivery = (await cast.post(cast.alice)).deliveries[0]
    await agreed(cast)
    await cast.store.deliveries.save(moves.hold(delivery, Kind.SIGN_IN, DEAD.reason))  # by a worker that just failed

    cast.clock.move(seconds=LOOK_AGAIN.total_seconds())
    await cast.work()

    assert (await cast.store.deliveries.get(delivery.workspace_id, delivery.id)).state is State.WAITING


async def test_what_is_held_stays_so_while_the_channel_is_in_trouble(cast: Cast) -> None:
    delivery = (await cast.post(cast.alice)).deliveries[0]
    connected = (await agreed(cast)).channels[0]
    await cast.store.deliveries.save(moves.hold(delivery, Kind.SIGN_IN, DEAD.reason))
    await cast.store.channels.save(connected.broken(DEAD.reason))

    cast.clock.move(seconds=LOOK_AGAIN.total_seconds())
    await cast.work()

    assert (await cast.store.deliveries.get(delivery.workspace_id, delivery.id)).state is State.HELD


async def test_what_a_platform_takes_is_known_without_asking_it(cast: Cast) -> None:
    cast.platform.failure = BUSY

    assert cast.services.channels.limits("memory") == cast.platform.limits
    with pytest.raises(Invalid):
        cast.services.channels.limits("unheard")
