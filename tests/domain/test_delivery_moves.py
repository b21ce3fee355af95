"""The moves of a delivery, driven at random by hypothesis beside a model of the platform.

The model is the truth: what was really published. The record may know less (that is what fences are for), but it may
never lead to a second publication, and never rest where nobody would come back.
"""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from playout.domain import delivery as moves
from playout.domain.delivery import OVER, TRANSIENT, Delivery, Done, Fence, Next, Receipt, State
from playout.domain.errors import Conflict, UnsafeToRepeat
from playout.domain.retry import Kind, PlatformFailure, Reason, Turn
from playout.domain.verdict import after_failure

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REASON = Reason("code", "A sentence.", Turn.YOU)
SEND = Next("send", {"offset": 1})
FINISH = Next("finish", {"offset": 2}, repeatable=False)
FOLLOW = Next("follow", {}, state=State.PROCESSING, after=timedelta(seconds=5))
INBOX = Next("follow", {}, state=State.HANDED_OVER, after=timedelta(minutes=5))
RECEIPT = Receipt("remote-1", None, START)


def new_delivery() -> Delivery:
    return Delivery("dlv_1", "ws_1", "pst_1", "chn_1", "somewhere", START, START, START)


class Life(RuleBasedStateMachine):
    """One delivery, a platform that publishes when the fenced write arrives, and people who press every button."""

    def __init__(self) -> None:
        super().__init__()
        self.record = new_delivery()
        self.now = START
        self.random = Random(1)
        self.times_published = 0  # the ledger
        self.person_was_wrong = False

    # ── what the law does ───────────────────────────────────────────────────────────────────────

    def begun(self) -> Delivery:
        return moves.begin(self.record, Next("init"), None) if self.record.state is State.WAITING else self.record

    @precondition(lambda self: self.record.state in {State.WAITING, State.SENDING} and self.record.fence is None)
    @rule(outcome=st.sampled_from([SEND, FINISH]))
    def a_harmless_step_succeeds(self, outcome: Next) -> None:
        record = self.begun()
        if record.repeatable:
            self.record = moves.advance(record, outcome, b"sealed", self.now)

    @precondition(
        lambda self: self.record.state is State.SENDING and not self.record.repeatable and not self.record.fence
    )
    @rule(arrives=st.booleans(), answer=st.sampled_from(["follow", "done", "lost", "refused", "killed"]))
    def the_fenced_write_is_sent(self, arrives: bool, answer: str) -> None:
        self.record = moves.put_fence(self.record, self.now)
        arrived = arrives and answer != "refused"
        self.times_published += arrived
        if answer == "follow" and arrived:
            self.record = moves.advance(self.record, FOLLOW, None, self.now)
        elif answer == "done" and arrived:
            self.record = moves.advance(self.record, Done(RECEIPT), None, self.now)
        elif answer == "refused":
            self.fails(Kind.AGAIN, looked=False)
        elif answer == "lost":
            self.fails(Kind.UNSURE, looked=False)

    @precondition(lambda self: self.record.fence is not None and self.record.state in {State.SENDING, State.PROCESSING})
    @rule(answer=st.sampled_from(["truth", "again", "unsure"]))
    def a_look(self, answer: str) -> None:
        if answer == "again":
            self.fails(Kind.AGAIN, looked=True)
        elif answer == "unsure":
            self.fails(Kind.UNSURE, looked=True)
        else:
            found = Done(RECEIPT) if self.times_published else SEND
            self.record = moves.advance(self.record, found, b"sealed", self.now)

    @precondition(lambda self: self.record.fence is None and self.record.state in {State.PROCESSING, State.HANDED_OVER})
    @rule(outcome=st.sampled_from([FOLLOW, INBOX, Done(RECEIPT)]))
    def the_platform_goes_on(self, outcome: Next | Done) -> None:
        self.record = moves.advance(self.record, outcome, None, self.now)

    @precondition(lambda self: self.record.state in {State.WAITING, State.SENDING} and self.record.fence is None)
    @rule(kind=st.sampled_from([Kind.AGAIN, Kind.LATER, Kind.SIGN_IN, Kind.CHOOSE, Kind.NEVER]))
    def a_step_fails(self, kind: Kind) -> None:
        self.fails(kind, looked=False)

    def fails(self, kind: Kind, *, looked: bool) -> None:
        failure = PlatformFailure(kind, "code", "A sentence.")
        self.record = after_failure(self.record, failure, looked=looked, now=self.now, random=self.random)

    @rule(seconds=st.integers(0, 100_000))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # ── what people do ──────────────────────────────────────────────────────────────────────────

    @rule()
    def somebody_cancels(self) -> None:
        try:
            self.record = moves.cancel(self.record)
        except Conflict:
            return
        assert self.times_published == 0, "cancelled after it went out"

    @rule()
    def somebody_repeats(self) -> None:
        try:
            self.record = moves.retry(self.record, self.now)
        except UnsafeToRepeat:
            return
        assert self.times_published == 0 or self.person_was_wrong, "a repeat was allowed after it went out"
        self.times_published = 0 if self.person_was_wrong else self.times_published
        self.person_was_wrong = False

    @precondition(lambda self: self.record.state is State.HELD)
    @rule()
    def somebody_reconnects(self) -> None:
        self.record = moves.release(self.record, self.now)

    @precondition(lambda self: self.record.state is State.UNCONFIRMED)
    @rule(answer=st.sampled_from(["check", "there", "not there"]))
    def somebody_settles_it(self, answer: str) -> None:
        if answer == "check":
            self.record = moves.look_again(self.record, self.now)
        elif answer == "there":
            self.record = moves.resolve(self.record, RECEIPT)
        else:
            self.person_was_wrong = self.times_published > 0
            self.record = moves.resolve(self.record, None)

    @rule()
    def the_platform_sends_news(self) -> None:
        self.record = moves.nudge(self.record, self.now)

    # ── what always holds ───────────────────────────────────────────────────────────────────────

    @invariant()
    def never_published_twice(self) -> None:
        assert self.times_published <= 1

    @invariant()
    def a_transient_state_has_a_due_time(self) -> None:
        if self.record.state in TRANSIENT:
            assert self.record.due_at is not None

    @invariant()
    def a_state_at_rest_has_none(self) -> None:
        if self.record.state in {State.HELD, State.UNCONFIRMED, State.FAILED, State.CANCELLED}:
            assert self.record.due_at is None

    @invariant()
    def what_is_over_keeps_no_secret_and_no_fence(self) -> None:
        if self.record.state in OVER:
            assert self.record.checkpoint is None
            assert self.record.fence is None

    @invariant()
    def what_waits_for_a_person_says_why(self) -> None:
        if self.record.state in {State.HELD, State.UNCONFIRMED, State.FAILED}:
            assert self.record.reason is not None

    @invariant()
    def published_has_its_receipt(self) -> None:
        assert (self.record.state is State.PUBLISHED) == (self.record.receipt is not None)


Life.TestCase.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
test_no_sequence_of_moves_publishes_twice_or_forgets = Life.TestCase


def test_a_step_behind_a_standing_fence_is_refused() -> None:
    fenced = moves.put_fence(moves.begin(new_delivery(), FINISH, None), START)
    assert fenced.fence == Fence("finish", START)
    with pytest.raises(UnsafeToRepeat):
        moves.put_fence(fenced, START)


def test_a_transient_outcome_without_a_due_time_is_a_mistake_that_shows() -> None:
    with pytest.raises(AssertionError):
        moves.advance(moves.begin(new_delivery(), SEND, None), Next("x", after=None), None, START)


def test_only_an_unsure_failure_keeps_the_fence_of_a_step() -> None:
    fenced = moves.put_fence(moves.begin(new_delivery(), FINISH, None), START)
    for kind in Kind:
        failed = after_failure(
            fenced, PlatformFailure(kind, "code", "A sentence."), looked=False, now=START, random=Random(1)
        )
        assert (failed.fence is not None) == (kind is Kind.UNSURE), kind


def test_a_look_that_cannot_settle_it_asks_a_person() -> None:
    fenced = moves.put_fence(moves.begin(new_delivery(), FINISH, None), START)
    unsure = PlatformFailure(Kind.UNSURE, "code", "A sentence.")
    assert after_failure(fenced, unsure, looked=True, now=START, random=Random(1)).state is State.UNCONFIRMED


def test_completing_a_receipt_can_neither_fail_nor_hold_a_published_delivery() -> None:
    published = moves.advance(
        moves.begin(new_delivery(), SEND, None), Done(RECEIPT, Next("receipt", after=timedelta(seconds=1))), None, START
    )
    for kind in Kind:
        after = after_failure(
            published, PlatformFailure(kind, "code", "A sentence."), looked=False, now=START, random=Random(1)
        )
        assert after.state is State.PUBLISHED
        assert after.receipt == RECEIPT


def test_the_first_time_of_publication_stands_when_the_receipt_is_completed() -> None:
    published = moves.advance(moves.begin(new_delivery(), SEND, None), Done(RECEIPT, Next("receipt")), None, START)
    later = Receipt("42", "https://example.org/42", START + timedelta(hours=1))
    completed = moves.advance(published, Done(later), None, START)
    assert completed.receipt == Receipt("42", "https://example.org/42", START)


def test_every_state_has_a_coarse_status() -> None:
    assert {state.status for state in State} == {"pending", "uploaded", "published", "failed"}
