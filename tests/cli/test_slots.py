"""Slots and the calendar from the command line."""

from pathlib import Path

import pytest

from tests.cli.bench import Bench

ONLY_ME = "privacy_level=SELF_ONLY"
BERLIN = ("--tz", "Europe/Berlin")


def test_a_week_is_set_and_shown(connected: Bench) -> None:
    done = connected("slots", "set", "alice.films", "--slot", "mon-wed 9:00", "--slot", "sun 18:30", *BERLIN, "--json")

    [week] = done.objects
    assert week["slots"] == [
        {"day": "monday", "time": "09:00"},
        {"day": "tuesday", "time": "09:00"},
        {"day": "wednesday", "time": "09:00"},
        {"day": "sunday", "time": "18:30"},
    ]
    [shown] = connected("slots", "show", "alice.films", "--json").objects
    assert shown["timezone"] == "Europe/Berlin"
    assert str(shown["next"]).endswith("Z")


def test_a_paused_week_has_no_next_slot(connected: Bench) -> None:
    connected("slots", "set", "alice.films", "--slot", "daily 12:00", *BERLIN)

    [paused] = connected("slots", "pause", "alice.films", "--json").objects
    [shown] = connected("slots", "show", "alice.films", "--json").objects
    [resumed] = connected("slots", "resume", "alice.films", "--json").objects

    assert (paused["paused"], shown["next"], resumed["paused"]) == (True, None, False)


@pytest.mark.parametrize("text", ["someday 9:00", "mon", "mon 25:00", "mon 9", "m 9:00", "t 9:00", "mon-blue 9:00", ""])
def test_what_is_no_slot_is_told_with_how_to_say_one(connected: Bench, text: str) -> None:
    done = connected("slots", "set", "alice.films", "--slot", text, *BERLIN, "--json")

    assert (done.code, done.error["code"]) == (2, "bad_slot")


def test_a_post_goes_into_the_next_slot_and_stands_in_the_calendar(connected: Bench, clip: Path) -> None:
    connected("slots", "set", "alice.films", "--slot", "daily 12:00", *BERLIN)
    [before] = connected("slots", "show", "alice.films", "--json").objects

    [post] = connected(
        "publish", clip, "--to", "alice.films", "--option", ONLY_ME, "--at", "next-slot", "--json"
    ).objects
    listed = connected("calendar", "--days", "3", "--json").objects

    assert post["scheduled_at"] == before["next"]
    assert [(one["post_id"], one["at"], one["platforms"]) for one in listed] == [
        (post["id"], post["scheduled_at"], "tiktok")
    ]


def test_without_slots_that_is_said(connected: Bench, clip: Path) -> None:
    done = connected("publish", clip, "--to", "alice.films", "--option", ONLY_ME, "--at", "next-slot", "--json")

    assert done.error["code"] == "no_slots"


def test_an_empty_calendar_prints_nothing(playout: Bench) -> None:
    assert playout("calendar").out == ""
