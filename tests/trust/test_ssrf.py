"""Whatever address somebody gives, in whatever field, and wherever a host leads on to: we connect to nothing private.

Shown where connections are made: the interpreter tells of each that any library asks the system for, and on loopback
somebody listens who must never hear of us. A field of the API that takes an address and has no row here fails.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from playout.application.ports import Fetching
from playout.domain import delivery as moves
from playout.domain.delivery import Next
from playout.domain.retry import Reason, Turn
from playout.egress.client import HttpsEgress
from playout.egress.memory import MemoryEgress
from tests.api.stage import API, Stage
from tests.cast import CLIP, Cast
from tests.egress.stage import HOST, PATIENT, Authority, Dns, Host, Watch, moved, ok, serving
from tests.trust.ssrf import HOSTS, PUBLIC, ROWS, Row

Use = Callable[[Stage, str], Awaitable[httpx.Response]]
#: How a field that takes an address is called, besides those that say so by `format`.
NAMED = re.compile(r"(^|_)(url|uri|href|link|endpoint|callback|webhook|avatar|redirect|host|return)(s|_to)?$")
FORMATS = {"uri", "uri-reference", "iri", "iri-reference", "url", "hostname", "idn-hostname", "ipv4", "ipv6"}
CREATED = 201
REDIRECTS = [301, 302, 303, 307, 308]


async def importing(stage: Stage, url: str) -> httpx.Response:
    return await stage.alice.post(f"{API}/videos/import", json={"url": url})


async def resolving(stage: Stage, url: str) -> httpx.Response:
    cast = stage.cast
    begun = moves.begin((await cast.post(cast.alice)).deliveries[0], Next("send", repeatable=False), None)
    lost = Reason("lost", "The answer was lost.", Turn.YOU)
    saved = await cast.saved(moves.unconfirm(moves.put_fence(begun, cast.clock.now()), lost))
    return await stage.alice.post(f"{API}/deliveries/{saved.id}/resolve", json={"published": True, "url": url})


async def connecting(stage: Stage, url: str) -> httpx.Response:
    return await stage.alice.post(f"{API}/channels/connect", json={"platform": "memory", "return_to": url})


async def listening(stage: Stage, url: str) -> httpx.Response:
    """Made, tried out, and told of what happens."""
    await without_webhooks(stage)
    answer = await stage.alice.post(f"{API}/webhooks", json={"url": url})
    if answer.status_code == CREATED:
        await told(stage, answer.json()["id"])
    return answer


async def moving(stage: Stage, url: str) -> httpx.Response:
    """One that stood elsewhere."""
    await without_webhooks(stage)
    made = (await stage.alice.post(f"{API}/webhooks", json={"url": "https://hooks.example/"})).json()
    answer = await stage.alice.patch(f"{API}/webhooks/{made['id']}", json={"url": url})
    if answer.is_success:
        await told(stage, made["id"])
    return answer


async def without_webhooks(stage: Stage) -> None:
    """There is an end to how many may be there."""
    for one in (await stage.alice.get(f"{API}/webhooks")).json()["items"]:
        await stage.alice.delete(f"{API}/webhooks/{one['id']}")


async def told(stage: Stage, webhook_id: str) -> None:
    await stage.alice.post(f"{API}/webhooks/{webhook_id}/test")
    await stage.cast.post(stage.cast.alice)


#: Every field of a request that takes an address, and how it is used until something comes of it.
FIELDS: dict[str, Use] = {
    "POST /api/v1/videos/import /url": importing,
    "POST /api/v1/deliveries/{delivery_id}/resolve /url": resolving,
    "POST /api/v1/channels/connect /return_to": connecting,
    "POST /api/v1/webhooks /url": listening,
    "PATCH /api/v1/webhooks/{webhook_id} /url": moving,
}


# ── the stage ────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Yard:
    """A house at work, one host that it may reach, and traps on the same machine."""

    stage: Stage
    host: Host
    traps: Sequence[Host]
    dns: Dns
    watch: Watch

    @property
    def trap(self) -> int:
        return self.traps[0].port

    async def give(self, use: Use, url: str) -> httpx.Response:
        """The address, and all the work that follows from it, tries after a while included."""
        answer = await use(self.stage, url)
        await self.work()
        return answer

    async def work(self) -> None:
        for _ in range(2):
            await self.stage.cast.work()
            self.stage.cast.clock.move(minutes=15)

    async def imported(self, url: str) -> tuple[str, list[str]]:
        """State and problems of the video that comes of it."""
        answer = await self.give(importing, url)
        assert answer.status_code == 202, answer.text
        video = answer.json()
        while video["state"] == "probing":
            video = (await self.stage.alice.get(f"{API}/videos/{video['id']}")).json()
            await self.work()
        return video["state"], [one["code"] for one in video["problems"]]

    def strays(self) -> list[object]:
        """Connections to anything but the one host, since the last time this was asked."""
        found = [one for one in self.watch.connected if one != ("127.0.0.1", self.host.port)]
        self.watch.connected.clear()
        return found + [trap.port for trap in self.traps if trap.accepted]


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.founded(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def yard(authority: Authority, watch: Watch) -> AsyncIterator[Yard]:
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(serving({}, authority.server))
        traps = [await stack.enter_async_context(serving(address="127.0.0.1"))]
        for address, port in [("::1", traps[0].port), ("127.0.0.2", host.port), ("::1", host.port)]:
            traps.append(await stack.enter_async_context(serving(address=address, port=port)))
        names: dict[str, list[Sequence[str]]] = {_host(row): [*row.answers] for row in ROWS if row.answers}
        dns = Dns({HOST: [["127.0.0.1"]], **names})
        egress = HttpsEgress(
            user_agent="Playout/test",
            allow={("127.0.0.1", host.port)},
            resolve=dns,
            tls=authority.client,
            pace=PATIENT,
        )
        await stack.enter_async_context(egress)
        stage = await Stage.open(await Cast.open(egress=egress))
        watch.connected.clear()
        yield Yard(stage, host, traps, dns, watch)


def _host(row: Row) -> str:
    return row.url.split("/")[2]


# ── every field ──────────────────────────────────────────────────────────────────────────────────


def fields(document: Mapping[str, Any]) -> Iterator[str]:
    """Every field and parameter of a request that takes an address: `METHOD path pointer`."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method.upper()} {path}"
            for kind in operation.get("requestBody", {}).get("content", {}).values():
                yield from (f"{where} {pointer}" for pointer in _within(document, kind.get("schema", {}), "", ()))
            for named in operation.get("parameters", []):
                one = _followed(document, named)
                if _takes_address(one["name"], one.get("schema", {})):
                    yield f"{where} ?{one['name']}"


def _followed(document: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter that is said elsewhere."""
    kept: Mapping[str, Any] = document["components"].get("parameters", {})
    return kept[one["$ref"].rpartition("/")[2]] if "$ref" in one else one


def _within(document: Mapping[str, Any], schema: Any, pointer: str, seen: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema and schema["$ref"] not in seen:
        name = schema["$ref"].rpartition("/")[2]
        yield from _within(document, document["components"]["schemas"][name], pointer, (*seen, schema["$ref"]))
    for name, one in schema.get("properties", {}).items():
        if _takes_address(name, one):
            yield f"{pointer}/{name}"
        yield from _within(document, one, f"{pointer}/{name}", seen)
    for key in ("items", "additionalProperties"):
        yield from _within(document, schema.get(key), f"{pointer}/*", seen)
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _within(document, one, pointer, seen)


def _takes_address(name: str, schema: Mapping[str, Any]) -> bool:
    kinds = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    formats = {one.get("format") or one.get("items", {}).get("format") for one in kinds}
    return bool(NAMED.search(name) or formats & FORMATS)


async def test_every_field_that_takes_an_address_has_a_row() -> None:
    found = set(fields((await Stage.open()).app.openapi()))

    assert "POST /api/v1/videos/import /url" in found
    assert found == FIELDS.keys()


def test_a_field_is_found_wherever_it_hides() -> None:
    schema = {
        "properties": {
            "a": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/B"}]},
            "plain": {"type": "string"},
            "places": {"type": "array", "items": {"type": "string", "format": "uri"}},
        }
    }
    inner = {"properties": {"avatar_url": {"type": "string"}, "again": {"$ref": "#/components/schemas/B"}}}
    document = {
        "paths": {
            "/x": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": schema}}},
                    "parameters": [{"name": "callback", "schema": {"type": "string"}}, {"name": "limit"}],
                }
            }
        },
        "components": {"schemas": {"B": inner}},
    }

    assert set(fields(document)) == {"POST /x /a/avatar_url", "POST /x /places", "POST /x ?callback"}


def test_the_corpus_is_large_and_without_repeats() -> None:
    assert len(ROWS) >= 150
    assert len({row.url for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("field", FIELDS)
async def test_no_field_leads_inside(yard: Yard, field: str) -> None:
    astray = []
    for row in ROWS:
        answer = await yard.give(FIELDS[field], row.at(yard.trap))
        assert answer.status_code < 500, (row, answer.text)
        assert answer.status_code != 429, "the rate limit of the tests is too small for the corpus"
        if found := yard.strays():
            astray.append((row.kind, row.url, found))

    assert astray == []


async def test_an_import_of_it_is_refused_at_once_or_when_its_name_is_known(yard: Yard) -> None:
    taken = []
    for row in ROWS:
        if row.answers:
            expected = "could_not_fetch" if row.answers == ((),) else "address_refused"
            refused = await yard.imported(row.url) == ("rejected", [expected])
        else:
            answer = await importing(yard.stage, row.at(yard.trap))
            refused = answer.status_code == 422 and answer.json()["code"] in {
                "bad_address",
                "address_refused",
                "invalid",
            }
        if not refused:
            taken.append((row.kind, row.url))

    assert taken == []


# ── where a host leads on to ─────────────────────────────────────────────────────────────────────


async def test_no_redirect_leads_inside(yard: Yard) -> None:
    astray = []
    for row in (row for row in ROWS if not _splits_the_answer(row.url)):
        yard.host.answers = {"/clip.mp4": moved(row.at(yard.trap))}
        outcome = await yard.imported(yard.host.url())
        known = outcome == ("rejected", ["address_refused"]) or (outcome[0] == "rejected" and row.kind not in HOSTS)
        if (found := yard.strays()) or not known:
            astray.append((row.kind, row.url, outcome, found))

    assert astray == []


def _splits_the_answer(url: str) -> bool:
    """Such a Location would end its own line."""
    return any(letter in url for letter in "\r\n\0")


@pytest.mark.parametrize("status", REDIRECTS)
async def test_no_kind_of_redirect_leads_inside(yard: Yard, status: int) -> None:
    for leads in ("127.0.0.1", "[::1]", "localhost", "loopback.example", "169.254.169.254", HOST):
        for place in (
            f"https://{leads}:{yard.trap}/",
            f"https://{leads}/",
            f"//{leads}:{yard.trap}/",
            f"http://{leads}/",
        ):
            yard.host.answers = {"/clip.mp4": moved(place, status)}
            assert (place, (await yard.imported(yard.host.url()))[0]) == (place, "rejected")
            assert yard.strays() == []


@pytest.mark.parametrize("hops", [1, 2, 3, 4, 5])
async def test_no_chain_of_redirects_leads_inside(yard: Yard, hops: int) -> None:
    last = moved(f"https://127.0.0.1:{yard.trap}/")
    yard.host.answers = {**{f"/{n}": moved(f"/{n + 1}") for n in range(1, hops)}, f"/{hops}": last}

    assert (await yard.imported(yard.host.url("/1")))[0] == "rejected"

    assert yard.strays() == []
    assert len(yard.host.heads) == min(hops, 4)


# ── names that change their mind ─────────────────────────────────────────────────────────────────


async def test_a_name_that_is_public_when_asked_and_private_afterwards(yard: Yard) -> None:
    yard.host.answers = {"/clip.mp4": moved("/next"), "/next": ok(CLIP)}
    yard.dns.answers[HOST] = [["127.0.0.1"], ["127.0.0.2"]]

    assert await yard.imported(yard.host.url()) == ("rejected", ["address_refused"])
    assert (yard.strays(), yard.host.paths) == ([], ["/clip.mp4"])


async def test_a_name_that_turns_private_between_two_tries(yard: Yard) -> None:
    yard.host.answers = {"/clip.mp4": b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"}
    yard.dns.answers[HOST] = [["127.0.0.1"], ["::1"]]

    assert await yard.imported(yard.host.url()) == ("rejected", ["address_refused"])
    assert (yard.strays(), yard.host.paths) == ([], ["/clip.mp4"])


async def test_a_name_with_both_kinds_of_answers_is_not_connected_to_at_all(yard: Yard) -> None:
    for answer in (["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "::1"], [PUBLIC, "127.0.0.2"]):
        yard.dns.answers[HOST] = [answer]
        assert await yard.imported(yard.host.url()) == ("rejected", ["address_refused"])

    assert (yard.strays(), yard.host.accepted) == ([], 0)


# ── the test bites ───────────────────────────────────────────────────────────────────────────────


async def test_the_one_host_that_may_be_reached_is_reached(yard: Yard) -> None:
    yard.host.answers = {"/a": moved("/clip.mp4"), "/clip.mp4": ok(CLIP)}

    assert await yard.imported(yard.host.url("/a")) == ("ready", [])
    assert ("127.0.0.1", yard.host.port) in yard.watch.connected


class Careless(MemoryEgress):
    """What others have: it connects to what it was given."""

    def check(self, url: str) -> None:
        return

    @asynccontextmanager
    async def fetch(self, url: str, *, limit: int) -> AsyncIterator[Fetching]:
        parts = httpx.URL(url)
        _, writer = await asyncio.open_connection(parts.host, parts.port)
        writer.close()
        async with super().fetch("https://clips.example/clip.mp4", limit=limit) as coming:
            yield coming


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
async def test_a_careless_client_is_found_out(yard: Yard, host: str) -> None:
    egress = Careless({"https://clips.example/clip.mp4": CLIP})
    careless = Yard(await Stage.open(await Cast.open(egress=egress)), yard.host, yard.traps, yard.dns, yard.watch)

    assert await careless.imported(f"https://{host}:{yard.trap}/") == ("ready", [])

    assert len(careless.strays()) >= 2  # the system was asked, and somebody heard


# ── and what may be reached is ───────────────────────────────────────────────────────────────────


async def test_a_webhook_of_a_host_that_may_be_reached_hears_of_it(yard: Yard) -> None:
    yard.host.answers = {"/hook": ok(b"")}

    await yard.give(listening, yard.host.url("/hook"))

    assert {json.loads(body)["type"] for body in yard.host.bodies} == {"webhook.test", "video.ready", "post.scheduled"}
    assert all("webhook-signature: v1," in head for head in yard.host.heads)
