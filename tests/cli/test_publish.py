"""`publish`, from a file to a receipt, against the sandbox."""

import json
from pathlib import Path

import pytest

from tests.cli.bench import Bench, fetch

ALICE = "@alice.films"
ONLY_ME = "privacy_level=SELF_ONLY"


def published(sandbox: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(fetch(f"{sandbox}/_sandbox/ledger?effect=published"))
    return found


def test_a_file_is_published_and_its_receipt_printed(connected: Bench, sandbox: str, clip: Path) -> None:
    done = connected(
        "publish",
        clip,
        "--to",
        ALICE,
        "--caption",
        "Ünïcode 🎬",
        "--option",
        "privacy_level=PUBLIC_TO_EVERYONE",
        "--json",
    )

    [receipt] = done.objects
    assert done.code == 0
    assert receipt["state"] == "published"
    assert f"@alice.films/video/{receipt['remote_id']}" in str(receipt["url"])
    assert [one["caption"] for one in published(sandbox)] == ["Ünïcode 🎬"]


def test_without_a_choice_that_a_person_must_make_it_lists_what_the_account_offers(
    connected: Bench, sandbox: str, clip: Path
) -> None:
    done = connected("publish", clip, "--to", ALICE, "--caption", "hello")

    assert done.code == 2
    assert "privacy_level must be chosen" in done.err
    assert "PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, SELF_ONLY" in done.err
    assert connected("videos", "list").out == ""
    assert published(sandbox) == []


def test_check_says_that_nothing_is_wrong_and_keeps_nothing(connected: Bench, sandbox: str, clip: Path) -> None:
    done = connected("publish", clip, "--to", ALICE, "--option", ONLY_ME, "--check", "--json")

    assert done.code == 0
    assert done.objects[0]["ok"] is True
    assert connected("videos", "list").out == ""
    assert published(sandbox) == []


def test_check_says_what_is_wrong(connected: Bench, clip: Path) -> None:
    done = connected("publish", clip, "--to", ALICE, "--caption", "x" * 2201, "--option", ONLY_ME, "--check", "--json")

    assert done.code == 2
    assert done.error["code"] == "caption_too_long"


def test_a_file_that_is_no_video_is_refused_and_not_kept(connected: Bench, tmp_path: Path) -> None:
    page = tmp_path / "page.mp4"
    page.write_text("<!doctype html><title>no video</title>" * 100)

    done = connected("publish", page, "--to", ALICE, "--option", ONLY_ME, "--json")

    assert done.code == 1
    assert "error" in done.messages[-1]
    assert connected("videos", "list").out == ""


def test_with_a_time_it_is_scheduled_and_not_waited_for(connected: Bench, sandbox: str, clip: Path) -> None:
    done = connected(
        "publish",
        clip,
        "--to",
        ALICE,
        "--option",
        ONLY_ME,
        "--at",
        "2027-03-01 18:30",
        "--tz",
        "Europe/Berlin",
        "--json",
    )

    assert done.code == 0
    assert done.objects[0]["scheduled_at"] == "2027-03-01T17:30:00.000Z"
    assert done.objects[0]["timezone"] == "Europe/Berlin"
    assert any("playout serve" in str(one["message"]) for one in done.messages)
    assert published(sandbox) == []


def test_what_the_platform_refuses_ends_with_3(connected: Bench, sandbox: str, clip: Path) -> None:
    fetch(f"{sandbox}/_sandbox/config", {"tiktok": {"spam_words": ["lottery"]}})

    done = connected("publish", clip, "--to", ALICE, "--caption", "lottery", "--option", ONLY_ME, "--json")

    assert done.objects[0]["state"] == "failed"
    assert done.code == 3


def test_a_sign_in_that_is_over_ends_with_4(connected: Bench, sandbox: str, clip: Path) -> None:
    fetch(f"{sandbox}/_sandbox/tiktok/disconnect", {"creator": "alice.films"})

    done = connected("publish", clip, "--to", ALICE, "--option", ONLY_ME, "--json")

    assert done.code == 4


def test_where_a_server_works_it_only_waits(connected: Bench, sandbox: str, clip: Path) -> None:
    with connected.running("work", "--json") as worker:
        assert worker.stderr is not None
        while '"ready"' not in worker.stderr.readline():
            pass

        done = connected("publish", clip, "--to", ALICE, "--option", ONLY_ME, "--json")

    assert done.code == 0
    assert len(published(sandbox)) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--to", "bob"), "unknown_channel"),
        (("--to", ALICE, "--option", "privacy_level"), "bad_option"),
        (("--to", ALICE, "--option", "youtube:privacy_level=x"), "unknown_channel"),
        (("--to", ALICE, "--option", "privacy=SELF_ONLY"), "unknown_option"),
        (("--to", ALICE, "--option", "privacy_level=EVERYBODY"), "not_offered"),
        (("--to", ALICE, "--option", ONLY_ME, "--at", "yesterday"), "unreadable_time"),
        (("--to", ALICE, "--option", ONLY_ME, "--at", "2020-01-01T00:00:00Z"), "in_the_past"),
        (("--to", ALICE, "--option", ONLY_ME, "--tz", "Mars/Olympus"), "unknown_timezone"),
        (("--to", ALICE, "--option", ONLY_ME, "--caption", "\udcff"), "not_text"),
    ],
)
def test_wrong_words_are_told_before_the_file_is_taken_in(
    connected: Bench, clip: Path, words: tuple[str, ...], code: str
) -> None:
    done = connected("publish", clip, *words, "--json")

    assert (done.code, done.error["code"]) == (2, code)


@pytest.mark.parametrize("name", ["not there.mp4", "."])
def test_a_file_that_cannot_be_read_is_told(connected: Bench, name: str) -> None:
    done = connected("publish", name, "--to", ALICE, "--option", ONLY_ME, "--json")

    assert (done.code, done.error["code"]) == (2, "unreadable_file")
