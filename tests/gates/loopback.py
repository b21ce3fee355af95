"""Keeps the tests on this machine: whatever connects or looks up beyond loopback fails the test that did it.

A pytest plugin, put in force by `conftest.py` beside it. It listens to the interpreter's audit events, so it
sees asyncio and every library written in Python; what a library does in C (libpq, obstore) it does not see.
A name under `.invalid`, which no resolver may ever know (RFC 2606), is unknown here without asking one.
"""

import ipaddress
import socket
import sys

#: An address of the documentation block, never of a host: a test uses it to try this guard.
ELSEWHERE = "192.0.2.1"


def pytest_configure() -> None:
    sys.addaudithook(refuse_elsewhere)


def refuse_elsewhere(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and not is_here(arguments[1]):
        message = f"A test wanted to connect to {arguments[1]!r}; only loopback is allowed."
        raise AssertionError(message)
    if event == "socket.getaddrinfo" and str(arguments[0]).endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if event == "socket.getaddrinfo" and not is_here((arguments[0],)):
        message = f"A test wanted to look up {arguments[0]!r}; only loopback is allowed."
        raise AssertionError(message)


def is_here(address: object) -> bool:
    """Whether it is loopback, nothing at all, or a socket in the file system."""
    match address:
        case (None | "" | "localhost" | b"localhost", *_):
            return True
        case (str(host), *_):
            return is_loopback(host)
        case (bytes(host), *_):
            return is_loopback(host.decode("ascii", "replace"))
        case _:
            return True


def is_loopback(host: str) -> bool:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    else:
        return found.is_loopback or found.is_unspecified
