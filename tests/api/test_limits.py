"""How often one may ask: by token, and by address for tokens that are wrong. Time is moved, never waited for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from playout.api.limits import MOST_KNOWN, Limits, Windows
from playout.api.metrics import Metrics
from playout.domain.person import Scope as TokenScope
from tests.api.stage import API, Stage, problem
from tests.cast import CLIP, PUBLIC_URL

ME = f"{API}/me"
HERE, THERE = "203.0.113.9", "203.0.113.10"


class Timer:
    """Seconds that go on when they are told to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@dataclass
class Door:
    """The application behind small limits."""

    stage: Stage
    per_token: int = 3
    wrong_tokens: int = 2
    timer: Timer = field(default_factory=Timer)
    meter: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.app = self.around(self.stage.app)

    def around(self, app: ASGIApp) -> Limits:
        return Limits(
            app,
            per_token=self.per_token,
            wrong_tokens=self.wrong_tokens,
            seconds=10,
            timer=self.timer,
            meter=self.meter,
        )

    def client(self, token: str = "", peer: str = HERE) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, client=(peer, 4321))
        return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers, trust_env=False)

    async def alice(self, peer: str = HERE) -> httpx.AsyncClient:
        """With a token that nobody has used yet."""
        return self.client(await self.stage.cast.token(self.stage.cast.alice), peer)


@pytest.fixture
def door(stage: Stage) -> Door:
    return Door(stage)


def known(door: Door) -> int:
    """Requests with a new token that is found right already, and that are not answered yet."""
    return sum("actor" in one.state for one in door.app._trying.get(HERE, []))


async def statuses(asking: httpx.AsyncClient, times: int, path: str = ME) -> list[int]:
    return [(await asking.get(path)).status_code for _ in range(times)]


# ── a token ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_may_ask_so_often_and_no_more(door: Door) -> None:
    assert await statuses(await door.alice(), 5) == [200, 200, 200, 429, 429]


async def test_whoever_is_past_it_is_told_when_to_come_back(door: Door) -> None:
    alice = await door.alice()
    await statuses(alice, 1)
    door.timer.time += 4
    await statuses(alice, 2)

    answer = await alice.get(ME)

    told = problem(answer, 429, "rate_limited")
    assert told["detail"] == "This token may send 3 requests in 10 s. Wait 6 s."
    assert answer.headers["retry-after"] == "6"
    assert answer.headers["ratelimit"] == '"token";r=0;t=6'


async def test_it_may_go_on_when_it_was_told_to(door: Door) -> None:
    alice = await door.alice()
    await statuses(alice, 1)
    door.timer.time += 3.5
    await statuses(alice, 2)

    wait = int((await alice.get(ME)).headers["retry-after"])

    door.timer.time += wait - 1
    assert await statuses(alice, 1) == [429]
    door.timer.time += 1
    assert await statuses(alice, 2) == [200, 429]


async def test_refused_requests_do_not_prolong_the_wait(door: Door) -> None:
    alice = await door.alice()
    await statuses(alice, 3)
    for _ in range(9):
        door.timer.time += 1
        await statuses(alice, 5)

    door.timer.time += 1
    assert await statuses(alice, 1) == [200]


async def test_an_answer_says_how_much_is_left(door: Door) -> None:
    alice = await door.alice()

    first = await alice.get(ME)
    door.timer.time += 2.5
    second = await alice.get(ME)

    assert first.headers["ratelimit-policy"] == '"token";q=3;w=10'
    assert first.headers["ratelimit"] == '"token";r=2;t=10'
    assert second.headers["ratelimit"] == '"token";r=1;t=8'


async def test_every_token_has_its_own(door: Door) -> None:
    await statuses(await door.alice(), 4)

    assert await statuses(await door.alice(), 1) == [200]


async def test_a_token_is_one_token_from_every_address_and_however_it_is_spelt(door: Door) -> None:
    token = await door.stage.cast.token(door.stage.cast.alice)
    nobody = door.client()
    spelt = [f"Bearer {token}", f"bearer  {token}", f"BEARER {token} ", f"bEaReR \t{token}\t"]

    answers = [(await nobody.get(ME, headers={"Authorization": one})).status_code for one in spelt]

    assert answers == [200, 200, 200, 429]
    assert await statuses(door.client(token, THERE), 1) == [429]


async def test_requests_at_once_are_counted_each(door: Door) -> None:
    alice = await door.alice()

    answers = await asyncio.gather(*(alice.get(ME) for _ in range(20)))

    assert sorted(one.status_code for one in answers) == [200] * 3 + [429] * 17


async def test_an_upload_counts_once_however_many_pieces_it_has(door: Door) -> None:
    alice = await door.alice()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(CLIP), 100):
            yield CLIP[start : start + 100]

    answer = await alice.post(f"{API}/videos?filename=clip.mp4", content=pieces())

    assert answer.status_code == 201
    assert answer.headers["ratelimit"] == '"token";r=2;t=10'


async def test_an_upload_is_counted_when_it_begins_and_not_again_for_its_bytes(stage: Stage) -> None:
    door = Door(stage, per_token=2)
    alice = await door.alice()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    made = await alice.post(f"{API}/uploads", headers=headers)

    for at in range(5):
        headers |= {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
        assert (await alice.patch(made.headers["location"], headers=headers, content=b"x")).status_code == 204


async def test_what_has_no_token_is_not_counted(door: Door) -> None:
    assert await statuses(door.client(), 9, "/livez") == [200] * 9
    assert await statuses(door.client(), 9) == [401] * 9


async def test_with_zero_a_token_may_ask_as_often_as_it_likes(stage: Stage) -> None:
    door = Door(stage, per_token=0)
    alice = await door.alice()

    assert await statuses(alice, 9) == [200] * 9
    assert await statuses(door.client("po_wrong"), 3) == [401, 401, 429]


async def test_with_zero_no_answer_speaks_of_a_limit(stage: Stage) -> None:
    async def right(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["actor"] = "alice"
        await PlainTextResponse("done")(scope, receive, send)

    door = Door(stage, per_token=0)
    door.app = door.around(right)

    assert not {"ratelimit", "ratelimit-policy"} & (await door.client("po_right").get(ME)).headers.keys()


async def test_what_is_no_request_passes(door: Door) -> None:
    seen: list[str] = []

    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing() -> dict[str, Any]:
        return {}

    async def nowhere(_message: object) -> None:
        return

    await door.around(lifespan)({"type": "lifespan"}, nothing, nowhere)

    assert seen == ["lifespan"]


async def test_those_who_were_limited_are_counted(door: Door) -> None:
    await statuses(await door.alice(), 5)
    await statuses(door.client("po_wrong"), 3)

    page = door.meter.page().decode()
    assert 'playout_http_requests_limited_total{by="token"} 2.0' in page
    assert 'playout_http_requests_limited_total{by="wrong-tokens"} 1.0' in page


# ── wrong tokens ─────────────────────────────────────────────────────────────────────────────────


async def test_wrong_tokens_are_limited_by_address(door: Door) -> None:
    answers = [await door.client(f"po_wrong{number}").get(ME) for number in range(4)]

    assert [one.status_code for one in answers] == [401, 401, 429, 429]
    told = problem(answers[-1], 429, "rate_limited")
    assert told["detail"] == "Too many wrong tokens came from your address. Wait 10 s."
    assert (answers[-1].headers["retry-after"], answers[-1].headers["ratelimit-policy"]) == (
        "10",
        '"wrong-tokens";q=2;w=10',
    )
    assert await statuses(door.client("po_wrong", THERE), 1) == [401]


async def test_at_the_limit_a_right_guess_is_not_told_from_a_wrong_one(door: Door) -> None:
    guessed = await door.stage.cast.token(door.stage.cast.alice)
    await statuses(door.client("po_wrong"), 2)

    assert await statuses(door.client(guessed), 1) == [429]
    assert await statuses(door.client("po_wrong"), 1) == [429]


async def test_whoever_was_right_before_is_not_held_up_by_others_at_his_address(door: Door) -> None:
    alice = await door.alice()
    await statuses(alice, 1)
    await statuses(door.client("po_wrong"), 3)

    assert await statuses(alice, 1) == [200]


async def test_a_new_token_may_be_tried_when_the_window_is_over(door: Door) -> None:
    await statuses(door.client("po_wrong"), 3)
    door.timer.time += 10

    assert await statuses(await door.alice(), 1) == [200]


async def test_guessing_all_at_once_is_no_way_in(door: Door) -> None:
    looked_up, asked = asyncio.Event(), list[int]()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(1)
        await looked_up.wait()
        await PlainTextResponse("wrong", 401)(scope, receive, send)

    door.app = door.around(slow)
    guesses = [asyncio.create_task(door.client(f"po_wrong{number}").get(ME)) for number in range(50)]
    while sum(one.done() for one in guesses) + len(asked) < len(guesses):
        await asyncio.sleep(0)
    looked_up.set()
    await asyncio.gather(*guesses)

    assert len(asked) <= 2


async def test_a_token_that_asks_much_at_once_is_one_try(stage: Stage) -> None:
    door, looked_up, asked = Door(stage, per_token=100), asyncio.Event(), list[int]()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(1)
        await looked_up.wait()
        scope["state"]["actor"] = "alice"
        await PlainTextResponse("right")(scope, receive, send)

    door.app = door.around(slow)
    alice = door.client("po_right")
    requests = [asyncio.create_task(alice.get(ME)) for _ in range(50)]
    while sum(one.done() for one in requests) + len(asked) < len(requests):
        await asyncio.sleep(0)
    looked_up.set()

    assert {one.status_code for one in await asyncio.gather(*requests)} == {200}


async def test_uploads_that_take_long_are_no_tries(door: Door) -> None:
    goes_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield CLIP[:100]
        await goes_on.wait()
        yield CLIP[100:]

    clients = [await door.alice() for _ in range(5)]
    uploads = []
    for one in clients:
        uploads.append(asyncio.create_task(one.post(f"{API}/videos?filename=clip.mp4", content=slow())))
        while not uploads[-1].done() and known(door) < len(uploads):
            await asyncio.sleep(0)
    goes_on.set()

    assert {one.status_code for one in await asyncio.gather(*uploads)} == {201}


@pytest.mark.parametrize("path", ["/livez", "/nothing", f"{API}/openapi.json"])
async def test_where_no_token_is_asked_for_nothing_is_learnt_of_one(door: Door, path: str) -> None:
    guess = door.client("po_wrong")
    await statuses(guess, 1, path)

    assert await statuses(guess, 3) == [401, 401, 429]


async def test_a_revoked_token_is_a_wrong_one(door: Door) -> None:
    alice = await door.alice()
    await statuses(alice, 1)
    me = (await alice.get(ME)).json()["actor"]["id"]
    await door.stage.cast.services.people.revoke(door.stage.cast.alice, me)
    door.timer.time += 10

    assert await statuses(alice, 3) == [401, 401, 429]


async def test_too_small_a_scope_is_no_wrong_token(stage: Stage) -> None:
    door = Door(stage, per_token=9)
    reader = door.client(await stage.cast.token(stage.cast.alice, TokenScope.WRITE))

    assert await statuses(reader, 5, f"{API}/posts") == [403] * 5


@pytest.mark.parametrize(
    ("peers", "together"),
    [
        (("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), True),
        (("2001:db8:1:2::1", "2001:db8:1:3::1"), False),
        (("203.0.113.9", "::ffff:203.0.113.9"), True),
        (("203.0.113.9", "203.0.113.10"), False),
        (("", "/run/playout.sock"), False),
    ],
)
async def test_an_ipv6_network_is_one_address(door: Door, peers: tuple[str, str], together: bool) -> None:
    await statuses(door.client("po_wrong", peers[0]), 2)

    assert await statuses(door.client("po_wrong", peers[1]), 1) == [429 if together else 401]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_a_header_makes_no_other_address(door: Door, header: str) -> None:
    guess = door.client("po_wrong")

    answers = [(await guess.get(ME, headers={header: f"198.51.100.{number}"})).status_code for number in range(4)]

    assert answers == [401, 401, 429, 429]


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


async def test_what_is_older_than_the_window_is_forgotten() -> None:
    timer = Timer()
    windows = Windows(timer)
    for number in range(1000):
        await windows.acquire_entry(f"key-{number}", 5, 10)
    timer.time += 10
    await windows.acquire_entry("another", 5, 10)

    assert len(windows._times) == 1


async def test_only_so_many_right_tokens_are_remembered(door: Door) -> None:
    async def all_right(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["actor"] = "whoever"
        await PlainTextResponse("done")(scope, receive, send)

    limits = door.app = door.around(all_right)
    nobody = door.client()
    for number in range(MOST_KNOWN):
        limits._known[str(number)] = None

    await nobody.get("/", headers={"Authorization": "Bearer po_new"})

    assert len(limits._known) == MOST_KNOWN
    assert "0" not in limits._known


async def test_a_refusal_reads_no_byte_of_the_body(door: Door) -> None:
    alice, read = await door.alice(), []
    await statuses(alice, 3)

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield CLIP

    answer = await alice.post(f"{API}/videos?filename=clip.mp4", content=body())

    assert (answer.status_code, read) == (429, [])
