"""The words in which the table of faults is written: a fault, the kind of fault it is, and a row of the table.

Not here: the table (faults.py), and how a fault is carried out (faults_stage.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from playout.domain.retry import Kind, Turn

AGAIN, LATER, SIGN_IN, CHOOSE = Kind.AGAIN, Kind.LATER, Kind.SIGN_IN, Kind.CHOOSE
NEVER, UNSURE = Kind.NEVER, Kind.UNSURE
#: Instead of a kind of failure: it is none, and the step that follows is called as the row's code says.
ON = "goes on"

YOU, PLATFORM, US = Turn.YOU, Turn.PLATFORM, Turn.US

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: Instead of a time: the coming midnight in California, when what Google allows in a day is free again.
MIDNIGHT = "midnight"

#: As a code: what the platform calls it.
SAME = "="


class Sort(StrEnum):
    """What is wrong with an answer."""

    REFUSED = "known code"
    LIMIT = "429"
    FAULT = "5xx"
    UNKNOWN = "unknown code"
    PAGE = "HTML"
    SLOW = "slow"
    PARTIAL = "partial"
    MALFORMED = "malformed"
    RENAMED = "renamed"
    LOST = "lost connection"
    INSIDE = "inside a good answer"


@dataclass(frozen=True, slots=True)
class Fault:
    """What a request meets: an action of the sandbox, or an answer with headers of its own."""

    name: str
    sort: Sort
    action: str = "status"
    code: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    hasty: bool = False  # whoever asks gives up before the answer comes


@dataclass(frozen=True, slots=True)
class Row:
    """One case: where the fault is met, and what it has to end in."""

    way: str
    at: str  # a place of faults_stage.py
    fault: Fault
    ends: Kind | str  # or ON; a kind may also be what the next steps find out
    code: str = SAME
    turn: Turn = PLATFORM
    lifts: timedelta | str | None = None  # of LATER: from now on, or MIDNIGHT

    @property
    def name(self) -> str:
        return f"{self.way}, {self.at}: {self.fault.name}"

    @property
    def wanted(self) -> tuple[str, str, Turn | None]:
        """Kind, code and turn; or that it goes on, and with which step."""
        code = self.fault.code if self.code == SAME else self.code
        return self.ends, code, None if self.ends == ON else self.turn


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


def no(status: int, code: str = "") -> Fault:
    """A refusal in the platform's own shape; without a code the usual one of the status."""
    sort = Sort.FAULT if status >= 500 else Sort.LIMIT if status == 429 else Sort.REFUSED
    return Fault(
        f"{status} {code}".strip(), sort, code=code, more={"status": status, **({"code": code} if code else {})}
    )


def new(status: int, code: str) -> Fault:
    """The same with a code that nobody has heard of."""
    return replace(no(status, code), name=f"{status} {code} (new)", sort=Sort.UNKNOWN)


# ── answers word for word ────────────────────────────────────────────────────────────────────────


def raw(name: str, status: int, body: Any, sort: Sort = Sort.REFUSED, **headers: str) -> Fault:
    """An answer as it is written here: a text, or an object that becomes JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    return Fault(name, sort, more={"status": status, "body": text}, headers=named)


def inside(name: str, body: Any) -> Fault:
    """A good answer, with bad news in it."""
    return raw(name, 200, body, Sort.INSIDE)


def page(status: int) -> Fault:
    """HTML where JSON should be."""
    return raw(f"HTML with {status}", status, "<html><body><h1>Sorry!</h1></body></html>", Sort.PAGE)


def empty(status: int) -> Fault:
    """A status and nothing else, as upload hosts answer."""
    sort = Sort.FAULT if status >= 500 else Sort.LIMIT if status == 429 else Sort.REFUSED
    return raw(f"{status} without a word", status, "", sort)


def graph(name: str, status: int = 400, *, headers: Mapping[str, str] | None = None, **error: object) -> Fault:
    """A refusal of Meta's with the fields of `error`; its message is the name of the fault."""
    return raw(
        name, status, {"error": {"type": "OAuthException", "message": name, **error}}, Sort.REFUSED, **(headers or {})
    )


def usage(kind: str, minutes: int) -> Mapping[str, str]:
    """Meta's header that says when calls are taken again."""
    told = {"1": [{"type": kind, "call_count": 100, "estimated_time_to_regain_access": minutes}]}
    return {"X_Business_Use_Case_Usage": json.dumps(told)}


#: An upload address that looks like the platform's and is not.
ELSEWHERE = "https://tiktokapis.com.example.org/upload"

# ── answers that do not come, or come spoilt ─────────────────────────────────────────────────────

HTML = Fault("HTML with 502", Sort.PAGE, "html")
HTML_AFTER = Fault("HTML with 502, but done", Sort.PAGE, "html_after")
DONE_500 = Fault("500, but done", Sort.FAULT, "status_after", more={"status": 500})
RESET = Fault("reset before it is done", Sort.LOST, "reset_before")
RESET_AFTER = Fault("reset after it is done", Sort.LOST, "reset_after")
CUT = Fault("the upload breaks off", Sort.PARTIAL, "partial_upload")
HALF = Fault("half an answer", Sort.PARTIAL, "half_body")
MALFORMED = Fault("broken JSON", Sort.MALFORMED, "malformed")
RENAMED = Fault("every field has another name", Sort.RENAMED, "renamed")
DRIPS = Fault("byte by byte, but in time", Sort.SLOW, "slow", more={"seconds": 0.2})
STALLS = Fault("no answer in time", Sort.SLOW, "stall_after", more={"seconds": 2.0}, hasty=True)
