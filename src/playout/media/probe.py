"""The probe: lets a process of its own look into a file, and believes it only what it can check.

The file is hostile until shown otherwise. Its bytes are handed to a worker through a pipe, the same way for every store;
the worker has limits on memory, work and time, sees no setting and no file, and is killed whatever happens.
Not here: the looking itself (probe_worker, inspection).
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping

from playout.application.ports import Files, Probed
from playout.application.ports.files import PIECE
from playout.domain.errors import PlayoutError, Unplayable
from playout.domain.video import Facts
from playout.media.refusals import Refusal, refused
from playout.media.sieve import KINDS
from playout.media.threads import settled

_LINE = 64  # bytes: the longest thing a worker may say in one line
_HEADER = 16 * 1024
_PICTURE = 2 * PIECE
_WORD = re.compile(r"[a-z0-9_.-]{1,32}")
_STOPPED = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM}


class _Nonsense(Exception):
    """The worker said something that no worker of ours says: its file has taken it over, or it has died."""


class WorkerProbe:
    """The Protocol `Probe`, one process a file."""

    def __init__(
        self,
        files: Files,
        *,
        seconds: float = 30,
        at_once: int = 2,
        worker: str = "playout.media.probe_worker",
    ) -> None:
        self._files = files
        self._seconds = seconds
        self._places = asyncio.Semaphore(at_once)  # each may take a processor and a gibibyte
        self._worker = worker

    async def probe(self, key: str) -> Probed:
        """Raises Unplayable with a code of `Refusal`; FileGone. No process outlives the call, cancelled or not."""
        size = await self._files.size(key)
        async with self._places:
            process = await self._start(size)
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._attend(process, key, size)
            except TimeoutError:
                raise refused(Refusal.TOO_SLOW) from None
            except (_Nonsense, asyncio.IncompleteReadError, ConnectionError):
                await _ended(process)
                raise refused(_cause(process)) from None
            finally:
                await _ended(process)
