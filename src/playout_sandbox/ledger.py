"""The append-only ledger of effects: what the platform did, as opposed to what it answered. The tests' oracle.

No token, code, secret or upload address is ever written here.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from playout_sandbox.clock import Clock

Entry = Mapping[str, object]


class Ledger:
    """One JSON object a line in `path`, each on disk (fsync) before the answer goes out. Reads come from memory."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._entries: list[Entry] = _read(path)
        self._file: IO[str] = path.open("a", encoding="utf-8")

    def record(self, effect: str, *, platform: str, request: int | None, durable: bool = True, **facts: object) -> None:
        """Add one effect. `request` is the number of the platform request that caused it."""
        entry = {
            "seq": len(self._entries) + 1,
            "at": self._clock.now(),
            "platform": platform,
            "effect": effect,
            "request": request,
            **facts,
        }
        self._entries.append(entry)
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._file.flush()
        if durable:
            os.fsync(self._file.fileno())

    def entries(self, effect: str | None = None, *, after: int = 0) -> list[Entry]:
        """Every entry in order after that number, or only those of one effect."""
        return [entry for entry in self._entries[after:] if effect is None or entry["effect"] == effect]

    def clear(self) -> None:
        """Start an empty ledger (only a reset of the whole sandbox does this)."""
        self._entries.clear()
        self._file.truncate(0)

    def close(self) -> None:
        """Close the file; nothing can be recorded afterwards."""
        self._file.close()


def _read(path: Path) -> list[Entry]:
    """What an earlier run left, without a last line that a kill tore."""
    if not path.exists():
        return []
    whole, _, torn = path.read_text(encoding="utf-8").rpartition("\n")
    if torn:
        path.write_text(whole + "\n" if whole else "", encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines() if line]
