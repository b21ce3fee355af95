"""The nouns, each verb once, as a script would use them."""

from pathlib import Path

from playout import __version__
from tests.cli.bench import Bench

ONLY_ME = "privacy_level=SELF_ONLY"


def test_the_version_is_told(playout: Bench) -> None:
    assert playout("version").out == f"{__version__}\n"
    assert playout("version", "--json").objects == [{"version": __version__}]


def test_an_empty_list_prints_nothing(playout: Bench) -> None:
    for noun in ("videos", "posts", "deliveries", "channels", "token"):
        assert playout(noun, "list", "--json") == playout(noun, "list")
        assert playout(noun, "list").out == ""


def test_a_token_is_printed_once_and_works_in_a_pipe(playout: Bench) -> None:
    made = playout("token", "create", "--name", "script", "--scopes", "read,publish")
    [listed] = playout("token", "list", "--json").objects

    assert made.out.startswith("po_")
    assert made.out.count("\n") == 1
    assert listed["scopes"] == ["publish", "read"]
    assert made.out.strip() not in playout("token", "list").out


def test_a_revoked_token_is_gone(playout: Bench) -> None:
    [made] = playout("token", "create", "--name", "script", "--scopes", "read", "--json").objects

    assert playout("token", "revoke", str(made["id"])).code == 0
    assert playout("token", "list").out == ""


def test_an_unknown_scope_is_told_with_those_there_are(playout: Bench) -> None:
    done = playout("token", "create", "--name", "x", "--scopes", "read,root", "--json")

    assert (done.code, done.error["code"]) == (2, "unknown_scope")
    assert "read, write, publish, admin" in str(done.error["message"])


def test_the_owner_is_made_with_a_password_from_standard_input(playout: Bench) -> None:
    words = ("owner", "create", "--email", "Alice@Example.org", "--password-stdin", "--json")

    [made] = playout.process(*words, given="a:long/pass?word[1]@\n").objects

    assert (made["email"], made["role"]) == ("alice@example.org", "owner")


def test_nobody_is_asked_for_a_password_where_nobody_sits(playout: Bench) -> None:
    done = playout("owner", "create", "--email", "alice@example.org", "--no-input", "--json")

    assert (done.code, done.error["code"]) == (2, "password_required")


def test_the_key_is_listed_and_there_is_nothing_to_rotate(connected: Bench) -> None:
    [key] = connected("keys", "status", "--json").objects
    [rotated] = connected("keys", "rotate", "--json").objects

    assert (key["channels"], key["use"]) == (1, "primary")
    assert (rotated["moved"], rotated["unreadable"]) == (0, [])


def test_a_video_is_added_listed_shown_and_deleted(playout: Bench, clip: Path) -> None:
    [added] = playout("videos", "add", clip, "--json").objects
    [listed] = playout("videos", "list", "--json").objects
    [shown] = playout("videos", "show", str(added["id"]), "--json").objects

    assert added == listed == shown
    assert (shown["state"], shown["width"], shown["height"], shown["filename"]) == (
        "ready",
        360,
        640,
        "first light.mp4",
    )
    assert playout("videos", "delete", str(added["id"])).code == 0
    assert playout("videos", "list").out == ""


def test_a_post_is_drafted_scheduled_cancelled_and_deleted(connected: Bench, clip: Path) -> None:
    video = str(connected("videos", "add", clip, "--json").objects[0]["id"])
    words = ("--video", video, "--to", "alice.films", "--option", ONLY_ME, "--draft", "--json")
    [draft] = connected("posts", "create", *words).objects
    post = str(draft["id"])
    [scheduled] = connected("posts", "schedule", post, "--at", "+2h", "--json").objects
    [cancelled] = connected("posts", "cancel", post, "--json").objects

    assert [one["state"] for one in (draft, scheduled, cancelled)] == ["draft", "scheduled", "cancelled"]
    assert connected("posts", "show", post, "--json").objects == [cancelled]
    assert connected("posts", "list", "--json").objects == [cancelled]
    assert connected("posts", "delete", post).code == 0
    assert connected("posts", "list").out == ""


def test_a_video_that_a_post_uses_stays(connected: Bench, clip: Path) -> None:
    video = str(connected("videos", "add", clip, "--json").objects[0]["id"])
    connected("posts", "create", "--video", video, "--to", "alice.films", "--draft")

    done = connected("videos", "delete", video, "--json")

    assert (done.code, done.error["code"]) == (1, "in_use")


def test_what_has_not_failed_is_not_repeated(connected: Bench, clip: Path) -> None:
    video = str(connected("videos", "add", clip, "--json").objects[0]["id"])
    words = ("--video", video, "--to", "alice.films", "--option", ONLY_ME, "--at", "+2h", "--json")
    [post] = connected("posts", "create", *words).objects
    [delivery] = connected("deliveries", "list", "--post", str(post["id"]), "--json").objects

    assert connected("posts", "retry", str(post["id"]), "--json").error["code"] == "wrong_state"
    assert connected("deliveries", "retry", str(delivery["id"]), "--json").error["code"] == "unsafe_to_repeat"
    assert connected("deliveries", "check", str(delivery["id"]), "--json").error["code"] == "wrong_state"
    assert connected("deliveries", "resolve", str(delivery["id"]), "--published", "--json").code == 1


def test_a_delivery_is_shown_with_what_happened(connected: Bench, clip: Path) -> None:
    connected("publish", clip, "--to", "alice.films", "--option", ONLY_ME)
    [listed] = connected("deliveries", "list", "--state", "published", "--channel", "alice.films", "--json").objects

    [shown] = connected("deliveries", "show", str(listed["id"]), "--json").objects

    events = shown["events"]
    assert isinstance(events, list)
    assert [one["kind"] for one in events if isinstance(one, dict)][-1] == "delivery.published"


def test_a_disconnected_channel_stays_in_the_list(connected: Bench) -> None:
    done = connected("channels", "disconnect", "alice.films", "--json")

    assert done.code == 0
    assert [one["state"] for one in connected("channels", "list", "--json").objects] == ["disconnected"]


def test_every_setting_is_listed_with_its_origin_and_no_secret(wired: Bench) -> None:
    listed = {one["name"]: one for one in wired("config", "--json").objects}

    assert listed["PLAYOUT_PORT"] == {"name": "PLAYOUT_PORT", "value": "8030", "origin": "default"}
    assert listed["PLAYOUT_TIKTOK_CLIENT_SECRET"]["value"] == "***"
    assert listed["PLAYOUT_TIKTOK_CLIENT_SECRET"]["origin"] == "environment"


def test_a_flag_stands_above_the_environment(playout: Bench, tmp_path: Path) -> None:
    listed = playout("config", "--data-dir", tmp_path / "elsewhere", "--json").objects

    assert listed[0] == {"name": "PLAYOUT_DATA_DIR", "value": str(tmp_path / "elsewhere"), "origin": "flag"}


def test_migrating_twice_is_fine(playout: Bench) -> None:
    assert playout("migrate", "--json").objects == [{"ok": True}]
    assert playout("migrate").code == 0


def test_the_doctor_tells_only_what_is_wrong_and_how_to_mend_it(playout: Bench) -> None:
    done = playout("doctor", "--json")

    assert done.code == 1
    assert [one["check"] for one in done.objects] == ["platforms"]
    assert "PLAYOUT_TIKTOK_CLIENT_KEY" in str(done.objects[0]["fix"])


def test_the_doctor_finds_nothing_wrong_in_a_house_that_is_well(connected: Bench) -> None:
    done = connected("doctor", "--all", "--json")

    assert done.code == 0
    assert {one["ok"] for one in done.objects} == {True}
    assert len(done.objects) == 12


def test_the_doctor_finds_a_folder_that_others_can_read(connected: Bench) -> None:
    (connected.folder / "data").chmod(0o755)

    done = connected("doctor", "--json")

    assert [one["check"] for one in done.objects] == ["data folder"]


def test_the_doctor_finds_a_lost_key(connected: Bench) -> None:
    (connected.folder / "data" / "secret.key").unlink()

    done = connected("doctor", "--json")

    assert [one["check"] for one in done.objects] == ["channels' keys"]
