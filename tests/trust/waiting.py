"""Waiting for what happens in another process."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0  # seconds; only ever used up by a failure


def until(ask: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + patience
    while not (answer := ask()):
        if time.monotonic() > deadline:
            msg = f"it did not come: {what}"
            raise AssertionError(msg)
        time.sleep(0.05)
    return answer
