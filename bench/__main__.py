"""`python -m bench [start|upload|render|deliveries|load]`: all of them without a name. Says what missed its goal."""

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bench import deliveries, load, render, start, upload
from bench.figures import Figure

BENCHES: Mapping[str, Callable[[Path], Iterable[Figure]]] = {
    "start": start.figures,
    "upload": upload.figures,
    "render": render.figures,
    "deliveries": deliveries.figures,
    "load": load.figures,
}


def main() -> int:
    """Exit code 1 if a figure with a goal missed it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help="which; all without a name")
    names = parser.parse_args().names or list(BENCHES)
    print(
        f"Python {platform.python_version()} on {platform.machine()}, a shared machine: read the ratios, not the times"
    )
    missed = 0
    for name in names:
        print(f"\n{name}")
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for figure in BENCHES[name](Path(folder)):
                print(f"  {figure}", flush=True)
                missed += figure.met is False
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
