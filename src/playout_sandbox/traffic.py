"""The log of requests the emulated platforms received, numbered from 1. No header, query or body is kept."""

from dataclasses import asdict, dataclass

from playout_sandbox.clock import Clock


@dataclass(slots=True)
class Seen:
    """One platform request."""

    n: int
    kind: str
    method: str
    at: float
    status: int | None = None  #: None while in hand, and for ever if the answer was withheld
    fault: str | None = None  #: the action of the scripted fault that fired on it


class Traffic:
    """Numbers requests in order of arrival."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: list[Seen] = []

    def begin(self, kind: str, method: str) -> Seen:
        """Give the next number to a request."""
        seen = Seen(n=len(self._seen) + 1, kind=kind, method=method, at=self._clock.now())
        self._seen.append(seen)
        return seen

    def view(self) -> list[dict[str, object]]:
        """What `GET /_sandbox/requests` answers."""
        return [asdict(seen) for seen in self._seen]

    def clear(self) -> None:
        """Forget all; the next request is number 1."""
        self._seen.clear()
