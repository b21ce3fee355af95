"""What a process that works on a file nobody has looked at may take, and how it talks with its parent.

It is given no name of a file, no network and no secret: its limits leave it the handles that it was born with, and
the bytes come from its parent. It writes `R offset length` and reads those bytes from standard input; its last word
is `D` with the lengths of what follows, the first of them a JSON object.
Not here: what the parent makes of it (attendant.py), and what the work is.
"""

import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from playout.media.ranges import RangeFile

NOBODY = 65_534
HANDLES = 3  # standard input, output and error: nothing can be opened any more


@dataclass(frozen=True, slots=True)
class Limits:
    """Kept by the kernel."""

    memory: int  # bytes of address space
    cpu: int  # seconds
    wall: int  # seconds; a little more than the parent waits: for workers whose parent is gone
    written: int = 0  # bytes of a file


def confine(limits: Limits) -> None:
    """Takes from this process, for good, what it does not need.

    From here on nothing can be imported and no thread can be started either: what is wanted later has to be there.
    """
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.written),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, HANDLES),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_AS, limits.memory),
    ):
        resource.setrlimit(limit, (value, value))
    signal.alarm(limits.wall)
    if os.geteuid() == 0:  # as in a bare container: root would be exempt from some limits, and could lift them all
        with contextlib.suppress(PermissionError):  # root by name only
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)


class Parent:
    """The other end of standard input and output."""

    def __init__(self) -> None:
        self._said, self._heard = sys.stdout.buffer, sys.stdin.buffer

    def file(self, size: int) -> RangeFile:
        """The file that the work is about."""
        return RangeFile(self._fetch, size)

    def say(self, word: str, *numbers: int) -> None:
        """One line."""
        self._said.write(b"%s\n" % " ".join([word, *map(str, numbers)]).encode())
        self._said.flush()

    def answer(self, header: Mapping[str, object], *pieces: bytes) -> None:
        """The last word."""
        told = json.dumps(header).encode()
        self.say("D", len(told), *map(len, pieces))
        self._said.write(told + b"".join(pieces))
        self._said.flush()

    def _fetch(self, offset: int, length: int) -> bytes:
        self.say("R", offset, length)
        piece = self._heard.read(length)
        if len(piece) < length:
            os._exit(1)  # the parent is gone: nobody is left to answer to
        return piece
