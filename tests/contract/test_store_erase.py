"""The end of a workspace: everything of it goes, nothing of another, and nothing comes into it afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from playout.application.ports import Chore, Ref, Store
from playout.application.ports.store import ERASE
from playout.domain.channel import Channel, WrappedKey
from playout.domain.delivery import Delivery
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.domain.person import Member, Passkey, Person, Role, Scope, Token, Workspace
from playout.domain.post import Post
from playout.domain.video import Video
from playout.domain.webhook import Sending, Webhook
from tests.contract.cast import NOW, SOON, House, event, name


@dataclass(frozen=True)
class Home:
    """One of everything, each with its history."""

    house: House
    channel: Channel
    video: Video
    post: Post
    delivery: Delivery
    webhook: Webhook
    sending: Sending
    person: Person
    token: Token
    events: list[Event]
    chore: Chore

    @property
    def ref(self) -> Ref:
        return Ref(self.house.workspace_id, self.delivery.id)


async def furnished(house: House, owner: str) -> Home:
    store = house.store
    webhook = await house.webhook()
    channel, video = house.new_channel(), house.new_video()
    key, profile = WrappedKey("key-1", b"wrapped"), replace(channel.profile, remote_id=owner, owner_id=f"of-{owner}")
    post = house.new_post(video)
    delivery = house.new_delivery(post, channel)
    subjects = [channel.id, video.id, post.id, delivery.id]
    events = [event(house.workspace_id, subject, "video.ready") for subject in subjects]
    chore = Chore(house.workspace_id, "probe", video.id, SOON)
    channel = await store.channels.save(replace(channel, data_key=key, profile=profile), (), events[:1])
    video = await store.videos.save(video, [chore], events[1:2])
    post = await store.posts.save(post, [delivery], events[2:])
    await store.deliveries.claim(NOW, SOON, 10)
    token = Token(name("tok"), house.workspace_id, "CI", owner, "po_…", frozenset({Scope.READ}), NOW)
    await store.tokens.add(token)
    person = Person(
        id=name("per"),
        email=f"{owner}@example.com",
        password_hash=None,
        created_at=NOW,
        workspace_id=house.workspace_id,
        identities=(f"tiktok:{owner}",),
        passkeys=(Passkey(owner, b"cose", 0, "Phone", NOW),),
        data_key=key,
    )
    workspace = await store.workspaces.get(house.workspace_id)
    await store.workspaces.save(workspace.with_member(Member(person.id, Role.OWNER, NOW)))
    return Home(
        house,
        channel,
        video,
        post,
        await store.deliveries.get(house.workspace_id, delivery.id),
        webhook,
        await house.sending(webhook),
        await store.people.save(person),
        token,
        events,
        chore,
    )


@pytest.fixture
async def mine(alice: House) -> Home:
    return await furnished(alice, "alice")


@pytest.fixture
async def theirs(charlie: House) -> Home:
    return await furnished(charlie, "charlie")


async def erased(store: Store, workspace_id: str, limit: int = 500) -> int:
    """How many records went, until it said that nothing is left."""
    gone = 0
    while some := await store.workspaces.erase(workspace_id, limit):
        gone += some
    return gone


async def what_stands(home: Home) -> list[str]:
    """What of it is still found in any way."""
    store, here = home.house.store, home.house.workspace_id
    asked: dict[str, Awaitable[object]] = {
        "workspace": store.workspaces.get(here),
        "channel": store.channels.get(here, home.channel.id),
        "channels": items(store.channels.list(here)),
        "account": store.channels.by_account("tiktok", home.channel.profile.remote_id),
        "owner": store.channels.by_account("tiktok", f"of-{home.channel.profile.remote_id}"),
        "sealed channels": sealed(home, store.channels.sealed_under("key-1")),
        "video": store.videos.get(here, home.video.id),
        "videos": items(store.videos.list(here)),
        "bytes": store.videos.same_bytes(here, home.video.sha256),
        "post": store.posts.get(here, home.post.id),
        "posts": items(store.posts.list(here)),
        "use": store.posts.using(here, home.video.id),
        "delivery": store.deliveries.get(here, home.delivery.id),
        "deliveries": items(store.deliveries.list(here)),
        "webhook": store.webhooks.get(here, home.webhook.id),
        "webhooks": items(store.webhooks.list(here)),
        "sealed webhooks": sealed(home, store.webhooks.sealed_under("key-1")),
        "sending": store.sendings.get(here, home.sending.id),
        "sendings": items(store.sendings.list(here, home.webhook.id)),
        "person": store.people.get(home.person.id),
        "address": store.people.by_email(home.person.email),
        "identity": store.people.by_way(home.person.ways[0]),
        "passkey": store.people.by_way(home.person.ways[1]),
        "sealed people": sealed(home, store.people.sealed_under("key-1")),
        "token": store.tokens.by_hash(home.token.hash),
        "tokens": store.tokens.list(here),
        "chore": store.chores.get(here, home.chore.id),
    }
    for one in home.events:
        asked[f"event of {one.subject_id}"] = store.events.get(here, one.subject_id, one.id)
        asked[f"events of {one.subject_id}"] = items(store.events.list(here, one.subject_id))
    return [what for what, asking in asked.items() if await found(asking)]


async def items(asking: Awaitable[object]) -> object:
    return (await asking).items  # type: ignore[attr-defined] # a page of whatever was asked for


async def sealed(home: Home, asking: Awaitable[object]) -> object:
    found: tuple[Channel | Webhook | Person, ...] = await items(asking)  # type: ignore[assignment] # as above
    return [one for one in found if one.workspace_id == home.house.workspace_id]


async def found(asking: Awaitable[object]) -> bool:
    try:
        return bool(await asking)
    except NotFound:
        return False


@pytest.mark.parametrize("limit", [1, 3, 500])
async def test_everything_of_it_goes_and_nothing_of_another_house(
    store: Store, mine: Home, theirs: Home, limit: int
) -> None:
    everything = await what_stands(theirs)
    assert len(everything) == 35

    assert await erased(store, mine.house.workspace_id, limit) >= 9

    assert await what_stands(mine) == []
    assert await what_stands(theirs) == everything


@pytest.mark.parametrize("limit", [1, 4])
async def test_nothing_points_to_what_is_gone_on_the_way(store: Store, mine: Home, limit: int) -> None:
    here = mine.house.workspace_id
    while await store.workspaces.erase(here, limit):
        left = set(await what_stands(mine))
        assert "workspace" in left
        for pointing, to in (
            ("delivery", {"post", "channel", "video"}),
            ("post", {"video"}),
            ("sending", {"webhook"}),
            (f"event of {mine.delivery.id}", {"delivery"}),
            ("address", {"person"}),
            ("passkey", {"person", "identity"}),
            ("account", {"channel"}),
        ):
            assert pointing not in left or to <= left, left


async def test_a_part_is_about_as_large_as_asked_for(store: Store, alice: House) -> None:
    for _ in range(7):
        await alice.video()

    parts = []
    while gone := await store.workspaces.erase(alice.workspace_id, 3):
        parts.append(gone)

    assert parts == [3, 3, 1]


async def test_the_chore_that_erases_stays_and_can_be_done(store: Store, mine: Home) -> None:
    here = mine.house.workspace_id
    erasing = Chore(here, ERASE, here, NOW)
    await store.chores.put(erasing)
    assert erasing.id in {one.id for one in await store.chores.claim(NOW, SOON, 10)}

    await erased(store, here)

    held = replace(erasing, in_hand_until=SOON, version=2)
    assert await store.chores.get(here, erasing.id) == held
    await store.chores.done(held)
    assert await store.chores.get(here, erasing.id) is None


async def test_what_is_saved_meanwhile_goes_with_the_next_part(store: Store, mine: Home) -> None:
    here = mine.house.workspace_id
    assert await store.workspaces.erase(here, 500) > 0
    channel, video = await mine.house.channel(), await mine.house.video()
    late = await mine.house.deliveries(channel, NOW)

    assert await erased(store, here) > 0

    assert await what_stands(mine) == []
    for asking in (
        store.channels.get(here, channel.id),
        store.videos.get(here, video.id),
        store.deliveries.get(here, late[0].id),
    ):
        assert not await found(asking)


async def test_what_comes_in_at_the_same_time_is_not_left_behind(store: Store, alice: House) -> None:
    async def come_in() -> None:
        for _ in range(10):
            await alice.post()
            await alice.webhook()

    await asyncio.gather(come_in(), come_in(), erased(store, alice.workspace_id, 5), return_exceptions=True)
    await erased(store, alice.workspace_id)

    for asking in (
        store.videos.list(alice.workspace_id),
        store.posts.list(alice.workspace_id),
        store.webhooks.list(alice.workspace_id),
    ):
        assert await items(asking) == ()


async def test_whoever_moved_to_another_house_stays(store: Store, mine: Home, charlie: House) -> None:
    moved = await store.people.save(replace(mine.person, workspace_id=charlie.workspace_id))

    await erased(store, mine.house.workspace_id)

    assert await store.people.get(moved.id) == moved
    assert await store.people.by_email(moved.email) == moved
    assert [await store.people.by_way(way) for way in moved.ways] == [moved, moved]
    await erased(store, charlie.workspace_id)
    assert await store.people.by_email(moved.email) is None


async def test_nothing_of_it_is_claimed_any_more(store: Store, mine: Home) -> None:
    await mine.house.delivery()
    await erased(store, mine.house.workspace_id)

    assert await store.deliveries.claim(SOON, SOON, 10) == []
    assert await store.chores.claim(SOON, SOON, 10) == []


async def test_its_account_address_ways_and_token_are_free_again(store: Store, mine: Home, charlie: House) -> None:
    await erased(store, mine.house.workspace_id)
    home = charlie.workspace_id

    await store.people.save(replace(mine.person, workspace_id=home, version=0))
    await store.tokens.add(replace(mine.token, workspace_id=home))
    await store.channels.save(replace(mine.channel, workspace_id=home, version=0))

    assert await store.people.by_email(mine.person.email)
    assert all([await store.people.by_way(way) for way in mine.person.ways])


async def test_erasing_what_is_gone_or_never_was_does_nothing(store: Store, mine: Home) -> None:
    await erased(store, mine.house.workspace_id)

    assert await store.workspaces.erase(mine.house.workspace_id) == 0
    assert await store.workspaces.erase(name("ws")) == 0


Save = Callable[[Home], Awaitable[object]]
SAVES: dict[str, Save] = {
    "a workspace": lambda home: home.house.store.workspaces.save(Workspace(home.house.workspace_id, "", NOW, 1)),
    "a channel": lambda home: home.house.store.channels.save(home.channel),
    "a new channel": lambda home: home.house.channel(),
    "a video": lambda home: home.house.store.videos.save(home.video),
    "a new video": lambda home: home.house.video(),
    "a post": lambda home: home.house.store.posts.save(home.post),
    "a post with a new delivery": lambda home: home.house.store.posts.save(
        home.post, [home.house.new_delivery(home.post, home.channel)]
    ),
    "a new post": lambda home: home.house.post(home.video),
    "a delivery": lambda home: home.house.store.deliveries.save(home.delivery, home.events),
    "a new delivery": lambda home: home.house.store.deliveries.save(home.house.new_delivery(home.post, home.channel)),
    "a hold": lambda home: home.house.store.deliveries.keep(home.ref, home.delivery.version, SOON),
    "a webhook": lambda home: home.house.store.webhooks.save(home.webhook),
    "a new webhook": lambda home: home.house.webhook(),
    "a sending": lambda home: home.house.store.sendings.save(home.sending),
    "a new sending": lambda home: home.house.sending(home.webhook),
    "a person": lambda home: home.house.store.people.save(home.person),
    "a new person": lambda home: home.house.store.people.save(replace(home.person, version=0)),
    "a new token": lambda home: home.house.store.tokens.add(home.token),
}


@pytest.mark.parametrize("what", SAVES)
async def test_whatever_is_saved_afterwards_is_stale(store: Store, mine: Home, what: str) -> None:
    await erased(store, mine.house.workspace_id)

    with pytest.raises(Stale):
        await SAVES[what](mine)

    assert await what_stands(mine) == []


async def test_work_on_what_is_gone_is_not_found(store: Store, mine: Home) -> None:
    await erased(store, mine.house.workspace_id)

    with pytest.raises(NotFound):
        await store.deliveries.work(mine.ref)
