"""What is wrong is told in a sentence, with a code, and loses nothing."""

import sqlite3

import pytest

from tests.cli.bench import Bench


@pytest.mark.parametrize(
    "words",
    [
        ("videos", "list", "--jsno"),
        ("videos", "lits"),
        ("vidoes", "list"),
        ("videos", "list", "--limit", "0"),
        ("videos", "show"),
        ("deliveries", "list", "--state", "gone"),
        ("serve", "--port", "70000"),
    ],
)
def test_wrong_words_end_with_2(playout: Bench, words: tuple[str, ...]) -> None:
    done = playout(*words, "--json")

    assert done.code == 2
    assert done.out == ""
    assert done.error["code"] == "usage"
    assert "--help` says more" in str(done.error["message"])


def test_a_wrong_word_is_told_with_the_one_that_is_near(playout: Bench) -> None:
    assert "Did you mean 'videos'?" in playout("vidoes", "list").err


def test_no_words_at_all_show_the_help(playout: Bench) -> None:
    done = playout()

    assert done.code == 2
    assert "Usage: playout" in done.err


@pytest.mark.parametrize("words", [("--help",), ("publish", "-h"), ("keys", "rotate", "--help")])
def test_help_is_data(playout: Bench, words: tuple[str, ...]) -> None:
    done = playout(*words)

    assert done.code == 0
    assert "Usage: playout" in done.out


def test_an_unknown_id_is_not_found(playout: Bench) -> None:
    done = playout("videos", "show", "vid_01kae7q2m3v5x8y9z0abcdefgh", "--json")

    assert (done.code, done.error["code"]) == (1, "not_found")


def test_an_unknown_setting_in_the_env_file_stops_with_a_suggestion(playout: Bench) -> None:
    (playout.folder / ".env").write_text("PLAYOUT_PUBLIC_ULR=https://example.org\n")

    done = playout("videos", "list", "--json")

    assert (done.code, done.error["code"]) == (2, "unknown_setting")
    assert "PLAYOUT_PUBLIC_URL" in str(done.error["message"])


def test_a_wrong_value_is_told_by_name(playout: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYOUT_WORKER_SLOTS", "many")

    done = playout("videos", "list", "--json")

    assert (done.code, done.error["code"]) == (2, "misconfigured")
    assert "PLAYOUT_WORKER_SLOTS" in str(done.error["message"])


def test_the_doctor_tells_a_wrong_setting_too(playout: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYOUT_WORKER_SLOTS", "many")

    done = playout("doctor", "--json")

    assert (done.code, done.objects[0]["check"]) == (1, "settings")


def test_a_weak_key_is_refused(playout: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYOUT_SECRET_KEYS", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")

    assert playout("videos", "list", "--json").code == 2


def test_a_lost_key_is_a_matter_of_signing_in_again(connected: Bench) -> None:
    (connected.folder / "data" / "secret.key").unlink()

    done = connected("channels", "options", "alice.films", "--json")

    assert (done.code, done.error["code"]) == (4, "key_missing")


def test_a_database_of_a_newer_playout_is_left_alone(playout: Bench) -> None:
    playout("migrate")
    database = playout.folder / "data" / "playout.db"
    with sqlite3.connect(database) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()

    done = playout("videos", "list", "--json")

    assert (done.code, done.error["code"]) == (1, "schema_ahead")


def test_a_file_that_is_no_database_is_told_and_left_as_it_is(playout: Bench) -> None:
    playout("migrate")
    database = playout.folder / "data" / "playout.db"
    for path in database.parent.glob("playout.db-*"):
        path.unlink()
    database.write_bytes(b"something else entirely" * 1000)

    done = playout("videos", "list", "--json")

    assert done.code == 1
    assert done.error["code"] != "internal_error"
    assert database.read_bytes().startswith(b"something else")


def test_a_data_folder_that_cannot_be_made_is_told(playout: Bench) -> None:
    (playout.folder / "file").write_text("in the way")

    done = playout("videos", "list", "--data-dir", playout.folder / "file" / "data", "--json")

    assert (done.code, done.error["code"]) == (2, "misconfigured")


def test_a_platform_without_keys_is_told(playout: Bench) -> None:
    done = playout("channels", "connect", "tiktok", "--no-wait", "--json")

    assert (done.code, done.error["code"]) == (2, "unknown_platform")


def test_a_mistake_of_ours_is_one_line_and_noted(playout: Bench) -> None:
    """A table is missing behind our back: nothing here expects that."""
    playout("migrate")
    with sqlite3.connect(playout.folder / "data" / "playout.db") as raw:
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("DROP TABLE videos")
    raw.close()

    done = playout("videos", "list", "--json")

    assert done.code == 1
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == 1
    if done.error["code"] == "internal_error":
        assert "no such table" in (playout.folder / "data" / "errors.log").read_text()
