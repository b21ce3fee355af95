"""Figures for Prometheus: who may see them, what they count, and that they tell nothing about anybody."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from playout import __version__
from playout.api.gate import IN_FLIGHT, Gate
from playout.api.metrics import Metrics
from playout.application.meter import CALL_SECONDS, CALLS, CHORES, DELIVERIES, SLOTS, STEP_SECONDS, Calls, NoMeter
from playout.application.ports.house import Count, Meter
from playout.domain import person
from tests.api.stage import API, Stage, problem
from tests.cast import PUBLIC_URL, StillClock

ELSEWHERE = "203.0.113.9"
BASES = {
    "https://api.one.example": "one",
    "https://www.one.example": "one",
    "http://127.0.0.1:9400/one-api": "one",
    "http://127.0.0.1:9400/two-api": "two",
    "https://graph.two.example/v1": "two",
}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def watched(stage: Stage, metrics: Metrics) -> Stage:
    """The stage, with figures of its own."""
    stage.app.state.metrics = metrics
    return stage


def calling(app: ASGIApp, peer: str = "127.0.0.1", token: str = "", **headers: str) -> httpx.AsyncClient:
    """A client at this address."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app, client=(peer, 4321))
    return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers, trust_env=False)


def shown(metrics: Metrics, name: str, **labels: str) -> float | None:
    """A figure on the page; None: it is not there."""
    for family in text_string_to_metric_families(metrics.page().decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None


def series(metrics: Metrics, name: str) -> list[Mapping[str, str]]:
    families = text_string_to_metric_families(metrics.page().decode())
    return [sample.labels for family in families for sample in family.samples if sample.name == name]


# ── who may see them ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/metrics", f"{API}/metrics"])
async def test_a_program_of_this_machine_sees_them(watched: Stage, path: str) -> None:
    answer = await calling(watched.app).get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert "playout_build_info{" in answer.text


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_has_many_addresses(watched: Stage, peer: str) -> None:
    assert (await calling(watched.app, peer).get("/metrics")).status_code == 200


@pytest.mark.parametrize("peer", [ELSEWHERE, "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "fe80::1%eth0", "", "unix"])
async def test_nobody_else_sees_them_without_a_token(watched: Stage, peer: str) -> None:
    problem(await calling(watched.app, peer).get("/metrics"), 401, "unauthenticated")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host"])
async def test_a_header_makes_nobody_local(watched: Stage, header: str) -> None:
    answer = await calling(watched.app, ELSEWHERE).get("/metrics", headers={header: "127.0.0.1"})

    problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"])
async def test_a_proxy_on_this_machine_is_not_this_machine(watched: Stage, header: str) -> None:
    answer = await calling(watched.app).get("/metrics", headers={header: ELSEWHERE})

    problem(answer, 401, "unauthenticated")


async def test_whoever_calls_us_by_our_public_name_comes_from_outside(watched: Stage) -> None:
    answer = await calling(watched.app).get("/metrics", headers={"Host": "playout.example"})

    problem(answer, 401, "unauthenticated")


async def test_a_token_of_the_home_workspace_that_may_read_opens_them(watched: Stage) -> None:
    token = await watched.cast.token(watched.cast.bob)

    assert (await calling(watched.app, ELSEWHERE, token).get("/metrics")).status_code == 200


async def test_a_wrong_token_does_not(watched: Stage) -> None:
    problem(await calling(watched.app, ELSEWHERE, "po_nobody").get("/metrics"), 401, "unauthenticated")


async def test_a_token_that_may_not_read_does_not(watched: Stage) -> None:
    token = await watched.cast.token(watched.cast.alice, person.Scope.WRITE)

    problem(await calling(watched.app, ELSEWHERE, token).get("/metrics"), 403, "forbidden")


async def test_to_another_workspace_there_is_nothing(watched: Stage) -> None:
    token = await watched.cast.token(watched.cast.charlie)

    problem(await calling(watched.app, ELSEWHERE, token).get("/metrics"), 404, "not_found")


async def test_the_document_says_that_they_are_text_and_may_need_a_token(stage: Stage) -> None:
    operation = stage.app.openapi()["paths"][f"{API}/metrics"]["get"]

    assert list(operation["responses"]["200"]["content"]) == ["text/plain"]
    assert {"401", "403", "404"} <= operation["responses"].keys()
    assert operation["security"] == [{}, {"token": []}]


# ── requests ─────────────────────────────────────────────────────────────────────────────────────


def gated(app: ASGIApp, meter: Meter) -> Gate:
    return Gate(app, hosts=(), clock=StillClock(), meter=meter)


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        (f"{API}/me", f"{API}/me", "2xx"),
        (f"{API}/posts/pst_00000000000000000000000000", f"{API}/posts/{{post_id}}", "4xx"),
        ("/livez", "/livez", "2xx"),
        (f"{API}/livez", f"{API}/livez", "2xx"),
        ("/pull/secret-nonce.mp4", "/pull/{nonce}.mp4", "4xx"),
        ("/nothing/here", "", "4xx"),
    ],
)
async def test_a_request_counts_by_the_pattern_of_its_address(
    stage: Stage, metrics: Metrics, path: str, route: str, status: str
) -> None:
    token = await stage.cast.token(stage.cast.alice)

    await calling(gated(stage.app, metrics), token=token).get(path)

    assert shown(metrics, "playout_http_requests_total", route=route, method="GET", status=status) == 1
    assert shown(metrics, "playout_http_request_seconds_count", route=route, method="GET") == 1


async def test_a_refused_method_counts_by_its_address_too(stage: Stage, metrics: Metrics) -> None:
    await calling(gated(stage.app, metrics)).put("/livez")

    assert shown(metrics, "playout_http_requests_total", route="/livez", method="PUT", status="4xx") == 1


async def test_methods_that_somebody_makes_up_are_all_one(metrics: Metrics) -> None:
    made_up = calling(gated(PlainTextResponse("done"), metrics))

    for method in ("BREW", "WHEN", "PROPFIND"):
        await made_up.request(method, "/")

    assert shown(metrics, "playout_http_requests_total", route="", method="other", status="2xx") == 3


async def test_a_mistake_of_ours_counts_as_one(metrics: Metrics) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    await calling(gated(broken, metrics)).get("/")

    assert shown(metrics, "playout_http_requests_total", route="", method="GET", status="5xx") == 1


async def test_a_request_is_in_flight_until_it_is_answered(metrics: Metrics) -> None:
    goes_on = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await goes_on.wait()
        await PlainTextResponse("done")(scope, receive, send)

    asking = calling(gated(slow, metrics))
    asked = [asyncio.create_task(asking.get("/")) for _ in range(3)]
    while shown(metrics, "playout_http_requests_in_flight") != 3:
        await asyncio.sleep(0)

    goes_on.set()
    await asyncio.gather(*asked)
    assert shown(metrics, "playout_http_requests_in_flight") == 0


async def test_the_page_tells_nothing_about_anybody(watched: Stage, metrics: Metrics) -> None:
    token = await watched.cast.token(watched.cast.alice)
    alice = calling(gated(watched.app, metrics), token=token)
    body = await watched.new_post(caption="caption-canary")

    made = (await alice.post(f"{API}/posts", json=body, headers={"X-Request-Id": "request-canary"})).json()
    await alice.get(f"{API}/posts/{made['id']}?cursor=query-canary")
    await alice.get("/hooks/path-canary")
    page = (await alice.get("/metrics")).text

    assert f'route="{API}/posts/{{post_id}}"' in page
    assert [one for one in ("canary", token, made["id"], body["video_id"], "ws_home", "alice") if one in page] == []


# ── the meter ────────────────────────────────────────────────────────────────────────────────────


def test_the_page_has_the_build_and_the_process(metrics: Metrics) -> None:
    assert [one["version"] for one in series(metrics, "playout_build_info")] == [__version__]
    assert (shown(metrics, "process_resident_memory_bytes") or 0) > 0
    assert (shown(metrics, "process_open_fds") or 0) > 0


def test_a_count_goes_up(metrics: Metrics) -> None:
    for _ in range(3):
        metrics.count(DELIVERIES, platform="memory", state="published")

    assert shown(metrics, "playout_deliveries_total", platform="memory", state="published") == 3


def test_a_duration_falls_into_its_bucket(metrics: Metrics) -> None:
    metrics.observe(STEP_SECONDS, 0.3, platform="memory", step="send")

    assert shown(metrics, "playout_step_seconds_bucket", platform="memory", step="send", le="0.25") == 0
    assert shown(metrics, "playout_step_seconds_bucket", platform="memory", step="send", le="0.5") == 1
    assert shown(metrics, "playout_step_seconds_sum", platform="memory", step="send") == 0.3


def test_a_level_is_what_was_said_last(metrics: Metrics) -> None:
    metrics.level(SLOTS, 64)
    metrics.level(SLOTS, 32)

    assert shown(metrics, "playout_worker_slots") == 32


def test_a_watched_level_is_what_it_is_when_somebody_looks(metrics: Metrics) -> None:
    held = [1.0]
    metrics.watch(SLOTS, lambda: sum(held))
    held.append(2.0)

    assert shown(metrics, "playout_worker_slots") == 3


def test_two_meters_know_nothing_of_each_other(metrics: Metrics) -> None:
    other = Metrics()

    other.count(CHORES, kind="probe", outcome="done")

    assert shown(metrics, "playout_chores_total", kind="probe", outcome="done") is None


@pytest.mark.parametrize(
    "value",
    [
        "dlv_01m7wd7tg04gj3kr2jcx0mff4x",
        "First light",
        'quo"te',
        "new\nline",
        "https://x.example/?a=b",
        "a@b.c",
        "x" * 81,
    ],
)
def test_what_is_no_word_of_the_code_is_not_shown(metrics: Metrics, value: str) -> None:
    metrics.count(CHORES, kind=value, outcome="done")

    assert series(metrics, "playout_chores_total") == [{"kind": "other", "outcome": "done"}]


def test_however_many_values_there_are_the_page_stays_small() -> None:
    metrics = Metrics(most_series=10)

    for number in range(1000):
        metrics.count(CHORES, kind=f"kind-{number}", outcome="done")

    assert len(series(metrics, "playout_chores_total")) == 11
    assert shown(metrics, "playout_chores_total", kind="other", outcome="other") == 990


@pytest.mark.parametrize("meter", [Metrics(), NoMeter()], ids=["prometheus", "none"])
def test_whoever_names_wrong_labels_still_does_his_work(meter: Meter) -> None:
    meter.count(CHORES)
    meter.count(CHORES, kind="probe", outcome="done", mood="good")
    meter.count(Count("plain", "Without labels."))
    meter.observe(STEP_SECONDS, -1, step="send")
    meter.level(IN_FLIGHT, float("nan"))


def test_no_line_says_when_counting_began(metrics: Metrics) -> None:
    metrics.count(CHORES, kind="probe", outcome="done")
    metrics.observe(STEP_SECONDS, 1, platform="memory", step="send")

    assert "_created" not in metrics.page().decode()


# ── calls to platforms ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("address", "platform"),
    [
        ("https://api.one.example/v2/post", "one"),
        ("https://api.one.example", "one"),
        ("https://upload-7.one.example/x/y", "one"),
        ("http://127.0.0.1:9400/two-api/x", "two"),
        ("http://127.0.0.1:9400/two-apis/x", "other"),
        ("http://127.0.0.1:9400/three/x", "other"),
        ("https://graph.two.example/v2/x", "two"),
        ("https://one.example.org/", "other"),
        ("https://localhost/", "other"),
    ],
)
async def test_a_call_counts_for_the_platform_it_goes_to(metrics: Metrics, address: str, platform: str) -> None:
    calls = Calls(metrics, BASES)

    await calls.before("POST", address)
    await calls.after(201)

    assert shown(metrics, "playout_platform_calls_total", platform=platform, status="201") == 1
    assert shown(metrics, "playout_platform_call_seconds_count", platform=platform) == 1


async def test_a_call_without_an_answer_counts_too(metrics: Metrics) -> None:
    calls = Calls(metrics, BASES)

    await calls.before("POST", "https://api.one.example/v2/post")
    await calls.after(None)

    assert shown(metrics, "playout_platform_calls_total", platform="one", status="none") == 1


async def test_calls_at_the_same_time_are_told_apart(metrics: Metrics) -> None:
    calls, both_left = Calls(metrics, BASES), asyncio.Barrier(2)

    async def call(address: str, status: int) -> None:
        await calls.before("GET", address)
        await both_left.wait()
        await calls.after(status)

    await asyncio.gather(call("https://api.one.example/a", 200), call("https://graph.two.example/v1/b", 429))

    assert shown(metrics, f"playout_{CALLS.name}_total", platform="one", status="200") == 1
    assert shown(metrics, f"playout_{CALLS.name}_total", platform="two", status="429") == 1
    assert len(series(metrics, f"playout_{CALL_SECONDS.name}_count")) == 2
