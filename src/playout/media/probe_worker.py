"""The process that looks into one file and nothing else: `python -m playout.media.probe_worker SIZE [MILLISECONDS]`.

Its last word is the facts with two JPEG pictures; or, asked for a moment, the one picture that is shown then. Not
here: what the parent makes of it (probe.py).
"""

import sys
from dataclasses import asdict

import av
import av.audio.codeccontext
import av.audio.stream
import av.error
import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream

from playout.media import confined
from playout.media.inspection import inspect
from playout.media.refusals import Refusal, Refused
from playout.media.still import still

LIMITS = confined.Limits(memory=1024**3, cpu=20, wall=40)


def main() -> None:
    """Answers once, then ends."""
    confine()
    av.logging.set_level(None)
    parent = confined.Parent()
    size, *moment = map(int, sys.argv[1:])
    header: dict[str, object] = {}
    pictures = [b""] if moment else [b"", b""]
    try:
        if moment:
            pictures = [still(parent.file(size), moment[0])]
        else:
            found = inspect(parent.file(size))
            header, pictures = asdict(found.facts), [found.thumbnail, found.strip]
    except Refused as refused:
        header = {"refused": refused.code.value, "kind": refused.kind}
    except MemoryError:
        header = {"refused": Refusal.TOO_HEAVY.value}
    except (av.error.FFmpegError, ValueError, ArithmeticError, LookupError):
        header = {"refused": Refusal.DAMAGED.value}
    parent.answer(header, *pictures)


def confine() -> None:
    """From here on nothing can be imported, which is why the top of this file names what PyAV imports late."""
    confined.confine(LIMITS)


if __name__ == "__main__":
    main()
