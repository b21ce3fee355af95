"""Webhooks, what was sent to them, and the chores that tell them of what happened."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from playout.application.ports import Chore, Store
from playout.application.ports.store import announcement
from playout.domain.channel import WrappedKey
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.domain.webhook import ANNOUNCED, Sending, SendingState, Webhook
from tests.contract.cast import NOW, SOON, House, event, name

SECOND = timedelta(seconds=1)

# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_webhook_comes_back_as_it_was_saved(store: Store, alice: House) -> None:
    webhook = replace(
        alice.new_webhook(),
        events=("delivery.failed", "video.ready"),
        enabled=False,
        former_secret=b"\x00old\xff",
        former_until=NOW,
    )

    saved = await store.webhooks.save(webhook)

    assert await store.webhooks.get(alice.workspace_id, webhook.id) == saved == replace(webhook, version=1)


async def test_a_webhook_of_few_words_comes_back_as_it_was_saved(store: Store, alice: House) -> None:
    webhook = await alice.webhook()

    assert await store.webhooks.get(alice.workspace_id, webhook.id) == webhook


async def test_of_two_savers_of_a_webhook_the_second_is_stale(store: Store, alice: House) -> None:
    webhook = await alice.webhook()
    first = await store.webhooks.save(replace(webhook, enabled=False))

    with pytest.raises(Stale):
        await store.webhooks.save(replace(webhook, url="https://other.example"))

    assert await store.webhooks.get(alice.workspace_id, webhook.id) == first


async def test_a_second_insert_of_one_webhook_is_stale(store: Store, alice: House) -> None:
    webhook = await alice.webhook()

    with pytest.raises(Stale):
        await store.webhooks.save(replace(webhook, version=0))


async def test_a_webhook_of_no_house_is_stale(store: Store, alice: House) -> None:
    with pytest.raises(Stale):
        await store.webhooks.save(replace(alice.new_webhook(), workspace_id=name("ws")))


async def test_webhooks_are_listed_newest_first_in_pages(store: Store, alice: House, charlie: House) -> None:
    made = [await alice.webhook() for _ in range(3)]
    await charlie.webhook()

    first = await store.webhooks.list(alice.workspace_id, limit=2)
    rest = await store.webhooks.list(alice.workspace_id, cursor=first.next_cursor, limit=2)

    assert [*first.items, *rest.items] == made[::-1]
    assert rest.next_cursor is None


async def test_charlie_does_not_find_alices_webhook(store: Store, alice: House, charlie: House) -> None:
    webhook = await alice.webhook()

    with pytest.raises(NotFound):
        await store.webhooks.get(charlie.workspace_id, webhook.id)


async def test_charlie_cannot_save_over_alices_webhook(store: Store, alice: House, charlie: House) -> None:
    webhook = await alice.webhook()

    with pytest.raises(Stale):
        await store.webhooks.save(replace(webhook, workspace_id=charlie.workspace_id))


async def test_webhooks_sealed_under_a_key_are_found_in_pages(store: Store, alice: House, charlie: House) -> None:
    sealed = [await house.webhook() for house in (alice, charlie, alice)]
    moved = replace(await alice.webhook(), data_key=WrappedKey("key-2", b"x"))
    await store.webhooks.save(moved)

    first = await store.webhooks.sealed_under("key-1", limit=2)
    rest = await store.webhooks.sealed_under("key-1", cursor=first.next_cursor, limit=2)

    assert [*first.items, *rest.items] == sealed
    assert rest.next_cursor is None
    assert (await store.webhooks.sealed_under("key-2")).items == (replace(moved, version=2),)


async def test_channels_and_webhooks_under_one_key_are_told_apart(store: Store, alice: House) -> None:
    webhook = await alice.webhook()
    channel = await store.channels.save(replace(alice.new_channel(), data_key=webhook.data_key))

    assert (await store.webhooks.sealed_under("key-1")).items == (webhook,)
    assert (await store.channels.sealed_under("key-1")).items == (channel,)


async def test_a_removed_webhook_is_gone_with_what_was_sent_to_it(store: Store, alice: House) -> None:
    webhook, other = await alice.webhook(), await alice.webhook()
    sent = [await alice.sending(webhook) for _ in range(3)]
    kept = await alice.sending(other)

    await store.webhooks.remove(webhook)

    with pytest.raises(NotFound):
        await store.webhooks.get(alice.workspace_id, webhook.id)
    for one in sent:
        with pytest.raises(NotFound):
            await store.sendings.get(alice.workspace_id, one.id)
    assert (await store.sendings.list(alice.workspace_id, webhook.id)).items == ()
    assert (await store.sendings.list(alice.workspace_id, other.id)).items == (kept,)
    assert (await store.webhooks.sealed_under("key-1")).items == (other,)


async def test_a_webhook_that_changed_meanwhile_is_not_removed(store: Store, alice: House) -> None:
    sending = await alice.sending(webhook := await alice.webhook())
    changed = await store.webhooks.save(replace(webhook, enabled=False))

    with pytest.raises(Stale):
        await store.webhooks.remove(webhook)

    assert await store.webhooks.get(alice.workspace_id, webhook.id) == changed
    assert await store.sendings.get(alice.workspace_id, sending.id) == sending


async def test_charlie_cannot_remove_alices_webhook(store: Store, alice: House, charlie: House) -> None:
    webhook = await alice.webhook()

    with pytest.raises(Stale):
        await store.webhooks.remove(replace(webhook, workspace_id=charlie.workspace_id))

    await store.webhooks.get(alice.workspace_id, webhook.id)


# ── sendings ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_sending_comes_back_as_it_was_saved(store: Store, alice: House) -> None:
    sending = replace(
        alice.new_sending(await alice.webhook()),
        state=SendingState.FAILED,
        tries=3,
        due_at=NOW + SECOND,
        last_at=NOW,
        status=503,
        code="timed_out",
    )

    saved = await store.sendings.save(sending)

    assert await store.sendings.get(alice.workspace_id, sending.id) == saved == replace(sending, version=1)


async def test_what_a_sending_no_longer_has_is_gone(store: Store, alice: House) -> None:
    waiting = replace(alice.new_sending(await alice.webhook()), due_at=NOW, status=503, code="status")
    saved = await store.sendings.save(waiting)

    done = await store.sendings.save(saved.arrived(204, SOON))

    assert await store.sendings.get(alice.workspace_id, waiting.id) == done
    assert (done.due_at, done.status, done.code) == (None, 204, "")


async def test_a_sending_is_saved_with_its_chores(store: Store, alice: House) -> None:
    sending = alice.new_sending(await alice.webhook())
    chore = Chore(alice.workspace_id, "send", sending.id, NOW)

    saved = await store.sendings.save(sending, [chore])
    await store.sendings.save(saved, [chore])

    assert await store.chores.get(alice.workspace_id, chore.id) == replace(chore, version=2)


async def test_of_two_savers_of_a_sending_the_second_is_stale_and_puts_nothing(store: Store, alice: House) -> None:
    sending = await alice.sending()
    await store.sendings.save(replace(sending, tries=1))
    chore = Chore(alice.workspace_id, "send", sending.id, NOW)

    with pytest.raises(Stale):
        await store.sendings.save(sending, [chore])

    assert await store.chores.get(alice.workspace_id, chore.id) is None


async def test_a_sending_is_made_once(store: Store, alice: House) -> None:
    sending = await alice.sending()

    with pytest.raises(Stale):
        await store.sendings.save(replace(sending, version=0))


@pytest.mark.parametrize("saved_before", [False, True])
async def test_a_sending_whose_webhook_is_gone_is_stale(store: Store, alice: House, *, saved_before: bool) -> None:
    webhook = await alice.webhook()
    sending = await alice.sending(webhook) if saved_before else alice.new_sending(webhook)
    chore = Chore(alice.workspace_id, "send", sending.id, NOW)
    await store.webhooks.remove(webhook)

    with pytest.raises(Stale):
        await store.sendings.save(sending, [chore])

    assert await store.chores.get(alice.workspace_id, chore.id) is None


async def test_a_sending_to_a_webhook_of_another_house_is_stale(store: Store, alice: House, charlie: House) -> None:
    with pytest.raises(Stale):
        await store.sendings.save(alice.new_sending(await charlie.webhook()))


async def test_charlie_does_not_find_alices_sending(store: Store, alice: House, charlie: House) -> None:
    sending = await alice.sending()

    with pytest.raises(NotFound):
        await store.sendings.get(charlie.workspace_id, sending.id)
    assert (await store.sendings.list(charlie.workspace_id, sending.webhook_id)).items == ()


async def test_sendings_of_one_webhook_are_listed_newest_first_in_pages(store: Store, alice: House) -> None:
    webhook = await alice.webhook()
    made = [await alice.sending(webhook) for _ in range(5)]
    await alice.sending()

    first = await store.sendings.list(alice.workspace_id, webhook.id, limit=2)
    await alice.sending(webhook)
    second = await store.sendings.list(alice.workspace_id, webhook.id, cursor=first.next_cursor, limit=2)
    last = await store.sendings.list(alice.workspace_id, webhook.id, cursor=second.next_cursor, limit=2)

    assert [*first.items, *second.items, *last.items] == made[::-1]
    assert last.next_cursor is None


async def test_the_sweep_removes_what_was_made_before_in_every_house(
    store: Store, alice: House, charlie: House
) -> None:
    webhooks = {house: await house.webhook() for house in (alice, charlie)}
    old = [await sent_at(house, webhook, NOW - SECOND) for house, webhook in webhooks.items()]
    young = [await sent_at(house, webhook, NOW) for house, webhook in webhooks.items()]

    assert await store.sendings.sweep(NOW) == 2

    for one in old:
        with pytest.raises(NotFound):
            await store.sendings.get(one.workspace_id, one.id)
    for one in young:
        assert await store.sendings.get(one.workspace_id, one.id) == one
    assert await store.sendings.sweep(NOW) == 0


async def sent_at(house: House, webhook: Webhook, at: datetime) -> Sending:
    return await house.store.sendings.save(replace(house.new_sending(webhook), created_at=at))


# ── telling them ─────────────────────────────────────────────────────────────────────────────────

Save = Callable[[House, list[Event]], Awaitable[object]]


async def with_a_post(house: House, told: list[Event]) -> object:
    return await house.store.posts.save(house.new_post(await house.video()), (), told)


async def with_a_delivery(house: House, told: list[Event]) -> object:
    return await house.store.deliveries.save(await house.delivery(), told)


async def with_a_channel(house: House, told: list[Event]) -> object:
    return await house.store.channels.save(house.new_channel(), (), told)


async def with_a_video(house: House, told: list[Event]) -> object:
    return await house.store.videos.save(house.new_video(), (), told)


SAVES = pytest.mark.parametrize("save", [with_a_post, with_a_delivery, with_a_channel, with_a_video])


async def announced(house: House, one: Event) -> Chore | None:
    return await house.store.chores.get(house.workspace_id, announcement(one).id)


@SAVES
async def test_what_webhooks_may_ask_for_is_announced_with_its_event(store: Store, alice: House, save: Save) -> None:
    await alice.webhook()
    told = [event(alice.workspace_id, "subject_1", kind) for kind in sorted(ANNOUNCED)]

    await save(alice, told)

    for one in told:
        assert await announced(alice, one) == replace(announcement(one), version=1)
        assert await store.events.get(alice.workspace_id, "subject_1", one.id) == one


@SAVES
async def test_what_nobody_may_ask_for_is_not_announced(store: Store, alice: House, save: Save) -> None:
    await alice.webhook()
    told = event(alice.workspace_id, "subject_1", "delivery.sending")

    await save(alice, [told])

    assert await announced(alice, told) is None


@SAVES
async def test_nothing_is_announced_in_a_house_without_a_webhook(
    store: Store, alice: House, charlie: House, save: Save
) -> None:
    await charlie.webhook()
    await store.webhooks.remove(await alice.webhook())
    told = event(alice.workspace_id, "subject_1", "delivery.published")

    await save(alice, [told])

    assert await announced(alice, told) is None
    assert await store.chores.claim(NOW, SOON, 10) == []


async def test_a_stale_save_announces_nothing(store: Store, alice: House) -> None:
    await alice.webhook()
    delivery = await alice.delivery()
    told = event(alice.workspace_id, delivery.id, "delivery.published")

    with pytest.raises(Stale):
        await store.deliveries.save(replace(delivery, version=9), [told])

    assert await announced(alice, told) is None


async def test_an_announcement_is_due_at_the_time_of_its_event(store: Store, alice: House) -> None:
    await alice.webhook()
    told = replace(event(alice.workspace_id, "subject_1", "delivery.published"), at=NOW + SECOND)
    await with_a_channel(alice, [told])

    assert await store.chores.claim(NOW, SOON, 10) == []
    assert [one.id for one in await store.chores.claim(NOW + SECOND, SOON, 10)] == [announcement(told).id]
