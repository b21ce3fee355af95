"""Caps: when one more is too many, by spans that move and by days of a zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.domain.caps import Cap, Day

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAILY = Cap("start", 2, Day("America/Los_Angeles"), what="uploads")
HOURLY = Cap("send", 2, timedelta(hours=1))
MINUTE = Cap("init", 6, timedelta(minutes=1))

#: Instants, and the Pacific day that each lies in, as UTC.
PACIFIC = [
    ("2026-06-30T20:00:00", "2026-06-30T07:00:00", "2026-07-01T07:00:00"),
    ("2026-07-01T07:00:00", "2026-07-01T07:00:00", "2026-07-02T07:00:00"),
    ("2026-11-01T06:59:59", "2026-10-31T07:00:00", "2026-11-01T07:00:00"),
    ("2026-11-01T07:00:00", "2026-11-01T07:00:00", "2026-11-02T08:00:00"),  # 25 hours: summer time ends
    ("2026-11-02T07:59:59", "2026-11-01T07:00:00", "2026-11-02T08:00:00"),
    ("2026-11-20T08:00:00", "2026-11-20T08:00:00", "2026-11-21T08:00:00"),
    ("2027-03-14T08:00:00", "2027-03-14T08:00:00", "2027-03-15T07:00:00"),  # 23 hours: it begins
    ("2027-03-15T06:59:59", "2027-03-14T08:00:00", "2027-03-15T07:00:00"),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def after(**times: float) -> datetime:
    return NOON + timedelta(**times)


# ── days ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("at", "begin", "end"), PACIFIC)
def test_a_day_is_that_of_its_zone_summer_and_winter(at: str, begin: str, end: str) -> None:
    assert DAILY.day_of(utc(at)) == (utc(begin), utc(end))


def test_a_days_bounds_are_in_the_zone_of_the_question() -> None:
    begin, end = DAILY.day_of(NOON) or (None, None)

    assert (begin and begin.tzinfo, end and end.tzinfo) == (UTC, UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 -- as hypothesis wants its bounds
def test_every_instant_lies_in_one_day_that_is_about_as_long_as_a_day(at: datetime) -> None:
    begin, end = DAILY.day_of(at) or (at, at)

    assert begin <= at < end
    assert end - begin in {timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)}
    assert end - begin <= DAILY.length


def test_a_span_has_no_day() -> None:
    assert HOURLY.day_of(NOON) is None


# ── around ───────────────────────────────────────────────────────────────────────────────────────


def test_with_a_day_only_the_same_day_counts() -> None:
    assert DAILY.around(NOON) == (utc("2026-11-20T08:00:00"), utc("2026-11-21T08:00:00"))


def test_with_a_span_what_lies_before_and_after_counts() -> None:
    assert HOURLY.around(NOON) == (after(hours=-1), after(hours=1))


# ── full ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("others", "full"),
    [
        ([], False),
        ([-30], False),
        ([-30, -10], True),
        ([10, 30], True),
        ([-50, 50], False),  # no hour holds all three
        ([-30, 10], True),  # in between
        ([-60, -10], False),  # the first one is just an hour ago
        ([10, 60], False),
        ([0, 0], True),
    ],
)
def test_a_span_is_full_before_after_or_around_a_time(others: list[int], full: bool) -> None:
    assert HOURLY.is_full_at(NOON, [after(minutes=one) for one in others]) is full


def test_a_day_is_full_wherever_in_it_the_others_lie() -> None:
    day = [utc("2026-11-20T08:00:00"), utc("2026-11-21T07:59:00")]

    assert DAILY.is_full_at(NOON, day)
    assert not DAILY.is_full_at(NOON, day[:1])


@given(st.lists(st.integers(-59, 59), max_size=8))
def test_a_span_is_full_where_one_more_makes_an_hour_of_too_many(minutes: list[int]) -> None:
    times = [*minutes, 0]
    hours = [range(begin, begin + 60) for begin in range(-59, 1)]
    most = max(sum(one in hour for one in times) for hour in hours)

    assert HOURLY.is_full_at(NOON, [after(minutes=one) for one in minutes]) is (most > HOURLY.limit)


# ── words ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=1), "in 1 min"),
        (timedelta(hours=1), "in 1 h"),
        (timedelta(days=1), "in 24 h"),
        (Day("America/Los_Angeles"), "a day (America/Los_Angeles)"),
    ],
)
def test_a_span_is_said_in_words(span: timedelta | Day, words: str) -> None:
    assert Cap("send", 1, span).in_words == words


@pytest.mark.parametrize(("cap", "warns"), [(MINUTE, False), (HOURLY, True), (DAILY, True)])
def test_only_a_cap_that_costs_hours_is_worth_a_warning(cap: Cap, warns: bool) -> None:
    assert cap.warns is warns


def test_a_cap_applies_to_every_post_unless_it_says_to_which() -> None:
    drafts = Cap("init", 5, timedelta(days=1), applies=lambda options: options.get("mode") == "inbox")

    assert MINUTE.applies({})
    assert (drafts.applies({"mode": "inbox"}), drafts.applies({})) == (True, False)
