"""A tap on a line of Playout's, to the sandbox or AWS: passes all bytes on, keeps a copy, knows a secret by sight."""

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, unquote_plus, urlsplit

_PIECE = 1 << 16
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets

_PARAMETERS = (
    "client_secret|code|code_verifier|state|token|access_token|refresh_token|upload_token|upload_id|sig|signature"
)
#: Name of the kind, and what the line says; the group is the secret.
_SIGHTS = {
    "bearer": re.compile(r"(?i)\r\nauthorization: *bearer +(\S+)"),
    "answered": re.compile(r'"(?:access_token|refresh_token)"\s*:\s*"([^"]+)"'),
    "parameter": re.compile(rf"(?:[?&]|\r\n\r\n|\\u0026|;)(?:{_PARAMETERS})=([^&\s\"\\;]+)"),
    "nonce": re.compile(r"/pull/([^./\"\s]+)\.mp4(?!\?X-Amz)"),  # signed, it is no nonce but the name of a copy
    "signature": re.compile(r"\bSignature=([0-9a-f]{64})\b"),
}


class Wire:
    """Everything that was said, both ways."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._there = (parts.hostname or "", parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._said: list[bytearray] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def said(self) -> bytes:
        """One connection after the other, each way by itself."""
        return b"\n".join(self._said)

    def secrets(self) -> dict[str, str]:
        """What must not be seen anywhere else, by a name that tells its kind and the order in which it came by."""
        found: dict[str, str] = {}
        for said in list(self._said):
            text = bytes(said).decode("latin-1")
            for kind, sight in _SIGHTS.items():
                for told in sight.findall(text):
                    for secret in (told, unquote(told), unquote_plus(told)):
                        found.setdefault(secret, f"{kind} {len(found)}")
        return {name: secret for secret, name in found.items()}

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=[here], daemon=True).start()

    def _carry(self, here: socket.socket) -> None:
        with here, socket.create_connection(self._there) as there:
            back = threading.Thread(target=self._pump, args=[there, here], daemon=True)
            back.start()
            self._pump(here, there)
            back.join()

    def _pump(self, source: socket.socket, drain: socket.socket) -> None:
        said = bytearray()
        self._said.append(said)
        try:
            while piece := source.recv(_PIECE):
                said += piece
                drain.sendall(piece)
            drain.shutdown(socket.SHUT_WR)
        except OSError:  # one side reset: so does the other
            for end in (drain, source):
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                    end.shutdown(socket.SHUT_RDWR)


@contextmanager
def tapped(url: str) -> Iterator[Wire]:
    """A tap before this address."""
    wire = Wire(url)
    try:
        yield wire
    finally:
        wire.close()
