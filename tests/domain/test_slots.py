"""Weekly slots, by the clock on the wall."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.domain.slots import Day, Slot, Slots

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def week(*slots: tuple[Day, str], timezone: str = BERLIN) -> Slots:
    return Slots(timezone, tuple(Slot(day, time.fromisoformat(when)) for day, when in slots))


def test_a_week_gives_its_times_in_order_and_in_utc() -> None:
    slots = week((Day.FRIDAY, "18:00"), (Day.MONDAY, "09:00"))

    found = list(slots.after(at("2026-11-20T12:00"), at("2026-11-30T12:00")))

    assert found == [at("2026-11-20T17:00"), at("2026-11-23T08:00"), at("2026-11-27T17:00"), at("2026-11-30T08:00")]


def test_the_present_moment_is_no_free_time() -> None:
    now = at("2026-11-20T17:00")

    assert list(week((Day.FRIDAY, "18:00")).after(now, now + timedelta(days=7))) == []


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        pytest.param("2026-03-22", ["2026-03-22T17:00", "2026-03-29T16:00"], id="spring"),
        pytest.param("2026-10-18", ["2026-10-18T16:00", "2026-10-25T17:00"], id="autumn"),
    ],
)
def test_the_clock_on_the_wall_stays_the_same_across_daylight_saving(around: str, expected: list[str]) -> None:
    slots = week((Day.SUNDAY, "18:00"))

    start = at(around)

    assert list(slots.after(start, start + timedelta(days=8))) == [at(one) for one in expected]


def test_a_time_that_the_clock_skips_comes_an_hour_later() -> None:
    slots = week((Day.SUNDAY, "02:30"))

    assert list(slots.after(at("2026-03-28T12:00"), at("2026-03-30T00:00"))) == [at("2026-03-29T01:30")]


def test_a_time_that_the_clock_shows_twice_is_the_first() -> None:
    slots = week((Day.SUNDAY, "02:30"))

    assert list(slots.after(at("2026-10-24T12:00"), at("2026-10-26T00:00"))) == [at("2026-10-25T00:30")]


def test_two_times_that_the_clock_makes_one_are_one() -> None:
    slots = week((Day.SUNDAY, "02:30"), (Day.SUNDAY, "03:30"))

    assert list(slots.after(at("2026-03-28T12:00"), at("2026-03-30T00:00"))) == [at("2026-03-29T01:30")]


def test_an_empty_week_gives_nothing() -> None:
    now = at("2026-11-20T12:00")

    assert list(Slots().after(now, now + timedelta(days=400))) == []


@given(
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC"]
    ),
    st.lists(st.tuples(st.sampled_from(Day), st.times().map(lambda t: t.replace(second=0, microsecond=0))), max_size=6),
    st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- given below
    st.integers(0, 40),
)
def test_times_are_later_than_now_in_order_and_within_the_stretch(
    timezone: str, slots: list[tuple[Day, time]], now: datetime, days: int
) -> None:
    until = now + timedelta(days=days)

    found = list(Slots(timezone, tuple(Slot(day, when) for day, when in slots)).after(now, until))

    assert found == sorted(set(found))
    assert all(now < one < until for one in found)
    assert len(found) <= len(slots) * (days // 7 + 1)
