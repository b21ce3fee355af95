"""A piece of work in a process of its own, with the time and memory it took by the system's own account."""

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Run:
    """How a child ended: what it returned, its seconds, and its largest resident size in MiB."""

    result: Any
    seconds: float
    peak: float


def child(work: Callable[[], Any]) -> Run:
    """Forks, runs `work` there and gives its (JSON) result. Raises RuntimeError where it failed."""
    reading, writing = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            os.write(writing, json.dumps(work()).encode())
            code = 0
        except BaseException:  # noqa: BLE001 -- a forked child must end here, whatever happened
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status, usage = os.wait4(pid, 0)
    if status:
        msg = "a measured process failed; see above"
        raise RuntimeError(msg)
    return Run(json.loads(told), time.monotonic() - began, usage.ru_maxrss / 1024)


#: Run in an interpreter of its own: a process begins with the memory of the one that started it.
RUNNER = """
import json, os, sys, time
began = time.monotonic()
null = [(os.POSIX_SPAWN_OPEN, n, "/dev/null", os.O_WRONLY, 0) for n in (1, 2)]
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=null)
_, status, usage = os.wait4(pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - began, usage.ru_maxrss / 1024]))
"""


def command(*words: str) -> Run:
    """A command as a whole process; its output is thrown away."""
    runner = [sys.executable, "-I", "-S", "-c", RUNNER, *words]
    return Run(*json.loads(subprocess.run(runner, capture_output=True, text=True, check=True).stdout))
