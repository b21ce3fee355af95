"""A sandbox process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def sandbox(data: Path, *options: str) -> Iterator[str]:
    """Its address; it is stopped at the end."""
    command = [sys.executable, "-m", "playout_sandbox", "--port", "0", "--data", str(data), "--profile", "fast"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()
