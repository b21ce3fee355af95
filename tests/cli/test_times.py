"""Times as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from playout.cli.times import local_zone, moment, shown, zone
from playout.domain.errors import Invalid

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-12-01T18:30:00Z", datetime(2026, 12, 1, 18, 30, tzinfo=UTC)),
        ("2026-12-01T18:30:00+05:30", datetime(2026, 12, 1, 13, 0, tzinfo=UTC)),
        ("2026-12-01 18:30", datetime(2026, 12, 1, 17, 30, tzinfo=UTC)),
        ("2027-07-01T18:30:15", datetime(2027, 7, 1, 16, 30, 15, tzinfo=UTC)),
        ("+2h", datetime(2026, 11, 20, 11, 0, tzinfo=UTC)),
        ("+1d12h30m", datetime(2026, 11, 21, 21, 30, tzinfo=UTC)),
        ("+45min", datetime(2026, 11, 20, 9, 45, tzinfo=UTC)),
    ],
)
def test_a_time_is_understood(text: str, meant: datetime) -> None:
    assert moment(text, BERLIN, NOW) == meant


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-12-01", "18:30", "2026-13-01 10:00", "+", "+2", "+2y", "+-2h", "9999-12-31T23:59:59-14:00"],
)
def test_what_is_no_time_is_told_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(Invalid, match=r"2026-12-01T18:30:00Z"):
        moment(text, BERLIN, NOW)


def test_a_time_that_a_clock_change_leaves_out_is_told_with_both_neighbours() -> None:
    with pytest.raises(Invalid) as refused:
        moment("2027-03-28 02:30", BERLIN, NOW)

    assert refused.value.code == "no_such_time"
    assert "2027-03-28T01:30:00+01:00" in refused.value.sentence
    assert "2027-03-28T03:30:00+02:00" in refused.value.sentence


def test_a_time_that_comes_twice_is_told_with_both() -> None:
    with pytest.raises(Invalid) as refused:
        moment("2027-10-31 02:30", BERLIN, NOW)

    assert refused.value.code == "ambiguous_time"
    assert "2027-10-31T02:30:00+02:00" in refused.value.sentence
    assert "2027-10-31T02:30:00+01:00" in refused.value.sentence


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "\x00", "Europe"])
def test_a_zone_that_does_not_exist_is_told(name: str) -> None:
    with pytest.raises(Invalid, match="Europe/Berlin"):
        zone(name)


def test_the_zone_of_the_machine_is_the_one_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    assert local_zone() == "Asia/Tokyo"
    assert zone(None).key == "Asia/Tokyo"


def test_a_machine_with_a_zone_without_a_name_is_taken_for_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "<+03>-3")

    assert local_zone() == "UTC"


def test_a_time_is_shown_where_it_is_meant() -> None:
    assert shown(NOW, "Asia/Tokyo") == "2026-11-20 18:00 Asia/Tokyo"
    assert shown(None, "Asia/Tokyo") == "now"
