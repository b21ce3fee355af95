"""`python -m tests.crash all|teeth [--workers N] [--only TEXT]`: the whole table, or the seeded mistakes."""

import argparse
import sys

from tests.crash.run import all_cases
from tests.crash.teeth import all_mistakes


def main() -> int:
    """Exit code 0 only if nothing was lost or published twice, or every mistake was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("verb", choices=["all", "teeth"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--only", default="", help="cases whose name this pattern is found in; it may begin with FLOW/DATABASE"
    )
    parser.add_argument("--every", type=int, default=1, help="one case of so many")
    parser.add_argument("--sample", action="store_true", help="the cases that `make test` runs")
    asked = parser.parse_args()
    if asked.verb == "teeth":
        return all_mistakes(asked.only)
    return all_cases(asked.workers, asked.only, asked.every, sample=asked.sample)


if __name__ == "__main__":
    sys.exit(main())
