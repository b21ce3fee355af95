"""What every answer of the pages carries, whoever asks and whatever comes of it."""

import re
from collections.abc import Iterator

import httpx
import pytest

from playout.web.app import NOUNS
from tests.web.stage import SECURE_URL, Stage

#: Every page that has a fixed address, and two that there are not.
PATHS = sorted({way.path for noun in NOUNS for way in noun.ways if way.method == "GET" and "{" not in way.path})
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-%s'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture(params=["alice", "guest"])
async def answers(request: pytest.FixtureRequest, stage: Stage) -> list[httpx.Response]:
    who = getattr(stage, request.param)
    return [await who.get(path) for path in (*PATHS, "/nowhere", "/posts/../x")]


def nonces(answer: httpx.Response) -> Iterator[str]:
    yield from re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"])


async def test_every_answer_has_the_strict_policy_with_a_nonce_of_its_own(answers: list[httpx.Response]) -> None:
    seen = [nonce for answer in answers for nonce in nonces(answer)]

    assert [one.headers["content-security-policy"] for one in answers] == [POLICY % nonce for nonce in seen]
    assert len(set(seen)) == len(answers)
    assert all(len(nonce) >= 20 for nonce in seen)


async def test_every_script_of_a_page_has_that_nonce(answers: list[httpx.Response]) -> None:
    for answer in answers:
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert all(f'nonce="{next(nonces(answer))}"' in one for one in scripts)


async def test_every_answer_says_what_browsers_may_do_with_it(answers: list[httpx.Response]) -> None:
    for answer in answers:
        told = answer.headers
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "same-origin"
        assert told["cross-origin-opener-policy"] == "same-origin"
        assert told["cross-origin-resource-policy"] == "same-origin"
        assert told["cache-control"] == "no-store"
        assert "camera=()" in told["permissions-policy"]
        assert "publickey-credentials-get=(self)" in told["permissions-policy"]


async def test_every_answer_names_its_request(answers: list[httpx.Response]) -> None:
    assert all(one.headers["x-request-id"].startswith("req_") for one in answers)


async def test_a_host_that_is_not_ours_gets_no_page(stage: Stage) -> None:
    answer = await stage.alice.get("/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert "Queue" not in answer.text


async def test_over_https_browsers_are_told_to_stay_there() -> None:
    secure, plain = await Stage.open(url=SECURE_URL), await Stage.open()

    assert (await secure.alice.get("/")).headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in (await plain.alice.get("/")).headers


async def test_over_https_cookies_are_bound_to_this_host_and_kept_from_scripts() -> None:
    stage = await Stage.open(url=SECURE_URL)
    told = (await stage.guest.get("/sign-in")).headers["set-cookie"]

    assert told.startswith("__Host-playout-guest=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(told.split("; "))
    assert "Domain" not in told


async def test_on_plain_http_they_go_without_the_prefix_which_browsers_would_refuse(stage: Stage) -> None:
    told = (await stage.guest.get("/sign-in")).headers["set-cookie"]

    assert told.startswith("playout-guest=")
    assert "Secure" not in told
    assert "HttpOnly" in told
