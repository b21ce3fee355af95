"""Channels and videos: records, their chores, and who may see them."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from playout.application.ports import Chore, Store
from playout.domain.channel import Channel, WrappedKey
from playout.domain.errors import Conflict, NotFound, Problem, Stale
from playout.domain.retry import Reason, Turn
from playout.domain.slots import Day, Slot, Slots
from playout.domain.video import Rendition, RenditionState, VideoState
from tests.contract.cast import FACTS, NOW, House, event, name, ref

# ── channels ─────────────────────────────────────────────────────────────────────────────────────


def full(channel: Channel) -> Channel:
    return replace(
        channel,
        profile=replace(channel.profile, avatar_url="https://a.invalid/ü.png", owner_id="person-1"),
        connected=False,
        scopes=("video.publish", "video.upload"),
        data_key=WrappedKey("key-1", b"\x00wrapped\xff"),
        grant=b"\x00sealed\xff",
        expires_at=NOW + timedelta(days=365),
        renew_at=NOW + timedelta(hours=1),
        renewing_since=NOW,
        trouble=Reason("signed_out", "Connect “Alice” again.", Turn.YOU),
        connected_at=NOW,
        last_published_at=NOW,
        slots=Slots("Europe/Berlin", (Slot(Day.SUNDAY, time(9, 30)), Slot(Day.MONDAY, time(0, 0))), paused=True),
    )


async def test_a_channel_comes_back_as_it_was_saved(store: Store, alice: House) -> None:
    channel = full(alice.new_channel())

    saved = await store.channels.save(channel)

    assert await store.channels.get(alice.workspace_id, channel.id) == saved == replace(channel, version=1)


async def test_a_new_channel_has_an_empty_week(store: Store, alice: House) -> None:
    channel = await alice.channel()

    assert (await store.channels.get(alice.workspace_id, channel.id)).slots == Slots()


async def test_of_two_savers_of_a_channel_the_second_is_stale(store: Store, alice: House) -> None:
    channel = await alice.channel()
    first = await store.channels.save(replace(channel, renewing_since=NOW))

    with pytest.raises(Stale):
        await store.channels.save(replace(channel, connected=False))

    assert await store.channels.get(alice.workspace_id, channel.id) == first


async def test_an_account_is_connected_once_in_a_house(store: Store, alice: House) -> None:
    channel = await alice.channel()

    with pytest.raises(Stale):
        await store.channels.save(replace(channel, id=name("ch"), version=0))


async def test_an_account_may_be_connected_in_two_houses(store: Store, alice: House, charlie: House) -> None:
    mine = await alice.channel()
    theirs = replace(mine, id=name("ch"), workspace_id=charlie.workspace_id, version=0)
    await store.channels.save(theirs)

    found = await store.channels.by_account("tiktok", mine.profile.remote_id)

    assert list(found) == [ref(mine), ref(theirs)]


async def test_a_person_leads_to_all_their_accounts_in_every_house(store: Store, alice: House, charlie: House) -> None:
    def belongs(one: Channel, person: str | None) -> Channel:
        return replace(one, profile=replace(one.profile, owner_id=person))

    page = await store.channels.save(belongs(alice.new_channel("facebook"), "person-1"))
    theirs = await store.channels.save(belongs(charlie.new_channel("facebook"), "person-1"))
    await store.channels.save(belongs(alice.new_channel("facebook"), "person-2"))
    await store.channels.save(belongs(alice.new_channel("facebook"), None))
    await store.channels.save(belongs(alice.new_channel("instagram"), "person-1"))

    assert list(await store.channels.by_account("facebook", "person-1")) == [ref(page), ref(theirs)]


async def test_an_account_that_is_its_own_owner_is_found_once(store: Store, alice: House) -> None:
    one = alice.new_channel("instagram")
    saved = await store.channels.save(replace(one, profile=replace(one.profile, owner_id=one.profile.remote_id)))

    assert list(await store.channels.by_account("instagram", one.profile.remote_id)) == [ref(saved)]


async def test_an_owner_that_changes_is_found_by_the_new_name_only(store: Store, alice: House) -> None:
    one = alice.new_channel("facebook")
    saved = await store.channels.save(replace(one, profile=replace(one.profile, owner_id="person-1")))
    await store.channels.save(replace(saved, profile=replace(saved.profile, owner_id="person-2")))

    assert list(await store.channels.by_account("facebook", "person-1")) == []
    assert list(await store.channels.by_account("facebook", "person-2")) == [ref(saved)]


async def test_an_account_nobody_connected_leads_nowhere(store: Store, alice: House) -> None:
    channel = await alice.channel()

    assert list(await store.channels.by_account("youtube", channel.profile.remote_id)) == []


async def test_charlie_does_not_find_alices_channel(store: Store, alice: House, charlie: House) -> None:
    channel = await alice.channel()

    with pytest.raises(NotFound):
        await store.channels.get(charlie.workspace_id, channel.id)


async def test_charlie_cannot_save_over_alices_channel(store: Store, alice: House, charlie: House) -> None:
    channel = await alice.channel()

    with pytest.raises(Stale):
        await store.channels.save(replace(channel, workspace_id=charlie.workspace_id))


async def test_channels_are_listed_newest_first_in_pages(store: Store, alice: House, charlie: House) -> None:
    made = [await alice.channel() for _ in range(3)]
    await charlie.channel()

    first = await store.channels.list(alice.workspace_id, limit=2)
    rest = await store.channels.list(alice.workspace_id, cursor=first.next_cursor, limit=2)

    assert [*first.items, *rest.items] == made[::-1]
    assert rest.next_cursor is None


async def test_a_channel_is_saved_with_its_chores_and_events(store: Store, alice: House) -> None:
    channel = alice.new_channel()
    chore = Chore(alice.workspace_id, "renew", channel.id, NOW)
    happened = event(alice.workspace_id, channel.id, "channel.connected")

    await store.channels.save(channel, [chore], [happened])

    assert await store.chores.get(alice.workspace_id, chore.id) == replace(chore, version=1)
    assert (await store.events.list(alice.workspace_id, channel.id)).items == (happened,)


async def test_a_stale_channel_puts_no_chores(store: Store, alice: House) -> None:
    channel = await alice.channel()
    chore = Chore(alice.workspace_id, "renew", channel.id, NOW)

    with pytest.raises(Stale):
        await store.channels.save(replace(channel, version=9), [chore])

    assert await store.chores.get(alice.workspace_id, chore.id) is None


async def test_a_channel_of_no_house_is_stale(store: Store, alice: House) -> None:
    with pytest.raises(Stale):
        await store.channels.save(replace(alice.new_channel(), workspace_id=name("ws")))


async def test_channels_sealed_under_a_key_are_found_in_pages(store: Store, alice: House, charlie: House) -> None:
    sealed = [await store.channels.save(full(house.new_channel())) for house in (alice, charlie, alice)]
    await alice.channel()
    await store.channels.save(replace(alice.new_channel(), data_key=WrappedKey("key-2", b"x")))

    first = await store.channels.sealed_under("key-1", limit=2)
    rest = await store.channels.sealed_under("key-1", cursor=first.next_cursor, limit=2)

    assert [*first.items, *rest.items] == sealed
    assert rest.next_cursor is None


# ── videos ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_video_comes_back_as_it_was_saved(store: Store, alice: House) -> None:
    video = replace(
        alice.new_video(),
        state=VideoState.REJECTED,
        facts=FACTS,
        problems=(
            Problem("hevc", "/video_id", "It takes h264.", "ch_1", "transcode"),
            Problem("a", "", "B.", warning=True),
        ),
        thumbnail_key="t",
        strip_key="s",
        renditions=(
            Rendition("tiktok-pad", "v.tiktok-pad.mp4"),
            Rendition(
                "youtube-crop", "v.y", RenditionState.READY, 5_000_000_000, "1" * 64, replace(FACTS, closed_gop=True)
            ),
            Rendition("a-pad", "v.a", RenditionState.FAILED, reason=Reason("broken", "It is “broken”.", Turn.YOU)),
        ),
    )

    saved = await store.videos.save(video)

    assert await store.videos.get(alice.workspace_id, video.id) == saved == replace(video, version=1)


async def test_of_two_savers_of_a_video_the_second_is_stale(store: Store, alice: House) -> None:
    video = await alice.video()
    await store.videos.save(video)

    with pytest.raises(Stale):
        await store.videos.save(video)


async def test_a_video_is_saved_with_its_chores_and_events(store: Store, alice: House) -> None:
    video = alice.new_video()
    chore = Chore(alice.workspace_id, "probe", video.id, NOW)
    happened = event(alice.workspace_id, video.id, "video.taken_in")

    await store.videos.save(video, [chore], [happened])

    assert await store.chores.get(alice.workspace_id, chore.id) == replace(chore, version=1)
    assert (await store.events.list(alice.workspace_id, video.id)).items == (happened,)


async def test_charlie_does_not_find_alices_video(store: Store, alice: House, charlie: House) -> None:
    video = await alice.video()

    with pytest.raises(NotFound):
        await store.videos.get(charlie.workspace_id, video.id)


async def test_charlie_cannot_save_over_alices_video(store: Store, alice: House, charlie: House) -> None:
    video = await alice.video()

    with pytest.raises(Stale):
        await store.videos.save(replace(video, workspace_id=charlie.workspace_id))


async def test_videos_are_listed_newest_first_in_pages(store: Store, alice: House, charlie: House) -> None:
    made = [await alice.video() for _ in range(3)]
    await charlie.video()

    first = await store.videos.list(alice.workspace_id, limit=2)
    rest = await store.videos.list(alice.workspace_id, cursor=first.next_cursor, limit=2)

    assert [*first.items, *rest.items] == made[::-1]
    assert rest.next_cursor is None


async def test_the_same_bytes_are_found_oldest_first(store: Store, alice: House) -> None:
    first, second = alice.new_video(), alice.new_video()
    other = replace(alice.new_video(), sha256="1" * 64)
    for one in (second, other, first):
        await store.videos.save(one)

    assert list(await store.videos.same_bytes(alice.workspace_id, first.sha256)) == [first.id, second.id]
    assert list(await store.videos.same_bytes(alice.workspace_id, "2" * 64)) == []


async def test_charlies_same_bytes_are_his_own(store: Store, alice: House, charlie: House) -> None:
    mine, theirs = await alice.video(), await charlie.video()

    assert mine.sha256 == theirs.sha256
    assert list(await store.videos.same_bytes(charlie.workspace_id, theirs.sha256)) == [theirs.id]


async def test_a_removed_video_has_no_bytes(store: Store, alice: House) -> None:
    video = await alice.video()
    await store.videos.remove(video)

    assert list(await store.videos.same_bytes(alice.workspace_id, video.sha256)) == []


async def test_a_removed_video_is_gone_with_its_history(store: Store, alice: House) -> None:
    video = await store.videos.save(await alice.video(), (), [event(alice.workspace_id, "vid_other")])
    video = await store.videos.save(video, (), [event(alice.workspace_id, video.id)])

    await store.videos.remove(video)

    with pytest.raises(NotFound):
        await store.videos.get(alice.workspace_id, video.id)
    assert (await store.events.list(alice.workspace_id, video.id)).items == ()
    assert len((await store.events.list(alice.workspace_id, "vid_other")).items) == 1


async def test_a_video_that_a_post_uses_is_not_removed(store: Store, alice: House) -> None:
    video = await alice.video()
    await alice.post(video)

    with pytest.raises(Conflict):
        await store.videos.remove(video)

    assert await store.videos.get(alice.workspace_id, video.id) == video


async def test_a_video_that_changed_meanwhile_is_not_removed(store: Store, alice: House) -> None:
    video = await alice.video()
    await store.videos.save(video)

    with pytest.raises(Stale):
        await store.videos.remove(video)


async def test_charlie_cannot_remove_alices_video(store: Store, alice: House, charlie: House) -> None:
    video = await alice.video()

    with pytest.raises(Stale):
        await store.videos.remove(replace(video, workspace_id=charlie.workspace_id))

    await store.videos.get(alice.workspace_id, video.id)
