"""News that comes by itself: a grant removed, a person who removed our app, one who wants their data deleted."""

import json
from datetime import timedelta

import pytest

from playout.application.deletions import KEPT
from playout.application.ports import Withdrawal
from playout.domain.channel import Channel, ChannelState
from playout.domain.delivery import State
from playout.domain.errors import Forbidden, NotFound
from playout.domain.person import Actor
from playout.domain.retry import Kind, PlatformFailure, Turn
from tests.cast import PUBLIC_URL, Cast, signature

PERSON = "person-@:/?[]"
DEAD = PlatformFailure(Kind.SIGN_IN, "token_dead", "Sign in again.", turn=Turn.YOU)


@pytest.fixture
async def cast() -> Cast:
    """All of whose accounts belong to one person there."""
    made = await Cast.open()
    made.platform.owner = PERSON
    return made


def signed(person: str = PERSON) -> str:
    return f"{person}.{signature(person.encode())}"


async def withdrawn(cast: Cast, what: Withdrawal, request: str = "") -> str:
    return await cast.services.news.withdrawn(what, request or signed())


async def now(cast: Cast, channel: Channel) -> Channel:
    return await cast.store.channels.get(channel.workspace_id, channel.id)


async def history(cast: Cast, channel: Channel) -> list[str]:
    return [one.kind for one in (await cast.store.events.list(channel.workspace_id, channel.id)).items]


async def state(cast: Cast, channel: Channel) -> ChannelState:
    return (await now(cast, channel)).state(cast.clock.now())


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────


async def told(cast: Cast, **news: object) -> None:
    body = json.dumps({"id": "n1", "account": "id-alice", **news}).encode()
    await cast.services.news.arrived("memory", {"x-memory-signature": signature(body)}, body)


async def test_a_grant_that_was_removed_there_is_dead_here_too(cast: Cast) -> None:
    shown = await cast.post(cast.alice)
    channel = await cast.store.channels.get(cast.alice.workspace_id, shown.deliveries[0].channel_id)
    cast.platform.failure = DEAD

    await told(cast, removed=True)

    assert await state(cast, channel) is ChannelState.NEEDS_RECONNECT
    assert (await cast.services.deliveries.get(cast.alice, shown.deliveries[0].id)).state is State.HELD


async def test_the_same_news_twice_is_one_notice(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)
    cast.platform.failure = DEAD

    await told(cast, removed=True)
    await told(cast, removed=True)

    assert (await history(cast, channel)).count("channel.needs_reconnect") == 1


async def test_news_reaches_the_account_in_every_workspace(cast: Cast) -> None:
    channels = [await cast.channel(cast.alice), await cast.channel(cast.charlie)]
    cast.platform.failure = DEAD

    await told(cast, removed=True)

    assert [await state(cast, one) for one in channels] == [ChannelState.NEEDS_RECONNECT] * 2


async def test_news_of_an_older_grant_ends_nothing(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)

    await told(cast, removed=True)

    assert await state(cast, channel) is ChannelState.CONNECTED


# ── the app is removed ───────────────────────────────────────────────────────────────────────────


async def test_whoever_removes_our_app_ends_all_their_channels(cast: Cast) -> None:
    channels = [
        await cast.channel(who, name) for who, name in ((cast.alice, "a"), (cast.alice, "b"), (cast.charlie, "c"))
    ]
    cast.platform.owner = "somebody else"
    other = await cast.channel(cast.alice, "other")
    cast.platform.failure = DEAD

    assert await withdrawn(cast, Withdrawal.DEAUTHORIZE) == ""

    assert [await state(cast, one) for one in channels] == [ChannelState.NEEDS_RECONNECT] * 3
    assert await state(cast, other) is ChannelState.CONNECTED


async def test_an_account_may_also_be_called_by_its_own_number(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)
    cast.platform.failure = DEAD

    await withdrawn(cast, Withdrawal.DEAUTHORIZE, signed("id-alice"))

    assert await state(cast, channel) is ChannelState.NEEDS_RECONNECT


async def test_a_removal_from_before_the_last_sign_in_ends_nothing(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)

    await withdrawn(cast, Withdrawal.DEAUTHORIZE)

    assert await state(cast, channel) is ChannelState.CONNECTED


@pytest.mark.parametrize("what", Withdrawal)
@pytest.mark.parametrize("request_", ["", PERSON, f"{PERSON}.", f"{PERSON}.{'00' * 32}", f"other.{signature(b'o')}"])
async def test_what_no_platform_signed_is_refused(cast: Cast, what: Withdrawal, request_: str) -> None:
    channel = await cast.channel(cast.alice)
    cast.platform.failure = DEAD

    with pytest.raises(Forbidden) as refused:
        await cast.services.news.withdrawn(what, request_)

    assert refused.value.code == "bad_signature"
    assert await state(cast, channel) is ChannelState.CONNECTED


# ── the data are deleted ─────────────────────────────────────────────────────────────────────────


async def test_a_deletion_takes_grant_key_and_names(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)

    await withdrawn(cast, Withdrawal.DELETION)

    gone = await now(cast, channel)
    assert (gone.grant, gone.data_key, gone.scopes, gone.connected) == (None, None, (), False)
    assert "alice" not in repr(gone.profile).lower().replace(channel.id, "")
    assert gone.profile.owner_id is None
    assert (await history(cast, channel))[-1] == "channel.deleted_at_platform"


async def test_a_deletion_reaches_every_workspace(cast: Cast) -> None:
    channels = [await cast.channel(cast.alice), await cast.channel(cast.charlie)]

    await withdrawn(cast, Withdrawal.DELETION)

    assert [await state(cast, one) for one in channels] == [ChannelState.DISCONNECTED] * 2


async def test_what_was_scheduled_there_is_held_for_a_person(cast: Cast) -> None:
    shown = await cast.post(cast.alice)

    await withdrawn(cast, Withdrawal.DELETION)

    held = await cast.services.deliveries.get(cast.alice, shown.deliveries[0].id)
    assert (held.state, held.reason and held.reason.code) == (State.HELD, "deleted_at_platform")


async def test_nobody_can_tell_from_the_answer_whether_we_knew_them(cast: Cast) -> None:
    await cast.channel(cast.alice)

    known = await withdrawn(cast, Withdrawal.DELETION)
    unknown = await withdrawn(cast, Withdrawal.DELETION, signed("a stranger"))

    assert len(known) == len(unknown)
    assert known != unknown
    assert await cast.services.news.deleted_at(known) == await cast.services.news.deleted_at(unknown)


async def test_a_second_deletion_finds_nothing_and_says_the_same(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)
    await withdrawn(cast, Withdrawal.DELETION)

    assert await withdrawn(cast, Withdrawal.DELETION)

    assert (await history(cast, channel)).count("channel.deleted_at_platform") == 1


async def test_a_deletion_can_be_asked_about_for_a_year(cast: Cast) -> None:
    at, news = cast.clock.now(), cast.services.news
    code = await withdrawn(cast, Withdrawal.DELETION)
    assert news.deletion_url(code) == f"{PUBLIC_URL}/hooks/meta/deletion/{code}"

    cast.clock.move(days=366)
    assert await news.deleted_at(code) == at

    cast.clock.time = at + KEPT + timedelta(seconds=1)
    with pytest.raises(NotFound):
        await news.deleted_at(code)


async def test_a_code_that_nobody_was_given_is_not_found(cast: Cast) -> None:
    with pytest.raises(NotFound):
        await cast.services.news.deleted_at("nothing")


async def test_after_a_deletion_the_account_is_connected_anew(cast: Cast) -> None:
    old = await cast.channel(cast.alice)
    await withdrawn(cast, Withdrawal.DELETION)

    new = await cast.channel(cast.alice)

    assert new.id != old.id
    assert await connected(cast, cast.alice) == [new.id]


async def connected(cast: Cast, who: Actor) -> list[str]:
    return [one.id for one in (await cast.services.channels.list(who)).items if one.connected]
