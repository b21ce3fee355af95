"""signed_request: only what this app's secret signed, just now, is believed."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playout.domain.errors import Forbidden
from playout.domain.secret import Secret
from playout.platforms.meta import read_signed_request

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = Secret("p@ss:/w?rd[1]")


def signed(secret: Secret = SECRET, **changed: Any) -> str:
    issued = int(NOW.timestamp())
    facts = {"algorithm": "HMAC-SHA256", "expires": issued + 3600, "issued_at": issued, "user_id": "218471", **changed}
    payload = encoded(json.dumps({name: value for name, value in facts.items() if value is not None}).encode())
    return f"{encoded(hmac.new(secret.reveal().encode(), payload.encode(), hashlib.sha256).digest())}.{payload}"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def refused(request: str, now: datetime = NOW) -> str:
    with pytest.raises(Forbidden) as forbidden:
        read_signed_request(SECRET, request, now)
    return forbidden.value.code


def test_a_good_one_names_the_person() -> None:
    assert read_signed_request(SECRET, signed(), NOW) == "218471"


def test_the_payload_of_the_documentation_is_read() -> None:
    # {"algorithm":"HMAC-SHA256","expires":1291840400,"issued_at":1291836800,"user_id":"218471"}, signed with "secret"
    payload = (
        "eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImV4cGlyZXMiOjEyOTE4NDA0MDAsImlzc3VlZF9hdCI6MTI5MTgzNjgwMCwidXNlcl9pZCI6"
        "IjIxODQ3MSJ9"
    )
    signature = "pwIeeIQgqn3tvExOnDarwuhVfxnz3mSd9RiATQDnxH0"

    at = datetime.fromtimestamp(1291836900, UTC)
    with pytest.raises(Forbidden):
        read_signed_request(Secret("another"), f"{signature}.{payload}", at)
    assert read_signed_request(Secret("secret"), f"{signature}.{payload}", at) == "218471"


def test_a_number_is_a_person_too() -> None:
    assert read_signed_request(SECRET, signed(user_id=218471), NOW) == "218471"


def test_a_page_that_removes_the_app_is_named_itself() -> None:
    assert read_signed_request(SECRET, signed(user_id="0", profile_id="200000000000001"), NOW) == "200000000000001"


@pytest.mark.parametrize("place", [0, 10, 42, 43, 44, 60, -1])
def test_a_changed_letter_is_noticed(place: int) -> None:
    good = list(signed())
    good[place] = "A" if good[place] != "A" else "B"

    assert refused("".join(good)) == "bad_signature"


def test_another_secret_is_not_ours() -> None:
    assert refused(signed(Secret("another"))) == "bad_signature"


@pytest.mark.parametrize("request_", ["", ".", "a.b", "é.ü", signed().partition(".")[2], "x" * 20_000, signed() + "."])
def test_what_is_none_is_refused(request_: str) -> None:
    assert refused(request_) == "bad_signature"


@pytest.mark.parametrize("algorithm", ["none", "HMAC-SHA1", None])
def test_another_algorithm_is_refused(algorithm: str | None) -> None:
    assert refused(signed(algorithm=algorithm)) == "bad_signature"


@pytest.mark.parametrize("ago", [timedelta(hours=1, seconds=1), timedelta(days=3), -timedelta(minutes=6)])
def test_an_old_one_and_one_from_the_future_are_refused(ago: timedelta) -> None:
    assert refused(signed(), NOW + ago) == "too_old"


def test_one_without_a_time_is_refused() -> None:
    assert refused(signed(issued_at=None)) == "too_old"


def test_one_that_names_nobody_is_refused() -> None:
    assert refused(signed(user_id=None)) == "bad_signature"
