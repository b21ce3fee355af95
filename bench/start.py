"""How soon it is there: the command line's help, and an idle `serve`, in seconds and MiB."""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.measured import command

PLAYOUT = str(Path(sys.executable).with_name("playout"))
ROUNDS = 7


def figures(folder: Path) -> Iterator[Figure]:
    """Medians; the interpreter alone beside them."""
    helps = [command(PLAYOUT, "--help") for _ in range(ROUNDS)]
    bare = statistics.median(command(sys.executable, "-c", "pass").seconds for _ in range(ROUNDS))
    seconds = statistics.median(run.seconds for run in helps)
    yield Figure("playout --help", f"{seconds:.2f} s", "< 0.3 s", seconds < 0.3)
    yield Figure("  against an empty Python", f"{seconds / bare:.1f} x")
    yield Figure("  peak memory", f"{max(run.peak for run in helps):.0f} MiB")
    ready, resident = _serve(folder)
    yield Figure("playout serve: ready after", f"{ready:.2f} s", "< 2 s", ready < 2)
    yield Figure("playout serve: resident while idle", f"{resident:.0f} MiB", "< 150 MiB", resident < 150)


def _serve(folder: Path) -> tuple[float, float]:
    """Seconds until it says that it is ready, and its resident size after some idle seconds."""
    environment = {**os.environ, "PLAYOUT_DATA_DIR": str(folder / "data"), "PLAYOUT_PORT": "0"}
    began = time.monotonic()
    with subprocess.Popen(
        [PLAYOUT, "serve", "--json"], env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if json.loads(line).get("event") == "ready":
                break
        ready = time.monotonic() - began
        time.sleep(5)
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.send_signal(signal.SIGTERM)
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return ready, int(found[1]) / 1024
