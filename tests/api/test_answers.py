"""What every answer carries is what the document says of it; and lists lead on."""

import httpx
import pytest

from playout.api.app import create_app
from playout.api.gate import HEADERS
from playout.domain.delivery import Delivery
from playout.domain.event import happened
from tests.api.stage import API, Stage, client, problem
from tests.api.test_every_route import ROWS, ask
from tests.api.test_openapi import operations, parameters, resolved
from tests.uploads.speaking import TUS

#: Of HTTP itself, or on every answer whatever it is.
COMMON = {"content-type", "content-length", "content-disposition", "cache-control"} | {one.lower() for one in HEADERS}


@pytest.mark.parametrize("route", ROWS)
async def test_no_header_is_sent_that_is_not_in_the_document(stage: Stage, route: str) -> None:
    operation = operations()[route]
    limited = create_app(stage.cast.services, hosts=["playout.example"], rate_limit=1000)
    alice = client(limited, await stage.cast.token(stage.cast.alice))

    answer = await ask(alice, route, await ROWS[route].setting(stage))

    told = resolved(operation["responses"][str(answer.status_code)])["headers"]
    assert set(answer.headers) - {one.lower() for one in told} - COMMON == set()
    assert {"x-request-id"} <= set(answer.headers)


# ── the document ─────────────────────────────────────────────────────────────────────────────────


async def test_the_document_is_the_same_at_both_of_its_addresses(stage: Stage) -> None:
    here, there = await stage.nobody.get("/openapi.json"), await stage.nobody.get(f"{API}/openapi.json")

    assert here.status_code == 200
    assert here.json() == there.json()
    assert "/openapi.json" not in here.json()["paths"]


# ── uploads: every answer names the version of tus ───────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/uploads", 405),
        ("GET", "/uploads/upl_01kae7q2m3v5x8y9z0abcdefgh", 405),
        ("GET", "/uploads/of/nobody", 404),
        ("HEAD", "/uploads/nonsense", 404),
        ("POST", "/uploads", 400),
        ("OPTIONS", "/uploads", 204),
    ],
)
async def test_whatever_an_upload_is_answered_names_the_version_of_tus(
    stage: Stage, method: str, path: str, status: int
) -> None:
    answer = await stage.alice.request(method, f"{API}{path}", headers=TUS)

    assert (answer.status_code, answer.headers["tus-resumable"]) == (status, "1.0.0")


async def test_an_upload_that_comes_too_often_is_told_the_version_of_tus(stage: Stage) -> None:
    limited = create_app(stage.cast.services, hosts=["playout.example"], rate_limit=1)
    alice = client(limited, await stage.cast.token(stage.cast.alice))
    await alice.get(f"{API}/me")

    answer = await alice.post(f"{API}/uploads", headers=TUS | {"Upload-Length": "9"})

    problem(answer, 429, "rate_limited")
    assert answer.headers["tus-resumable"] == "1.0.0"


async def test_an_upload_at_another_name_is_told_the_version_of_tus(stage: Stage) -> None:
    answer = await stage.alice.post(f"{API}/uploads", headers=TUS | {"Host": "elsewhere.example"})

    problem(answer, 400, "unknown_host")
    assert answer.headers["tus-resumable"] == "1.0.0"


async def test_nothing_but_uploads_names_the_version_of_tus(stage: Stage) -> None:
    for path in ("/posts", "/uploadsx", "/me"):
        assert "tus-resumable" not in (await stage.alice.get(f"{API}{path}", headers=TUS)).headers


# ── tokens, page by page ─────────────────────────────────────────────────────────────────────────


async def test_tokens_come_in_pages_newest_first(stage: Stage) -> None:
    made = [await mint(stage, f"script {number}") for number in range(5)]

    listed = await pages(stage.alice, f"{API}/tokens?limit=2")

    assert [len(page) for page in listed[:-1]] == [2] * (len(listed) - 1)
    assert [one["id"] for page in listed for one in page] == sorted(
        (one.id for one in await stage.cast.services.people.tokens(stage.cast.alice)), reverse=True
    )
    assert set(made) <= {one["id"] for page in listed for one in page}


async def test_pages_of_tokens_stay_right_while_tokens_come_and_go(stage: Stage) -> None:
    made = sorted([await mint(stage, f"script {number}") for number in range(4)], reverse=True)
    first = (await stage.alice.get(f"{API}/tokens?limit=2")).json()

    await mint(stage, "another")
    await stage.alice.delete(f"{API}/tokens/{first['next_cursor']}")
    second = (await stage.alice.get(f"{API}/tokens?limit=2&cursor={first['next_cursor']}")).json()

    assert [one["id"] for one in (*first["items"], *second["items"])] == made


async def test_a_token_of_something_else_is_no_cursor(stage: Stage) -> None:
    answer = await stage.alice.get(f"{API}/tokens?cursor=pst_01kae7q2m3v5x8y9z0abcdefgh")

    problem(answer, 422, "bad_cursor")


# ── a history that grows ─────────────────────────────────────────────────────────────────────────


async def test_a_history_goes_on_behind_the_last_event_that_was_seen(stage: Stage) -> None:
    delivery = await happens(stage, (await stage.cast.post(stage.cast.alice)).deliveries[0], "one", "two")
    address = f"{API}/deliveries/{delivery.id}/events"
    seen = (await stage.alice.get(address)).json()
    assert ([one["kind"] for one in seen["items"]], seen["next_cursor"]) == (["one", "two"], None)

    await happens(stage, delivery, "three")
    news = (await stage.alice.get(f"{address}?cursor={seen['items'][-1]['id']}")).json()

    assert [one["kind"] for one in news["items"]] == ["three"]


async def test_a_history_without_news_is_an_empty_page(stage: Stage) -> None:
    delivery = await happens(stage, (await stage.cast.post(stage.cast.alice)).deliveries[0], "one")
    address = f"{API}/deliveries/{delivery.id}/events"
    last = (await stage.alice.get(address)).json()["items"][-1]["id"]

    assert (await stage.alice.get(f"{address}?cursor={last}")).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("route", [one for one, told in operations().items() if "cursor" in parameters(told)])
def test_the_document_says_that_any_id_is_a_cursor(route: str) -> None:
    assert "the `id` of any item" in parameters(operations()[route])["cursor"]["description"]


async def happens(stage: Stage, delivery: Delivery, *kinds: str) -> Delivery:
    for kind in kinds:
        stage.cast.clock.move(seconds=1)
        event = happened(delivery, kind, stage.cast.clock.now())
        delivery = await stage.cast.store.deliveries.save(delivery, [event])
    return delivery


async def mint(stage: Stage, name: str) -> str:
    stage.cast.clock.move(seconds=1)
    made = await stage.alice.post(f"{API}/tokens", json={"name": name, "scopes": ["read"]})
    return str(made.json()["id"])


async def pages(who: httpx.AsyncClient, address: str) -> list[list[dict[str, str]]]:
    """Followed by the header Link."""
    found = []
    while address:
        answer = await who.get(address)
        found.append(answer.json()["items"])
        address = answer.links.get("next", {}).get("url", "")
    return found
