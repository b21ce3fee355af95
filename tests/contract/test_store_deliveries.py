"""Deliveries: loaded, listed, kept in hand and saved; the claim has a file of its own."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from playout.application.ports import Ref, Store
from playout.domain.delivery import Delivery, Fence, Receipt, State
from playout.domain.errors import NotFound, Stale
from playout.domain.retry import Kind, Reason, Turn
from tests.contract.cast import NOW, SOON, House, event, ref, taken

DAY = NOW + timedelta(days=1)
UNKNOWN = "dlv_00000000000000000000000000"


async def test_a_delivery_comes_back_as_it_was_saved(store: Store, alice: House) -> None:
    delivery = await alice.delivery()
    full = replace(
        delivery,
        state=State.HELD,
        step="upload",
        repeatable=False,
        checkpoint=b"\x00\xffsealed",
        fence=Fence("upload", NOW),
        handle="v_pub_file~1",
        attempts=2,
        tries=3,
        sent=6_000_000_000,
        total=7_000_000_000,
        held_from=State.SENDING,
        held_for=Kind.SIGN_IN,
        reason=Reason("signed_out", "Connect “Alice” again.", Turn.YOU),
        receipt=Receipt("7512", None, NOW + timedelta(microseconds=1)),
    )

    saved = await store.deliveries.save(full)

    assert await store.deliveries.get(alice.workspace_id, delivery.id) == saved == replace(full, version=2)


async def test_a_delivery_that_is_not_there_is_not_found(store: Store, alice: House) -> None:
    with pytest.raises(NotFound):
        await store.deliveries.get(alice.workspace_id, UNKNOWN)


async def test_charlie_does_not_find_alices_delivery(store: Store, alice: House, charlie: House) -> None:
    delivery = await alice.delivery()

    with pytest.raises(NotFound):
        await store.deliveries.get(charlie.workspace_id, delivery.id)


async def test_charlie_cannot_save_over_alices_delivery(store: Store, alice: House, charlie: House) -> None:
    delivery = await alice.delivery()

    with pytest.raises(Stale):
        await store.deliveries.save(replace(delivery, workspace_id=charlie.workspace_id))

    assert await store.deliveries.get(alice.workspace_id, delivery.id) == delivery


async def test_of_two_savers_of_one_version_the_second_is_stale(store: Store, alice: House) -> None:
    delivery = await alice.delivery()
    await store.deliveries.save(replace(delivery, step="first"))

    with pytest.raises(Stale):
        await store.deliveries.save(replace(delivery, step="second"))

    assert (await store.deliveries.get(alice.workspace_id, delivery.id)).step == "first"


async def test_of_many_savers_at_once_exactly_one_wins(store: Store, alice: House) -> None:
    delivery = await alice.delivery()
    racers = [replace(delivery, step=f"step-{number}") for number in range(20)]

    outcomes = await asyncio.gather(*map(store.deliveries.save, racers), return_exceptions=True)

    winners = [one for one in outcomes if isinstance(one, Delivery)]
    assert len(winners) == 1
    assert sum(isinstance(one, Stale) for one in outcomes) == 19
    assert await store.deliveries.get(alice.workspace_id, delivery.id) == winners[0]


async def test_a_stale_save_writes_no_events(store: Store, alice: House) -> None:
    delivery = await alice.delivery()

    with pytest.raises(Stale):
        await store.deliveries.save(replace(delivery, version=7), [event(alice.workspace_id, delivery.id)])

    assert (await store.events.list(alice.workspace_id, delivery.id)).items == ()


async def test_a_second_insert_of_one_id_is_stale(store: Store, alice: House) -> None:
    delivery = await alice.delivery()

    with pytest.raises(Stale):
        await store.deliveries.save(replace(delivery, version=0))


async def test_a_version_of_nothing_is_stale(store: Store, alice: House) -> None:
    delivery = await alice.delivery()

    with pytest.raises(Stale):
        await store.deliveries.save(replace(delivery, id=UNKNOWN))


async def test_an_insert_without_its_post_is_stale(store: Store, alice: House) -> None:
    delivery = await alice.delivery()

    with pytest.raises(Stale):
        await store.deliveries.save(replace(delivery, id=UNKNOWN, version=0, post_id="post_gone"))


async def test_an_insert_for_a_channel_of_another_house_is_stale(store: Store, alice: House, charlie: House) -> None:
    delivery = await alice.delivery()
    channel = await charlie.channel()

    with pytest.raises(Stale):
        await store.deliveries.save(replace(delivery, id=UNKNOWN, version=0, channel_id=channel.id))


# ── list ─────────────────────────────────────────────────────────────────────────────────────────


async def test_the_list_is_newest_first_and_of_one_house(store: Store, alice: House, charlie: House) -> None:
    mine = await alice.deliveries(await alice.channel(), NOW, NOW, NOW)
    await charlie.delivery()

    page = await store.deliveries.list(alice.workspace_id)

    assert list(page.items) == mine[::-1]
    assert page.next_cursor is None


async def test_the_list_is_filtered_by_states(store: Store, alice: House) -> None:
    made = await alice.deliveries(await alice.channel(), NOW, NOW, NOW, NOW)
    held = await store.deliveries.save(replace(made[1], state=State.HELD, due_at=None))
    unsure = await store.deliveries.save(replace(made[2], state=State.UNCONFIRMED, due_at=None))

    page = await store.deliveries.list(alice.workspace_id, states=[State.HELD, State.UNCONFIRMED, State.FAILED])

    assert list(page.items) == [unsure, held]


async def test_the_list_is_filtered_by_channel_and_post(store: Store, alice: House) -> None:
    first, second = await alice.channel(), await alice.channel()
    [mine] = await alice.deliveries(first, NOW)
    [other] = await alice.deliveries(second, NOW)

    by_channel = await store.deliveries.list(alice.workspace_id, channel_id=first.id)
    by_post = await store.deliveries.list(alice.workspace_id, post_id=other.post_id)
    by_both = await store.deliveries.list(alice.workspace_id, channel_id=first.id, post_id=other.post_id)

    assert (by_channel.items, by_post.items, by_both.items) == ((mine,), (other,), ())


@pytest.mark.parametrize("states", [(), (State.WAITING, State.HELD)])
async def test_pages_stay_right_while_rows_come_and_go(store: Store, alice: House, states: tuple[State, ...]) -> None:
    channel = await alice.channel()
    made = await alice.deliveries(channel, *[NOW] * 5)
    await store.deliveries.save(replace(made[3], state=State.HELD, due_at=None))
    first = await store.deliveries.list(alice.workspace_id, states=states, limit=2)
    await alice.deliveries(channel, NOW)  # a newer one comes
    await store.deliveries.save(replace(made[2], state=State.FAILED, due_at=None))  # one that is still ahead goes

    second = await store.deliveries.list(alice.workspace_id, states=states, cursor=first.next_cursor, limit=2)
    rest = await store.deliveries.list(alice.workspace_id, states=states, cursor=second.next_cursor, limit=2)

    shown = [one.id for one in (*first.items, *second.items, *(rest.items if second.next_cursor else ()))]
    ahead = [made[4], made[3], made[1], made[0]] if states else made[::-1]
    assert shown == [one.id for one in ahead]


async def test_the_last_page_says_so_even_when_it_is_full(store: Store, alice: House) -> None:
    await alice.deliveries(await alice.channel(), NOW, NOW)

    assert (await store.deliveries.list(alice.workspace_id, limit=2)).next_cursor is None


async def test_the_deliveries_of_several_posts_come_oldest_first(store: Store, alice: House, charlie: House) -> None:
    first, second = await alice.channel(), await alice.channel()
    one, other, left_out = [await alice.deliveries(first, NOW, NOW) for _ in range(3)]
    theirs = await charlie.delivery()
    post = await store.posts.get(alice.workspace_id, one[0].post_id)
    late = alice.new_delivery(post, second, NOW)
    await store.posts.save(post, [late])

    asked = [other[0].post_id, one[0].post_id, theirs.post_id, "pst_00000000000000000000000000"]
    found = await store.deliveries.of_posts(alice.workspace_id, asked)

    assert list(found) == [*one, *other, replace(late, version=1)]
    assert left_out[0] not in found
    assert list(await store.deliveries.of_posts(alice.workspace_id, [])) == []


async def test_the_deliveries_of_one_post_are_filtered_and_paged(store: Store, alice: House) -> None:
    channel = await alice.channel()
    made = await alice.deliveries(channel, *[NOW] * 4)
    await alice.delivery(channel)
    made[1] = await store.deliveries.save(replace(made[1], state=State.HELD, due_at=None))
    post_id, waiting = made[0].post_id, [State.WAITING]

    first = await store.deliveries.list(alice.workspace_id, post_id=post_id, states=waiting, limit=2)
    rest = await store.deliveries.list(
        alice.workspace_id, post_id=post_id, states=waiting, cursor=first.next_cursor, limit=2
    )

    assert list(first.items) == [made[3], made[2]]
    assert (list(rest.items), rest.next_cursor) == ([made[0]], None)


# ── planned ──────────────────────────────────────────────────────────────────────────────────────


async def test_the_calendar_is_in_the_order_of_its_times_whatever_became_of_them(store: Store, alice: House) -> None:
    late, early, middle = await alice.deliveries(await alice.channel(), DAY, NOW, NOW + timedelta(hours=3))
    over = await store.deliveries.save(replace(middle, state=State.PUBLISHED, due_at=None))

    found = await store.deliveries.planned(alice.workspace_id, NOW, DAY + timedelta(hours=1))

    assert list(found) == [early, over, late]


async def test_the_calendar_begins_with_its_first_moment_and_ends_before_its_last(store: Store, alice: House) -> None:
    moment = timedelta(microseconds=1)
    made = await alice.deliveries(await alice.channel(), NOW - moment, NOW, DAY - moment, DAY)

    assert list(await store.deliveries.planned(alice.workspace_id, NOW, DAY)) == made[1:3]


async def test_what_is_planned_for_one_time_is_in_the_order_of_its_making(store: Store, alice: House) -> None:
    made = await alice.deliveries(await alice.channel(), NOW, NOW, NOW)

    assert list(await store.deliveries.planned(alice.workspace_id, NOW, DAY)) == made


async def test_the_calendar_goes_by_the_wanted_time_and_not_by_the_next_try(store: Store, alice: House) -> None:
    delivery = await store.deliveries.save(replace(await alice.delivery(), due_at=DAY + timedelta(days=9)))

    assert list(await store.deliveries.planned(alice.workspace_id, NOW, DAY)) == [delivery]


async def test_of_a_full_calendar_only_the_first_are_given(store: Store, alice: House) -> None:
    hours = [NOW + timedelta(hours=number) for number in range(5)]
    made = await alice.deliveries(await alice.channel(), *hours)

    assert list(await store.deliveries.planned(alice.workspace_id, NOW, DAY, limit=2)) == made[:2]


async def test_charlie_does_not_see_alices_calendar(store: Store, alice: House, charlie: House) -> None:
    await alice.delivery()
    theirs = await charlie.delivery()

    assert list(await store.deliveries.planned(charlie.workspace_id, NOW, DAY)) == [theirs]


# ── work ─────────────────────────────────────────────────────────────────────────────────────────


async def test_work_brings_everything_a_step_needs(store: Store, alice: House) -> None:
    delivery = await alice.delivery()

    work = await store.deliveries.work(ref(delivery))

    assert work.delivery == delivery
    assert work.post == await store.posts.get(alice.workspace_id, delivery.post_id)
    assert work.video == await store.videos.get(alice.workspace_id, work.post.video_id)
    assert work.channel == await store.channels.get(alice.workspace_id, delivery.channel_id)


async def test_work_of_another_house_is_not_found(store: Store, alice: House, charlie: House) -> None:
    delivery = await alice.delivery()

    with pytest.raises(NotFound):
        await store.deliveries.work(Ref(charlie.workspace_id, delivery.id))


# ── keep ─────────────────────────────────────────────────────────────────────────────────────────


async def test_keeping_lengthens_the_hold_and_leaves_the_version(store: Store, alice: House) -> None:
    held = await alice.claimed()
    later = SOON + timedelta(seconds=30)

    await store.deliveries.keep(ref(held), held.version, later)

    assert await store.deliveries.get(alice.workspace_id, held.id) == replace(held, in_hand_until=later)
    assert await store.deliveries.claim(SOON, later, 10) == []


async def test_keeping_notes_how_many_bytes_have_left(store: Store, alice: House) -> None:
    held = await alice.claimed()
    later = SOON + timedelta(seconds=30)

    await store.deliveries.keep(ref(held), held.version, later, 5_000_000_000)
    await store.deliveries.keep(ref(held), held.version, later)

    assert (await store.deliveries.get(alice.workspace_id, held.id)).sent == 5_000_000_000


async def test_keeping_does_not_make_a_save_stale(store: Store, alice: House) -> None:
    held = await alice.claimed()
    await store.deliveries.keep(ref(held), held.version, SOON + timedelta(seconds=30))

    saved = await store.deliveries.save(replace(held, step="next"))

    assert saved.version == held.version + 1


async def test_keeping_what_went_into_other_hands_is_stale(store: Store, alice: House) -> None:
    held = await alice.claimed()
    assert await store.deliveries.claim(SOON, SOON + timedelta(seconds=60), 10) == [taken(held)]

    with pytest.raises(Stale):
        await store.deliveries.keep(ref(held), held.version, SOON + timedelta(seconds=90))


async def test_keeping_is_stale_once_the_channels_turn_went_to_another(store: Store, alice: House) -> None:
    channel = await alice.channel()
    [late] = await alice.deliveries(channel, NOW)
    await store.deliveries.claim(NOW, SOON, 10)
    [early] = await alice.deliveries(channel, NOW - timedelta(hours=1))
    assert await store.deliveries.claim(SOON, SOON + timedelta(seconds=60), 10) == [taken(early)]

    with pytest.raises(Stale):
        await store.deliveries.keep(ref(late), late.version + 1, SOON + timedelta(seconds=90))


async def test_keeping_what_nobody_holds_is_stale(store: Store, alice: House) -> None:
    delivery = await alice.delivery()

    with pytest.raises(Stale):
        await store.deliveries.keep(ref(delivery), delivery.version, SOON)


async def test_charlie_cannot_keep_alices_delivery(store: Store, alice: House, charlie: House) -> None:
    held = await alice.claimed()

    with pytest.raises(Stale):
        await store.deliveries.keep(Ref(charlie.workspace_id, held.id), held.version, SOON)


# ── by handle ────────────────────────────────────────────────────────────────────────────────────


async def test_a_handle_leads_to_its_delivery(store: Store, alice: House) -> None:
    delivery = await store.deliveries.save(replace(await alice.delivery(), handle="v_pub~1"))

    assert await store.deliveries.by_handle("tiktok", "v_pub~1") == ref(delivery)


async def test_a_handle_of_another_platform_leads_nowhere(store: Store, alice: House) -> None:
    await store.deliveries.save(replace(await alice.delivery(), handle="v_pub~1"))

    assert await store.deliveries.by_handle("youtube", "v_pub~1") is None


async def test_a_handle_used_twice_leads_to_the_latest_delivery(store: Store, alice: House) -> None:
    older, newer = await alice.delivery(), await alice.delivery()
    for one in (newer, older):
        await store.deliveries.save(replace(one, handle="v_pub~1"))

    assert await store.deliveries.by_handle("tiktok", "v_pub~1") == ref(newer)
