"""What is there before a run begins, and how requests come to speak of it.

What schemathesis makes up is well formed and rarely means anything: the id of nothing, a time long past, an option of
another platform. So ids are taken from what is there in most cases, and in half of them a post is one that can be made.
Only requests that are right by the schema are changed, and they stay right: what was made wrong on purpose stays so.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.generation.meta import TestPhase
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

#: Nobody listens there, and a server under test that really connects may reach it: what goes there fails at once. No
#: request of a run may make a server connect to anything else.
NOWHERE = "127.0.0.1:9"
_URL = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_ID = re.compile(r"_[0-9a-z]{26}")
#: How often a made-up id is replaced by a known one.
OFTEN = 0.7


@dataclass
class Known:
    """`ids`: by the name they have in addresses and bodies. `options`: by channel, with which a post can be made."""

    ids: Mapping[str, Sequence[str]]
    options: Mapping[str, Mapping[str, Any]]
    when: str  # a time at which a post can be scheduled
    clip: bytes  # a file that can be taken in
    workspace: str = "Home"  # its name
    elsewhere: str = NOWHERE  # the host that every address in a request leads to
    kept: frozenset[str] = field(default_factory=frozenset)  # ids that nothing may delete: the run stands on them

    def dictionaries(self) -> dict[str, Any]:
        """For schemathesis' configuration."""
        return {name: {"values": list(values)} for name, values in self.ids.items()}

    def parameters(self) -> dict[str, Any]:
        """Where these ids belong, for the same."""
        places = ("path.{}", "query.{}", "body.{}", "body.destinations[*].{}")
        return {place.format(name): {"dictionary": name, "probability": OFTEN} for name in self.ids for place in places}

    @contextmanager
    def spoken_of(self) -> Iterator[None]:
        """While the block runs, requests are changed as said above."""

        def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
            self._change(case)

        schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
        GLOBAL_HOOK_DISPATCHER.register_hook_with_name(before_call, "before_call")
        try:
            yield
        finally:
            GLOBAL_HOOK_DISPATCHER.unregister(before_call)

    def _change(self, case: Case[Any]) -> None:
        if (led := _led_to(self.elsewhere, case.body)) != case.body:
            case.body = led
        if case.method == "DELETE" and self.kept & set(map(str, case.path_parameters.values())):
            case.path_parameters = {name: _other(str(value)) for name, value in case.path_parameters.items()}
        if case.meta is None or not case.meta.generation.mode.is_positive:
            return
        if case.meta.phase.name is TestPhase.STATEFUL:  # a repeat tells of what was made before, and may be gone again
            case.headers.pop("Idempotency-Key", None)
        chance = _chance(case)
        if case.path.endswith("/videos") and case.method == "POST" and chance % 8 == 0:
            case.body = self.clip
        elif case.path.endswith("/uploads") and case.method == "POST":
            _one_length(case.headers)
        elif case.path.endswith("/workspace") and case.method == "DELETE":
            case.body = {"confirm": self.workspace}
        elif case.path.endswith(("/calendar", "/results")):
            _in_order(case.query)
        elif isinstance(case.body, dict) and "destinations" in case.body and chance % 2:
            case.body = self._possible(case.body, chance)

    def _possible(self, post: dict[str, Any], chance: int) -> dict[str, Any]:
        """The same post to channels that are there, each once, with options they know, at a time that will come."""
        channels = list(self.options)
        there = [channels[(chance + number) % len(channels)] for number in range(1 + chance // 7 % 2)]
        aims = [one if isinstance(one, dict) else {} for one in post["destinations"]] or [{}]
        destinations = [
            {**aims[number % len(aims)], "channel_id": one, "options": dict(self.options[one])}
            for number, one in enumerate(there)
        ]
        videos = self.ids["video_id"]
        possible = {**post, "destinations": destinations, "video_id": videos[chance % len(videos)], "title": "First"}
        if "scheduled_at" in possible:
            possible["scheduled_at"] = self.when
        if "timezone" in possible:
            possible["timezone"] = "Europe/Berlin"
        return possible


def _led_to(host: str, value: Any) -> Any:
    """The same JSON, with every address in it leading to this host."""
    if isinstance(value, str):
        return _URL.sub(f"https://{host}", value, count=1) if _URL.match(value) else value
    if isinstance(value, list):
        return [_led_to(host, one) for one in value]
    if isinstance(value, dict):
        return {name: _led_to(host, one) for name, one in value.items()}
    return value


def _other(name: str) -> str:
    """An id of the same form, of nothing."""
    return name[:-1] + ("0" if name[-1:] != "0" else "1")


def _one_length(headers: Any) -> None:
    """Exactly one of the two, which OpenAPI cannot say of headers."""
    if ("Upload-Length" in headers) == ("Upload-Defer-Length" in headers):
        headers.pop("Upload-Defer-Length", None)
        headers.setdefault("Upload-Length", "64")


def _in_order(query: dict[str, Any]) -> None:
    """A stretch of a month, where both ends are times; how they stand to each other OpenAPI cannot say."""
    if {"from", "to"} <= query.keys():
        year = str(query["from"])[:4]
        query |= {"from": f"{year}-03-01T00:00:00Z", "to": f"{year}-04-01T00:00:00Z"}


def _chance(case: Case[Any]) -> int:
    """The same for the same case, whatever its ids are this time: a finding comes again when it is tried again."""
    said = _ID.sub("", repr((case.method, case.path, sorted(case.path_parameters.items()), case.query, case.body)))
    return int.from_bytes(hashlib.sha256(said.encode(errors="replace")).digest()[:4])
