"""The process that makes one rendition: `python -m playout.media.render_worker SIZE HANDLE ORDER`.

It writes into a file whose handle it was born with. Besides asking for bytes it says `L` with the length of the video
in milliseconds, and about once a second `P` with the thousandths that are done; its last word says how it ended.
Not here: what the parent makes of it (render.py), and the coding (coding.py).
"""

import contextlib
import errno
import os
import resource
import signal
import sys
import time
from pathlib import Path

import av
import av.audio.codeccontext
import av.audio.stream
import av.error
import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream

from playout.media.coding import Coding, HandleFile
from playout.media.confined import Limits, Parent, confine
from playout.media.opening import opened
from playout.media.order import Allowance, Order
from playout.media.refusals import Refusal, Refused

_NICE = 10
_EVERY = 1.0  # seconds
_GRACE = 10  # seconds longer than the parent waits
_NO_ROOM = {errno.ENOSPC: "storage_full", errno.EDQUOT: "storage_full", errno.EFBIG: "too_large"}


def main() -> None:
    """Answers once, then ends."""
    size, handle, order = int(sys.argv[1]), int(sys.argv[2]), Order.read(sys.argv[3])
    give_way()
    av.logging.set_level(None)
    coding = Coding(HandleFile(handle), order.recipe)  # and its threads, before none may be started any more
    most = round(order.allowance.at_most) + _GRACE
    confine(Limits(order.allowance.memory, cpu=most, wall=most, written=order.limit))
    parent = Parent()
    parent.answer(_coded(coding, parent, size, order.allowance))


def give_way() -> None:
    """To all that somebody waits for."""
    os.nice(_NICE)
    with contextlib.suppress(OSError):  # Linux weighs sessions before processes, and this one has its own
        Path("/proc/self/autogroup").write_text(str(_NICE))


def _coded(coding: Coding, parent: Parent, size: int, allowance: Allowance) -> dict[str, object]:
    """The last word: nothing to say, or what stood in the way."""
    try:
        with opened(parent.file(size)) as source:
            _allow(allowance.seconds_for(source.duration))
            parent.say("L", round(source.duration * 1000))
            coding.code(source, _Progress(parent).tell)
    except Refused as refused:
        return {"refused": refused.code.value, "kind": refused.kind, "reached": coding.reached}
    except MemoryError:
        return {"refused": Refusal.TOO_HEAVY.value}
    except OSError as error:
        if error.errno in _NO_ROOM:
            return {"failed": _NO_ROOM[error.errno]}
        return {"refused": Refusal.DAMAGED.value, "reached": coding.reached}
    except (av.error.FFmpegError, ValueError, ArithmeticError, LookupError):
        return {"refused": Refusal.DAMAGED.value, "reached": coding.reached}
    return {}


def _allow(seconds: float) -> None:
    """From here on; the limits that cannot be lifted again stand for the longest video."""
    signal.alarm(round(seconds) + _GRACE)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(most, round(seconds) + 1), most))


class _Progress:
    """Tells the parent, not too often."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self._said, self._when = 0, time.monotonic()

    def tell(self, share: float) -> None:
        done, now = int(share * 1000), time.monotonic()
        if done > self._said and now - self._when >= _EVERY:
            self._parent.say("P", done)
            self._said, self._when = done, now


if __name__ == "__main__":
    main()
