"""Hosts on loopback with certificates of a test authority, a name server that says what it is told, and a watch."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from playout.egress.client import HttpsEgress, Pace
from tests.gates.loopback import is_here

HOST = "clips.example"
CLIP = bytes(range(256)) * 64
#: What the certificate of the hosts is for.
NAMES = (HOST, "other.example", "127.0.0.1")
#: Long enough for a busy machine, short enough for a test that runs into it.
QUICK = Pace(connect=5, answer=0.3, idle=0.3, whole=5, post=0.3)
PATIENT = Pace(connect=10, answer=10, idle=10, whole=20, post=10)


# ── certificates ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Authority:
    """Signs for the hosts of the tests. `server` serves with its certificate, `client` trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext

    @classmethod
    def founded(cls, folder: Path, names: Sequence[str] = NAMES) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the authority of the tests")])
        begun = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        alternatives = [_alternative(one) for one in names]
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begun)
            .not_valid_after(begun + dt.timedelta(days=36500))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        folder.mkdir(parents=True, exist_ok=True)
        chain = folder / "host.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain.write_bytes(private + made.public_bytes(Encoding.PEM))
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(chain)
        return cls(server, ssl.create_default_context(cadata=made.public_bytes(Encoding.PEM).decode()))


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


# ── hosts ────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Peer:
    """The host's side of one connection."""

    head: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()


Talk = Callable[[Peer], Awaitable[None]]


@dataclass
class Host:
    """Answers by path, once for each connection; keeps what it was asked."""

    answers: dict[str, bytes | Talk] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    accepted: int = 0
    port: int = 0

    def url(self, path: str = "/clip.mp4", host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [head.split(" ")[1] for head in self.heads]

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:")]
            self.bodies.append(await reader.readexactly(int(lengths[0])) if lengths else b"")
            answer = self.answers.get(head.split(" ")[1].partition("?")[0], b"HTTP/1.1 404 Not Found\r\n\r\n")
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(Peer(head, reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    answers: dict[str, bytes | Talk] | None = None,
    tls: ssl.SSLContext | None = None,
    *,
    address: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Host]:
    """A host on loopback. Without `tls` it is a trap: nothing should ever come."""
    host = Host(answers or {})
    writers: list[asyncio.StreamWriter] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host.accepted += 1
        writers.append(writer)
        await host.meet(reader, writer)

    async with await asyncio.start_server(meet, address, port, ssl=tls) as listener:
        host.port = listener.sockets[0].getsockname()[1]
        yield host
        for writer in writers:
            writer.transport.abort()


def ok(body: bytes = CLIP, *headers: str) -> bytes:
    head = "".join(f"{one}\r\n" for one in (f"Content-Length: {len(body)}", *headers))
    return f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body


def moved(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode(
        "utf-8", "surrogateescape"
    )


# ── names ────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Dns:
    """Says for each name what it was told, the last answer for good; a name it does not know is unknown."""

    answers: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        answers = self.answers.get(host)
        if not answers:
            raise OSError
        return answers.pop(0) if len(answers) > 1 else answers[0]


def egress_to(host: Host, authority: Authority, dns: Dns | None = None, *, pace: Pace = PATIENT) -> HttpsEgress:
    """Reaches this one host, besides what is public."""
    names = dns or Dns({HOST: [["127.0.0.1"]]})
    allow = {("127.0.0.1", host.port)}
    return HttpsEgress(user_agent="Playout/test", allow=allow, resolve=names, tls=authority.client, pace=pace)


# ── the watch ────────────────────────────────────────────────────────────────────────────────────


class Watch:
    """Sees every connection that this process asks the system for, whichever library does it.

    Beyond loopback it also ends there: a mistake that these tests find must not reach anybody.
    """

    def __init__(self) -> None:
        self.connected: list[object] = []
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.connect":
            self.connected.append(arguments[1])
            if not is_here(arguments[1]):
                raise ConnectionRefusedError
