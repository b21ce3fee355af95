"""A sample of the crash table; `make crash` runs all of it."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_sample_of_the_crash_table_loses_nothing_and_publishes_nothing_twice() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.crash", "all", "--sample"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    print(run.stdout[-2000:])
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "published twice: 0; lost or otherwise wrong: 0" in run.stdout
    cases = re.search(r"(\d+) cases in", run.stdout)
    assert cases
    assert int(cases[1]) >= 40
