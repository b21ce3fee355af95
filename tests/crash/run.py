"""Runs the table on two cores, and prints its size and its result."""

import multiprocessing
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.util import Finalize
from pathlib import Path

from tests.crash.databases import DYNAMODB, POSTGRESQL, SQLITE, Databases
from tests.crash.stage import FLOWS, Sandbox
from tests.crash.table import Bench, Case, Verdict

#: Flow, database, and the call that is its point of no return.
SAMPLE = (
    ("direct", "sqlite", "PUT"),
    ("pull", "postgresql", "video/init"),
    ("inbox", "postgresql", "PUT"),
    ("renewing", "sqlite", "oauth/token"),
    ("youtube", "sqlite", "PUT"),
    ("instagram", "postgresql", "media_publish"),
    ("instagram through a page", "sqlite", "media_publish"),
    ("facebook reel", "postgresql", "video_reels"),
    ("facebook long", "sqlite", "POST facebook-graph/v25.0/"),
    ("pull", "dynamodb", "video/init"),
)
#: Of the other cases, one in so many is in the sample.
SPARSE = {SQLITE: 29, POSTGRESQL: 29, DYNAMODB: 43}
#: More than this share of cases that only a person can settle would make the promise hollow.
MOST_UNCONFIRMED = 0.02


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A worker's place, with its sandbox and its databases."""
    databases = Databases()
    sandbox = Sandbox(folder / "sandbox")
    try:
        yield Bench(folder, databases, sandbox)
    finally:
        sandbox.close()
        databases.close()


def cases_of(place: Bench, only: str) -> list[Case]:
    """Every case, from a clean run of each flow on each database; of one pair alone if `only` names one."""
    pairs = [(flow, database) for flow in FLOWS for database in flow.databases]
    named = [(flow, database) for flow, database in pairs if only.startswith((f"{flow.name}/{database}", database))]
    return [case for flow, database in named or pairs for case in place.record(flow, database)]


def sample_of(place: Bench) -> list[Case]:
    """The instants around each point of no return, and a few of all the others."""
    chosen = []
    for flow, database, telling in SAMPLE:
        cases = [case for one in FLOWS if one.name == flow for case in place.record(one, database)]
        last = max(case.number for case in cases if telling in case.what)
        chosen += [case for case in cases if telling in case.what and case.number == last]
        chosen += cases[:: SPARSE[database]]
    return chosen


def all_cases(workers: int, only: str, every: int, *, sample: bool) -> int:
    """The table. Exit code 1 if anything was lost or published twice."""
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        with bench(Path(folder) / "recording") as place:
            found = sample_of(place) if sample else cases_of(place, only)
        cases = [case for case in found if re.search(only, case.name)][::every]
        print(f"{len(cases)} cases: {_sizes(cases)}", flush=True)
        began = time.monotonic()
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers, _move_in, (folder,)) as pool:
            verdicts = list(_told(pool.imap_unordered(_judge, cases), len(cases)))
            pool.close()
            pool.join()
    return report(verdicts, time.monotonic() - began)


def report(verdicts: Sequence[Verdict], seconds: float) -> int:
    """Prints the result; says whether the promise held."""
    wrong = [one for one in verdicts if one.wrong]
    unconfirmed = [one for one in verdicts if one.unconfirmed]
    twice = [one for one in wrong if one.published > 1]
    for one in wrong:
        print(f"WRONG {one.case.name}: {one.wrong}")
    for one in unconfirmed:
        print(f"unconfirmed: {one.case.name} (published {one.published})")
    share = len(unconfirmed) / max(len(verdicts), 1)
    states = ", ".join(f"{count} {state}" for state, count in Counter(one.state for one in verdicts).most_common())
    reached = sum(one.reached for one in verdicts)
    print(f"{len(verdicts)} cases in {seconds:.0f} s; {reached} reached their instant; {states}")
    print(
        f"published twice: {len(twice)}; lost or otherwise wrong: {len(wrong) - len(twice)}; "
        f"unconfirmed: {len(unconfirmed)} ({share:.1%}, at most {MOST_UNCONFIRMED:.0%})"
    )
    return 1 if wrong or share > MOST_UNCONFIRMED or not verdicts else 0


def _sizes(cases: Iterable[Case]) -> str:
    counted = Counter(f"{case.flow.name} on {case.database}" for case in cases)
    return ", ".join(f"{count} {name}" for name, count in counted.items())


def _told(verdicts: Iterable[Verdict], total: int) -> Iterator[Verdict]:
    for number, one in enumerate(verdicts, 1):
        if one.wrong:
            print(f"WRONG {one.case.name}: {one.wrong}", flush=True)
        elif number % 25 == 0:
            print(f"  {number}/{total}", file=sys.stderr, flush=True)
        yield one


_places: list[Bench] = []  # one per worker process


def _move_in(folder: str) -> None:
    place = bench(Path(folder) / multiprocessing.current_process().name)
    _places.append(place.__enter__())
    Finalize(None, place.__exit__, (None, None, None), exitpriority=10)


def _judge(case: Case) -> Verdict:
    return _places[0].judge(case)
