"""Seeded mistakes: each is made in a copy of the source, and the table has to find it.

A mistake that survives means that the table cannot see what it is there to see.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A change of one place, and the cases that should notice."""

    name: str
    file: str
    old: str
    new: str
    only: str


MISTAKES = (
    Mistake(
        "no fence before the write that must not be repeated",
        "application/deliver.py",
        "if delivery.repeatable:",
        "if True:",
        "direct/sqlite",
    ),
)


def all_mistakes(only: str) -> int:
    """Exit code 1 if one survives."""
    survived = [one.name for one in MISTAKES if only in one.name and not _found(one)]
    print(f"{len(MISTAKES) - len(survived)} of {len(MISTAKES)} seeded mistakes found")
    return 1 if survived else 0


def _found(mistake: Mistake) -> bool:
    with tempfile.TemporaryDirectory(prefix="teeth-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source)
        file = source / "playout" / mistake.file
        text = file.read_text()
        if text.count(mistake.old) != 1:
            msg = f"“{mistake.name}” cannot be made: its place in {mistake.file} has changed"
            raise SystemExit(msg)
        file.write_text(text.replace(mistake.old, mistake.new))
        run = subprocess.run(
            [sys.executable, "-m", "tests.crash", "all", "--only", mistake.only],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(source)},
            capture_output=True,
            text=True,
            check=False,
        )
    found = run.returncode == 1 and "WRONG" in run.stdout
    first = next(
        (line for line in run.stdout.splitlines() if line.startswith("WRONG")), run.stdout[-300:] + run.stderr[-600:]
    )
    print(f"{'found   ' if found else 'SURVIVED'} {mistake.name}: {first[:160]}", flush=True)
    return found
