"""Times as people read them."""

from datetime import UTC, datetime

import pytest
from babel import Locale

from playout.web import times

WINTER = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
SUMMER = datetime(2026, 7, 21, 12, 0, tzinfo=UTC)
BERLIN = times.zone_named("Europe/Berlin")
EN, DE = Locale("en"), Locale("de")


def test_a_time_is_told_with_its_day_in_the_zone_of_the_reader() -> None:
    assert times.when(WINTER, BERLIN, EN) == "Sun, Nov 22, 00:30"
    assert times.when(WINTER, times.UTC, EN) == "Sat, Nov 21, 23:30"
    assert times.when(WINTER, BERLIN, DE) == "So., 22. Nov., 00:30"


def test_a_day_is_told_with_its_whole_name() -> None:
    assert times.day(SUMMER, BERLIN, EN) == "Tuesday, July 21"
    assert times.day(SUMMER, BERLIN, DE) == "Dienstag, 21. Juli"


@pytest.mark.parametrize(
    ("at", "zone", "locale", "name"),
    [
        (WINTER, "Europe/Berlin", EN, "CET"),
        (SUMMER, "Europe/Berlin", EN, "CEST"),
        (SUMMER, "Europe/Berlin", DE, "MESZ"),
        (WINTER, "UTC", EN, "UTC"),
        (WINTER, "America/Sao_Paulo", EN, "UTC-03"),
        (WINTER, "Asia/Kathmandu", EN, "UTC+0545"),
    ],
)
def test_a_zone_has_a_name_that_people_know(at: datetime, zone: str, locale: Locale, name: str) -> None:
    assert times.zone_at(at, times.zone_named(zone), locale) == name


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../etc/passwd", "europe/berlin\x00"])
def test_a_zone_that_there_is_not_is_utc(name: str | None) -> None:
    assert times.zone_named(name) is times.UTC
