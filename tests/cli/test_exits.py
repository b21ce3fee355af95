"""One table of exit codes, for errors and for deliveries."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from playout.cli.exits import KINDS, Exit, Interrupted, of_deliveries, of_error
from playout.domain import errors
from playout.domain.delivery import Delivery, State
from playout.domain.retry import Kind, PlatformFailure, Reason, Turn

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DELIVERY = Delivery("dlv_1", "ws", "pst_1", "chn_1", "tiktok", NOW, NOW, NOW)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.PlayoutError("x"), 1),
        (errors.Invalid("x"), 2),
        (errors.Unplayable("x"), 1),
        (errors.TooLarge("x"), 1),
        (errors.NotFound("x"), 1),
        (errors.FileGone("x"), 1),
        (errors.Unauthenticated("x"), 4),
        (errors.Forbidden("x"), 4),
        (errors.Conflict("x"), 1),
        (errors.Stale(), 1),
        (errors.UnsafeToRepeat("x"), 1),
        (errors.Locked("x"), 1),
        (errors.StorageFull("x"), 1),
        (errors.Misconfigured("x"), 2),
        (errors.SchemaAhead("x"), 1),
        (errors.Unreadable("x"), 1),
        (PlatformFailure(Kind.AGAIN, "x", "x"), 1),
        (PlatformFailure(Kind.LATER, "x", "x"), 3),
        (PlatformFailure(Kind.CHOOSE, "x", "x"), 3),
        (PlatformFailure(Kind.NEVER, "x", "x"), 3),
        (PlatformFailure(Kind.SIGN_IN, "x", "x"), 4),
        (PlatformFailure(Kind.UNSURE, "x", "x"), 5),
    ],
)
def test_every_kind_of_error_has_its_code(error: errors.PlayoutError, code: int) -> None:
    assert of_error(error) == code


def test_the_tables_name_only_kinds_that_exist_once() -> None:
    assert all(issubclass(kind, errors.PlayoutError) for kind in KINDS)


US = Reason("x", "x", Turn.US)


@pytest.mark.parametrize(
    ("delivery", "code"),
    [
        (replace(DELIVERY, state=State.PUBLISHED), Exit.DONE),
        (replace(DELIVERY, state=State.HANDED_OVER), Exit.DONE),
        (replace(DELIVERY, state=State.FAILED), Exit.REFUSED),
        (replace(DELIVERY, state=State.FAILED, reason=US), Exit.FAILED),
        (replace(DELIVERY, state=State.HELD, held_for=Kind.SIGN_IN), Exit.SIGN_IN),
        (replace(DELIVERY, state=State.HELD, held_for=Kind.CHOOSE), Exit.REFUSED),
        (replace(DELIVERY, state=State.UNCONFIRMED), Exit.UNCONFIRMED),
        (replace(DELIVERY, state=State.CANCELLED), Exit.FAILED),
    ],
)
def test_what_became_of_a_delivery_has_its_code(delivery: Delivery, code: Exit) -> None:
    assert of_deliveries([delivery]) is code


def test_of_several_the_one_that_needs_somebody_most_is_told() -> None:
    states = (State.PUBLISHED, State.FAILED, State.UNCONFIRMED)

    assert of_deliveries([replace(DELIVERY, state=state) for state in states]) is Exit.UNCONFIRMED


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_a_signal_has_the_code_that_shells_give_it(number: int, code: int) -> None:
    assert Interrupted(number).code == code
