"""The sandbox, driven from a test that is no coroutine."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.sandbox.process import sandbox
from tests.trust.waiting import until

CLIENT_KEY = "sandbox-client-key"


class OtherSide:
    """Its control address; no answer of it counts as a request of the platform."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        address = f"{self.url}/_sandbox/{path}"
        asked = urllib.request.Request(address, data, {"content-type": "application/json"}, method=method)  # noqa: S310 -- as below
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 -- loopback, our own child
            return json.loads(answer.read())

    def fault(self, kind: str, action: str, **more: object) -> None:
        self.control("faults", {"match": {"kind": f"tiktok.{kind}"}, "action": action, **more})

    def requests(self, kind: str) -> int:
        """How many of this kind came."""
        return sum(one["kind"] == f"tiktok.{kind}" for one in self.control("requests"))

    def asked(self, kind: str, times: int = 1) -> None:
        """Waits for it."""
        until(lambda: self.requests(kind) >= times, f"{times} × {kind}")

    def published(self) -> list[dict[str, Any]]:
        noted: list[dict[str, Any]] = self.control("ledger?effect=published")
        return noted


@contextmanager
def other_side(folder: Path, *, client_secret: str = "sandbox-client-secret", **tiktok: object) -> Iterator[OtherSide]:
    """A sandbox of its own, which agrees to everything at once."""
    with sandbox(folder) as url:
        there = OtherSide(url)
        there.control(
            "config",
            {
                "auto_consent": True,
                "limits": False,
                "pull_insecure": True,
                "pull_delay": 0.0,
                "tiktok": {"client_secret": client_secret, **tiktok},
            },
        )
        yield there
