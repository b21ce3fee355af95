"""The law of a step, with a platform that does what the test wrote down."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from playout.application.hand import LEASE
from playout.application.ports import Task
from playout.application.rates import ON_ITS_WAY
from playout.domain import delivery as moves
from playout.domain.caps import Cap
from playout.domain.channel import ChannelState, Grant
from playout.domain.delivery import Done, Next, Outcome, Receipt, State
from playout.domain.errors import Stale
from playout.domain.retry import Kind, PlatformFailure, Turn
from tests.application.stage import ALICE, NOON, Stage, gives, grant_until, raises

SEND = Next("send", {"address": "upload-canary", "offset": 10}, sent=10, total=1000)
FINISH = Next("finish", {"publish_id": "p1"}, repeatable=False, handle="p1")
FOLLOW = Next("follow", {"publish_id": "p1"}, state=State.PROCESSING, after=timedelta(seconds=5))
DONE = Done(Receipt("remote-1", "https://somewhere.invalid/1", NOON))
UNSURE = PlatformFailure(Kind.UNSURE, "lost", "The answer was lost.")
AGAIN = PlatformFailure(Kind.AGAIN, "busy", "The platform is busy.")
SIGN_IN = PlatformFailure(Kind.SIGN_IN, "token_dead", "Sign in again.", turn=Turn.YOU)


@pytest.fixture
async def stage() -> Stage:
    one = Stage()
    await one.open()
    await one.due()
    return one


async def test_a_delivery_goes_from_waiting_to_its_receipt(stage: Stage) -> None:
    stage.platform.steps = [gives(SEND), gives(FINISH), gives(FOLLOW), gives(DONE)]
    assert (await stage.turn()).state is State.PROCESSING
    stage.clock.move(seconds=6)
    done = await stage.turn()
    assert (done.state, done.receipt, done.due_at, done.checkpoint) == (State.PUBLISHED, DONE.receipt, None, None)
    assert stage.platform.asked == ["step send", "step send", "step finish", "step follow"]
    assert [event.kind for event in await stage.events()] == [
        "delivery.sending",
        "delivery.processing",
        "delivery.published",
    ]
    channel = await stage.store.channels.get(ALICE, "chn_1")
    assert channel.last_published_at == NOON


async def test_the_fence_is_in_the_store_before_the_write_leaves(stage: Stage) -> None:
    seen = []

    async def finish(task: Task) -> Outcome:
        seen.append((await stage.now()).fence)
        return DONE

    stage.platform.steps = [gives(FINISH), finish]
    await stage.turn()
    assert [fence and fence.step for fence in seen] == ["finish"]
    assert (await stage.now()).fence is None


async def test_every_handle_is_in_the_store_before_anything_else_is_sent(stage: Stage) -> None:
    seen = []

    async def second(task: Task) -> Outcome:
        record = await stage.now()
        seen.append((record.handle, record.checkpoint is not None, dict(task.checkpoint)))
        return DONE

    stage.platform.steps = [gives(replace(SEND, handle="p1")), second]
    await stage.turn()
    assert seen == [("p1", True, {"address": "upload-canary", "offset": 10})]


async def test_the_first_steps_own_checkpoint_is_kept_with_its_fence(stage: Stage) -> None:
    seen = []

    async def pull(task: Task) -> Outcome:
        record = await stage.now()
        seen.append((record.fence is not None, record.checkpoint is not None, dict(task.checkpoint)))
        raise UNSURE

    async def look(task: Task) -> Outcome:
        seen.append((True, True, dict(task.checkpoint)))
        return DONE

    stage.platform.first = Next("pull", {"nonce": "n1"}, repeatable=False)
    stage.platform.steps, stage.platform.looks = [pull], [look]
    await stage.turn()
    stage.clock.move(minutes=1)
    assert (await stage.turn()).state is State.PUBLISHED
    assert seen == [(True, True, {"nonce": "n1"})] * 2


async def test_a_standing_fence_leads_to_a_look_and_never_to_a_step(stage: Stage) -> None:
    stage.platform.steps = [gives(FINISH), raises(UNSURE)]
    fenced = await stage.turn()
    assert fenced.fence
    stage.clock.move(minutes=1)
    stage.platform.looks = [gives(DONE)]
    assert (await stage.turn()).state is State.PUBLISHED
    assert stage.platform.asked == ["step send", "step finish", "look finish"]


async def test_a_look_that_finds_nothing_there_lets_it_be_sent_again(stage: Stage) -> None:
    stage.platform.steps = [gives(FINISH), raises(UNSURE), gives(DONE)]
    stage.platform.looks = [gives(FINISH)]
    await stage.turn()
    stage.clock.move(minutes=1)
    assert (await stage.turn()).state is State.PUBLISHED
    assert stage.platform.asked == ["step send", "step finish", "look finish", "step finish"]


async def test_what_a_look_cannot_settle_waits_for_a_person_and_is_never_repeated(stage: Stage) -> None:
    stage.platform.steps = [gives(FINISH), raises(UNSURE)]
    stage.platform.looks = [raises(UNSURE)]
    await stage.turn()
    stage.clock.move(minutes=1)
    assert (await stage.turn()).state is State.UNCONFIRMED
    stage.clock.move(days=30)
    assert (await stage.turn()).state is State.UNCONFIRMED
    assert stage.platform.asked == ["step send", "step finish", "look finish"]


async def test_a_worker_that_was_overtaken_sends_nothing_more(stage: Stage) -> None:
    async def overtaken(task: Task) -> Outcome:
        record = await stage.now()
        await stage.store.deliveries.save(moves.cancel(record))
        return FINISH

    stage.platform.steps = [overtaken]
    assert (await stage.turn()).state is State.CANCELLED
    assert stage.platform.asked == ["step send"]


async def test_a_step_that_outlives_its_hold_writes_nothing_after_it(stage: Stage) -> None:
    async def stalled(task: Task) -> Outcome:
        stage.clock.move(seconds=LEASE.total_seconds() + 1)
        return FINISH

    stage.platform.steps = [stalled]
    await stage.turn()
    assert stage.platform.asked == ["step send"]


async def test_a_transient_failure_is_tried_again_after_a_growing_wait(stage: Stage) -> None:
    waits = []
    for _ in range(4):
        stage.platform.steps = [raises(AGAIN)]
        record = await stage.turn()
        assert record.due_at
        waits.append(record.due_at - stage.clock.now())
        stage.clock.time = record.due_at
    assert waits == sorted(waits)
    assert waits[0] < timedelta(seconds=7)
    stage.platform.steps = [gives(DONE)]
    assert (await stage.turn()).state is State.PUBLISHED


async def test_a_platform_that_never_answers_ends_as_a_failure_a_person_may_repeat(stage: Stage) -> None:
    record = await stage.now()
    stage.platform.renewals = [lambda grant: grant_until(NOON + timedelta(days=9))]
    for _ in range(40):
        stage.platform.steps = [raises(AGAIN)]
        record = await stage.turn()
        stage.clock.move(hours=1)
    assert (record.state, record.reason and record.reason.code) == (State.FAILED, "busy")
    assert moves.retry(record, stage.clock.now()).state is State.WAITING


async def test_a_mistake_of_an_adapter_behind_a_fence_is_an_unknown_outcome(stage: Stage) -> None:
    stage.platform.steps = [gives(FINISH), raises(KeyError("data"))]
    record = await stage.turn()
    assert record.fence
    assert record.reason
    assert record.reason.code == "internal_error"


async def test_a_quota_waits_for_the_time_it_lifts_and_is_no_failure(stage: Stage) -> None:
    lifts = NOON + timedelta(hours=3)
    stage.platform.steps = [raises(PlatformFailure(Kind.LATER, "quota", "Full.", retry_at=lifts))]
    record = await stage.turn()
    assert (record.due_at, record.tries) == (lifts, 0)


async def test_our_own_rate_is_respected_before_the_platform_is_asked(stage: Stage) -> None:
    stage.platform.caps = (Cap("send", 2, timedelta(minutes=1)),)
    stage.platform.steps = [gives(SEND), gives(SEND), gives(DONE)]
    record = await stage.turn()
    assert stage.platform.asked == ["step send", "step send"]
    assert record.due_at == NOON + timedelta(minutes=1) + ON_ITS_WAY
    stage.clock.move(seconds=63)
    assert (await stage.turn()).state is State.PUBLISHED


async def test_nothing_is_sent_without_consent(stage: Stage) -> None:
    await stage.due(consent=False)
    stage.platform.steps = [gives(DONE)]
    await stage.turn()
    stage.clock.move(seconds=1)
    await stage.turn()
    assert (await stage.now(2)).state is State.HELD
    assert stage.platform.asked == ["step send"]


async def test_checkpoints_are_sealed_in_the_record(stage: Stage) -> None:
    stage.platform.steps = [gives(SEND), raises(AGAIN)]
    record = await stage.turn()
    assert record.checkpoint
    assert b"upload-canary" not in record.checkpoint
    assert "upload-canary" not in repr(await stage.events())


async def test_a_dead_sign_in_holds_the_channels_deliveries_and_a_new_grant_releases_them(stage: Stage) -> None:
    await stage.due()
    stage.platform.steps = [raises(SIGN_IN)]
    stage.platform.renewals = [_refused]
    assert (await stage.turn()).state is State.HELD
    assert (await stage.now(2)).state is State.HELD
    channel = await stage.store.channels.get(ALICE, "chn_1")
    assert channel.state(NOON) is ChannelState.NEEDS_RECONNECT
    kinds = [event.kind for event in (await stage.store.events.list(ALICE, "chn_1")).items]
    assert kinds == ["channel.needs_reconnect"]

    again = await stage.store.channels.save(await stage.grants.sealed(channel, grant_until(NOON + timedelta(hours=2))))
    assert await stage.holding.back(again) == 2
    stage.platform.steps = [gives(DONE), gives(DONE)]
    await stage.turn()
    await stage.turn()
    assert {(await stage.now(1)).state, (await stage.now(2)).state} == {State.PUBLISHED}


async def test_a_refused_token_is_renewed_once_before_anybody_is_troubled(stage: Stage) -> None:
    stage.platform.steps = [raises(SIGN_IN), gives(DONE)]
    stage.platform.renewals = [lambda grant: grant_until(NOON + timedelta(hours=9))]
    assert (await stage.turn()).state is not State.HELD
    stage.clock.move(minutes=1)
    assert (await stage.turn()).state is State.PUBLISHED


async def test_a_token_that_stays_refused_after_its_renewal_is_a_dead_sign_in(stage: Stage) -> None:
    stage.platform.steps = [raises(SIGN_IN), raises(SIGN_IN)]
    stage.platform.renewals = [lambda grant: grant_until(NOON + timedelta(hours=9))]
    await stage.turn()
    stage.clock.move(minutes=1)
    assert (await stage.turn()).state is State.HELD


async def test_a_renewal_that_cannot_be_reached_is_no_dead_sign_in(stage: Stage) -> None:
    def unreachable(grant: Grant) -> Grant:
        raise AGAIN

    stage.platform.steps = [raises(SIGN_IN), raises(SIGN_IN), gives(DONE)]
    stage.platform.renewals = [unreachable, lambda grant: grant_until(NOON + timedelta(hours=9))]
    record = await stage.now()
    for _ in range(3):
        record = await stage.turn()
        assert record.state is not State.HELD
        stage.clock.move(minutes=1)
    assert record.state is State.PUBLISHED


async def test_a_grant_that_ends_soon_is_renewed_and_saved_before_the_step() -> None:
    stage = Stage()
    await stage.open(token_lives=timedelta(minutes=5))
    await stage.due()
    stage.clock.move(minutes=4)
    tokens = []

    async def send(task: Task) -> Outcome:
        kept = await stage.grants.open(await stage.store.channels.get(ALICE, "chn_1"))
        tokens.append((task.grant.access_token.reveal(), kept.grant.access_token.reveal()))
        return DONE

    fresh = grant_until(NOON + timedelta(hours=2))
    stage.platform.renewals = [lambda grant: replace(fresh, access_token=type(fresh.access_token)("new"))]
    stage.platform.steps = [send]
    assert (await stage.turn()).state is State.PUBLISHED
    assert tokens == [("new", "new")]
    assert stage.platform.asked == ["renew", "step send"]


async def test_two_renewals_of_one_channel_never_run_at_once() -> None:
    stage = Stage()
    await stage.open(token_lives=timedelta(minutes=5))
    stage.clock.move(minutes=4)
    stage.platform.renewals = [lambda grant: grant_until(NOON + timedelta(hours=2))] * 2
    results = await asyncio.gather(
        *(stage.grants.usable(stage.channel, stage.platform) for _ in range(8)), return_exceptions=True
    )
    assert stage.platform.asked == ["renew"]
    assert all(not isinstance(one, Exception) or isinstance(one, (PlatformFailure, Stale)) for one in results)


async def test_people_can_watch_the_bytes_leave_while_a_step_runs(stage: Stage) -> None:
    seen = []

    async def send(task: Task) -> Outcome:
        async for _ in task.read(0, 1000):
            pass
        stage.clock.wake()
        while not (await stage.now()).sent:
            await asyncio.sleep(0)
        seen.append((await stage.now()).sent)
        return DONE

    stage.platform.steps = [send]
    assert (await stage.turn()).state is State.PUBLISHED
    assert seen == [1000]


async def test_a_wake_for_what_is_not_in_hand_does_nothing(stage: Stage) -> None:
    await stage.deliver(f"{ALICE}/dlv_1/1")
    await stage.deliver(f"{ALICE}/dlv_of_nobody/1")
    assert stage.platform.asked == []


async def test_waking_twice_publishes_once(stage: Stage) -> None:
    published = []

    async def finish(task: Task) -> Outcome:
        published.append(task.attempt)
        await asyncio.sleep(0)
        return DONE

    stage.platform.first = FINISH
    stage.platform.steps = [finish, finish]
    (ref,) = await stage.store.deliveries.claim(NOON, NOON + LEASE, 1)
    await asyncio.gather(*(stage.deliver(f"{ALICE}/{ref.id}/{ref.version}") for _ in range(8)))
    assert len(published) == 1
    assert (await stage.now()).state is State.PUBLISHED


async def test_the_receipts_address_may_come_after_publication(stage: Stage) -> None:
    early = Done(Receipt("p1", None, NOON), Next("receipt", {}, after=timedelta(seconds=30)))
    stage.platform.steps = [gives(early), gives(Done(Receipt("42", "https://somewhere.invalid/42", NOON)))]
    record = await stage.turn()
    assert (record.state, record.receipt) == (State.PUBLISHED, early.receipt)
    stage.clock.move(minutes=1)
    record = await stage.turn()
    assert record.receipt == Receipt("42", "https://somewhere.invalid/42", NOON)
    assert record.due_at is None


def _refused(grant: Grant) -> Grant:
    raise PlatformFailure(Kind.SIGN_IN, "invalid_grant", "Sign in again.", turn=Turn.YOU)
