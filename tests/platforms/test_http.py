"""The one HTTP client against real servers on loopback: what it sends, how often, and what it then says."""

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from playout.domain.secret import Secret
from playout.platforms.http import (
    Answer,
    Http,
    HttpFailure,
    Lost,
    NotSent,
    Refused,
    Timeouts,
    TooLarge,
    Unreadable,
    host_allowed,
    join,
)

TOKEN = "act.p@ss:/?[]&="
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
QUICK = Timeouts(connect=2, read=0.2, total=2, stall=0.2)
PATIENT = Timeouts(connect=10, read=10, total=10, stall=10)


@dataclass
class Peer:
    """The server's side of one connection."""

    server: "Server"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def head(self) -> str:
        self.server.heads.append((await self.reader.readuntil(b"\r\n\r\n")).decode())
        return self.server.heads[-1]

    async def request(self) -> bytes:
        lengths = [line for line in (await self.head()).splitlines() if line.startswith("Content-Length:")]
        return await self.reader.readexactly(int(lengths[0].split(":")[1])) if lengths else b""

    async def say(self, answer: bytes) -> None:
        self.writer.write(answer)
        await self.writer.drain()


Talk = Callable[[Peer], Awaitable[None]]


class Server:
    """Answers as its script says, and keeps what it was sent."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.heads: list[str] = []
        self.peers: list[Peer] = []
        self.ended = asyncio.Event()  # a connection was closed or cut
        self.base = ""

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(self, reader, writer)
        self.peers.append(peer)
        try:
            await self.talk(peer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.ended.set()
            writer.close()


@asynccontextmanager
async def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(talk)
    async with await asyncio.start_server(server.meet, "127.0.0.1", 0, ssl=tls) as listener:
        scheme = "http" if tls is None else "https"
        server.base = f"{scheme}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        yield server
        for peer in server.peers:
            peer.writer.transport.abort()


def saying(answer: bytes, *, then_close: bool = False) -> Talk:
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(answer)
        while not then_close:
            await peer.request()
            await peer.say(answer)

    return talk


async def one_answer_then_dead(peer: Peer) -> None:
    await peer.request()
    await peer.say(OK)
    await peer.request()


async def mute(peer: Peer) -> None:
    await peer.head()
    await peer.reader.read()


async def stuck(peer: Peer) -> None:
    await peer.head()
    await asyncio.Event().wait()


def counting(bodies: list[int]) -> Talk:
    """Notes how many bytes of a body came before the end of the connection."""

    async def talk(peer: Peer) -> None:
        await peer.head()
        got = 0
        try:
            while piece := await peer.reader.read(1 << 20):
                got += len(piece)
        finally:
            bodies.append(got)

    return talk


def keeping(bodies: list[bytes]) -> Talk:
    """Notes each whole body, and answers."""

    async def talk(peer: Peer) -> None:
        while True:
            bodies.append(await peer.request())
            await peer.say(OK)

    return talk


def client(timeouts: Timeouts = PATIENT, **more: object) -> Http:
    return Http(user_agent="Playout/test", timeouts=timeouts, **more)  # type: ignore[arg-type]  # passed on as given


class Body:
    """A body of so many bytes that notes its end, as a file's reader does."""

    def __init__(self, total: int, piece: int = 65536) -> None:
        self.total, self.piece = total, piece
        self.closed = False

    async def __call__(self) -> AsyncIterator[bytes]:
        left = self.total
        try:
            while left:
                size = min(self.piece, left)
                left -= size
                yield b"x" * size
        finally:
            self.closed = True


# ── what is sent ─────────────────────────────────────────────────────────────────────────────


async def test_a_form_reveals_its_secrets_on_the_wire_only() -> None:
    bodies: list[bytes] = []
    async with serving(keeping(bodies)) as server, client() as http:
        await http.send("POST", f"{server.base}/t", form={"token": Secret(TOKEN), "a": "b c"})
    assert bodies == [b"token=act.p%40ss%3A%2F%3F%5B%5D%26%3D&a=b+c"]
    assert "Content-Type: application/x-www-form-urlencoded" in server.heads[0]


async def test_json_and_a_secret_header_and_a_query_arrive_as_given() -> None:
    bodies: list[bytes] = []
    async with serving(keeping(bodies)) as server, client() as http:
        headers = {"Authorization": Secret("Bearer act.1")}
        await http.send("POST", f"{server.base}/x?a=1", headers=headers, query={"f": "b,c"}, json={"é": [1]})
    assert [json.loads(body) for body in bodies] == [{"é": [1]}]
    assert server.heads[0].startswith("POST /x?a=1&f=b%2Cc HTTP/1.1\r\n")
    assert "Authorization: Bearer act.1" in server.heads[0]


async def test_an_address_is_sent_byte_for_byte() -> None:
    async with serving(saying(OK)) as server, client() as http:
        await http.send("PUT", f"{server.base}/a%2fb/../c?upload_token=%7e+%2B;x=[1]")
    assert server.heads[0].startswith("PUT /a%2fb/../c?upload_token=%7e+%2B;x=[1] HTTP/1.1\r\n")
    assert "Content-Length: 0" in server.heads[0]


async def test_proxy_netrc_and_cookies_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login alice password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}"
    async with serving(saying(answer)) as server, client() as http:
        await http.send("GET", server.base)
        await http.send("GET", server.base)
    sent = "".join(server.heads).lower()
    assert len(server.heads) == 2
    assert "cookie" not in sent
    assert "authorization" not in sent


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "a\r\nEvil: 1"},
        {"X-A": Secret("a\nb")},
        {"X A": "a"},
        {"X-A": "\x00"},
        {"X-A": "é"},
        {"Content-Length": "5"},
        {"Transfer-Encoding": "chunked"},
        {"Host": "evil.org"},
    ],
)
async def test_headers_that_could_carry_something_else_are_refused(headers: dict[str, str | Secret]) -> None:
    async with serving(saying(OK)) as server, client() as http:
        with pytest.raises(Refused):
            await http.send("GET", server.base, headers=headers)
    assert len(server.peers) == 0


UNSOUND = """
ftp://127.0.0.1/ file:///etc/passwd http://u:p@127.0.0.1/ http:// //127.0.0.1/x http://127.0.0.1\\@evil.org/
http://127.0.0.1:99999/ http://127.0.0.1/#x http://ex\u00e4mple.org/
"""


@pytest.mark.parametrize("url", [*UNSOUND.split(), "http://127.0.0.1/ x", "http://127.0.0.1/\r\nEvil: 1"])
async def test_unsound_addresses_are_refused(url: str) -> None:
    async with client() as http:
        with pytest.raises(Refused) as caught:
            await http.send("GET", url)
    assert not caught.value.reached


# ── once only ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_a_connection_that_ends_without_an_answer_is_lost_and_asked_once(method: str) -> None:
    async with serving(saying(b"", then_close=True)) as server, client() as http:
        with pytest.raises(Lost):
            await http.send(method, server.base)
    assert len(server.heads) == 1


async def test_a_kept_connection_that_dies_under_a_body_is_lost_and_not_sent_again() -> None:
    async with serving(one_answer_then_dead) as server, client() as http:
        await http.send("PUT", server.base, body=Body(9), length=9)
        with pytest.raises(Lost):
            await http.send("PUT", server.base, body=Body(9), length=9)
    assert len(server.heads) == 2
    assert len(server.peers) == 1


async def test_small_calls_never_share_a_connection() -> None:
    async with serving(one_answer_then_dead) as server, client() as http:
        for method in ("GET", "PUT", "POST"):
            assert (await http.send(method, server.base)).status == 200
    assert len(server.peers) == 3


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with serving(saying(OK)) as elsewhere:
        moved = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.base}\r\nContent-Length: 0\r\n\r\n".encode()
        async with serving(saying(moved)) as server, client() as http:
            answer = await http.send("GET", server.base)
    assert (answer.status, answer.headers["location"]) == (302, elsewhere.base)
    assert elsewhere.peers == []


async def test_a_308_of_a_resumable_upload_keeps_its_range() -> None:
    resume = b"HTTP/1.1 308 Resume Incomplete\r\nRange: bytes=0-41\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(resume)) as server, client() as http:
        answer = await http.send("PUT", server.base, headers={"Content-Range": "bytes */100"})
    assert (answer.status, answer.headers["range"]) == (308, "bytes=0-41")


# ── answers ──────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_over_the_cap_is_not_read_on() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await peer.say(b"x" * 65536)

    async with serving(script) as server, client(answer_cap=100_000) as http:
        with pytest.raises(TooLarge) as caught:
            await http.send("GET", server.base)
        await server.ended.wait()
    assert caught.value.reached


async def test_an_answer_of_exactly_the_cap_is_taken() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345"
    async with serving(saying(answer)) as server, client(answer_cap=5) as http:
        assert (await http.send("GET", server.base)).body == b"12345"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
)
async def test_a_cut_or_garbled_answer_is_lost(answer: bytes) -> None:
    async with serving(saying(answer, then_close=True)) as server, client() as http:
        with pytest.raises(Lost):
            await http.send("POST", server.base)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'"x"', b"", b'{"a":', b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_json_object_is_unreadable_and_not_quoted(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        Answer(200, {}, body, "POST https://h").json()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert str(caught.value) == "POST https://h: the answer (200) is not a JSON object"


def test_a_json_object_is_read() -> None:
    assert Answer(200, {}, '{"é": 12345678901234567890}'.encode()).json() == {"é": 12345678901234567890}


# ── phases and their time ────────────────────────────────────────────────────────────────────


async def test_a_refused_connection_and_an_unknown_name_were_not_sent() -> None:
    async with serving(saying(OK)) as server:
        gone = server.base
    async with client() as http:
        for url in (gone, "http://no-such-name.invalid/"):
            with pytest.raises(NotSent):
                await http.send("POST", url, json={})


async def test_a_tls_handshake_that_never_ends_was_not_sent() -> None:
    async with serving(mute) as server, client(Timeouts(connect=0.2)) as http:
        with pytest.raises(NotSent):
            await http.send("POST", server.base.replace("http:", "https:"))


async def test_silence_instead_of_an_answer_is_lost() -> None:
    async with serving(mute) as server, client(QUICK) as http:
        with pytest.raises(Lost):
            await http.send("GET", server.base)
        await server.ended.wait()


async def test_an_answer_that_drips_for_ever_ends_with_the_total() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await peer.say(b"x")
            await asyncio.sleep(0.01)

    async with serving(script) as server, client() as http:
        with pytest.raises(Lost):
            await http.send("GET", server.base, timeout=0.3)
        await server.ended.wait()


# ── streamed bodies ──────────────────────────────────────────────────────────────────────────


async def test_a_body_arrives_whole_and_the_next_part_uses_the_same_connection() -> None:
    bodies: list[bytes] = []
    async with serving(keeping(bodies)) as server, client() as http:
        for _ in range(3):
            body = Body(3_000_000)
            assert (await http.send("PUT", server.base, body=body, length=3_000_000)).status == 200
            assert body.closed
    assert [len(body) for body in bodies] == [3_000_000] * 3
    assert len(server.peers) == 1
    assert "Content-Length: 3000000" in server.heads[0]
    assert "Expect" not in server.heads[0]


@pytest.mark.parametrize(("real", "declared"), [(500_000, 600_000), (600_000, 500_000), (196_608, 131_072)])
async def test_a_body_of_the_wrong_length_never_arrives_whole(real: int, declared: int) -> None:
    counts: list[int] = []
    body = Body(real)
    async with serving(counting(counts)) as server, client() as http:
        with pytest.raises(Lost, match="the body has"):
            await http.send("PUT", server.base, body=body, length=declared)
        await server.ended.wait()
    assert counts[0] < declared
    assert body.closed


@pytest.mark.parametrize(("real", "declared"), [(0, 5), (10, 5), (5, 0)])
async def test_a_wrong_length_seen_before_the_first_byte_was_not_sent(real: int, declared: int) -> None:
    async with serving(saying(OK)) as server, client() as http:
        with pytest.raises(NotSent):
            await http.send("PUT", server.base, body=Body(real), length=declared)
    assert server.heads == []


async def test_an_empty_body_is_sent_as_such() -> None:
    async with serving(saying(OK)) as server, client() as http:
        assert (await http.send("PUT", server.base, body=Body(0), length=0)).status == 200
    assert "Content-Length: 0" in server.heads[0]


async def test_what_the_body_raises_comes_through_and_cuts_the_connection() -> None:
    counts: list[int] = []

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        raise FileNotFoundError("the file is gone")

    async with serving(counting(counts)) as server, client() as http:
        with pytest.raises(FileNotFoundError):
            await http.send("PUT", server.base, body=broken(), length=2000)
        await server.ended.wait()
    assert counts in ([1000], [0])


async def test_a_body_without_its_length_is_a_mistake() -> None:
    async with client() as http:
        with pytest.raises(ValueError, match="length"):
            await http.send("PUT", "http://127.0.0.1/", body=Body(1))


async def test_a_peer_that_stops_reading_is_noticed_and_what_waited_for_it_is_dropped() -> None:
    let_go = asyncio.Event()
    counts: list[int] = []

    async def script(peer: Peer) -> None:
        await let_go.wait()
        await counting(counts)(peer)

    body = Body(50_000_000, piece=50_000_000)  # far more than the kernel takes, and all of it handed over at once
    async with serving(script) as server, client(QUICK) as http:
        with pytest.raises(Lost, match="not one byte left"):
            await http.send("PUT", server.base, body=body, length=50_000_001)
        assert body.closed
        let_go.set()
        await server.ended.wait()
    assert counts[0] < 50_000_000


async def test_a_slow_peer_is_no_stall() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        left = 20_000_000
        while left:
            left -= len(await peer.reader.read(1 << 18))
            await asyncio.sleep(0.02)
        await peer.say(OK)

    body = Body(20_000_000, piece=20_000_000)  # takes longer than the stall limit, and moves all the time
    async with serving(script) as server, client(Timeouts(stall=1)) as http:
        assert (await http.send("PUT", server.base, body=body, length=20_000_000)).status == 200


async def test_an_answer_before_the_end_of_the_body_is_taken() -> None:
    async def script(peer: Peer) -> None:
        await peer.head()
        await peer.say(b"HTTP/1.1 416 Range\r\nContent-Range: bytes 0-9/100\r\nContent-Length: 2\r\n\r\n{}")
        await asyncio.Event().wait()

    body = Body(200_000_000)
    async with serving(script) as server, client() as http:
        answer = await http.send("PUT", server.base, body=body, length=200_000_000)
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes 0-9/100")
    assert body.closed


async def test_cancelling_closes_the_connection_and_the_body() -> None:
    started = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.head()
        started.set()
        while await peer.reader.read(1 << 20):
            pass

    body = Body(10**12)
    async with serving(script) as server, client() as http:
        task = asyncio.create_task(http.send("PUT", server.base, body=body, length=10**12))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert body.closed
        await server.ended.wait()


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "playout test")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + built.public_bytes(Encoding.PEM)
    )
    return path


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def test_a_certificate_nobody_vouches_for_was_not_sent(certificate: Path) -> None:
    async with serving(saying(OK), server_tls(certificate)) as server, client() as http:
        with pytest.raises(NotSent):
            await http.send("POST", server.base, form={"token": Secret(TOKEN)})
    assert server.heads == []


async def test_bodies_go_through_tls_and_a_stall_there_is_noticed(certificate: Path) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))
    async with serving(saying(OK), server_tls(certificate)) as server, client(tls=trust) as http:
        assert (await http.send("PUT", server.base, body=Body(3_000_000), length=3_000_000)).status == 200

    async with serving(stuck, server_tls(certificate)) as server, client(QUICK, tls=trust) as http:
        with pytest.raises(Lost, match="not one byte left"):
            await http.send("PUT", server.base, body=Body(200_000_000), length=200_000_000)


# ── what is told ─────────────────────────────────────────────────────────────────────────────


async def test_no_failure_tells_a_path_a_query_a_header_or_a_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + TOKEN.encode()
    failures: list[HttpFailure] = []
    async with (
        serving(saying(cut, then_close=True)) as server,
        serving(mute) as silent,
        client(QUICK) as http,
    ):
        for base in (server.base, silent.base, "http://127.0.0.1:1", "http://u:p@127.0.0.1"):
            with pytest.raises(HttpFailure) as caught:
                await http.send(
                    "POST",
                    f"{base}/bot-{TOKEN[:4]}secretpath/x?upload_token=secretquery",
                    headers={"Authorization": Secret("secretheader")},
                    form={"token": Secret("secretform")},
                )
            failures.append(caught.value)
        with pytest.raises(HttpFailure) as caught:
            await http.send("PUT", f"{silent.base}/secretpath?q=secretquery", body=Body(10**9), length=10**9)
        failures.append(caught.value)
    told = "".join(f"{f!s}{f!r}{f.__cause__!r}{f.__context__!r}" for f in failures) + caplog.text
    assert "secret" not in told
    assert TOKEN not in told
    assert all(f.__context__ is None for f in failures)


def test_an_answer_does_not_print_its_body() -> None:
    assert TOKEN not in repr(Answer(200, {"x": TOKEN}, TOKEN.encode(), "GET https://h"))


class Notes:
    def __init__(self) -> None:
        self.seen: list[object] = []

    async def before(self, method: str, address: str) -> None:
        self.seen.append((method, address))

    async def after(self, status: int | None) -> None:
        self.seen.append(status)


async def test_an_observer_hears_of_every_call_and_its_end() -> None:
    notes = Notes()
    async with serving(saying(OK)) as server, client(observer=notes) as http:
        await http.send("GET", f"{server.base}/a?q=secret")
        with pytest.raises(NotSent):
            await http.send("GET", "http://127.0.0.1:1/b")
    assert notes.seen == [("GET", f"{server.base}/a"), 200, ("GET", "http://127.0.0.1:1/b"), None]


# ── addresses ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("base", "path", "whole"),
    [
        ("https://open.tiktokapis.com", "/v2/oauth/token/", "https://open.tiktokapis.com/v2/oauth/token/"),
        ("http://127.0.0.1:9400/tiktok-api", "/v2/x/?a=b", "http://127.0.0.1:9400/tiktok-api/v2/x/?a=b"),
        ("http://h/a/", "b", "http://h/a/b"),
        ("http://h/a", "//evil.org/x", "http://h/a/evil.org/x"),
        ("http://h/a", "https://evil.org/x", "http://h/a/https://evil.org/x"),
    ],
)
def test_a_path_is_joined_to_its_base(base: str, path: str, whole: str) -> None:
    assert join(base, path) == whole


TIKTOK = "https://open.tiktokapis.com"
EMULATOR = "http://127.0.0.1:9400/tiktok-api"

NOT_FOLLOWED = """
http://open.tiktokapis.com/x https://open.tiktokapis.com:8443/x https://upload.tiktokapis.com:444/
https://tiktokapis.com/ https://tiktokapis.com.evil.org/ https://eviltiktokapis.com/
https://evil.org/.tiktokapis.com https://evil.org?.tiktokapis.com https://evil.org#.tiktokapis.com
https://evil.org\\.tiktokapis.com/ https://evil.org/\\@x.tiktokapis.com/ https://x.tiktokapis.com@evil.org/
https://u:p@x.tiktokapis.com/ https://@x.tiktokapis.com/ https://x.tiktokapis.com./ https://.tiktokapis.com/
https://evil\u3002tiktokapis\u3002com/ https://x.tiktokap\u0456s.com/ https://evil.org%2f.tiktokapis.com/
https://evil.org%00.tiktokapis.com/ https://x.tiktokapis.com:/ https://x.tiktokapis.com:x/
https://[::1].tiktokapis.com/ //x.tiktokapis.com/ javascript://x.tiktokapis.com/
"""


@pytest.mark.parametrize("url", [*NOT_FOLLOWED.split(), "", "https://x.tiktokapis.com/\n", "\t" + TIKTOK])
def test_addresses_that_only_look_like_the_platform_are_not_followed(url: str) -> None:
    assert not host_allowed(url, base=TIKTOK, suffixes=[".tiktokapis.com", "", "."])


@pytest.mark.parametrize(
    ("url", "base", "allowed"),
    [
        ("https://open.tiktokapis.com/x", TIKTOK, True),
        ("https://OPEN.TikTokApis.com:443/x", TIKTOK, True),
        ("https://open-upload-va.tiktokapis.com/video/?t=1", TIKTOK, True),
        ("https://a.b.tiktokapis.com/", TIKTOK, True),
        ("http://127.0.0.1:9400/upload/1?t=x", EMULATOR, True),
        ("http://127.0.0.1:9401/upload/1", EMULATOR, True),
        ("http://127.0.0.2:9400/", EMULATOR, False),
        ("http://localhost:9400/", EMULATOR, False),
        ("http://x.tiktokapis.com:443/", EMULATOR, False),
        ("http://x.tiktokapis.com/", EMULATOR, False),
        ("https://x.tiktokapis.com/", EMULATOR, True),
        ("http://[::1]:9400/u", "http://[::1]:9400", True),
        ("http://sandbox_1:9400/u", "http://sandbox_1:9400", True),
    ],
)
def test_addresses_of_the_platform_or_of_the_emulators_own_host_are_followed(
    url: str,
    base: str,
    allowed: bool,
) -> None:
    assert host_allowed(url, base=base, suffixes=[".tiktokapis.com"]) is allowed
