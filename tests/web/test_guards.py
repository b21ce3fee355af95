"""Nothing is changed for a request that did not come from a page of ours, made for this visitor."""

import httpx
import pytest

from playout.domain.secret import Secret
from playout.web import guards
from playout.web.ask import inside
from tests.web.stage import SECURE_URL, Stage, same_origin


async def wish(stage: Stage, headers: dict[str, str], **fields: str) -> httpx.Response:
    token = await stage.token(stage.alice)
    return await stage.alice.post(
        "/preferences", data={"theme": "dark", "form_token": token, **fields}, headers=headers
    )


async def test_a_form_of_ours_is_taken(stage: Stage) -> None:
    answer = await wish(stage, same_origin(stage.url))

    assert answer.status_code == 303
    assert "playout-theme=dark" in answer.headers["set-cookie"]


async def test_a_browser_that_names_only_the_origin_is_believed(stage: Stage) -> None:
    assert (await wish(stage, {"Origin": stage.url})).status_code == 303


async def test_behind_a_proxy_the_public_address_is_ours_too() -> None:
    stage = await Stage.open(url=SECURE_URL)
    answer = await wish(stage, {"Origin": SECURE_URL, "Host": "127.0.0.1:8030"})

    assert answer.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://playout.example.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:8030"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
    ids=str,
)
async def test_a_form_from_elsewhere_is_refused_even_with_the_token(stage: Stage, headers: dict[str, str]) -> None:
    answer = await wish(stage, headers)

    assert answer.status_code == 403
    assert "another site’s page" in answer.text
    assert "playout-theme" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("token", ["", "x", "é", "AAAA", "A" * 64, "A" * 5000])
async def test_a_form_without_the_right_token_is_refused(stage: Stage, token: str) -> None:
    answer = await wish(stage, same_origin(stage.url), form_token=token)

    assert answer.status_code == 403
    assert "older than your sign-in" in answer.text


async def test_the_token_of_another_visitor_is_refused(stage: Stage) -> None:
    answer = await wish(stage, same_origin(stage.url), form_token=await stage.token(stage.bob))

    assert answer.status_code == 403


async def test_the_token_of_a_guest_ends_with_the_sign_in(stage: Stage) -> None:
    token = await stage.token(stage.guest)
    session = stage.sessions["alice"].reveal()
    stage.guest.cookies.set("playout-session", session)
    answer = await stage.guest.post("/preferences", data={"form_token": token}, headers=same_origin(stage.url))

    assert answer.status_code == 403


async def test_a_script_may_send_the_token_in_a_header(stage: Stage) -> None:
    headers = same_origin(stage.url) | {guards.HEADER: await stage.token(stage.alice)}
    answer = await stage.alice.post("/preferences", data={"theme": "dark"}, headers=headers)

    assert answer.status_code == 303


async def test_a_form_that_is_too_large_is_refused(stage: Stage) -> None:
    answer = await wish(stage, same_origin(stage.url), next="x" * 300_000)

    assert answer.status_code == 413


def test_no_two_tokens_are_alike_so_that_compression_tells_nothing() -> None:
    key = Secret("k")

    assert guards.token(key) != guards.token(key)
    guards.check(key, guards.token(key))


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "/a\r\nb",
        "javascript:alert(1)",
        "x",
        "",
    ],
)
def test_no_form_leads_away_from_here(path: str) -> None:
    assert inside(path) == "/"


@pytest.mark.parametrize("path", ["/", "/calendar?month=2026-12&x=/y", "/posts/po_1#caption"])
def test_a_path_of_ours_stays_as_it_is(path: str) -> None:
    assert inside(path) == path
