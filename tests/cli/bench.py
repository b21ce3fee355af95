"""The workbench of these tests: a command line run in this process or in one of its own, and the other side."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from playout.cli.tree import run
from playout.domain.delivery import JsonValue
from playout.door.tree import Front, whole_tree

ROOT = Path(__file__).parents[2]
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, JsonValue]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def messages(self) -> list[dict[str, JsonValue]]:
        return [json.loads(line) for line in self.err.splitlines()]

    @property
    def error(self) -> dict[str, JsonValue]:
        found = self.messages[-1]["error"]
        assert isinstance(found, dict)
        return found


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's, with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYOUT_")}
    return {**kept, **settings}


@dataclass(slots=True)
class Bench:
    """One data folder, its settings, and a command line on it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    settings: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str | Path) -> Ended:
        """`playout WORDS`, in this process."""
        self.capsys.readouterr()
        with kept_logging():
            code = run(whole_tree(), [str(word) for word in words], Front())
        shown = self.capsys.readouterr()
        return Ended(code, shown.out, shown.err)

    def process(self, *words: str | Path, given: str = "") -> Ended:
        """The same in a process of its own, with `given` on its standard input, until it ends."""
        done = subprocess.run(
            self._command(words),
            env=environment(self.settings),
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(self, *words: str | Path) -> Iterator[subprocess.Popen[str]]:
        """A process of its own, killed at the end if it still runs."""
        with subprocess.Popen(
            self._command(words),
            env=environment(self.settings),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def _command(self, words: Sequence[str | Path]) -> list[str]:
        return [sys.executable, "-m", "playout", *map(str, words)]


@contextmanager
def kept_logging() -> Iterator[None]:
    """A verb sets the log of its process up; here it is not its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        for handler in set(root.handlers) - set(handlers):
            if isinstance(handler, logging.FileHandler):
                handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)


def message(process: subprocess.Popen[str]) -> dict[str, JsonValue]:
    """The next line of a process's messages."""
    assert process.stderr is not None
    found: dict[str, JsonValue] = json.loads(process.stderr.readline())
    return found


def fetch(url: str, body: Mapping[str, object] | None = None) -> str:
    """What a browser gets there; redirects are followed."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers={"Content-Type": JSON} if data else {})  # noqa: S310 -- loopback only
    with urlopen(request, timeout=20) as answer:  # noqa: S310 -- as above
        text: str = answer.read().decode()
        return text
