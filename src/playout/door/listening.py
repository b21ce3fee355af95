"""A socket to listen on, or a sentence that says why not."""

import errno
import socket

from playout.domain.errors import Misconfigured, Unavailable


class Taken(Unavailable):
    """Another program listens there."""

    code = "port_in_use"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Taken, Misconfigured."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sentence = (
                f"Port {port} on {host} is taken by another program (or another Playout). "
                "Choose another one with --port or PLAYOUT_PORT; 0 picks a free one."
            )
            raise Taken(sentence) from error
        sentence = f"Playout cannot listen on {host}, port {port}: {error.strerror}. See PLAYOUT_HOST and PLAYOUT_PORT."
        raise Misconfigured(sentence) from error
    # What it accepts inherits this; without it small answers wait some 40 ms for the other side's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address(listener: socket.socket) -> tuple[str, int]:
    """Where it listens, as an address for people, and the port."""
    host, port = listener.getsockname()[:2]
    named = f"[{host}]" if ":" in host else host
    return f"http://{named}:{port}", port
