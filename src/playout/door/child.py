"""The sandbox as a child process: Playout shares no import with it."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playout.domain.errors import Unavailable

_TO_START = 30.0  # seconds
_TO_END = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that answers."""

    url: str
    port: int
    process: asyncio.subprocess.Process


@asynccontextmanager
async def sandbox(
    data: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    profile: str = "real",
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """Answers while the block runs. In a session of its own, so that Ctrl-C reaches us first. Raises Unavailable."""
    options = ["--host", host, "--port", str(port), "--data", str(data), "--profile", profile]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "playout_sandbox", *options, stdout=PIPE, start_new_session=True, env=environment
    )
    try:
        yield await _ready(process)
    finally:
        await _end(process)


async def _ready(process: asyncio.subprocess.Process) -> Running:
    if process.stdout is None:
        raise AssertionError("the child was given a pipe")
    try:
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), _TO_START))
    except (TimeoutError, ValueError) as silent:
        raise Unavailable("The sandbox did not start. What it said is above.", code="sandbox") from silent
    return Running(told["url"], told["port"], process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _TO_END)
    except TimeoutError:
        process.kill()
        await process.wait()
