"""Keys from the settings and from the key file: weak ones are refused, and no sentence shows one."""

import base64
import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from playout.domain.errors import Misconfigured
from playout.vault import load_or_make, make_key, new_kek, parse_keys
from tests.vault.cast import NEW, OLD

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def encoded(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


def test_the_first_key_is_the_primary() -> None:
    assert parse_keys(f"new:{encoded(NEW.secret)},old:{encoded(OLD.secret)}") == [NEW, OLD]


@pytest.mark.parametrize(
    "text",
    [
        "new:{new},old:{old}",
        "  new : {new} ,\n old:{old}\n",
        "# the keys\nnew:{new}\n\nold:{old}  # the one before\n",
        "new:{new},old:{old},",
    ],
)
def test_keys_may_stand_in_one_line_or_in_many(text: str) -> None:
    assert parse_keys(text.format(new=encoded(NEW.secret), old=encoded(OLD.secret))) == [NEW, OLD]


def test_url_safe_base64_is_read_too() -> None:
    assert parse_keys("new:" + base64.urlsafe_b64encode(NEW.secret).decode()) == [NEW]


def test_a_made_key_can_be_read_and_differs_from_the_next() -> None:
    one, other = parse_keys(f"{make_key(NOW)},{make_key(NOW)}")

    assert one.id != other.id
    assert one.id.startswith("k20261120-")
    assert one.secret != other.secret


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        (b"", "has 0 bytes"),
        (NEW.secret[:16], "has 16 bytes"),
        (NEW.secret[:31], "has 31 bytes"),
        (NEW.secret + b"\x9c", "has 33 bytes"),
        (bytes(32), "repeats or counts"),
        (b"\xff" * 32, "repeats or counts"),
        (bytes(range(200, 232)), "repeats or counts"),
        (bytes(range(250, 186, -2)), "repeats or counts"),
        (b"\xde\xad\xbe\xef" * 8, "too little variety"),
        (NEW.secret[:16] * 2, "too little variety"),
        (NEW.secret[:8] + bytes(24), "too little variety"),
        (b"correct horse battery staple 123", "is text, such as a password"),
        (NEW.secret[:16].hex().encode(), "is text, such as a password"),
        (hashlib.sha256(b"changeme").digest(), "well-known default"),
        (hashlib.sha256(b"").digest(), "well-known default"),
    ],
)
def test_a_weak_key_is_refused_and_not_shown(secret: bytes, why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as refused:
        parse_keys(f"ok:{encoded(NEW.secret)},weak:{encoded(secret)}")

    assert "weak" in refused.value.sentence
    for form in filter(None, (encoded(secret), secret.hex(), repr(secret)[2:-1], encoded(NEW.secret))):
        assert form not in refused.value.sentence


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no secret key"),
        (" ,\n# only a remark\n", "no secret key"),
        ("{new}", "number 1 has no id"),
        ("a:{new},{old}", "number 2 has no id"),
        (":{new}", "1 to 24 of the characters"),
        ("{new}:a", "not base64"),
        ("an id:{new}", "1 to 24 of the characters"),
        ("{long}:{new}", "1 to 24 of the characters"),
        ("a:{new},a:{old}", "Two secret keys have the id 'a'"),
        ("a:not base64 at all!", "not base64"),
        ("a:{new}é", "not base64"),
        ("a:{cut}", "not base64"),
        ("a:base64:{new}", "not base64"),
    ],
)
def test_what_is_no_list_of_keys_is_refused_and_not_shown(text: str, why: str) -> None:
    new, old = encoded(NEW.secret), encoded(OLD.secret)
    with pytest.raises(Misconfigured, match=why) as refused:
        parse_keys(text.format(new=new, old=old, cut=new[:-1], long="a" * 25))

    assert new[:12] not in refused.value.sentence
    assert old[:12] not in refused.value.sentence


# ── the key file ─────────────────────────────────────────────────────────────────────────────


def test_the_first_start_makes_a_key_file_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "keys"
    made = load_or_make(path, NOW)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(made) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_generous_umask_makes_no_generous_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_or_make(tmp_path / "keys", NOW)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600


def test_the_next_start_finds_the_same_keys(tmp_path: Path) -> None:
    assert load_or_make(tmp_path / "keys", NOW) == load_or_make(tmp_path / "keys", NOW)


def test_a_key_put_in_front_becomes_the_primary(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    [first] = load_or_make(path, NOW)
    path.write_text(f"new:{encoded(NEW.secret)}\n{path.read_text()}")

    assert load_or_make(path, NOW) == [NEW, first]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666, 0o610])
def test_a_file_open_to_others_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys"
    load_or_make(path, NOW)
    path.chmod(mode)

    with pytest.raises(Misconfigured, match=f"chmod 600 {path}"):
        load_or_make(path, NOW)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(NEW.secret),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to("nowhere")),
    ],
    ids=["empty", "raw bytes", "a folder", "a link to nothing"],
)
def test_a_file_without_keys_is_refused_and_left_alone(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    path = tmp_path / "keys"
    load_or_make(path, NOW)
    spoil(path)
    path.chmod(0o600) if path.is_file() else None

    with pytest.raises(Misconfigured):
        load_or_make(path, NOW)
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Misconfigured, match="file/keys cannot be used"):
        load_or_make(tmp_path / "file" / "keys", NOW)


RACER = """
import pathlib, sys
from datetime import UTC, datetime
from playout.vault import load_or_make
print("ready", flush=True)
sys.stdin.readline()
print(load_or_make(pathlib.Path(sys.argv[1]), datetime(2026, 11, 20, tzinfo=UTC))[0].id)
"""


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    ids = {racer.communicate(timeout=60)[0].strip() for racer in racers}

    assert ids == {load_or_make(path, NOW)[0].id}
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_key_is_fit_for_use() -> None:
    assert len({new_kek(NOW).secret for _ in range(100)}) == 100
