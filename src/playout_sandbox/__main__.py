"""`python -m playout_sandbox`: parse the options and serve."""

import argparse
from pathlib import Path

from playout_sandbox.app import build
from playout_sandbox.server import serve


def main() -> None:
    """Serve until stopped. Prints one JSON line, {"url", "port"}, when ready."""
    parser = argparse.ArgumentParser(prog="playout_sandbox", description="Emulated platforms, on one port.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9400, help="0 picks a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder for the ledger and the videos")
    parser.add_argument("--profile", choices=("real", "fast"), default="real", help="fast: no delays")
    parser.add_argument("--pull-root", type=Path, metavar="CAFILE", help="CA to trust when pulling over https")
    options = parser.parse_args()
    app = build(options.data, fast=options.profile == "fast", pull_root=options.pull_root)
    try:
        serve(app, options.host, options.port)
    except OSError as error:
        raise SystemExit(f"cannot listen on {options.host}:{options.port}: {error.strerror}") from error


if __name__ == "__main__":
    main()
