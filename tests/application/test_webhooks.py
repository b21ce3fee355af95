"""Webhooks out: whoever asked is told, signed, at least once, and for as long as three days."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import standardwebhooks

from playout.application.clock import SystemClock
from playout.application.hand import LEASE
from playout.application.messenger import KEPT
from playout.application.ports import Reply
from playout.application.ports.egress import MOST_ANSWER
from playout.application.webhooks import MOST
from playout.domain import delivery as moves
from playout.domain.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from playout.domain.event import happened
from playout.domain.person import Scope
from playout.domain.retry import Reason, Turn
from playout.domain.webhook import ANNOUNCED, OVERLAP, WAITS, SendingState
from playout.egress.memory import MemoryEgress, Posted
from tests.cast import Cast

URL = "https://hooks.example/playout"
BROKEN = Reason("refused", "It was refused.", Turn.PLATFORM)


@pytest.fixture
def egress() -> MemoryEgress:
    return MemoryEgress(replies={URL: Reply(204)})


@pytest.fixture
async def cast(egress: MemoryEgress) -> Cast:
    return await Cast.open(egress=egress)


async def settle(cast: Cast) -> None:
    """Until nothing is due any more."""
    for _ in range(5):
        await cast.work()


def verified(posted: Posted, secret: str) -> dict[str, Any]:
    """The message, as the library of Standard Webhooks takes it. Raises where the signature is not right."""
    told: dict[str, Any] = standardwebhooks.Webhook(secret).verify(posted.body, dict(posted.headers))
    return told


async def test_whoever_asked_is_told_of_a_publication(cast: Cast, egress: MemoryEgress) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL, ["delivery.published"])
    shown = await cast.post(cast.alice, in_hours=0)

    await settle(cast)

    [posted] = egress.posted
    told = json.loads(posted.body)
    assert told["type"] == "delivery.published"
    assert told["data"]["delivery"]["id"] == shown.deliveries[0].id
    assert told["data"]["delivery"]["remote_id"]
    [sent] = (await cast.services.webhooks.log(cast.alice, made.webhook.id)).items
    assert (sent.state, sent.status, sent.tries) == (SendingState.DELIVERED, 204, 1)
    assert posted.headers["webhook-id"] == sent.id


async def test_a_test_is_signed_as_standard_webhooks_has_it(egress: MemoryEgress) -> None:
    cast = await Cast.open(egress=egress)
    cast.clock.time = moment_of_the_machine()
    made = await cast.services.webhooks.create(cast.alice, URL)

    await cast.services.webhooks.test(cast.alice, made.webhook.id)

    assert verified(egress.posted[0], made.secret.reveal())["type"] == "webhook.test"


async def test_while_a_key_is_replaced_both_keys_sign(egress: MemoryEgress) -> None:
    cast = await Cast.open(egress=egress)
    cast.clock.time = moment_of_the_machine() - OVERLAP + timedelta(minutes=1)
    made = await cast.services.webhooks.create(cast.alice, URL)
    rotated = await cast.services.webhooks.rotate(cast.alice, made.webhook.id)
    cast.clock.time = moment_of_the_machine()

    await cast.services.webhooks.test(cast.alice, made.webhook.id)

    assert verified(egress.posted[0], made.secret.reveal()) == verified(egress.posted[0], rotated.secret.reveal())


async def test_after_a_day_the_former_key_signs_no_more(egress: MemoryEgress) -> None:
    cast = await Cast.open(egress=egress)
    cast.clock.time = moment_of_the_machine() - OVERLAP
    made = await cast.services.webhooks.create(cast.alice, URL)
    rotated = await cast.services.webhooks.rotate(cast.alice, made.webhook.id)
    cast.clock.time = moment_of_the_machine()

    await cast.services.webhooks.test(cast.alice, made.webhook.id)

    assert verified(egress.posted[0], rotated.secret.reveal())
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verified(egress.posted[0], made.secret.reveal())


@pytest.mark.parametrize("kind", sorted(ANNOUNCED))
async def test_every_kind_that_can_be_asked_for_is_told_of(cast: Cast, egress: MemoryEgress, kind: str) -> None:
    shown = await cast.post(cast.alice)
    await settle(cast)
    await cast.services.webhooks.create(cast.alice, URL, [kind])
    channel = await cast.channel(cast.alice)
    now = cast.clock.now()
    noun = kind.partition(".")[0]

    if noun == "delivery":
        moved = moves.fail(shown.deliveries[0], BROKEN)
        await cast.store.deliveries.save(moved, [happened(moved, kind, now, state=kind.partition(".")[2])])
    elif noun == "post":
        await cast.store.posts.save(shown.post, events=[happened(shown.post, kind, now)])
    elif noun == "channel":
        await cast.store.channels.save(channel, events=[happened(channel, kind, now)])
    else:
        video = await cast.store.videos.get(cast.alice.workspace_id, shown.post.video_id)
        await cast.store.videos.save(video, events=[happened(video, kind, now)])
    await settle(cast)

    [posted] = egress.posted
    told = json.loads(posted.body)
    assert told["type"] == kind
    assert told["data"][noun]["id"]


async def test_nobody_else_is_told(cast: Cast, egress: MemoryEgress) -> None:
    await cast.services.webhooks.create(cast.charlie, URL)
    await cast.services.webhooks.create(cast.alice, URL, ["delivery.failed"])

    await cast.post(cast.alice, in_hours=0)
    await settle(cast)

    assert egress.posted == []


async def test_nothing_is_put_aside_where_nobody_listens(cast: Cast) -> None:
    await cast.post(cast.alice, in_hours=0)
    await settle(cast)

    later = cast.clock.now() + timedelta(days=30)
    due = await cast.store.chores.claim(later, later + LEASE, 100)
    assert not [one for one in due if one.id.startswith("announce")]


async def test_a_host_that_is_away_is_told_again_for_three_days(cast: Cast, egress: MemoryEgress) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL, ["delivery.published"])
    egress.replies[URL] = Reply(503)
    await cast.post(cast.alice, in_hours=0)
    began = cast.clock.now()

    while True:
        await settle(cast)
        [sent] = (await cast.services.webhooks.log(cast.alice, made.webhook.id)).items
        if sent.due_at is None:
            break
        cast.clock.time = sent.due_at

    assert (sent.state, sent.code, sent.tries) == (SendingState.FAILED, "http_503", len(WAITS) + 1)
    assert timedelta(days=2.6) < cast.clock.now() - began < timedelta(days=3.4)
    assert len({one.headers["webhook-id"] for one in egress.posted}) == 1


async def test_a_host_that_comes_back_gets_it_after_all(cast: Cast, egress: MemoryEgress) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL, ["delivery.published"])
    del egress.replies[URL]
    await cast.post(cast.alice, in_hours=0)
    await settle(cast)
    [missed] = (await cast.services.webhooks.log(cast.alice, made.webhook.id)).items

    egress.replies[URL] = Reply(200)
    cast.clock.move(minutes=6)
    await settle(cast)

    [sent] = (await cast.services.webhooks.log(cast.alice, made.webhook.id)).items
    assert (missed.state, missed.code) == (SendingState.PENDING, "unreachable")
    assert (sent.state, sent.tries) == (SendingState.DELIVERED, 2)


async def test_a_pause_that_a_host_asks_for_is_kept(cast: Cast, egress: MemoryEgress) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL, ["delivery.published"])
    egress.replies[URL] = Reply(429, timedelta(hours=1))
    await cast.post(cast.alice, in_hours=0)

    await settle(cast)

    [sent] = (await cast.services.webhooks.log(cast.alice, made.webhook.id)).items
    assert sent.due_at == cast.clock.now() + timedelta(hours=1)


async def test_a_host_that_is_gone_for_good_is_switched_off(cast: Cast, egress: MemoryEgress) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL)
    egress.replies[URL] = Reply(410)

    await cast.post(cast.alice, in_hours=0)
    await settle(cast)

    webhook = await cast.services.webhooks.get(cast.alice, made.webhook.id)
    states = {one.state for one in (await cast.services.webhooks.log(cast.alice, webhook.id)).items}
    assert not webhook.enabled
    assert states == {SendingState.FAILED}


@dataclass
class Dying(MemoryEgress):
    """The process dies when the message has arrived, and before it could note that."""

    dead: bool = False

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, most_answer: int = MOST_ANSWER) -> Reply:
        reply = await super().post(url, headers=headers, body=body, most_answer=most_answer)
        if not self.dead:
            self.dead = True
            raise asyncio.CancelledError
        return reply


async def test_after_a_crash_it_comes_again_under_the_same_id() -> None:
    egress = Dying(replies={URL: Reply(200)})
    cast = await Cast.open(egress=egress)
    await cast.services.webhooks.create(cast.alice, URL, ["delivery.published"])
    await cast.post(cast.alice, in_hours=0)

    with pytest.raises(asyncio.CancelledError):
        await settle(cast)
    cast.clock.move(seconds=LEASE.total_seconds() + 1)
    await settle(cast)

    first, second = egress.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_what_was_told_once_is_not_told_twice_by_a_copied_wake(cast: Cast, egress: MemoryEgress) -> None:
    await cast.services.webhooks.create(cast.alice, URL, ["post.scheduled"])
    await cast.post(cast.alice)

    await cast.planner.tick()
    cast.engine.woken *= 2
    await settle(cast)

    assert len(egress.posted) == 1


async def test_a_message_of_the_log_can_be_sent_again(cast: Cast, egress: MemoryEgress) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL, ["post.scheduled"])
    await cast.post(cast.alice)
    await settle(cast)
    [sent] = (await cast.services.webhooks.log(cast.alice, made.webhook.id)).items

    await cast.services.webhooks.replay(cast.alice, made.webhook.id, sent.id)
    await settle(cast)

    assert [one.headers["webhook-id"] for one in egress.posted] == [sent.id, sent.id]


async def test_a_test_says_what_became_of_it(cast: Cast, egress: MemoryEgress) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL)
    egress.replies[URL] = Reply(500)

    sent = await cast.services.webhooks.test(cast.alice, made.webhook.id)

    assert (sent.state, sent.code, sent.due_at) == (SendingState.FAILED, "http_500", None)


async def test_a_webhook_that_is_switched_off_hears_nothing(cast: Cast, egress: MemoryEgress) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL)
    await cast.services.webhooks.change(cast.alice, made.webhook.id, None, enabled=False)

    await cast.post(cast.alice, in_hours=0)
    await settle(cast)

    assert egress.posted == []


async def test_a_removed_webhook_takes_its_log_along(cast: Cast) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL)
    sent = await cast.services.webhooks.test(cast.alice, made.webhook.id)

    await cast.services.webhooks.remove(cast.alice, made.webhook.id)

    with pytest.raises(NotFound):
        await cast.store.sendings.get(cast.alice.workspace_id, sent.id)


async def test_the_log_forgets_after_thirty_days(cast: Cast) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL)
    await cast.services.webhooks.test(cast.alice, made.webhook.id)
    cast.clock.move(days=KEPT.days, seconds=1)

    assert await cast.store.sendings.sweep(cast.clock.now() - KEPT) == 1
    assert (await cast.services.webhooks.log(cast.alice, made.webhook.id)).items == ()


@pytest.mark.parametrize(
    ("url", "events", "code"),
    [
        ("http://hooks.example/", [], "bad_address"),
        ("https://127.0.0.1/", [], "address_refused"),
        ("https://[::1]/", [], "address_refused"),
        ("https://hooks.example/" + "a" * 3000, [], "bad_address"),
        (URL, ["delivery.exploded"], "unknown_event"),
    ],
)
async def test_what_cannot_be_told_is_refused(cast: Cast, url: str, events: list[str], code: str) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL)

    with pytest.raises(Invalid) as refused:
        await cast.services.webhooks.create(cast.alice, url, events)
    assert refused.value.code == code

    with pytest.raises(Invalid):
        await cast.services.webhooks.change(cast.alice, made.webhook.id, None, url=url, events=events)


async def test_there_is_an_end_to_how_many(cast: Cast) -> None:
    for _ in range(MOST):
        await cast.services.webhooks.create(cast.alice, URL)

    with pytest.raises(Conflict) as refused:
        await cast.services.webhooks.create(cast.alice, URL)

    assert refused.value.code == "too_many_webhooks"


async def test_webhooks_are_the_administrators(cast: Cast) -> None:
    publisher = replace(cast.alice, scopes=frozenset({Scope.READ, Scope.WRITE, Scope.PUBLISH}))

    with pytest.raises(Forbidden):
        await cast.services.webhooks.create(publisher, URL)
    with pytest.raises(Forbidden):
        await cast.services.webhooks.list(publisher)


async def test_a_change_of_another_version_is_stale(cast: Cast) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL)
    await cast.services.webhooks.change(cast.alice, made.webhook.id, 1, enabled=False)

    with pytest.raises(Stale):
        await cast.services.webhooks.change(cast.alice, made.webhook.id, 1, enabled=True)


async def test_no_key_is_kept_in_the_clear(cast: Cast) -> None:
    made = await cast.services.webhooks.create(cast.alice, URL)
    stored = await cast.store.webhooks.get(cast.alice.workspace_id, made.webhook.id)

    assert made.secret.reveal() not in repr(stored)
    assert len(stored.secret) > len(made.secret.reveal()) / 2


def moment_of_the_machine() -> datetime:
    """The library compares with the machine's clock."""
    return SystemClock().now()
