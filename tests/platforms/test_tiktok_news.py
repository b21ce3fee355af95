"""Webhooks from TikTok: only what TikTok has just signed for this app is read."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playout.application.ports import Newscaster, Webhook
from playout.domain.errors import Forbidden, Invalid
from playout.domain.retry import Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.tiktok.news import read_news
from tests.platforms.tiktok_stage import adapter

KEY, SECRET = "aw-key", Secret("s3cret@:/?[]")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COMPLETE = {"publish_id": "v_pub_file~v2-1.76", "publish_type": "DIRECT_PUBLISH"}


def body_of(event: str = "post.publish.complete", content: Any = COMPLETE, **changed: Any) -> bytes:
    news = {
        "client_key": KEY,
        "event": event,
        "create_time": 1_795_000_000,
        "user_openid": "-000alice",
        "content": json.dumps(content),
    }
    return json.dumps({**news, **changed}).encode()


def signed(body: bytes, at: datetime = NOW, secret: Secret = SECRET) -> dict[str, str]:
    moment = int(at.timestamp())
    digest = hmac.new(secret.reveal().encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"TikTok-Signature": f"t={moment},s={digest}"}


def read(body: bytes, headers: dict[str, str] | None = None) -> Webhook:
    return read_news(signed(body) if headers is None else headers, body, NOW, KEY, SECRET)


def test_the_signature_is_the_documented_one() -> None:
    # HMAC-SHA256("secret", "1633174587." + body), worked out apart from this code.
    body = b'{"client_key":"k","event":"e","create_time":1,"user_openid":"u","content":"{}"}'
    digest = "ed4020821764db03fec974d3e9002673ab8fd3bbfa392c2c771e146e5e2c3206"
    at = datetime.fromtimestamp(1_633_174_587, UTC)

    news = read_news({"tiktok-signature": f"t=1633174587,s={digest}"}, body, at, "k", Secret("secret"))

    assert news.account == "u"


def test_news_name_the_account_and_the_work() -> None:
    news = read(body_of())

    assert (news.account, news.handle, news.removed) == ("-000alice", "v_pub_file~v2-1.76", None)


def test_copies_of_the_same_news_have_one_name() -> None:
    assert read(body_of()).id == read(body_of()).id


@pytest.mark.parametrize(
    "other",
    [
        body_of("post.publish.publicly_available"),
        body_of(content={**COMPLETE, "post_id": "75"}),
        body_of(content={**COMPLETE, "publish_id": "v_pub_file~v2-1.77"}),
        body_of(create_time=1_795_000_001),
        body_of(user_openid="-000bob"),
    ],
    ids=["event", "post", "upload", "time", "account"],
)
def test_other_news_have_another_name(other: bytes) -> None:
    assert read(other).id != read(body_of()).id


@pytest.mark.parametrize("post_id", ["7512345678901234567", 7_512_345_678_901_234_567], ids=["text", "number"])
def test_a_post_id_is_part_of_the_name_in_either_form(post_id: str | int) -> None:
    assert "7512345678901234567" in read(body_of(content={**COMPLETE, "post_id": post_id})).id


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (0, "authorization_removed"),
        (1, "disconnected_by_user"),
        (2, "account_deleted"),
        (3, "age_changed"),
        (4, "account_banned"),
        (5, "revoked"),
        (99, "authorization_removed"),
    ],
)
def test_a_removed_authorisation_says_why(number: int, code: str) -> None:
    removed = read(body_of("authorization.removed", {"reason": number})).removed

    assert removed is not None
    assert (removed.reason.code, removed.reason.whose_turn) == (code, Turn.YOU)


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "header",
    ["", "t=1,s=00", "s=00,t=1", f"t={int(NOW.timestamp())},s={'0' * 64}", "t=-1,s=" + "0" * 64, "t=²,s=" + "0" * 64],
)
def test_a_header_that_tiktok_did_not_make_is_refused(header: str) -> None:
    with pytest.raises(Forbidden):
        read(body_of(), {"TikTok-Signature": header})


def test_no_header_at_all_is_refused() -> None:
    with pytest.raises(Forbidden):
        read(body_of(), {})


def test_one_changed_byte_is_refused() -> None:
    with pytest.raises(Forbidden):
        read(body_of().replace(b"alice", b"mallo"), signed(body_of()))


def test_another_time_under_the_same_signature_is_refused() -> None:
    header = signed(body_of())["TikTok-Signature"]
    moment = str(int(NOW.timestamp()))
    with pytest.raises(Forbidden):
        read(body_of(), {"TikTok-Signature": header.replace(moment, str(int(moment) + 1))})


def test_another_apps_secret_is_refused() -> None:
    with pytest.raises(Forbidden):
        read(body_of(), signed(body_of(), secret=Secret("other")))


def test_news_for_another_app_are_refused_though_the_secret_is_shared() -> None:
    with pytest.raises(Forbidden):
        read(body_of(client_key="aw-other"))


@pytest.mark.parametrize(("seconds", "taken"), [(-300, True), (300, True), (-301, False), (301, False)])
def test_only_news_of_the_last_five_minutes_are_taken(seconds: int, *, taken: bool) -> None:
    headers = signed(body_of(), NOW + timedelta(seconds=seconds))
    if taken:
        assert read(body_of(), headers).account == "-000alice"
    else:
        with pytest.raises(Forbidden):
            read(body_of(), headers)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b"\xff", body_of(content=[]), body_of(event=""), body_of(create_time="soon")],
)
def test_signed_nonsense_is_unreadable(body: bytes) -> None:
    with pytest.raises((Invalid, Forbidden)):
        read(body)


async def test_the_adapter_is_a_newscaster(http: Http) -> None:
    assert isinstance(adapter(http, "http://127.0.0.1:1"), Newscaster)
