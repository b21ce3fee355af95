"""One question to the Graph API, one answer, every failure named. No raw body leaves this file.

Not here: what a code means (errors.py). Sources: Graph API overview, error handling, rate limiting, securing requests.
"""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import (
    Answer,
    Http,
    HttpFailure,
    JsonObject,
    Refused,
    Source,
    Unreadable,
    Words,
    host_allowed,
    join,
)
from playout.platforms.meta.errors import (
    DAY,
    FAULT,
    HOUR,
    MINUTE,
    SHARED,
    UNKNOWN,
    Codes,
    Meaning,
    meaning,
    named_permissions,
)
from playout.platforms.reading import number, part, stated, unreadable

_OK = 200
_TOO_MANY = 429
_SERVER = 500
_MOST_REMEMBERED = 10_000
_RATES = "x-business-use-case-usage"


@dataclass(frozen=True, slots=True)
class _Said:
    """What of an error may be shown."""

    code: int | None
    subcode: int | None
    status: int
    permissions: str = ""  # " (pages_manage_posts)"

    @property
    def named(self) -> str:
        """As a code of ours: graph_190_463, graph_m1_2207001 for one below nought, http_502 without one."""
        if self.code is None:
            return f"http_{self.status}"
        words = f"graph_{self.code}_{self.subcode}" if self.subcode else f"graph_{self.code}"
        return words.replace("-", "m")


class Graph:
    """Asks one Graph host as one app, in one version. `name` is the platform's, for sentences.

    With an `app_secret` every call that carries a token proves that the app knows it (appsecret_proof). `codes` is
    laid over what both platforms share.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        name: str,
        version: str,
        app_secret: Secret | None = None,
        codes: Codes | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self._http = http
        self._version = version
        self._app_secret = app_secret
        self._codes = {**SHARED, **(codes or {})}
        self._blocked: dict[Secret | None, int] = {}  # refusals in a row that did not say when they lift

    async def ask(  # noqa: PLR0913 -- a call has this many parts, most of them optional
        self,
        method: str,
        path: str,
        token: Secret | None,
        *,
        now: datetime | None,
        query: Words | None = None,
        form: Words | None = None,
        body: Source | None = None,
        length: int | None = None,
        content_type: str | None = None,
        fenced: bool = False,
        versioned: bool = True,
        answers: Collection[int] = (),
    ) -> JsonObject:
        """The answer's object. `path` without the version. `body`: a stream of `length` bytes instead of a `form`.

        Raises PlatformFailure with a code like `graph_190_463` (`http_502` without one). A `fenced` call is one whose
        effect must not happen twice: whatever does not mean "certainly not done" is UNSURE then. Without a `now`, a
        LATER cannot say when it lifts. An error with one of the subcodes `answers` is an answer: its `error_data`.
        """
        headers: dict[str, str | Secret] = {} if content_type is None else {"Content-Type": content_type}
        asked: dict[str, str | Secret] = dict(query or {})
        if token is not None:
            headers["Authorization"] = Secret(f"Bearer {token.reveal()}")
            asked |= self._proof(token)
        try:
            answer = await self._http.send(
                method,
                join(self.url, f"{self._version}/{path}" if versioned else path),
                headers=headers,
                query=asked or None,
                form=form,
                body=body,
                length=length,
            )
            return self._read(answer, token, now, fenced=fenced, answers=answers)
        except HttpFailure as caught:
            failure = self.unanswered(caught, fenced=fenced)
        raise failure

    def owns(self, url: str) -> bool:
        """Whether an address is on this host."""
        return host_allowed(url, base=self.url)

    def unanswered(self, caught: HttpFailure, *, fenced: bool = False) -> PlatformFailure:
        """The failure behind a call without a usable answer."""
        if isinstance(caught, Refused):
            sentence = f"The address of {self.name} in this server's settings, or one that it gave, cannot be used."
            return PlatformFailure(Kind.NEVER, "unusable_address", sentence, turn=Turn.US)
        if isinstance(caught, Unreadable):
            return unreadable(fenced=fenced)
        if fenced and caught.reached:
            return PlatformFailure(Kind.UNSURE, "answer_lost", f"{self.name}'s answer was lost on the way.")
        return PlatformFailure(Kind.AGAIN, "unreachable", f"{self.name} cannot be reached right now.")

    def explained(self, code: int, subcode: int | None, now: datetime | None) -> PlatformFailure | None:
        """The failure behind a code that stands inside of an answer: a phase, a status. None: nobody knows it."""
        found = meaning(self._codes, code, subcode, "", _OK)
        return self._failure(found, _Said(code, subcode, _OK), now, None) if found else None

    def _proof(self, token: Secret) -> dict[str, str | Secret]:
        if self._app_secret is None:
            return {}
        key, signed = self._app_secret.reveal().encode(), token.reveal().encode()
        return {"appsecret_proof": hmac.new(key, signed, hashlib.sha256).hexdigest()}

    def _read(
        self, answer: Answer, token: Secret | None, now: datetime | None, *, fenced: bool, answers: Collection[int]
    ) -> JsonObject:
        if answer.status >= _SERVER and fenced:  # whatever it says: it may have acted before it failed
            raise unreadable(fenced=True)
        try:
            data = answer.json()
        except Unreadable:
            if fenced or (answer.status < _SERVER and answer.status != _TOO_MANY):
                raise
            data = {}  # a gateway's page: the status alone speaks
        error = part(data, "error")
        if answer.status == _OK and not error:
            self._blocked.pop(token, None)
            return data
        code, subcode = number(error, "code"), number(error, "error_subcode")
        if subcode in answers:
            return part(error, "error_data")
        found = meaning(self._codes, code, subcode, stated(error, "message"), answer.status)
        if found is None and error.get("is_transient") is True:
            found = FAULT
        nothing_said = found is None and (code is None or answer.status == _OK)
        if nothing_said or (fenced and not (found and found.certain)):
            raise unreadable(fenced=fenced)
        lifts = self._lifts(found, answer, token) if found and found.kind is Kind.LATER else None
        said = _Said(code, subcode, answer.status, named_permissions(stated(error, "message")))
        raise self._failure(found or UNKNOWN, said, now, lifts)

    def _failure(self, found: Meaning, said: "_Said", now: datetime | None, lifts: timedelta | None) -> PlatformFailure:
        at = now + (lifts or found.wait or HOUR) if now and found.kind is Kind.LATER else None
        sentence = found.sentence.format(name=self.name, permissions=said.permissions)
        return PlatformFailure(found.kind, said.named, sentence, turn=found.turn, retry_at=at)

    def _lifts(self, found: Meaning, answer: Answer, token: Secret | None) -> timedelta:
        """As Meta says; else as the table says; else growing, because asking while blocked lengthens the block."""
        told = _regained(answer.headers)
        if told or found.wait:
            return told or found.wait or HOUR
        if len(self._blocked) > _MOST_REMEMBERED:
            self._blocked.clear()
        times = self._blocked[token] = self._blocked.get(token, -1) + 1
        return min(MINUTE * (1 << min(times, 6)), HOUR)


def reread(failure: PlatformFailure) -> PlatformFailure:
    """A refused question says nothing about what was asked about: where it sounds final, ask again."""
    if failure.kind in {Kind.NEVER, Kind.CHOOSE}:
        return PlatformFailure(Kind.AGAIN, failure.code, failure.sentence, turn=failure.turn)
    return failure


def _regained(headers: Mapping[str, str]) -> timedelta | None:
    """The longest wait in X-Business-Use-Case-Usage: `{"<id>": [{"estimated_time_to_regain_access": minutes}]}`."""
    try:
        usage = json.loads(headers.get(_RATES, "{}"))
    except (ValueError, RecursionError):
        return None
    lists = usage.values() if isinstance(usage, dict) else ()
    entries = [one for several in lists if isinstance(several, list) for one in several if isinstance(one, dict)]
    minutes = max((number(one, "estimated_time_to_regain_access") or 0 for one in entries), default=0)
    return min(minutes * MINUTE, DAY) if minutes > 0 else None
