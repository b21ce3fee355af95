"""A taken-over worker, under our limits, that tries what it can still reach; it answers with what it got."""

import os
import resource
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from playout.media.probe_worker import confine

confine()


def opens(door: Callable[[], object]) -> bool:
    try:
        door()
    except (OSError, RuntimeError, ValueError):
        return False
    return True


doors: dict[str, Callable[[], object]] = {
    "file": lambda: Path("/etc/passwd").read_bytes(),
    "socket": socket.socket,
    "write": tempfile.mkstemp,
    "pipe": os.pipe,
    "process": os.fork,
    "limits": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
    "thread": threading.Thread(target=int).start,
}
reached = [name for name, door in doors.items() if opens(door)]
secrets = [name for name in os.environ if name not in {"PYTHONPATH", "LC_CTYPE"}]
word = "_".join(["found", *reached, *secrets]).lower() if reached or secrets else "nothing"
header = (
    b'{"container": "%s", "duration": 1, "width": 1, "height": 1, "rotation": 0, "fps": 1, "variable_fps": false, '
    b'"video_codec": "x", "audio_codec": null, "pixel_format": "x", "sample_rate": null, "channels": null, '
    b'"bitrate": 0, "faststart": true, "edit_list": false, "closed_gop": null}' % word.encode()
)
jpeg = b"\xff\xd8\xff\xd9"
sys.stdout.buffer.write(b"D %d 4 4\n" % len(header) + header + jpeg + jpeg)
