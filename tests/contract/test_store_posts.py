"""Posts with their deliveries: saved together or not at all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from playout.application.ports import Store
from playout.domain.delivery import JsonValue, State
from playout.domain.errors import NotFound, Stale
from playout.domain.post import Approval, Consent, Destination, Post
from playout.domain.rendition import Fit
from tests.contract.cast import NOW, SOON, House, event, name

HOUR = timedelta(hours=1)


async def test_a_post_comes_back_as_it_was_saved(store: Store, alice: House) -> None:
    channel = await alice.channel()
    consent = Consent(NOW, "person_1", "web", "tiktok-2026-05")
    options: dict[str, JsonValue] = {
        "privacy_level": "SELF_ONLY",
        "allow_comment": False,
        "cover_at_ms": 1500,
        "tags": ["a", "ü"],
    }
    wanted = Destination(channel.id, "Caption here", "Title here", options, consent)
    post = replace(
        alice.new_post(await alice.video()),
        destinations=(wanted, Destination("ch_other", fit=Fit.CROP), Destination("ch_third", fit=Fit.PAD)),
        title="Title",
        hashtags=("fun", "#möwe"),
        scheduled_at=NOW,
        timezone="Europe/Berlin",
        draft=True,
        approval=Approval(NOW, "per_1", SOON, "per_2", "Not before “Monday”."),
    )

    saved = await store.posts.save(post)

    assert await store.posts.get(alice.workspace_id, post.id) == saved == replace(post, version=1)


async def test_a_post_that_is_asked_for_and_then_is_no_draft_has_no_approval(store: Store, alice: House) -> None:
    asked = replace(alice.new_post(await alice.video()), draft=True, approval=Approval(NOW, "per_1"))
    saved = await store.posts.save(asked)
    assert (await store.posts.get(alice.workspace_id, asked.id)).approval == Approval(NOW, "per_1")

    await store.posts.save(replace(saved, draft=False, approval=None))

    assert (await store.posts.get(alice.workspace_id, asked.id)).approval is None


async def test_a_post_is_saved_with_its_deliveries_and_events(store: Store, alice: House) -> None:
    post = alice.new_post(await alice.video())
    delivery = alice.new_delivery(post, await alice.channel())
    happened = event(alice.workspace_id, post.id, "post.scheduled")

    await store.posts.save(post, [delivery], [happened])

    assert await store.deliveries.get(alice.workspace_id, delivery.id) == replace(delivery, version=1)
    assert (await store.events.list(alice.workspace_id, post.id)).items == (happened,)


async def test_one_stale_delivery_and_nothing_is_saved(store: Store, alice: House) -> None:
    channel = await alice.channel()
    fresh, overtaken = await alice.deliveries(channel, NOW, NOW)
    post = await store.posts.get(alice.workspace_id, fresh.post_id)
    await store.deliveries.save(overtaken)
    new = alice.new_delivery(post, channel)
    moved = [replace(one, step="moved") for one in (fresh, overtaken)]

    with pytest.raises(Stale):
        await store.posts.save(replace(post, caption="New"), [new, *moved], [event(alice.workspace_id, post.id)])

    assert await store.posts.get(alice.workspace_id, post.id) == post
    assert await store.deliveries.get(alice.workspace_id, fresh.id) == fresh
    assert len((await store.deliveries.list(alice.workspace_id)).items) == 2
    assert (await store.events.list(alice.workspace_id, post.id)).items == ()


async def test_a_stale_post_and_no_delivery_is_saved(store: Store, alice: House) -> None:
    post = await alice.post()
    await store.posts.save(post)

    with pytest.raises(Stale):
        await store.posts.save(post, [alice.new_delivery(post, await alice.channel())])

    assert (await store.deliveries.list(alice.workspace_id)).items == ()


async def test_a_second_insert_of_one_id_is_stale(store: Store, alice: House) -> None:
    post = await alice.post()

    with pytest.raises(Stale):
        await store.posts.save(replace(post, version=0))


async def test_a_post_about_a_video_that_is_gone_is_stale(store: Store, alice: House) -> None:
    video = await alice.video()
    await store.videos.remove(video)

    with pytest.raises(Stale):
        await store.posts.save(alice.new_post(video))


async def test_a_post_about_a_video_of_another_house_is_stale(store: Store, alice: House, charlie: House) -> None:
    with pytest.raises(Stale):
        await store.posts.save(alice.new_post(await charlie.video()))


async def test_a_delivery_of_another_post_is_not_saved_with_this_one(store: Store, alice: House) -> None:
    post, other = await alice.post(), await alice.post()

    with pytest.raises(Stale):
        await store.posts.save(post, [alice.new_delivery(other, await alice.channel())])


async def test_a_post_that_is_not_there_is_not_found(store: Store, alice: House) -> None:
    with pytest.raises(NotFound):
        await store.posts.get(alice.workspace_id, name("post"))


async def test_charlie_does_not_find_alices_post(store: Store, alice: House, charlie: House) -> None:
    post = await alice.post()

    with pytest.raises(NotFound):
        await store.posts.get(charlie.workspace_id, post.id)


async def test_charlie_cannot_save_over_alices_post(store: Store, alice: House, charlie: House) -> None:
    post = await alice.post(await alice.video())

    with pytest.raises(Stale):
        await store.posts.save(replace(post, workspace_id=charlie.workspace_id))


async def test_the_list_is_newest_first_in_pages_and_of_one_house(store: Store, alice: House, charlie: House) -> None:
    made = [await alice.post() for _ in range(3)]
    await charlie.post()

    first = await store.posts.list(alice.workspace_id, limit=2)
    await alice.post()
    rest = await store.posts.list(alice.workspace_id, cursor=first.next_cursor, limit=2)

    assert [*first.items, *rest.items] == made[::-1]
    assert rest.next_cursor is None


async def test_the_posts_that_use_a_video_are_named(store: Store, alice: House, charlie: House) -> None:
    video = await alice.video()
    made = [await alice.post(video), await alice.post(video)]
    await alice.post()

    assert list(await store.posts.using(alice.workspace_id, video.id)) == [one.id for one in made]
    assert list(await store.posts.using(charlie.workspace_id, video.id)) == []


async def test_several_posts_are_read_at_once_and_only_ones_own(store: Store, alice: House, charlie: House) -> None:
    made = [await alice.post() for _ in range(3)]
    theirs = await charlie.post()

    found = await store.posts.several(alice.workspace_id, [made[0].id, made[2].id, theirs.id, name("post")])

    assert sorted(found, key=lambda one: one.id) == [made[0], made[2]]
    assert list(await store.posts.several(alice.workspace_id, [])) == []


async def test_a_thousand_posts_are_asked_for_at_once(store: Store, alice: House) -> None:
    post = await alice.post()

    assert list(await store.posts.several(alice.workspace_id, [post.id, *(name("post") for _ in range(999))])) == [post]


# ── planned ──────────────────────────────────────────────────────────────────────────────────────


async def planned(house: House, *times: datetime | None) -> list[Post]:
    video = await house.video()
    return [await house.store.posts.save(replace(house.new_post(video), scheduled_at=at)) for at in times]


async def asked(store: Store, house: House, hours: int, limit: int = 1000) -> Sequence[Post]:
    return list(await store.posts.planned(house.workspace_id, NOW, NOW + hours * HOUR, limit))


async def test_planned_posts_come_in_the_order_of_their_times(store: Store, alice: House, charlie: House) -> None:
    late, early, same = await planned(alice, NOW + 2 * HOUR, NOW, NOW + 2 * HOUR)
    await planned(alice, NOW - timedelta(microseconds=1), NOW + 3 * HOUR, None)
    await planned(charlie, NOW)

    assert await asked(store, alice, 3) == [early, late, same]


async def test_planned_posts_are_drafts_and_what_goes_out(store: Store, alice: House) -> None:
    [post] = await planned(alice, NOW)
    draft = await store.posts.save(replace(alice.new_post(await alice.video()), scheduled_at=NOW, draft=True))
    await store.posts.save(post, [alice.new_delivery(post, await alice.channel())])

    assert await asked(store, alice, 1) == [replace(post, version=2), draft]


async def test_at_most_so_many_planned_posts_come_the_earliest(store: Store, alice: House) -> None:
    made = await planned(alice, NOW + HOUR, NOW, NOW + 2 * HOUR)

    assert await asked(store, alice, 5, limit=2) == [made[1], made[0]]


async def test_a_post_that_moves_is_planned_at_its_new_time_only(store: Store, alice: House) -> None:
    [post] = await planned(alice, NOW)

    moved = await store.posts.save(replace(post, scheduled_at=NOW + 2 * HOUR))
    assert await asked(store, alice, 1) == []
    assert await asked(store, alice, 3) == [moved]

    await store.posts.save(replace(moved, scheduled_at=None))
    assert await asked(store, alice, 3) == []


async def test_a_removed_post_is_not_planned(store: Store, alice: House) -> None:
    [post] = await planned(alice, NOW)
    await store.posts.remove(post)

    assert await asked(store, alice, 1) == []


# ── removal ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_removed_post_goes_with_its_deliveries_and_their_history(store: Store, alice: House) -> None:
    delivery = await alice.delivery()
    post = await store.posts.get(alice.workspace_id, delivery.post_id)
    delivery = await store.deliveries.save(delivery, [event(alice.workspace_id, delivery.id)])
    post = await store.posts.save(post, (), [event(alice.workspace_id, post.id)])

    await store.posts.remove(post, [delivery])

    with pytest.raises(NotFound):
        await store.posts.get(alice.workspace_id, post.id)
    with pytest.raises(NotFound):
        await store.deliveries.get(alice.workspace_id, delivery.id)
    assert (await store.events.list(alice.workspace_id, post.id)).items == ()
    assert (await store.events.list(alice.workspace_id, delivery.id)).items == ()
    assert await store.deliveries.claim(NOW, SOON, 10) == []


async def test_a_post_that_changed_meanwhile_is_not_removed(store: Store, alice: House) -> None:
    post = await alice.post()
    await store.posts.save(post)

    with pytest.raises(Stale):
        await store.posts.remove(post)

    await store.posts.get(alice.workspace_id, post.id)


async def test_a_post_whose_delivery_moved_meanwhile_is_not_removed(store: Store, alice: House) -> None:
    delivery = await alice.delivery()
    post = await store.posts.get(alice.workspace_id, delivery.post_id)
    begun = await store.deliveries.save(replace(delivery, state=State.SENDING))

    with pytest.raises(Stale):
        await store.posts.remove(post, [delivery])

    assert await store.deliveries.get(alice.workspace_id, delivery.id) == begun


async def test_a_post_with_a_delivery_that_was_not_named_is_not_removed(store: Store, alice: House) -> None:
    first, _ = await alice.deliveries(await alice.channel(), NOW, NOW)
    post = await store.posts.get(alice.workspace_id, first.post_id)

    with pytest.raises(Stale):
        await store.posts.remove(post, [first])

    await store.deliveries.get(alice.workspace_id, first.id)


async def test_charlie_cannot_remove_alices_post(store: Store, alice: House, charlie: House) -> None:
    post = await alice.post()

    with pytest.raises(Stale):
        await store.posts.remove(replace(post, workspace_id=charlie.workspace_id))

    await store.posts.get(alice.workspace_id, post.id)
