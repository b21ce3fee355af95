"""A machine on which Playout is installed: a home, a data folder, an environment, and everything any process prints.

All of it lies below one folder, so that one search sees whatever a process left anywhere.
"""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playout.domain.person import ALL_SCOPES
from playout.settings import Settings, load
from playout.wiring import open_house
from tests.trust.other_side import CLIENT_KEY
from tests.trust.waiting import PATIENCE, until

Env = Mapping[str, str]  # names without their prefix
NONE: Env = {}
_ADDRESS = re.compile(r"Playout answers .*?(http://127\.0\.0\.1:\d+)")


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ended by itself."""

    code: int
    out: str
    err: str
    place: str  # of its output, below the machine's folder


@dataclass(slots=True)
class Serving:
    """A `playout serve` that answers."""

    process: subprocess.Popen[bytes]
    url: str
    stderr: Path

    def told(self) -> str:
        return self.stderr.read_text()

    def end(self, by: signal.Signals) -> int:
        """Its exit code."""
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)


@dataclass
class Machine:
    """Everything below `root`; `settings` go into the environment of each process."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)  # of others, under their whole names
    processes: int = 0

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "output"):
            (self.root / name).mkdir(parents=True)

    @property
    def data(self) -> Path:
        return self.root / "data"

    def connected_to(self, url: str, client_secret: str = "sandbox-client-secret") -> None:
        """Publishes there from now on."""
        self.settings |= {
            "TIKTOK_CLIENT_KEY": CLIENT_KEY,
            "TIKTOK_CLIENT_SECRET": client_secret,
            "TIKTOK_WWW_URL": f"{url}/tiktok-www",
            "TIKTOK_API_URL": f"{url}/tiktok-api",
        }

    def environment(self, more: Env) -> dict[str, str]:
        """Nothing of the developer's own Playout gets in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYOUT_")}
        ours = {"DATA_DIR": str(self.data), **self.settings, **more}
        home = {"HOME": str(self.root / "home"), "TMPDIR": str(self.root / "tmp"), "COLUMNS": "200"}
        return kept | home | self.outside | {f"PLAYOUT_{name}": value for name, value in ours.items()}

    @property
    def loaded(self) -> Settings:
        """What a process of this machine would read."""
        return load(self.environment({}), self.root / "home", {}).settings

    def token(self) -> str:
        """One with every scope, made without a process of its own."""
        return asyncio.run(self._token())

    async def _token(self) -> str:
        async with open_house(self.loaded) as house:
            people = house.services.people
            return (await people.mint(people.operator("cli"), "alice", sorted(ALL_SCOPES))).secret.reveal()

    def run(self, *words: str, given: str = "", limit: int | None = None, settings: Env = NONE) -> Ran:
        """`playout` with these words, to its end. `limit`: the largest file that it can write, in bytes."""
        return self.python("-m", "playout", *words, given=given, limit=limit, settings=settings)

    def python(self, *words: str, given: str = "", limit: int | None = None, settings: Env = NONE) -> Ran:
        process, output = self._start(words, settings, limit, subprocess.PIPE)
        process.communicate(given.encode(), PATIENCE)
        texts = [output.with_suffix(end).read_text(errors="backslashreplace") for end in (".out", ".err")]
        return Ran(process.returncode, texts[0], texts[1], output.relative_to(self.root).as_posix())

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """Python with these words, killed at the end. Its standard input is a pipe."""
        process, _ = self._start(words, {}, None, subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def serving(self, *words: str, limit: int | None = None, settings: Env = NONE) -> Iterator[Serving]:
        """A server on a port of its own; still alive at the end of the block, it is stopped in good order."""
        words = ("-m", "playout", "serve", "--port", "0", *words)
        process, output = self._start(words, settings, limit, subprocess.DEVNULL)
        serving = Serving(process, "", output.with_suffix(".err"))

        def ready() -> str:
            said = serving.told()
            assert process.poll() is None, said
            found = _ADDRESS.search(said)
            return found[1] if found else ""

        try:
            serving.url = until(ready, "the server's address")
            yield serving
            if process.poll() is None:
                assert serving.end(signal.SIGTERM) == 0, serving.told()
        finally:
            process.kill()
            process.wait()

    def _start(
        self, words: Sequence[str], settings: Env, limit: int | None, stdin: int
    ) -> tuple[subprocess.Popen[bytes], Path]:
        self.processes += 1
        output = self.root / "output" / f"{self.processes:02}"
        with output.with_suffix(".out").open("wb") as out, output.with_suffix(".err").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", *words],
                stdin=stdin,
                stdout=out,
                stderr=err,
                cwd=self.root / "home",
                env=self.environment(settings),
            )
        if limit is not None:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        _, most = resource.prlimit(process.pid, resource.RLIMIT_CORE)
        resource.prlimit(process.pid, resource.RLIMIT_CORE, (most, most))  # as on a machine that keeps cores
        return process, output
