"""Bodies posted to real hosts on loopback: once, nowhere else, and what is heard of it."""

import asyncio
from datetime import timedelta

import pytest

from playout.application.ports import Reply
from playout.domain.errors import Invalid, PlayoutError, Unavailable
from playout.egress.client import Pace
from tests.egress.stage import CLIP, HOST, PATIENT, QUICK, Authority, Dns, Host, Peer, egress_to, moved, ok, serving

HEADERS = {"content-type": "application/json", "webhook-id": "msg_1"}
BODY = b'{"type": "delivery.published"}'


async def posted(host: Host, authority: Authority, path: str = "/in", *, most_answer: int = 64 * 1024) -> Reply:
    async with egress_to(host, authority, pace=PATIENT) as egress:
        return await egress.post(host.url(path), headers=HEADERS, body=BODY, most_answer=most_answer)


async def test_a_body_arrives_as_it_is_with_its_headers(authority: Authority) -> None:
    async with serving({"/in": ok(b"thanks")}, authority.server) as host:
        assert await posted(host, authority) == Reply(200)

    head = host.heads[0].lower().split("\r\n")
    assert head[0] == "post /in http/1.1"
    assert {"content-type: application/json", "webhook-id: msg_1", f"content-length: {len(BODY)}"} <= set(head)
    assert f"host: {HOST}:{host.port}" in head
    assert not [line for line in head if line.startswith(("cookie", "authorization", "expect"))]
    assert host.bodies == [BODY]


@pytest.mark.parametrize("status", [201, 204, 301, 307, 308, 400, 410, 429, 500, 503])
async def test_whatever_the_status_it_is_the_reply(authority: Authority, status: int) -> None:
    async with serving({"/in": moved("https://127.0.0.1/", status)}, authority.server) as host:
        assert await posted(host, authority) == Reply(status)
    assert len(host.heads) == 1


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        (["Retry-After: 120"], 120),
        (["Retry-After: 0"], 0),
        (["Date: Fri, 20 Nov 2026 12:00:00 GMT", "Retry-After: Fri, 20 Nov 2026 12:05:00 GMT"], 300),
        (["Date: Fri, 20 Nov 2026 12:00:00 GMT", "Retry-After: Fri, 20 Nov 2026 11:00:00 GMT"], 0),
        (["Retry-After: Fri, 20 Nov 2026 12:05:00 GMT"], None),
        (["Retry-After: soon"], None),
        (["Retry-After: -1"], None),
        (["Retry-After: " + "9" * 30], None),
        (["Retry-After: \xb2"], None),
    ],
)
async def test_a_pause_that_is_asked_for_is_heard(authority: Authority, headers: list[str], pause: int | None) -> None:
    async with serving({"/in": ok(b"", *headers)}, authority.server) as host:
        reply = await posted(host, authority)
    assert reply.retry_after == (None if pause is None else timedelta(seconds=pause))


async def test_of_a_long_answer_only_the_beginning_is_read(authority: Authority) -> None:
    sent = 0

    async def endless(peer: Peer) -> None:
        nonlocal sent
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await peer.say(bytes(65536))
            sent += 65536

    async with serving({"/in": endless}, authority.server) as host:
        assert await posted(host, authority, most_answer=1000) == Reply(200)
    assert sent < 16 * 2**20  # what sockets hold


async def test_an_answer_that_never_ends_has_its_status(authority: Authority) -> None:
    async def dripping(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 202 Accepted\r\n\r\n")
        while True:
            await peer.say(b"a")
            await asyncio.sleep(0.01)

    async with (
        serving({"/in": dripping}, authority.server) as host,
        egress_to(host, authority, pace=Pace(post=1.5)) as egress,
    ):
        assert await egress.post(host.url("/in"), headers=HEADERS, body=BODY) == Reply(202)


async def test_a_host_that_says_nothing_is_left_and_not_asked_again(authority: Authority) -> None:
    async def silent(peer: Peer) -> None:
        await peer.reader.read()

    async with serving({"/in": silent, "/cut": b""}, authority.server) as host:
        async with egress_to(host, authority, pace=QUICK) as egress:
            with pytest.raises(Unavailable) as failure:
                await egress.post(host.url("/in"), headers=HEADERS, body=BODY)
        assert failure.value.code == "unreachable"
        with pytest.raises(Unavailable):
            await posted(host, authority, "/cut")
    assert len(host.heads) == 2


async def test_a_post_goes_to_checked_addresses_only(authority: Authority) -> None:
    async with serving({"/in": ok()}, authority.server) as host:
        dns = Dns({HOST: [["127.0.0.2"]]})
        async with egress_to(host, authority, dns) as egress:
            for url in (host.url("/in"), "https://127.0.0.2/", "http://clips.example/"):
                with pytest.raises(Invalid):
                    await egress.post(url, headers=HEADERS, body=CLIP)
    assert host.accepted == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"content-length": "1"},
        {"X": "a\r\nY: b"},
        {"X Y": "a"},
        {"Cookie": "a=b"},
        {"X": "ü"},
    ],
)
async def test_a_header_that_would_change_the_request_is_not_sent(
    authority: Authority, headers: dict[str, str]
) -> None:
    async with serving({"/in": ok()}, authority.server) as host, egress_to(host, authority) as egress:
        with pytest.raises(ValueError, match="may not be sent"):
            await egress.post(host.url("/in"), headers=headers, body=BODY)
    assert host.accepted == 0


async def test_a_failure_holds_nothing_of_the_address(authority: Authority) -> None:
    async with serving({"/in": b""}, authority.server) as host, egress_to(host, authority) as egress:
        with pytest.raises(PlayoutError) as failure:
            await egress.post(host.url("/in?secret"), headers=HEADERS, body=BODY)
    assert failure.value.__context__ is None
    assert "secret" not in str(failure.value)
