"""Ids of requests: taken or made, on every answer, and in every line of the log that a request writes."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from playout import logs
from playout.api.gate import Gate
from playout.application.clock import SystemClock
from tests.api.stage import API, Stage
from tests.cast import PUBLIC_URL

log = logging.getLogger("playout.tests")

Lines = Callable[[], list[dict[str, str]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the log has as JSON since the last question; it is set up as a server sets it up, but for where it goes."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.setup(level="info", form="json")
    mine = root.handlers[0]
    assert isinstance(mine, logging.StreamHandler)
    mine.setStream(written)

    def told() -> list[dict[str, str]]:
        found = [json.loads(line) for line in written.getvalue().splitlines()]
        written.seek(0)
        written.truncate()
        return [line for line in found if line["logger"].startswith("playout")]

    yield told
    root.handlers[:] = handlers
    root.setLevel(level)


def asking(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC_URL, trust_env=False)


def gated(app: ASGIApp) -> httpx.AsyncClient:
    return asking(Gate(app, hosts=(), clock=SystemClock()))


async def talkative(scope: Scope, receive: Receive, send: Send) -> None:
    log.info("in.the.middle", extra={"count": 3})
    await PlainTextResponse("done")(scope, receive, send)


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise LookupError


@pytest.mark.parametrize("given", ["a", "0199-uuid.like_ID", "x" * 64])
async def test_a_plain_id_of_the_caller_is_taken(stage: Stage, given: str) -> None:
    answer = await stage.alice.get(f"{API}/me", headers={"X-Request-Id": given})

    assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "semi;colon", "new\\nline", "{}", "a/b", "ü", "a,b"])
async def test_any_other_is_replaced_by_one_of_ours(stage: Stage, given: str) -> None:
    answer = await stage.alice.get(f"{API}/me", headers=[(b"X-Request-Id", given.encode())])

    assert answer.headers["x-request-id"].startswith("req_")


async def test_two_ids_are_none(stage: Stage) -> None:
    answer = await stage.nobody.get("/livez", headers=[("X-Request-Id", "one"), ("X-Request-Id", "two")])

    assert answer.headers["x-request-id"].startswith("req_")


async def test_ids_of_ours_differ(stage: Stage) -> None:
    ids = {(await stage.nobody.get("/livez")).headers["x-request-id"] for _ in range(5)}

    assert len(ids) == 5


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [("/livez", "localhost", 200), ("/nothing", "localhost", 404), ("/livez", "elsewhere.example", 400)],
)
async def test_refusals_carry_it_too(stage: Stage, path: str, host: str, status: int) -> None:
    answer = await stage.nobody.get(path, headers={"X-Request-Id": "mine-1", "Host": host})

    assert (answer.status_code, answer.headers["x-request-id"]) == (status, "mine-1")


async def test_a_mistake_of_ours_is_told_under_the_callers_id() -> None:
    answer = await gated(broken).get("/", headers={"X-Request-Id": "mine-1"})

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.json()["instance"] == "urn:playout:request:mine-1"
    assert "mine-1" in answer.json()["detail"]


async def test_every_line_of_a_request_has_its_id(lines: Lines) -> None:
    await gated(talkative).get("/", headers={"X-Request-Id": "mine-1"})

    found = [(one["event"], one["request_id"]) for one in lines()]
    assert found == [("in.the.middle", "mine-1"), ("request", "mine-1")]


async def test_the_lines_of_a_mistake_have_it_once(lines: Lines) -> None:
    await gated(broken).get("/", headers={"X-Request-Id": "mine-1"})

    assert [(one["event"], one["request_id"]) for one in lines()] == [
        ("request.mistake", "mine-1"),
        ("request", "mine-1"),
    ]


async def test_what_is_logged_after_a_request_has_no_id(lines: Lines) -> None:
    await gated(talkative).get("/")
    lines()

    log.info("afterwards")

    assert ["request_id" in one for one in lines()] == [False]


async def test_a_token_in_the_place_of_an_id_does_not_reach_the_log(lines: Lines) -> None:
    await gated(talkative).get("/", headers={"X-Request-Id": "po_" + "x" * 43})

    assert {one["request_id"] for one in lines()} == {"[removed]"}


async def test_a_line_names_the_whole_pattern_and_never_the_address(stage: Stage, lines: Lines) -> None:
    await stage.alice.get(f"{API}/posts/pst_canary")
    await stage.nobody.get("/livez")
    await stage.nobody.get("/canary")

    found = [one for one in lines() if one["event"] == "request"]
    assert [one["route"] for one in found] == [f"{API}/posts/{{post_id}}", "/livez", ""]
    assert "canary" not in str(found)
