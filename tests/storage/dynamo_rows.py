"""Every method of the store that writes, each with something to write: for tests in which an answer is lost.

A scene is set in alice's house; then `act` is the call, `gives` what it gives, and `stands` looks whether its effect is
there, once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from playout.domain.channel import WrappedKey
from playout.domain.delivery import Delivery, Fence, State
from playout.domain.errors import Stale
from playout.domain.post import Post
from tests.contract.cast import NOW, SOON, House, event, ref, taken
from tests.storage.dynamo_house import chore
from tests.storage.dynamo_rows_people import (
    a_person_is_removed,
    a_person_takes_another_address,
    a_person_takes_another_way_in,
    a_token_is_added,
    a_token_is_removed,
    a_token_is_used,
    a_workspace_is_named_anew,
)
from tests.storage.dynamo_rows_webhooks import (
    a_webhook_is_removed,
    a_webhook_is_sealed_anew,
    a_workspace_is_erased,
    something_has_arrived,
    something_is_to_be_sent,
    what_was_sent_long_ago_is_swept,
)
from tests.storage.dynamo_scene import Row, Scene

SECOND = timedelta(seconds=1)
LATER = SOON + timedelta(seconds=60)
END = NOW + 10 * SECOND
MANY = 120  # deliveries of one post: more than one transaction holds


# ── deliveries ───────────────────────────────────────────────────────────────────────────────


async def a_fence_is_saved(alice: House) -> Scene:
    held = await alice.claimed()
    fenced = replace(held, state=State.SENDING, step="send", fence=Fence("send", NOW))
    told = event(alice.workspace_id, held.id)

    async def stands() -> bool:
        found = await alice.store.deliveries.get(alice.workspace_id, held.id)
        return found == replace(fenced, version=3) and await history(alice, held.id) == [told]

    return Scene(lambda: alice.store.deliveries.save(fenced, [told]), replace(fenced, version=3), stands)


async def a_published_delivery_lets_its_channel_go(alice: House) -> Scene:
    channel = await alice.channel()
    first, second = await alice.deliveries(channel, NOW - SECOND, NOW)
    await alice.store.deliveries.claim(NOW, SOON, 10)
    held = await alice.store.deliveries.get(alice.workspace_id, first.id)
    done = replace(held, state=State.PUBLISHED, due_at=None, in_hand_until=None)

    async def stands() -> bool:
        claimed = await alice.store.deliveries.claim(NOW, SOON, 10)
        return claimed == [taken(second)]

    return Scene(lambda: alice.store.deliveries.save(done), replace(done, version=3), stands)


async def a_hold_is_lengthened(alice: House) -> Scene:
    held = await alice.claimed()

    async def stands() -> bool:
        found = await alice.store.deliveries.get(alice.workspace_id, held.id)
        taken_by_others = await alice.store.deliveries.claim(SOON, LATER, 10)
        return found == replace(held, in_hand_until=LATER, sent=5) and taken_by_others == []

    return Scene(lambda: alice.store.deliveries.keep(ref(held), held.version, LATER, 5), None, stands)


async def a_delivery_is_claimed(alice: House) -> Scene:
    delivery = await alice.delivery()

    async def stands() -> bool:
        found = await alice.store.deliveries.get(alice.workspace_id, delivery.id)
        return found == replace(delivery, in_hand_until=SOON, version=2)

    return Scene(lambda: alice.store.deliveries.claim(NOW, SOON, 10), [taken(delivery)], stands)


# ── posts ────────────────────────────────────────────────────────────────────────────────────


async def a_post_is_scheduled(alice: House) -> Scene:
    return await _scheduled(alice, 2)


async def a_post_is_scheduled_to_very_many(alice: House) -> Scene:
    return await _scheduled(alice, MANY)


async def _scheduled(alice: House, count: int) -> Scene:
    post, channel = alice.new_post(await alice.video()), await alice.channel()
    made = [alice.new_delivery(post, channel) for _ in range(count)]
    told = event(alice.workspace_id, post.id, "post.scheduled")

    async def stands() -> bool:
        found = await alice.store.posts.get(alice.workspace_id, post.id)
        listed = await _deliveries(alice, post, count)
        return (
            found == replace(post, version=1)
            and listed == [replace(one, version=1) for one in made]
            and await history(alice, post.id) == [told]
            and await alice.store.posts.using(alice.workspace_id, post.video_id) == [post.id]
        )

    return Scene(lambda: alice.store.posts.save(post, made, [told]), replace(post, version=1), stands)


async def a_post_is_cancelled(alice: House) -> Scene:
    [delivery] = await alice.deliveries(await alice.channel(), NOW)
    post = await alice.store.posts.get(alice.workspace_id, delivery.post_id)
    cancelled = replace(delivery, state=State.CANCELLED, due_at=None)

    async def stands() -> bool:
        found = await alice.store.posts.get(alice.workspace_id, post.id)
        return found.version == 2 and await _deliveries(alice, post) == [replace(cancelled, version=2)]

    return Scene(lambda: alice.store.posts.save(post, [cancelled]), replace(post, version=2), stands)


async def a_post_is_removed(alice: House) -> Scene:
    [delivery] = await alice.deliveries(await alice.channel(), NOW)
    saved = await alice.store.deliveries.save(delivery, [event(alice.workspace_id, delivery.id)])
    post = await alice.store.posts.get(alice.workspace_id, delivery.post_id)

    async def stands() -> bool:
        nothing_is_due = await alice.store.deliveries.claim(NOW, SOON, 10) == []  # and what is left to do is done
        posts = await alice.store.posts.list(alice.workspace_id)
        return nothing_is_due and posts.items == () and await history(alice, delivery.id) == []

    return Scene(lambda: alice.store.posts.remove(post, [saved]), None, stands)


# ── videos and channels ──────────────────────────────────────────────────────────────────────


async def a_video_is_taken_in(alice: House) -> Scene:
    video = alice.new_video()
    probing, told = replace(chore(alice), kind="probe", subject_id=video.id), event(alice.workspace_id, video.id)

    async def stands() -> bool:
        found = await alice.store.videos.get(alice.workspace_id, video.id)
        put = await alice.store.chores.get(alice.workspace_id, probing.id)
        return (found.version, put, await history(alice, video.id)) == (1, replace(probing, version=1), [told])

    return Scene(lambda: alice.store.videos.save(video, [probing], [told]), replace(video, version=1), stands)


async def a_video_is_removed(alice: House) -> Scene:
    new = alice.new_video()
    video = await alice.store.videos.save(new, events=[event(alice.workspace_id, new.id)])

    async def stands() -> bool:
        await alice.store.deliveries.claim(NOW, SOON, 10)  # what is left to do is done
        return (await alice.store.videos.list(alice.workspace_id)).items == () and await history(alice, video.id) == []

    return Scene(lambda: alice.store.videos.remove(video), None, stands)


async def a_channel_is_sealed_anew(alice: House) -> Scene:
    channel = await alice.store.channels.save(replace(alice.new_channel(), data_key=WrappedKey("old", b"wrapped")))
    renewed = replace(channel, data_key=WrappedKey("new", b"wrapped"))

    async def stands() -> bool:
        old = await alice.store.channels.sealed_under("old")
        new = await alice.store.channels.sealed_under("new")
        put = await alice.store.chores.get(alice.workspace_id, chore(alice).id)
        return (old.items, new.items, put) == ((), (replace(renewed, version=2),), replace(chore(alice), version=1))

    return Scene(lambda: alice.store.channels.save(renewed, [chore(alice)]), replace(renewed, version=2), stands)


# ── chores ───────────────────────────────────────────────────────────────────────────────────


async def a_chore_is_put(alice: House) -> Scene:
    async def stands() -> bool:
        claims = [await alice.store.chores.claim(NOW, SOON, 10) for _ in range(2)]
        return [[one.id for one in claim] for claim in claims] == [[chore(alice).id], []]

    return Scene(lambda: alice.store.chores.put(chore(alice)), None, stands)


async def a_chore_is_moved(alice: House) -> Scene:
    await alice.store.chores.put(chore(alice))
    moved = replace(chore(alice), due_at=LATER, version=1)

    async def stands() -> bool:
        return await alice.store.chores.get(alice.workspace_id, moved.id) == replace(moved, version=2)

    return Scene(lambda: alice.store.chores.save(moved), replace(moved, version=2), stands)


async def a_chore_is_done(alice: House) -> Scene:
    await alice.store.chores.put(chore(alice))
    put = replace(chore(alice), version=1)

    async def stands() -> bool:
        return await alice.store.chores.get(alice.workspace_id, put.id) is None

    return Scene(lambda: alice.store.chores.done(put), None, stands)


async def a_chore_is_claimed(alice: House) -> Scene:
    await alice.store.chores.put(chore(alice))
    held = replace(chore(alice), in_hand_until=SOON, version=2)

    async def stands() -> bool:
        return await alice.store.chores.get(alice.workspace_id, held.id) == held

    claimed = replace(ref(await alice.channel()), id=held.id, version=2)
    return Scene(lambda: alice.store.chores.claim(NOW, SOON, 10), [claimed], stands)


# ── ephemera ─────────────────────────────────────────────────────────────────────────────────


async def something_is_put(alice: House) -> Scene:
    return Scene(lambda: alice.store.ephemera.put_new("key", "value", END, NOW), None, _value(alice, "value"))


async def something_is_replaced(alice: House) -> Scene:
    await alice.store.ephemera.put_new("key", "old", END, NOW)
    return Scene(
        lambda: alice.store.ephemera.replace("key", "old", "new", END), gives=True, stands=_value(alice, "new")
    )


async def something_is_taken(alice: House) -> Scene:
    await alice.store.ephemera.put_new("key", "value", END, NOW)
    return Scene(lambda: alice.store.ephemera.take("key", NOW), "value", _value(alice, None))


async def a_call_is_counted(alice: House) -> Scene:
    async def allow() -> object:
        return await alice.store.ephemera.allow("rate", 2, 10 * SECOND, NOW)

    async def stands() -> bool:
        return [await allow(), await allow()] == [None, END]

    return Scene(allow, None, stands)


async def the_expired_is_swept(alice: House) -> Scene:
    await alice.store.ephemera.put_new("key", "value", END, NOW)

    async def stands() -> bool:
        return await alice.store.ephemera.sweep(END) == 0

    return Scene(lambda: alice.store.ephemera.sweep(END), 1, stands)


async def what_is_of_a_house_is_forgotten(alice: House) -> Scene:
    key = f"kind:{alice.workspace_id}:1"
    await alice.store.ephemera.put_new(key, "value", END, NOW)

    async def stands() -> bool:
        return await alice.store.ephemera.get(key, NOW) is None

    return Scene(lambda: alice.store.ephemera.forget(alice.workspace_id), 1, stands)


def _value(alice: House, value: str | None) -> Callable[[], Awaitable[bool]]:
    async def stands() -> bool:
        return await alice.store.ephemera.get("key", NOW) == value

    return stands


async def history(alice: House, subject_id: str) -> list[object]:
    return list((await alice.store.events.list(alice.workspace_id, subject_id)).items)


async def _deliveries(alice: House, post: Post, most: int = 10) -> list[Delivery]:
    listed = await alice.store.deliveries.list(alice.workspace_id, post_id=post.id, limit=most)
    return list(listed.items[::-1])


ROWS = (
    Row("deliveries.save", a_fence_is_saved),
    Row("deliveries.save", a_published_delivery_lets_its_channel_go),
    Row("deliveries.keep", a_hold_is_lengthened),
    Row("deliveries.claim", a_delivery_is_claimed),
    Row("posts.save", a_post_is_scheduled),
    Row("posts.save", a_post_is_scheduled_to_very_many, writes=3),  # the step, the rest, the note of the rest
    Row("posts.save", a_post_is_cancelled),
    # It is gone, and whoever asks hears that it is: nothing can be sent of it any more.
    Row("posts.remove", a_post_is_removed, writes=3, forgotten=Stale),  # the step, the history, the note of it
    Row("videos.save", a_video_is_taken_in),
    # It is gone; whoever loads it again hears NotFound. Its bytes are removed by the sweep of files without a record.
    Row("videos.remove", a_video_is_removed, writes=3, forgotten=Stale),
    Row("channels.save", a_channel_is_sealed_anew),
    Row("webhooks.save", a_webhook_is_sealed_anew),
    # As with posts: it is gone, and nothing is sent to it any more. The step, what was sent to it, the note of that.
    Row("webhooks.remove", a_webhook_is_removed, writes=3, forgotten=Stale),
    Row("sendings.save", something_is_to_be_sent),
    Row("sendings.save", something_has_arrived),
    Row("sendings.sweep", what_was_sent_long_ago_is_swept),
    Row("chores.put", a_chore_is_put),
    Row("chores.save", a_chore_is_moved),
    Row("chores.done", a_chore_is_done),
    Row("chores.claim", a_chore_is_claimed),
    Row("workspaces.save", a_workspace_is_named_anew),
    # The person, the mark on the workspace, the workspace. Only how many went is told too low.
    Row("workspaces.erase", a_workspace_is_erased, writes=3, forgotten=[0, 0]),
    Row("people.save", a_person_takes_another_address),
    Row("people.save", a_person_takes_another_way_in),
    # They are gone; whoever loads them again hears NotFound.
    Row("people.remove", a_person_is_removed, forgotten=Stale),
    Row("tokens.add", a_token_is_added),
    Row("tokens.remove", a_token_is_removed),
    Row("tokens.used", a_token_is_used),
    Row("ephemera.put_new", something_is_put),
    Row("ephemera.replace", something_is_replaced),
    # Nobody has it then, which is safe: what is taken once (a sign-in's state) is begun anew by the person.
    Row("ephemera.take", something_is_taken, forgotten=None),
    Row("ephemera.allow", a_call_is_counted),
    Row("ephemera.forget", what_is_of_a_house_is_forgotten),
    Row("ephemera.sweep", the_expired_is_swept, forgotten=0),  # how many is only for people to read
)
