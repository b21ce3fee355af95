"""The REST API under load: mixed reads and writes on SQLite, with a thousand posts and with a hundred thousand.

`playout serve` runs as users run it, with its worker; the generator (`load_users`) shares the two cores with it. The
two databases take turns, so that whatever else the machine does meets both, and medians over the rounds count.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.figures import Figure
from bench.load_seed import Seeded, seed
from bench.measured import child
from playout.door.sandbox import settings as sandbox_settings
from playout.settings import PREFIX, Settings

PLAYOUT = str(Path(sys.executable).with_name("playout"))
SIZES = (1_000, 100_000)
ROUNDS = 5
USERS = 16
WARM_UP = 2  # seconds, not counted
SECONDS = 8
#: Nobody listens there: what is measured asks no platform anything.
NO_PLATFORM = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of the generator measured."""

    rate: float
    seconds: dict[str, list[float]]
    statuses: dict[str, int]
    unexpected: dict[str, int]
    processor: float  # seconds of it that the server used for all of these, warming up included

    @property
    def cost(self) -> float:
        """Milliseconds of processor time a request: what else the machine does moves this least."""
        return 1000 * self.processor / (self.rate * (WARM_UP + SECONDS))

    def cut(self, per_cent: int) -> float:
        """In milliseconds."""
        return 1000 * statistics.quantiles([one for each in self.seconds.values() for one in each], n=100)[per_cent - 1]


def figures(folder: Path) -> Iterator[Figure]:
    """Requests a second and their times for both sizes, and how they grow."""
    rounds: dict[int, list[Round]] = {size: [] for size in SIZES}
    with ExitStack() as stack:
        servers = {size: stack.enter_context(_served(folder / str(size), size)) for size in SIZES}
        for number in range(ROUNDS):
            for size in SIZES if number % 2 else reversed(SIZES):
                rounds[size].append(_driven(servers[size]))
    for size in SIZES:
        yield from _told(size, rounds[size])
    small, large = (statistics.median(one.cut(99) for one in rounds[size]) for size in SIZES)
    yield Figure("p99 with 100,000 posts against 1,000", f"{large / small:.2f}", "<= 1.5", large / small <= 1.5)


def _told(size: int, rounds: list[Round]) -> Iterator[Figure]:
    name = f"{size:,} posts"
    rate = statistics.median(one.rate for one in rounds)
    half, most = (statistics.median(one.cut(per_cent) for one in rounds) for per_cent in (50, 99))
    statuses, unexpected = Counter[str](), Counter[str]()
    for one in rounds:
        statuses.update(one.statuses)
        unexpected.update(one.unexpected)
    broken = sum(count for status, count in statuses.items() if not 0 < int(status) < 500)
    yield Figure(f"{name}: requests a second, {USERS} users without a pause", f"{rate:.0f}/s", ">= 300/s", rate >= 300)
    yield Figure(f"{name}: p50 / p99", f"{half:.0f} / {most:.0f} ms", "p99 <= 250 ms", most <= 250)
    cost = statistics.median(one.cost for one in rounds)
    yield Figure(f"{name}: processor time of the server, a request", f"{cost:.1f} ms")
    yield Figure(f"{name}: 5xx, or no answer at all", f"{broken} of {statuses.total()}", "= 0", broken == 0)
    yield Figure(f"{name}: unexpected statuses", f"{unexpected.total()}", "= 0", not unexpected)
    for what, count in unexpected.most_common(5):
        yield Figure(f"  {what}", f"{count}")
    for kind in sorted({kind for one in rounds for kind in one.seconds}):
        times = [1000 * each for one in rounds for each in one.seconds.get(kind, ())]
        cuts = statistics.quantiles(times, n=100) if len(times) > 1 else times * 99
        yield Figure(f"  {kind} ({len(times)}): p50 / p99", f"{cuts[49]:.0f} / {cuts[98]:.0f} ms")


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs, and what the generator must know of it."""

    process: psutil.Process
    plan: dict[str, Any]

    @property
    def processor(self) -> float:
        """Seconds of processor time that it has used."""
        used = self.process.cpu_times()
        return float(used.user + used.system)


@contextmanager
def _served(folder: Path, size: int) -> Iterator[Server]:
    """A server on a database of this size."""
    folder.mkdir()
    named = {**sandbox_settings(NO_PLATFORM), f"{PREFIX}DATA_DIR": str(folder / "data")}
    settings = Settings.model_validate({name.removeprefix(PREFIX).lower(): value for name, value in named.items()})
    seeded = Seeded(**child(lambda: asdict(seed(settings, size))).result)
    environment = {**os.environ, **named, f"{PREFIX}PORT": "0", f"{PREFIX}RATE_LIMIT": "0"}
    log = folder / "log"
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [PLAYOUT, "serve", "--json"], env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=file
        ) as server,
    ):
        try:
            plan = {"url": _address(log, server), "users": USERS, "warm_up": WARM_UP, "seconds": SECONDS}
            yield Server(psutil.Process(server.pid), plan | asdict(seeded))
        finally:
            server.send_signal(signal.SIGTERM)


def _address(log: Path, server: subprocess.Popen[bytes]) -> str:
    """Where it listens, as it says itself once it is ready."""
    while server.poll() is None:
        for line in log.read_text().splitlines(keepends=True):
            said = json.loads(line) if line.endswith("\n") else {}
            if said.get("event") == "ready":
                return str(said["url"])
        time.sleep(0.05)
    msg = f"the server ended: {log.read_text()[-2000:]}"
    raise RuntimeError(msg)


def _driven(server: Server) -> Round:
    command = [sys.executable, "-m", "bench.load_users"]
    before = server.processor
    done = subprocess.run(command, input=json.dumps(server.plan), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Round(**json.loads(done.stdout), processor=server.processor - before)
