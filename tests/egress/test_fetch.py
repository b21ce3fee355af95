"""Files fetched from real hosts on loopback: what is asked, what is taken, and where it ends."""

import asyncio
import gzip
import os
import ssl
from contextlib import aclosing
from pathlib import Path

import pytest

from playout.application.ports.files import PIECE
from playout.domain.errors import Invalid, PlayoutError, TooLarge, Unavailable
from playout.egress.client import HttpsEgress, Pace
from tests.egress.stage import CLIP, HOST, QUICK, Authority, Dns, Host, Peer, Talk, egress_to, moved, ok, serving

LIMIT = 10 * PIECE


async def fetched(
    host: Host, authority: Authority, path: str = "/clip.mp4", *, limit: int = LIMIT, dns: Dns | None = None
) -> tuple[bytes, str | None, int | None]:
    """The bytes, the name and the announced size."""
    async with egress_to(host, authority, dns) as egress, egress.fetch(host.url(path), limit=limit) as coming:
        async with aclosing(coming.pieces()) as pieces:
            taken = [piece async for piece in pieces]
        assert all(0 < len(piece) <= PIECE for piece in taken)
        return b"".join(taken), coming.filename, coming.size


async def refused(host: Host, authority: Authority, path: str = "/clip.mp4", *, limit: int = LIMIT) -> PlayoutError:
    """How it was refused."""
    with pytest.raises(PlayoutError) as failure:
        await fetched(host, authority, path, limit=limit)
    assert failure.value.__cause__ is None
    assert failure.value.__context__ is None
    return failure.value


# ── what is asked ────────────────────────────────────────────────────────────────────────────────


async def test_a_file_comes_whole_with_its_name_and_size(authority: Authority) -> None:
    answer = ok(CLIP, 'Content-Disposition: attachment; filename="First light.mp4"')
    async with serving({"/clip.mp4": answer}, authority.server) as host:
        assert await fetched(host, authority) == (CLIP, "First light.mp4", len(CLIP))


async def test_a_large_file_comes_in_small_pieces(authority: Authority) -> None:
    clip = os.urandom(8 * PIECE)
    async with serving({"/clip.mp4": ok(clip)}, authority.server) as host:
        assert await fetched(host, authority) == (clip, "clip.mp4", len(clip))


async def test_a_file_of_unknown_size_comes_whole(authority: Authority) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n5\r\nfives\r\n0\r\n\r\n"
    until_closed = b"HTTP/1.1 200 OK\r\n\r\nall of it"
    async with serving({"/chunked": chunked, "/closed": until_closed}, authority.server) as host:
        assert await fetched(host, authority, "/chunked") == (b"fourfives", None, None)
        assert await fetched(host, authority, "/closed") == (b"all of it", None, None)


async def test_nothing_of_ours_is_told_to_a_host(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://alice:secret@127.0.0.1:9")
    cookie = "Set-Cookie: id=1; Path=/"
    async with serving({"/clip.mp4": ok(CLIP, cookie)}, authority.server) as host, egress_to(host, authority) as egress:
        for _ in range(2):
            async with egress.fetch(host.url("/clip.mp4?a=%20b"), limit=LIMIT) as coming:
                assert b"".join([piece async for piece in coming.pieces()]) == CLIP

    assert host.heads[0] == host.heads[1]
    first, *lines = host.heads[1].strip().split("\r\n")
    assert first == "GET /clip.mp4?a=%20b HTTP/1.1"
    assert sorted(lines) == sorted(
        [
            f"Host: {HOST}:{host.port}",
            "User-Agent: Playout/test",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
    )


# ── redirects ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(authority: Authority, status: int) -> None:
    answers = {"/a": moved("/b/clip.mp4?sig=1#t=1", status), "/b/clip.mp4": ok()}
    async with serving({**answers}, authority.server) as host:
        assert await fetched(host, authority, "/a") == (CLIP, "clip.mp4", len(CLIP))
    assert host.paths == ["/a", "/b/clip.mp4?sig=1"]


async def test_three_redirects_are_followed_and_no_fourth(authority: Authority) -> None:
    answers = {"/0": moved("1"), "/1": moved("./2"), "/2": moved("/3"), "/3": moved("/4"), "/4": ok()}
    async with serving({**answers}, authority.server) as host:
        assert (await fetched(host, authority, "/1"))[0] == CLIP
        host.heads.clear()
        error = await refused(host, authority, "/0")
    assert (error.code, host.paths) == ("could_not_fetch", ["/0", "/1", "/2", "/3"])


async def test_each_redirect_looks_its_host_up_anew(authority: Authority) -> None:
    async with serving(tls=authority.server) as host:
        host.answers = {"/a": moved(host.url("/b", "other.example")), "/b": ok()}
        dns = Dns({HOST: [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
        assert (await fetched(host, authority, "/a", dns=dns))[0] == CLIP
    assert dns.asked == [HOST, "other.example"]


@pytest.mark.parametrize(
    "location",
    ["", "http://clips.example/", "//alice@clips.example/", "https://[::1", "/\\evil.example", "/ü", "ftp:x", "/\tx"],
)
async def test_a_redirect_that_could_be_read_in_two_ways_is_not_followed(authority: Authority, location: str) -> None:
    async with serving({"/clip.mp4": moved(location)}, authority.server) as host:
        error = await refused(host, authority)
    assert (error.code, len(host.heads)) == ("address_refused", 1)


# ── what a host may say ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (204, "could_not_fetch", Invalid),
        (206, "could_not_fetch", Invalid),
        (304, "could_not_fetch", Invalid),
        (401, "could_not_fetch", Invalid),
        (403, "could_not_fetch", Invalid),
        (404, "could_not_fetch", Invalid),
        (410, "could_not_fetch", Invalid),
        (408, "unreachable", Unavailable),
        (429, "unreachable", Unavailable),
        (500, "unreachable", Unavailable),
        (503, "unreachable", Unavailable),
    ],
)
async def test_a_status_is_final_or_may_pass(
    authority: Authority, status: int, code: str, kind: type[PlayoutError]
) -> None:
    answer = f"HTTP/1.1 {status} internal-secret\r\nContent-Length: 0\r\n\r\n".encode()
    async with serving({"/clip.mp4": answer}, authority.server) as host:
        error = await refused(host, authority)
    assert (error.code, type(error)) == (code, kind)
    assert "secret" not in error.sentence


async def test_a_compressed_file_is_refused_unread(authority: Authority) -> None:
    squeezed = gzip.compress(bytes(LIMIT))
    answers = {"/clip.mp4": ok(squeezed, "Content-Encoding: gzip"), "/b": ok(squeezed, "Content-Encoding: br")}
    async with serving({**answers}, authority.server) as host:
        assert (await refused(host, authority)).code == "could_not_fetch"
        assert (await refused(host, authority, "/b")).code == "could_not_fetch"


async def test_a_file_that_announces_too_much_is_refused_unread(authority: Authority) -> None:
    async with serving({"/clip.mp4": ok(CLIP)}, authority.server) as host:
        assert isinstance(await refused(host, authority, limit=len(CLIP) - 1), TooLarge)
        assert (await fetched(host, authority, limit=len(CLIP)))[0] == CLIP


async def test_a_file_without_end_is_stopped_at_the_limit(authority: Authority) -> None:
    sent = 0

    async def endless(peer: Peer) -> None:
        nonlocal sent
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await peer.say(bytes(PIECE))
            sent += PIECE

    async with serving({"/clip.mp4": endless}, authority.server) as host:
        error = await refused(host, authority, limit=3 * PIECE)
    assert isinstance(error, TooLarge)
    assert sent < 20 * PIECE  # the limit, and what sockets hold


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(1000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["ssh", "long header", "many headers", "two lengths", "negative"],
)
async def test_what_is_no_sound_answer_is_refused(authority: Authority, answer: bytes) -> None:
    async with serving({"/clip.mp4": answer}, authority.server) as host:
        assert (await refused(host, authority)).code == "could_not_fetch"
    assert len(host.heads) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n5\r\nfi",
    ],
    ids=["nothing", "half a head", "half a file", "half a chunk"],
)
async def test_what_breaks_off_may_come_another_time_and_is_asked_for_once(authority: Authority, answer: bytes) -> None:
    async with serving({"/clip.mp4": answer}, authority.server) as host:
        assert (await refused(host, authority)).code == "unreachable"
    assert len(host.heads) == 1


# ── time ─────────────────────────────────────────────────────────────────────────────────────────


async def silent(peer: Peer) -> None:
    await peer.reader.read()


async def never_final(peer: Peer) -> None:
    while True:
        await peer.say(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10)
        await asyncio.sleep(0.01)


async def endless_head(peer: Peer) -> None:
    await peer.say(b"HTTP/1.1 200 OK\r\n")
    while True:
        await peer.say(b"X: a\r\n")
        await asyncio.sleep(0.01)


async def stuck(peer: Peer) -> None:
    await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nsome")
    await peer.reader.read()


async def dripping(peer: Peer) -> None:
    await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await peer.say(b"a")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("talk", [silent, never_final, stuck, dripping, endless_head], ids=lambda talk: talk.__name__)
async def test_a_host_that_takes_its_time_is_left(authority: Authority, talk: Talk) -> None:
    async with (
        serving({"/clip.mp4": talk}, authority.server) as host,
        egress_to(host, authority, pace=QUICK) as egress,
    ):
        with pytest.raises(PlayoutError) as failure:
            async with egress.fetch(host.url(), limit=LIMIT) as coming:
                _ = [piece async for piece in coming.pieces()]
    assert failure.value.code == "unreachable"
    assert len(host.heads) <= 1


async def test_a_whole_file_has_its_time_however_steadily_it_comes(authority: Authority) -> None:
    async def steady(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await peer.say(bytes(PIECE))
            await asyncio.sleep(0.02)

    async with (
        serving({"/clip.mp4": steady}, authority.server) as host,
        egress_to(host, authority, pace=Pace(whole=0.5)) as egress,
    ):
        with pytest.raises(Unavailable, match="slowly"):
            async with egress.fetch(host.url(), limit=10**12) as coming:
                _ = [piece async for piece in coming.pieces()]


# ── who is at the other end ──────────────────────────────────────────────────────────────────────


async def test_a_host_without_a_certificate_for_its_name_is_told_nothing(authority: Authority, tmp_path: Path) -> None:
    other = Authority.founded(tmp_path, ["elsewhere.example"])
    async with serving({"/clip.mp4": ok()}, other.server) as host:
        async with egress_to(host, other) as egress:
            with pytest.raises(Unavailable, match="certificate"):
                async with egress.fetch(host.url(), limit=LIMIT):
                    pass
        assert (await refused(host, authority)).code == "unreachable"  # nor one that nobody known has signed
    assert host.heads == []


async def test_a_host_without_tls_is_told_nothing(authority: Authority) -> None:
    async with serving({"/clip.mp4": ok()}) as host, egress_to(host, authority, pace=QUICK) as egress:
        with pytest.raises(Unavailable):
            async with egress.fetch(host.url(), limit=LIMIT):
                pass
    assert host.heads == []


async def test_the_host_is_named_in_the_handshake(authority: Authority) -> None:
    asked: list[str | None] = []
    authority.server.sni_callback = lambda _socket, name, _context: asked.append(name)
    try:
        async with serving({"/clip.mp4": ok()}, authority.server) as host:
            await fetched(host, authority)
    finally:
        authority.server.sni_callback = None
    assert asked == [HOST]
    assert authority.client.verify_mode is ssl.CERT_REQUIRED


async def test_a_caller_that_goes_away_leaves_no_connection(authority: Authority) -> None:
    ended = asyncio.Event()

    async def endless(peer: Peer) -> None:
        try:
            await peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                await peer.say(bytes(PIECE))
        finally:
            ended.set()

    async with serving({"/clip.mp4": endless}, authority.server) as host, egress_to(host, authority) as egress:
        with pytest.raises(KeyError):
            await taken_partly(egress, host.url())
        await asyncio.wait_for(ended.wait(), 10)


async def taken_partly(egress: HttpsEgress, url: str) -> None:
    async with egress.fetch(url, limit=10**12) as coming, aclosing(coming.pieces()) as pieces:
        await anext(pieces)
        raise KeyError
