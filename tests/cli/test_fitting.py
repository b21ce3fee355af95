"""Copies that fit, and remarks, from the command line."""

import hashlib
import json
from pathlib import Path

import pytest

from playout.media.clip import Clip, make_clip
from tests.cli.bench import Bench, fetch

TO = ("--to", "@alice.films", "--option", "privacy_level=SELF_ONLY", "--json")


@pytest.fixture(scope="session")
def slow_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Too few pictures a second for TikTok."""
    path = tmp_path_factory.mktemp("clips") / "slow.mp4"
    make_clip(path, Clip(seconds=2, width=360, height=640, fps=15))
    return path


def published(sandbox: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(fetch(f"{sandbox}/_sandbox/ledger?effect=published"))
    return found


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def added(bench: Bench, clip: Path) -> str:
    return str(bench("videos", "add", clip, "--json").objects[0]["id"])


# ── videos fit ───────────────────────────────────────────────────────────────────────────────────


def test_a_copy_is_made_and_the_file_stays(wired: Bench, slow_clip: Path) -> None:
    video = added(wired, slow_clip)

    done = wired("videos", "fit", video, "--for", "tiktok", "--fit", "crop", "--json")

    [copy] = done.objects
    [shown] = wired("videos", "show", video, "--json").objects
    assert (done.code, copy["name"], copy["state"]) == (0, "tiktok-crop", "ready")
    assert shown["renditions"] == [copy]
    assert (shown["sha256"], shown["fps"]) == (sha256(slow_clip), 15.0)
    assert wired("videos", "fit", video, "--for", "tiktok", "--fit", "crop", "--json").objects == [copy]


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--for", "elsewhere"), "unknown_platform"), (("--for", "tiktok", "--fit", "stretch"), "usage"), ((), "usage")],
)
def test_what_cannot_be_made_is_told(wired: Bench, slow_clip: Path, words: tuple[str, ...], code: str) -> None:
    done = wired("videos", "fit", added(wired, slow_clip), *words, "--json")

    assert (done.code, done.error["code"]) == (2, code)


def test_no_copy_is_made_of_a_video_that_is_not_there(wired: Bench) -> None:
    done = wired("videos", "fit", "vid_00000000000000000000000000", "--for", "tiktok", "--json")

    assert (done.code, done.error["code"]) == (1, "not_found")


# ── publish --fit ────────────────────────────────────────────────────────────────────────────────


def test_without_a_word_no_changed_file_is_sent(connected: Bench, sandbox: str, slow_clip: Path) -> None:
    done = connected("publish", slow_clip, *TO)

    assert (done.code, done.error["code"]) == (2, "fps")
    problems = done.error["problems"]
    assert isinstance(problems, list)
    assert [one["fix"] for one in problems if isinstance(one, dict)] == ["render"]
    assert published(sandbox) == []
    assert connected("videos", "list").out == ""


def test_with_fit_a_copy_is_sent(connected: Bench, sandbox: str, slow_clip: Path) -> None:
    done = connected("publish", slow_clip, *TO, "--fit", "pad")

    [receipt] = done.objects
    assert (done.code, receipt["state"]) == (0, "published")
    [there] = published(sandbox)
    assert there["sha256"] != sha256(slow_clip)
    [video] = connected("videos", "list", "--json").objects
    assert isinstance(video["renditions"], list)
    assert [one["name"] for one in video["renditions"] if isinstance(one, dict)] == ["tiktok-pad"]


def test_with_fit_the_file_itself_is_sent_where_it_is_taken(connected: Bench, sandbox: str, clip: Path) -> None:
    assert connected("publish", clip, *TO, "--fit", "pad").code == 0

    [there] = published(sandbox)
    assert there["sha256"] == sha256(clip)


def test_a_post_of_a_video_taken_in_before_can_have_a_fit(connected: Bench, slow_clip: Path) -> None:
    video = added(connected, slow_clip)

    refused = connected("posts", "create", "--video", video, *TO, "--at", "+2h")
    made = connected("posts", "create", "--video", video, *TO, "--at", "+2h", "--fit", "crop")

    assert (refused.code, refused.error["code"]) == (2, "fps")
    assert (made.code, made.objects[0]["state"]) == (0, "scheduled")


# ── remarks ──────────────────────────────────────────────────────────────────────────────────────


def test_check_tells_remarks_and_says_yes(connected: Bench, sandbox: str, clip: Path) -> None:
    connected("publish", clip, *TO)

    done = connected("publish", clip, *TO, "--check")

    [verdict] = done.objects
    assert (done.code, verdict["ok"]) == (0, True)
    problems = verdict["problems"]
    assert isinstance(problems, list)
    assert [(one["code"], one["severity"]) for one in problems if isinstance(one, dict)] == [("duplicate", "warning")]
    assert [one["code"] for one in done.messages if one.get("warning") and "code" in one] == ["duplicate"]
    assert len(published(sandbox)) == 1


def test_a_remark_stops_nothing(connected: Bench, sandbox: str, clip: Path) -> None:
    connected("publish", clip, *TO)

    again = connected("publish", clip, *TO)

    assert again.code == 0
    assert "duplicate" in [one.get("code") for one in again.messages]
    assert len(published(sandbox)) == 2


def test_check_says_what_a_copy_would_mend(connected: Bench, slow_clip: Path) -> None:
    assert connected("publish", slow_clip, *TO, "--check").error["code"] == "fps"
    assert connected("publish", slow_clip, *TO, "--check", "--fit", "pad").code == 0
    assert connected("videos", "list").out == ""


# ── sign-ins ─────────────────────────────────────────────────────────────────────────────────────


def test_a_sign_in_that_there_is_not_is_told(wired: Bench) -> None:
    done = wired("channels", "connect", "tiktok", "--login", "magic", "--no-wait", "--json")

    assert (done.code, done.error["code"]) == (2, "unknown_login")


def test_a_sign_in_can_be_named(wired: Bench) -> None:
    assert wired("channels", "connect", "tiktok", "--login", "tiktok", "--no-wait").code == 0


# ── workspace ────────────────────────────────────────────────────────────────────────────────────


def test_what_becomes_of_late_posts_is_shown_and_changed(playout: Bench) -> None:
    [before] = playout("workspace", "show", "--json").objects
    [changed] = playout("workspace", "change", "--late-posts", "send", "--late-after", "1.5", "--json").objects

    assert (before["late_posts"], before["late_after_hours"]) == ("hold", 6.0)
    assert changed == before | {"late_posts": "send", "late_after_hours": 1.5}
    assert playout("workspace", "show", "--json").objects == [changed]


def test_what_is_not_named_stays(playout: Bench) -> None:
    playout("workspace", "change", "--late-after", "2")

    assert playout("workspace", "change", "--late-posts", "hold", "--json").objects[0]["late_after_hours"] == 2.0
    assert "late posts" in playout("workspace", "show").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--late-posts", "forget"), "usage"),
        (("--late-after", "0"), "wrong_value"),
        (("--late-after", "-1"), "wrong_value"),
        (("--late-after", "721"), "wrong_value"),
    ],
)
def test_what_is_not_right_is_told(playout: Bench, words: tuple[str, ...], code: str) -> None:
    done = playout("workspace", "change", *words, "--json")

    assert (done.code, done.error["code"]) == (2, code)


@pytest.mark.parametrize("hours", ["nan", "inf", "1e300", "0", "-1"])
def test_a_length_of_time_that_is_none_is_refused(playout: Bench, hours: str) -> None:
    done = playout("workspace", "change", f"--late-after={hours}", "--json")

    assert done.code == 2
    assert done.error["code"] == "wrong_value"
