"""The tree as the gates see it: what git tracks, and what would be tracked if it were added now."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file git knows of or would take, in order; somebody else's checkout is read all the same."""
    listing = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = sorted({ROOT / name for name in listing.split("\0") if name})
    return tuple(path for path in paths if path.is_file())


def python_files(*folders: str) -> Iterator[Path]:
    for path in files():
        if path.suffix == ".py" and path.relative_to(ROOT).as_posix().startswith(folders):
            yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
