"""Scripted faults: what they match and what is left of them. How they are carried out is `gate.py`'s business."""

import fnmatch
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

ACTIONS = (
    "reset_before",
    "reset_after",
    "kill_before",
    "kill_after",
    "status",
    "status_after",
    "stall",
    "stall_after",
    "half_body",
    "html",
    "html_after",
    "malformed",
    "renamed",
    "slow",
    "partial_upload",
)


class BadFaultError(ValueError):
    """A fault that cannot be carried out. The message says why."""


@dataclass(slots=True)
class Fault:
    """One scripted fault. It fires `times` times, then it is spent."""

    action: str
    n: int | None = None  #: the number of the request to hit (and the `times - 1` after it)
    kind: str | None = None  #: the kind of request to hit; `*` matches anything
    nth: int = 1  #: which request of that kind, counted from when the fault was set
    times: int = 1
    pid: int | None = None  #: the process to kill
    status: int = 500
    body: str | None = None  #: sent instead of the platform's own error body
    code: str | None = None  #: error code inside the platform's own error body
    seconds: float = 1.0  #: how long to hold (stall), or to drip (slow)
    delay: float = 0.0  #: real seconds to wait before acting
    bytes: int = 65536  #: how much of an upload to read before the reset (partial_upload)
    met: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)

    @classmethod
    def parse(cls, wish: Mapping[str, object]) -> "Fault":
        """Read the JSON of `POST /_sandbox/faults`. Raises BadFaultError."""
        match = wish.get("match", {})
        if not isinstance(match, Mapping):
            raise BadFaultError("match is an object: {n} or {kind, nth}")
        given = {**{name: value for name, value in wish.items() if name != "match"}, **match}
        fault = cls(action=str(given.pop("action", "")))
        for name, value in given.items():
            kinds = _FIELDS.get(name)
            if kinds is None or isinstance(value, bool) or not isinstance(value, kinds):
                raise BadFaultError(f"{name}={value!r} is not part of a fault")
            setattr(fault, name, value)
        fault._check()
        return fault

    def _check(self) -> None:
        if self.action not in ACTIONS:
            raise BadFaultError(f"unknown action {self.action!r}; known: {', '.join(ACTIONS)}")
        if self.action.startswith("kill") and self.pid is None:
            raise BadFaultError(f"{self.action} needs a pid")

    def hits(self, n: int, kind: str) -> bool:
        """Whether it fires on this request; counts the request if it is of the kind."""
        if self.n is not None:
            hit = self.n <= n < self.n + self.times
        elif fnmatch.fnmatchcase(kind, self.kind or "*"):
            self.met += 1
            hit = self.nth <= self.met < self.nth + self.times
        else:
            hit = False
        self.fired += hit
        return hit

    @property
    def spent(self) -> bool:
        """Whether it will never fire again."""
        return self.fired >= self.times


_FIELDS: Mapping[str, tuple[type, ...]] = {
    "n": (int,),
    "kind": (str,),
    "nth": (int,),
    "times": (int,),
    "pid": (int,),
    "status": (int,),
    "body": (str,),
    "code": (str,),
    "seconds": (int, float),
    "delay": (int, float),
    "bytes": (int,),
}


class FaultBook:
    """The faults that were set, in order; at most one fires on a request."""

    def __init__(self) -> None:
        self._left: list[Fault] = []
        self._fired: list[dict[str, object]] = []

    def add(self, fault: Fault) -> None:
        """Set one more."""
        self._left.append(fault)

    def take(self, n: int, kind: str) -> Fault | None:
        """The fault to carry out on this request, if any. Every fault counts the request, only the first hit fires."""
        hit: Fault | None = None
        for fault in list(self._left):
            if hit is None and fault.hits(n, kind):
                hit = fault
                self._fired.append({"n": n, "kind": kind, "action": fault.action})
            elif hit is not None and fault.n is None and fnmatch.fnmatchcase(kind, fault.kind or "*"):
                fault.met += 1
            if fault.spent:
                self._left.remove(fault)
        return hit

    def view(self) -> dict[str, object]:
        """What `GET /_sandbox/faults` answers."""
        return {"left": [asdict(fault) for fault in self._left], "fired": list(self._fired)}

    def clear(self) -> None:
        """Forget those left and those fired."""
        self._left.clear()
        self._fired.clear()
