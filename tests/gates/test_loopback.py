"""The guard that keeps the tests on this machine works; it is in force for every test, this one included."""

import asyncio
import socket

import pytest

from tests.gates.loopback import ELSEWHERE, is_here


def test_a_connection_elsewhere_is_refused() -> None:
    with socket.socket() as caller, pytest.raises(AssertionError, match="only loopback"):
        caller.connect((ELSEWHERE, 9))


def test_a_name_elsewhere_is_not_looked_up() -> None:
    with pytest.raises(AssertionError, match="only loopback"):
        socket.getaddrinfo("playout.example", 443)


def test_a_name_that_cannot_exist_is_unknown() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nowhere.invalid", 443)


async def test_loopback_is_allowed() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "localhost", 0)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        reader, writer = await asyncio.open_connection(host, port)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("address", [("127.0.0.1", 1), ("::1", 1, 0, 0), ("127.8.8.8", 1), "/run/some.sock"])
def test_what_is_here(address: object) -> None:
    assert is_here(address)


@pytest.mark.parametrize("address", [(ELSEWHERE, 1), ("169.254.169.254", 80), ("::ffff:192.0.2.1", 1, 0, 0)])
def test_what_is_elsewhere(address: object) -> None:
    assert not is_here(address)
