"""The crash table: made by recording a clean run, run case by case, judged by the sandbox's ledger.

For every HTTP call n of the recording: killed before it leaves, when it was received and not done, when it was done and
the answer lost, when the answer arrived and was not saved; the two in the middle also as a broken connection. For every
commit: killed before and after it. Then a restart, and the oracle: published exactly once, or it says why not.
Where several workers may share a database also frozen at each of these instants until its hold has run out and another
worker has done the work. On DynamoDB also for every single write: killed and broken off before and after it was done,
once and at every try.
"""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import playout.engines.memory
import playout.engines.postgres
import playout.media.files
import playout.media.render
import playout.media.s3
import playout.platforms.facebook
import playout.platforms.instagram
import playout.platforms.tiktok
import playout.platforms.youtube
import playout.storage.dynamodb
import playout.storage.sql.postgres
import playout.storage.sql.sqlite
import playout.vault  # all that wiring loads on demand: once here, instead of in each forked child  # noqa: F401
from playout.application.hand import LEASE
from playout.settings import Settings
from playout.wiring import open_house
from tests.crash.databases import DYNAMODB, KEEP, SQLITE, STORE_FAULTS, Addresses, Databases, Faulty
from tests.crash.stage import Flow, Sandbox, connect, prepare, settings_for
from tests.crash.victim import SPEED, Plan, answer, run

#: A process that has not ended by now hangs, which is a finding.
HANG = 90.0
FROZEN = 98
GAVE_UP = 70
#: Why a delivery may wait for hours: only the platform's list can tell whether it fetched the file. A day later it is
#: decided.
UNSEEN = "not_seen_yet"
A_DAY = 86_400.0
#: Why a delivery may be held after a renewal whose answer was lost: the platform has ended the old token.
LOST_RENEWAL = frozenset({"invalid_grant", "access_token_invalid"})


@dataclass(frozen=True, slots=True)
class Case:
    """One row: where the process dies or the connection breaks."""

    flow: Flow
    database: str
    instant: str
    number: int
    what: str  # which call or commit, for people
    plan: Plan = field(default_factory=Plan)
    fault: str = ""
    in_store: bool = False  # `fault` is one of the table, not of the platform

    @property
    def name(self) -> str:
        return f"{self.flow.name}/{self.database}/{self.instant}-{self.number} ({self.what})"

    @property
    def breaks_off(self) -> bool:
        """A connection ends, and the process lives."""
        return bool(self.fault) and not self.fault.startswith("kill")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of it. `wrong` is empty where the promise held."""

    case: Case
    state: str
    published: int
    wrong: str = ""
    reached: bool = True

    @property
    def unconfirmed(self) -> bool:
        return self.state == "unconfirmed"


@dataclass(frozen=True, slots=True)
class Life:
    """How a victim's life ended: its exit status (negative: the signal; FROZEN: it stands still)."""

    pid: int
    result: Path
    status: int

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL

    @property
    def frozen(self) -> bool:
        return self.status == FROZEN

    @property
    def found(self) -> dict[str, Any]:
        """What it found, if it ended by itself."""
        return json.loads(self.result.read_text()) if self.result.exists() else {}


@dataclass
class Bench:
    """A worker's own place: a sandbox, and a template per flow and database from which each case starts."""

    folder: Path
    databases: Databases
    sandbox: Sandbox
    ready: dict[tuple[str, str], tuple[Path, Addresses]] = field(default_factory=dict)
    count: int = 0
    lives: int = 0

    # ── a fresh copy ────────────────────────────────────────────────────────────────────────────

    def fresh(self, flow: Flow, database: str) -> Settings:
        """A copy of the template: the database as it was, the files linked or shared."""
        self.sandbox.configure(tiktok={"access_seconds": flow.access_seconds})
        template, there = self._template(flow, database)
        verified = f"{there.bucket_host}/" if flow.from_bucket else f"{self.sandbox.public_url}/pull/"
        self.sandbox.configure(tiktok={"verified_prefixes": [verified]})
        self.count += 1
        folder = self.folder / f"case-{self.count}"
        shutil.copytree(template, folder, copy_function=_copy)
        settings = settings_for(folder, self.sandbox, flow, self.databases.copy(there))
        if flow.renews:
            self._child(lambda: asyncio.run(_reconnect(settings, flow)), folder)
        self.sandbox.clean()
        if database == DYNAMODB:
            self.databases.table(settings.database_url).watch()
        return settings

    def _template(self, flow: Flow, database: str) -> tuple[Path, Addresses]:
        key = (flow.name, database)
        if key not in self.ready:
            folder = self.folder / f"template-{flow.name}-{database}"
            folder.mkdir(parents=True)
            there = self.databases.new(database)
            settings = settings_for(folder, self.sandbox, flow, there)
            self._child(lambda: asyncio.run(prepare(settings, flow)), folder)
            if database == SQLITE:
                _checkpoint(folder / "playout.db")
            self.ready[key] = (folder, there)
        return self.ready[key]

    def discard(self, settings: Settings) -> None:
        """Nothing of a case is kept but its verdict."""
        shutil.rmtree(settings.data_dir, ignore_errors=True)
        self.databases.drop(settings.database_url)

    # ── processes ───────────────────────────────────────────────────────────────────────────────

    def _child(self, work: Callable[[], None], folder: Path) -> None:
        status = _wait(_fork(work, folder / "stderr"))
        if status:
            raise RuntimeError(f"setting up failed ({status}): {(folder / 'stderr').read_text()[-3000:]}")

    def live(self, settings: Settings, plan: Plan, strike: Callable[[int], None] | None = None) -> "Life":
        """One life of the victim, until it ends or stands still. `strike` is told who it is before it begins."""
        gate_in, gate_out = os.pipe()
        self.lives += 1
        result = settings.data_dir / f"result-{self.lives}.json"

        def body() -> None:
            os.close(gate_out)
            os.read(gate_in, 1)
            run(settings, plan, settings.data_dir / "trace", result)

        pid = _fork(body, settings.data_dir / "stderr")
        os.close(gate_in)
        if strike:
            strike(pid)
        os.close(gate_out)
        return Life(pid, result, _wait(pid))

    # ── one case ────────────────────────────────────────────────────────────────────────────────

    def record(self, flow: Flow, database: str) -> list[Case]:
        """A clean run, and a case for everything that happened in it."""
        settings = self.fresh(flow, database)
        with self._server(settings, flow):
            life = self.live(settings, Plan(offset=flow.offset))
        if life.found.get("state") not in {"published", "handed_over"}:
            log = (settings.data_dir / "stderr").read_text()[-3000:]
            raise RuntimeError(f"the clean run of {flow.name} on {database} ended with {life}: {log}")
        trace = [json.loads(line) for line in (settings.data_dir / "trace").read_text().splitlines()]
        writes = self.databases.table(settings.database_url).writes() if database == DYNAMODB else []
        self.discard(settings)
        return [*_cases(flow, database, trace), *_store_cases(flow, database, writes)]

    def judge(self, case: Case) -> Verdict:
        """Runs the case and asks the ledger."""
        settings = self.fresh(case.flow, case.database)
        with self._server(settings, case.flow):
            life, reached = self._lives(settings, case)
        verdict = self._verdict(case, settings, life)
        self.discard(settings)
        return replace(verdict, reached=reached)

    def _lives(self, settings: Settings, case: Case) -> tuple["Life", bool]:
        """One life after the other until the delivery is at rest; the last one, and whether the instant was met."""
        began = time.monotonic()
        side: Faulty = self.databases.table(settings.database_url) if case.in_store else self.sandbox
        strike = partial(side.fail, case.number, case.fault) if case.fault else None
        first = life = self.live(settings, case.plan, strike)
        reached = life.killed or life.frozen or (case.breaks_off and not side.faults_left())
        if life.killed or life.frozen:
            side.mend()
            life = self.live(settings, Plan(offset=_past_the_lease(case, began)))
        if first.frozen:
            life = self._thawed(settings, case, first, began)
        if case.in_store and _gave_up(settings, life):  # whoever runs it starts it again
            life = self.live(settings, Plan(offset=_past_the_lease(case, began)))
        if life.found.get("reason") == UNSEEN:
            life = self.live(settings, Plan(offset=_past_the_lease(case, began) + A_DAY))
        if life.found.get("state") == "held" and life.found["reason"] in LOST_RENEWAL and case.flow.offset:
            self._child(lambda: asyncio.run(_reconnect(settings, case.flow)), settings.data_dir)
            life = self.live(settings, Plan(offset=_past_the_lease(case, began)))
        return life, reached

    @contextmanager
    def _server(self, settings: Settings, flow: Flow) -> Iterator[None]:
        """Where the platform fetches files by itself, somebody must answer while workers come and go."""
        if not flow.pulled:
            yield
            return
        reading, writing = os.pipe()
        pid = _fork(lambda: answer(settings, writing), settings.data_dir / "stderr-server")
        os.close(writing)
        try:
            if not os.read(reading, 1):
                raise RuntimeError((settings.data_dir / "stderr-server").read_text()[-3000:])
            yield
        finally:
            os.close(reading)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _thawed(self, settings: Settings, case: Case, first: "Life", began: float) -> "Life":
        """The first goes on after another one has finished its work: it must see so, and leave everything as it is."""
        os.kill(first.pid, signal.SIGCONT)
        thawed = Life(first.pid, first.result, _wait(first.pid))
        if thawed.status:
            return thawed
        return self.live(settings, Plan(offset=_past_the_lease(case, began)))

    def _verdict(self, case: Case, settings: Settings, life: "Life") -> Verdict:
        found = life.found
        effect = "handed_over" if case.flow.options.get("mode") == "inbox" else "published"
        entries = self.sandbox.effects(effect)
        state = found.get("state", f"ended with {life.status}")
        wrong = _wrong(state, entries, found, effect, (settings.data_dir / "sha256").read_text())
        if wrong:
            log = (settings.data_dir / "stderr").read_text()[-1500:]
            wrong += f" [reason {found.get('reason')}, {found.get('tries')} tries] {log}"
        return Verdict(case, state, len(entries), wrong)


def _past_the_lease(case: Case, began: float) -> float:
    """By how much the next life's clock is ahead, so that what the last one held is out of its hands."""
    return case.flow.offset + LEASE.total_seconds() + SPEED * (time.monotonic() - began)


def _gave_up(settings: Settings, life: "Life") -> bool:
    """Whether it ended because the store did not answer, as it may when it begins, and said so."""
    told = (settings.data_dir / "stderr").read_text().splitlines()
    return life.status == GAVE_UP and told[-1].startswith("playout.domain.errors.Unavailable:")


def _wrong(state: str, entries: Sequence[dict[str, Any]], found: dict[str, Any], effect: str, sha256: str) -> str:
    if len(entries) > 1:
        return f"{effect} {len(entries)} times"
    if any(one.get("sha256") != sha256 for one in entries):
        return "other bytes than the person's were published"
    if state == effect:
        names = {str(one.get(key)) for one in entries for key in ("post_id", "publish_id", "container")}
        return "" if entries and found["remote_id"] in names | {""} else "a receipt for what is not there"
    if state == "unconfirmed":
        return ""
    return f"lost: it is {state}" if not entries else f"it is there, and the record says {state}"


def _cases(flow: Flow, database: str, trace: Sequence[tuple[str, int, str]]) -> Iterator[Case]:
    for instant, number, what in trace:
        if instant == "send":
            yield Case(
                flow, database, "fence saved, nothing sent", number, what, Plan("send", number, offset=flow.offset)
            )
            for action in ("kill_before", "kill_after", "reset_before", "reset_after"):
                yield Case(flow, database, action, number, what, Plan(offset=flow.offset), action)
        elif instant == "received":
            yield Case(
                flow, database, "answered, not saved", number, what, Plan("received", number, offset=flow.offset)
            )
        else:
            yield Case(flow, database, instant, number, what, Plan(instant, number, offset=flow.offset))
        if database != SQLITE:  # there the folder's lock keeps a second worker out
            frozen = Plan(instant, number, freeze=True, offset=flow.offset)
            yield Case(flow, database, f"frozen at {instant}", number, what, frozen)


def _store_cases(flow: Flow, database: str, writes: Sequence[str]) -> Iterator[Case]:
    """Of holds that are prolonged one after the other, the first stands for all."""
    for number, (before, what) in enumerate(pairwise(["", *writes]), 1):
        if not before == what == KEEP:
            for action in STORE_FAULTS:
                plan = Plan(offset=flow.offset)
                yield Case(flow, database, f"store {action}", number, what, plan, action, in_store=True)


async def _reconnect(settings: Settings, flow: Flow) -> None:
    async with open_house(settings) as house:
        await connect(house, flow)


def _fork(work: Callable[[], None], errors: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = GAVE_UP
    try:
        handle = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(handle, 2)
        os.dup2(handle, 1)
        work()
        code = 0
    except BaseException:  # noqa: BLE001 -- a forked child must end here, whatever happened
        traceback.print_exc()
    finally:
        os._exit(code)


def _wait(pid: int) -> int:
    until = time.monotonic() + HANG
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if done:
            return FROZEN if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 99


def _copy(source: str, target: str) -> str:
    if "/files/" in source:
        os.link(source, target)
    else:
        shutil.copyfile(source, target)
        shutil.copymode(source, target)
    return target


def _checkpoint(path: Path) -> None:
    """Everything into the one file, so that a copy of it is whole."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
