"""Webhooks from Meta: what its apps signed, taken apart without believing it; and the question that comes before."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playout.application.ports import Newscaster, Webhook
from playout.application.ports.platform import Subscriber
from playout.domain.errors import Forbidden, Invalid
from playout.domain.retry import Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.instagram import FacebookKeys, Instagram, InstagramKeys
from playout.platforms.meta import challenge_of, read_news, verify_token
from tests.platforms.facebook_stage import facebook

SECRET, OTHER, FOREIGN = Secret("s3cret@:/?[]"), Secret("the other app's @:/?[]"), Secret("nobody we know")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE, VIDEO, PERSON = "200000000000001", "300000000000001", "100000000000001"
FEED = {"item": "video", "verb": "add", "video_id": VIDEO, "post_id": f"{PAGE}_1", "message": "Grüße"}
NOWHERE = "http://127.0.0.1:1"


def change(field: Any, value: Any) -> dict[str, Any]:
    return {"field": field, "value": value}


def body_of(*changes: Any, kind: Any = "page", **entry: Any) -> bytes:
    told = {"id": PAGE, "time": int(NOW.timestamp()), "changes": list(changes), **entry}
    return json.dumps({"object": kind, "entry": [told]}).encode()


def signed(body: bytes, secret: Secret = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


def read(body: bytes, headers: dict[str, str] | None = None) -> list[Webhook]:
    return list(read_news((SECRET,), signed(body) if headers is None else headers, body))


def handles(news: Iterable[Webhook]) -> list[str | None]:
    return [one.handle for one in news]


# ── the signature ────────────────────────────────────────────────────────────────────────────────


def test_the_signature_is_the_documented_one() -> None:
    # HMAC-SHA256 of these bytes, in which Meta escapes what is not ASCII; worked out apart from this code.
    body = (
        rb'{"object":"page","entry":[{"id":"200000000000001","time":1795176000,"changes":[{"field":"feed","value":'
        rb'{"item":"video","verb":"add","video_id":"300000000000001","message":"Gr\u00fc\u00dfe"}}]}]}'
    )
    digest = "87c472600c5a898ac51669f8b87b5ffd6349b11c72d44360fb4052b53a2bcaef"

    news = read(body, {"x-hub-signature-256": f"sha256={digest}"})

    assert [(one.account, one.handle, one.removed) for one in news] == [(PAGE, VIDEO, None)]


@pytest.mark.parametrize("form", [{"ensure_ascii": False}, {"separators": (",", ":")}, {"sort_keys": True}])
def test_the_same_json_in_other_bytes_is_refused(form: dict[str, Any]) -> None:
    body = body_of(change("feed", FEED))
    with pytest.raises(Forbidden):
        read(json.dumps(json.loads(body), **form).encode(), signed(body))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256=",
        "0" * 64,
        f"sha256={'0' * 64}",
        f"sha1={'0' * 40}",
        f"sha256={'0' * 63}²",
        f"sha256={'0' * 64},sha256={'0' * 64}",
    ],
)
def test_a_header_that_meta_did_not_make_is_refused(header: str) -> None:
    with pytest.raises(Forbidden) as refused:
        read(body_of(), {"X-Hub-Signature-256": header})

    assert refused.value.code == "bad_signature"


def test_no_header_at_all_is_refused() -> None:
    with pytest.raises(Forbidden):
        read(body_of(), {})


def test_the_older_header_alone_is_not_enough() -> None:
    body = body_of()
    digest = hmac.new(SECRET.reveal().encode(), body, hashlib.sha1).hexdigest()
    with pytest.raises(Forbidden):
        read(body, {"X-Hub-Signature": f"sha1={digest}"})


def test_one_changed_byte_is_refused() -> None:
    body = body_of(change("feed", FEED))
    with pytest.raises(Forbidden):
        read(body.replace(VIDEO.encode(), b"300000000000002"), signed(body))


def test_another_apps_secret_is_refused() -> None:
    body = body_of(change("feed", FEED))
    with pytest.raises(Forbidden):
        read(body, signed(body, FOREIGN))


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_either_of_two_apps_may_have_signed(secret: Secret) -> None:
    body = body_of(change("feed", FEED))

    assert handles(read_news((SECRET, OTHER), signed(body, secret), body)) == [VIDEO]


def test_nothing_is_refused_for_its_age_because_meta_signs_none() -> None:
    body = body_of(change("feed", FEED), time=int((NOW - timedelta(days=900)).timestamp()))

    assert handles(read(body)) == [VIDEO]


# ── what is of use ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "told",
    [
        change("feed", FEED),
        change("feed", {**FEED, "video_id": int(VIDEO)}),
        change("videos", {"id": VIDEO, "status": {"video_status": "ready"}}),
        change("videos", {"id": VIDEO, "status": {"video_status": "processing"}}),
    ],
)
def test_a_video_of_a_page_is_named(told: Any) -> None:
    assert handles(read(body_of(told))) == [VIDEO]


def test_a_video_that_is_told_of_twice_is_named_once() -> None:
    assert handles(read(body_of(change("feed", FEED), change("videos", {"id": VIDEO})))) == [VIDEO]


def test_all_changes_of_all_entries_are_read() -> None:
    entry = json.loads(body_of(*(change("videos", {"id": str(number)}) for number in range(1, 501))))["entry"][0]
    other = {**entry, "changes": [change("videos", {"id": str(number)}) for number in range(501, 1001)]}

    news = read(json.dumps({"object": "page", "entry": [entry, other]}).encode())

    assert handles(news) == [str(number) for number in range(1, 1001)]
    assert len({one.id for one in news}) == 1000


def test_copies_of_the_same_news_have_one_name() -> None:
    body = body_of(change("feed", FEED))

    assert read(body) == read(body)


def test_the_same_of_another_time_has_another_name() -> None:
    first, second = (read(body_of(change("feed", FEED), time=time)) for time in (1, 2))

    assert first[0].id != second[0].id


@pytest.mark.parametrize("item", ["comment", "reaction", "like", "share"])
def test_what_others_do_with_a_video_is_no_news(item: str) -> None:
    assert read(body_of(change("feed", {**FEED, "item": item}))) == []


@pytest.mark.parametrize("verb", ["revoked", "denied", "disconnected"])
def test_a_permission_withdrawn_names_the_person_and_the_accounts(verb: str) -> None:
    told = change("pages_manage_posts", {"verb": verb, "target_ids": [PAGE, 17]})

    news = read(body_of(told, kind="permissions", id="0", uid=PERSON))

    assert [one.account for one in news] == [PERSON, PAGE, "17"]
    assert {(one.removed.reason.code, one.removed.reason.whose_turn) for one in news if one.removed} == {
        ("permission_withdrawn", Turn.YOU)
    }
    assert handles(news) == [None] * 3


def test_a_person_who_removes_the_app_is_named_by_the_entry() -> None:
    news = read(body_of({"field": "connected", "verb": "disconnected"}, kind="permissions", id=PERSON))

    assert [one.account for one in news] == [PERSON]


def test_a_person_who_withdraws_ten_permissions_is_named_once() -> None:
    told = [change(f"permission_{number}", {"verb": "revoked"}) for number in range(10)]

    assert [one.account for one in read(body_of(*told, kind="permissions", uid=PERSON))] == [PERSON]


@pytest.mark.parametrize("verb", ["granted", "connected", "added", "removed", "", 7, None])
def test_other_verbs_withdraw_nothing(verb: Any) -> None:
    assert read(body_of(change("pages_manage_posts", {"verb": verb}), kind="permissions")) == []


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"object": "page"}',
        b'{"object": "page", "entry": {}}',
        b'{"object": "page", "entry": [null, 7, "x", []]}',
        b'{"object": "page", "entry": [{"id": "1", "changed_fields": ["feed"]}]}',
        b'{"object": "page", "entry": [{"id": "1", "messaging": [{"message": {"mid": "m"}}]}]}',
        body_of(None, 7, [], {}, {"field": None}, {"field": "feed"}),
        body_of(change("feed", None), change("feed", []), change("feed", "x"), change(["feed"], FEED)),
        body_of(change("feed", {**FEED, "video_id": None})),
        body_of(change("feed", {**FEED, "video_id": {"id": VIDEO}})),
        body_of(change("feed", {**FEED, "video_id": "../me"})),
        body_of(change("feed", {**FEED, "video_id": "\ud800"})),
        body_of(change("feed", {**FEED, "video_id": "1\x00"})),
        body_of(change("feed", {**FEED, "video_id": "٣"})),
        body_of(change("feed", {**FEED, "video_id": "1" * 33})),
        body_of(change("feed", {**FEED, "video_id": True})),
        body_of(change("ratings", {"video_id": VIDEO})),
        body_of(change("feed", FEED), kind="user"),
        body_of(change("feed", FEED), kind=["page"]),
        body_of(change("comments", {"id": "1", "media": {"id": VIDEO}}), kind="instagram"),
        body_of(change("x", {"verb": "revoked", "target_ids": "1"}), kind="permissions", id=None),
        body_of(change("x", {"verb": "revoked", "target_ids": [{}, None, "x"]}), kind="permissions", id="me"),
    ],
)
def test_what_is_of_no_use_is_let_pass(body: bytes) -> None:
    assert read(body) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"\xff", b"7", b"[" * 100_000, b'{"n": ' + b"9" * 5000 + b"}"])
def test_signed_nonsense_is_unreadable(body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read(body)

    assert refused.value.code == "unreadable_webhook"


# ── the question before ──────────────────────────────────────────────────────────────────────────

TOKEN = verify_token(SECRET).reveal()
ASKED = (("hub.mode", "subscribe"), ("hub.challenge", "1158201444"), ("hub.verify_token", TOKEN))


def asked(**changed: str) -> list[tuple[str, str]]:
    return [(name, changed.get(name.removeprefix("hub."), value)) for name, value in ASKED]


def test_the_verify_token_follows_from_the_secret() -> None:
    # HMAC-SHA256("s3cret@:/?[]", "playout: verify token of webhooks"), worked out apart from this code.
    assert TOKEN == "d172456e51aff9ed742465330ae50d59"
    assert verify_token(OTHER) != verify_token(SECRET)


def test_the_challenge_comes_back_as_it_was() -> None:
    assert challenge_of((SECRET,), [*ASKED, ("hub.other", "x"), ("hub.other", "y")]) == "1158201444"


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_either_of_two_apps_may_ask(secret: Secret) -> None:
    assert challenge_of((SECRET, OTHER), asked(verify_token=verify_token(secret).reveal())) == "1158201444"


@pytest.mark.parametrize(
    "query",
    [
        [],
        asked(mode="unsubscribe"),
        asked(mode=""),
        asked(verify_token=""),
        asked(verify_token=TOKEN[:-1]),
        asked(verify_token=TOKEN.upper()),
        asked(verify_token="é"),
        asked(verify_token=SECRET.reveal()),
        asked(verify_token=verify_token(FOREIGN).reveal()),
        asked(challenge=""),
        asked(challenge="<script>alert(1)</script>"),
        asked(challenge="12 34"),
        asked(challenge="1234\n"),
        asked(challenge="-1"),
        asked(challenge="٣"),
        asked(challenge="1" * 33),
        *([one for one in ASKED if one is not missing] for missing in ASKED),
        *([*ASKED, twice] for twice in ASKED),
        [*ASKED, ("hub.challenge", "7")],
        [(name.replace(".", "_"), value) for name, value in ASKED],
    ],
)
def test_another_question_is_refused(query: list[tuple[str, str]]) -> None:
    with pytest.raises(Forbidden) as refused:
        challenge_of((SECRET,), query)

    assert refused.value.code == "bad_verify_token"


# ── the adapters ─────────────────────────────────────────────────────────────────────────────────


def instagram(http: Http, *, own: bool = True, through_page: bool = True) -> Instagram:
    mine = InstagramKeys("1", SECRET, NOWHERE, NOWHERE, NOWHERE) if own else None
    page = FacebookKeys("2", OTHER, NOWHERE, NOWHERE, NOWHERE) if through_page else None
    return Instagram(http, instagram=mine, facebook=page, version="v25.0")


async def test_both_adapters_are_newscasters_that_are_asked_first(http: Http) -> None:
    for adapter in (facebook(http, NOWHERE), instagram(http)):
        assert isinstance(adapter, Newscaster)
        assert isinstance(adapter, Subscriber)


async def test_facebook_believes_its_own_app_only(http: Http) -> None:
    adapter, body = facebook(http, NOWHERE, client_secret=SECRET.reveal()), body_of(change("feed", FEED))

    assert handles(adapter.news(signed(body), body, NOW)) == [VIDEO]
    assert adapter.subscribed(asked(verify_token=adapter.verify_token.reveal())) == "1158201444"
    with pytest.raises(Forbidden):
        adapter.news(signed(body, OTHER), body, NOW)
    with pytest.raises(Forbidden):
        adapter.subscribed(asked(verify_token=verify_token(OTHER).reveal()))


@pytest.mark.parametrize("secret", [SECRET, OTHER])
async def test_instagram_believes_the_app_of_either_login(http: Http, secret: Secret) -> None:
    body = body_of(change("instagram_basic", {"verb": "revoked"}), kind="permissions", uid=PERSON)

    assert [one.account for one in instagram(http).news(signed(body, secret), body, NOW)] == [PERSON]
    assert instagram(http).subscribed(asked(verify_token=verify_token(secret).reveal())) == "1158201444"


async def test_instagram_believes_no_app_that_it_has_no_keys_of(http: Http) -> None:
    body = body_of()
    with pytest.raises(Forbidden):
        instagram(http, through_page=False).news(signed(body, OTHER), body, NOW)
    with pytest.raises(Forbidden):
        instagram(http, own=False).news(signed(body, SECRET), body, NOW)


async def test_instagram_shows_the_token_of_its_own_app_where_there_is_one(http: Http) -> None:
    assert instagram(http).verify_token == verify_token(SECRET)
    assert instagram(http, own=False).verify_token == verify_token(OTHER)
