"""Every row of the table of faults, at real adapters and a real sandbox; and that the table leaves nothing out."""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from playout.domain.retry import Kind
from tests.corpora.fault import ON, Row, Sort
from tests.corpora.faults import FAULTS
from tests.corpora.faults_stage import PLACES, Stage, opened
from tests.sandbox.process import sandbox

LEAST = 150  # rows
CASES = [(platform, row) for platform, rows in FAULTS.items() for row in rows]
NAMES = [f"{platform}, {row.name}" for platform, row in CASES]


@pytest.fixture(scope="module")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(sandbox_url: str) -> AsyncIterator[Stage]:
    async with opened(sandbox_url) as stage:
        yield stage


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("platform", "row"), CASES, ids=NAMES)
async def test_a_fault_ends_as_the_table_says(stage: Stage, platform: str, row: Row) -> None:
    ended = await stage.plays(platform, row)

    assert ended.fired == 1
    assert ended.told == row.wanted
    assert is_about(ended.retry_at, row.lifts, ended.asked), (ended.retry_at, ended.asked)
    # who says that it is certainly not done must be right
    assert ended.published == 0 or row.ends is Kind.UNSURE


def is_about(found: datetime | None, lifts: timedelta | str | None, asked: Sequence[datetime]) -> bool:
    """Whether it is so long after the question, which was asked between two times."""
    if found is None or lifts is None:
        return found is None and lifts is None
    first, last = (at + lifts if isinstance(lifts, timedelta) else midnight(at) for at in asked)
    return first <= found <= last


def midnight(now: datetime) -> datetime:
    """The next one in California, counted in another way than the adapter does."""
    there = now.astimezone(ZoneInfo("America/Los_Angeles"))
    return datetime.combine(there.date() + timedelta(days=1), there.time().min, there.tzinfo).astimezone(UTC)


# ── the table itself ─────────────────────────────────────────────────────────────────────────────


def test_the_table_covers_every_platform_with_every_sort_of_fault_and_every_kind_of_failure() -> None:
    sorts, kinds = counted(Sort, lambda row: row.fault.sort), counted([*Kind, ON], lambda row: row.ends)
    sys.stdout.write(f"{len(CASES)} rows\n{written(sorts)}{written(kinds)}")

    failures = [row for _, row in CASES if row.ends != ON]
    assert len(failures) >= LEAST
    assert [name for name, counts in {**sorts, **kinds}.items() if 0 in counts] == []


def test_every_place_is_met() -> None:
    met = {(platform, row.at) for platform, row in CASES}

    assert met == {(platform, at) for platform, places in PLACES.items() for at in places}


def test_a_code_that_nobody_knows_never_waits_for_a_time_that_nobody_named() -> None:
    """AGAIN is counted, and ends after so many tries; LATER is not, and so needs a status that says it."""
    endless = [row.name for _, row in CASES if row.fault.sort is Sort.UNKNOWN and row.ends is Kind.LATER]

    assert [name for name in endless if ": 429 " not in name] == []


def counted(columns: Iterable[str], of: Callable[[Row], str]) -> Mapping[str, Sequence[int]]:
    """How many rows of each platform are in each column."""
    found = Counter((platform, str(of(row))) for platform, row in CASES)
    return {str(column): [found[platform, str(column)] for platform in FAULTS] for column in columns}


def written(counts: Mapping[str, Sequence[int]]) -> str:
    head = f"{'':24}" + "".join(f"{platform:>11}" for platform in FAULTS)
    rows = [f"{name:24}" + "".join(f"{count:11}" for count in row) for name, row in counts.items()]
    return "\n".join(["", head, *rows, ""])
