"""`python -m tests.fuzz [--requests N] [--seed N] [--examples N]`: the long run, against a real process."""

import argparse
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

import schemathesis
from schemathesis.core.result import Ok

from tests.fuzz.house import Scene, scene
from tests.fuzz.rules import LEFT_OUT
from tests.fuzz.run import DOCUMENT, Plan, Report, configuration, run

REQUESTS, EXAMPLES, SEQUENCES = 20_000, 100, 500


def main() -> int:
    """Exit code 0 only if nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="at least so many")
    parser.add_argument("--seed", type=int, default=SystemRandom().getrandbits(32), help="to see a run again")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="of each route in a round")
    asked = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="playout-fuzz-") as folder, scene(Path(folder)) as there:
        number = 0
        while report.requests < asked.requests and there.serving.process.poll() is None:
            # Examples and edge cases are the same in every round: the first one has them all.
            phases = ("fuzzing", "stateful") if number else ("examples", "coverage", "fuzzing", "stateful")
            _round(there, report, Plan(asked.seed + number, asked.examples, SEQUENCES, phases=phases))
            number += 1
            sys.stderr.write(f"round {number}: {report.requests:,} requests, {len(report.findings)} findings\n")
        for last in LEFT_OUT:
            _round(there, report, Plan(asked.seed, 5, 0, phases=("examples", "fuzzing")), last)
        there.mistakes(report)
    sys.stdout.write(report.told() + "\n")
    return 1 if report.findings else 0


def _round(there: Scene, report: Report, plan: Plan, only: str | None = None) -> None:
    schema = schemathesis.openapi.from_url(
        f"{there.serving.url}{DOCUMENT}",
        config=configuration(there.known, plan, there.token, everything=only is not None),
    )
    if only is None or only in {one.ok().label for one in schema.get_all_operations() if isinstance(one, Ok)}:
        run(schema, there.known, plan, report, only=only)


if __name__ == "__main__":
    sys.exit(main())
