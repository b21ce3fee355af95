"""The process that looks into one file and nothing else: `python -m playout.media.probe_worker SIZE`.

It is given no file, no network and no secret: its limits leave it three open handles, and the bytes come from
its parent. It writes `R offset length` and reads those bytes from standard input; at the end it writes `D` with
three lengths, then a JSON object and two JPEG pictures. Not here: what the parent makes of it (probe.py).
"""

import contextlib
import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from typing import BinaryIO

import av
import av.audio.codeccontext
import av.audio.stream
import av.error
import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream

from playout.media.inspection import inspect
from playout.media.ranges import RangeFile
from playout.media.refusals import Refusal, Refused

MEMORY = 1024**3  # bytes of address space
CPU_SECONDS = 20
WALL_SECONDS = 40  # a little more than the parent waits: for workers whose parent is gone
NOBODY = 65_534
HANDLES = 3  # standard input, output and error: nothing can be opened any more


def main() -> None:
    """Answers once, then ends."""
    confine()
    av.logging.set_level(None)
    asked, answers = sys.stdout.buffer, sys.stdin.buffer
    source = RangeFile(lambda offset, length: _fetch(asked, answers, offset, length), int(sys.argv[1]))
    header: dict[str, object]
    thumbnail = strip = b""
    try:
        found = inspect(source)
    except Refused as refused:
        header = {"refused": refused.code.value, "kind": refused.kind}
    except MemoryError:
        header = {"refused": Refusal.TOO_HEAVY.value}
    except (av.error.FFmpegError, ValueError, ArithmeticError, LookupError):
        header = {"refused": Refusal.DAMAGED.value}
    else:
        header, thumbnail, strip = asdict(found.facts), found.thumbnail, found.strip
    told = json.dumps(header).encode()
    asked.write(b"D %d %d %d\n" % (len(told), len(thumbnail), len(strip)))
    asked.write(told + thumbnail + strip)
    asked.flush()


def confine() -> None:
    """Takes from this process, for good, what it does not need.

    From here on nothing can be imported either, which is why the top of this file names what PyAV imports late.
    """
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, HANDLES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
    ):
        resource.setrlimit(limit, (value, value))
    signal.alarm(WALL_SECONDS)
    if os.geteuid() == 0:  # as in a bare container: root would be exempt from some limits, and could lift them all
        with contextlib.suppress(PermissionError):  # root by name only
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)


def _fetch(asked: BinaryIO, answers: BinaryIO, offset: int, length: int) -> bytes:
    asked.write(b"R %d %d\n" % (offset, length))
    asked.flush()
    piece = answers.read(length)
    if len(piece) < length:
        os._exit(1)  # the parent is gone: nobody is left to answer to
    return piece


if __name__ == "__main__":
    main()
