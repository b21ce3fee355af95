"""One question to Google, one answer: the token endpoint and the Data API read, every failure named.

Not here: what a code means (errors.py), the upload of a file (session.py), what a step does next (publishing.py). No
raw body leaves this file.
"""

from collections.abc import Mapping
from datetime import datetime

from playout.domain.channel import Grant
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Answer, Http, HttpFailure, JsonObject, Refused, Unreadable, join
from playout.platforms.reading import part, retry_after, text, unreadable
from playout.platforms.youtube.errors import CODES, OAUTH, refusal, spelt

OK = 200
_TOO_MANY = 429
_SERVER = 500


class Api:
    """Asks as one Google project."""

    def __init__(self, http: Http, client_id: str, client_secret: Secret, oauth_url: str, api_url: str) -> None:
        self.http = http
        self.url = api_url
        self._client: Mapping[str, str | Secret] = {"client_id": client_id, "client_secret": client_secret}
        self._oauth_url = oauth_url

    async def items(self, what: str, grant: Grant, now: datetime | None, **query: str) -> list[JsonObject]:
        """The items of a list, which may be empty. Raises PlatformFailure."""
        try:
            where = join(self.url, f"youtube/v3/{what}")
            answer = await self.http.send("GET", where, headers=bearer(grant), query=query)
            body = self._body(answer, now)
        except HttpFailure as caught:
            failure = unanswered(caught)
        else:
            items = body.get("items", [] if text(body, "kind").endswith("ListResponse") else None)
            if isinstance(items, list):
                return [one for one in items if isinstance(one, dict)]
            failure = unreadable()
        raise failure

    async def oauth(
        self, call: str, now: datetime | None, form: Mapping[str, str | Secret], *, fenced: bool = False
    ) -> JsonObject:
        """The flat answer of `token` or `revoke`; an empty body is an empty object.

        `fenced`: its effect must not happen twice. Raises PlatformFailure: then UNSURE where Google may have acted.
        """
        try:
            answer = await self.http.send("POST", join(self._oauth_url, call), form={**self._client, **form})
            empty = answer.status == OK and not answer.body.strip()
            body = {} if empty else answer.json()
        except HttpFailure as caught:
            failure = unanswered(caught, fenced=fenced)
        else:
            if answer.status == OK:
                return body
            code = text(body, "error")
            if code in OAUTH or (_is_away(answer) and not fenced):
                failure = refusal(OAUTH, code, answer.status, now, retry_after(answer))
            else:
                failure = unreadable(fenced=fenced)  # nothing that is not known ends a connection
        raise failure

    def _body(self, answer: Answer, now: datetime | None) -> JsonObject:
        if answer.status == OK:
            return answer.json()
        raise refused(answer, now)


def bearer(grant: Grant) -> dict[str, str | Secret]:
    """The header that says who calls."""
    return {"Authorization": Secret(f"Bearer {grant.access_token.reveal()}")}


def refused(answer: Answer, now: datetime | None) -> PlatformFailure:
    """The failure behind an answer that is none of success."""
    reason = reason_of(answer)
    if reason or _is_away(answer):
        return refusal(CODES, reason, answer.status, now, retry_after(answer))
    return unreadable()  # a gateway's page says nothing about us


def reason_of(answer: Answer) -> str:
    """The code in an error's body, in our spelling; "" where there is none."""
    try:
        error = part(answer.json(), "error")
    except Unreadable:
        return ""
    listed = error.get("errors")
    first = listed[0] if isinstance(listed, list) and listed else {}
    code = spelt((text(first, "reason") if isinstance(first, dict) else "") or text(error, "status"))
    by_the_day = "per day" in text(error, "message").lower()  # no other difference between the two limits is known
    return "uploads_per_day" if code == "rate_limit_exceeded" and by_the_day else code


def _is_away(answer: Answer) -> bool:
    """Whether the status alone says enough."""
    return answer.status >= _SERVER or answer.status == _TOO_MANY


def unanswered(caught: HttpFailure, *, fenced: bool = False) -> PlatformFailure:
    """The failure behind a call without a usable answer."""
    match caught:
        case Refused():
            sentence = "The address of YouTube in this server's settings, or one that YouTube gave, cannot be used."
            return PlatformFailure(Kind.NEVER, "unusable_address", sentence, turn=Turn.US)
        case Unreadable():
            return unreadable(fenced=fenced)
        case _ if fenced and caught.reached:
            return PlatformFailure(Kind.UNSURE, "answer_lost", "YouTube's answer was lost on the way.")
        case _:
            return PlatformFailure(Kind.AGAIN, "unreachable", "YouTube cannot be reached right now.")
