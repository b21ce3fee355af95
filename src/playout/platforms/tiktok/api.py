"""One question to TikTok, one answer: both API families (Login Kit and data) read, every failure named.

Not here: what a code means (errors.py), what a step does next (publishing.py). No raw body leaves this file.
"""

from collections.abc import AsyncIterator
from datetime import datetime

from playout.domain.channel import Grant
from playout.domain.delivery import JsonValue
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Answer, Http, HttpFailure, JsonObject, Refused, Unreadable, host_allowed, join
from playout.platforms.reading import part, retry_after, text, unreadable
from playout.platforms.tiktok.errors import CODES, OAUTH, refusal

_OK = 200
_TOO_MANY = 429
_SERVER = 500
_UPLOAD_HOSTS = (".tiktokapis.com",)
_MEDIA_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"}


class Api:
    """Asks as one app. `fenced` calls are those whose effect must not happen twice: in doubt they are UNSURE."""

    def __init__(self, http: Http, client_key: str, client_secret: Secret, api_url: str) -> None:
        self._http = http
        self._app: dict[str, str | Secret] = {"client_key": client_key, "client_secret": client_secret}
        self._url = api_url

    async def ask(
        self,
        path: str,
        grant: Grant,
        now: datetime | None,
        *,
        json: JsonObject | None = None,
        fields: str | None = None,
        fenced: bool = False,
    ) -> JsonObject:
        """`data` of a data API's answer; GET without `json`. Raises PlatformFailure."""
        try:
            answer = await self._http.send(
                "GET" if json is None else "POST",
                join(self._url, path),
                headers={"Authorization": Secret(f"Bearer {grant.access_token.reveal()}")},
                query=None if fields is None else {"fields": fields},
                json=json,
            )
            return _data(answer, now, fenced=fenced)
        except HttpFailure as caught:
            failure = unanswered(caught, fenced=fenced)
        raise failure

    async def oauth(self, path: str, now: datetime | None, form: dict[str, str | Secret]) -> JsonObject:
        """The flat answer of a Login Kit endpoint; an empty body is an empty object.

        Raises PlatformFailure: UNSURE when the platform may have acted, and nobody knows what it answered.
        """
        try:
            answer = await self._http.send("POST", join(self._url, path), form={**self._app, **form})
            body = {} if answer.status == _OK and not answer.body.strip() else answer.json()
        except HttpFailure as caught:
            failure = unanswered(caught, fenced=True)
        else:
            code = _oauth_code(body)
            if answer.status == _OK and code is None:
                return body
            if code is not None and (code in OAUTH or code in CODES):
                raise refusal({**CODES, **OAUTH}, code, answer.status, now, retry_after(answer))
            failure = unreadable(fenced=True)
        raise failure

    def check_upload_url(self, url: str) -> None:
        """Raises PlatformFailure unless the address is TikTok's own: a token and a video are sent there."""
        if not host_allowed(url, base=self._url, suffixes=_UPLOAD_HOSTS):
            raise PlatformFailure(
                Kind.NEVER,
                "foreign_upload_address",
                "TikTok named an upload address that is not its own; nothing was sent there. Please report it.",
                turn=Turn.US,
            )

    async def put(
        self, url: str, container: str, start: int, end: int, size: int, body: AsyncIterator[bytes], *, fenced: bool
    ) -> Answer:
        """Sends the bytes from `start` up to, not with, `end`. Any status is an answer. Raises PlatformFailure."""
        try:
            return await self._http.send(
                "PUT",
                url,
                headers={
                    "Content-Type": _MEDIA_TYPES.get(container, "video/mp4"),
                    "Content-Range": f"bytes {start}-{end - 1}/{size}",
                },
                body=body,
                length=end - start,
            )
        except HttpFailure as caught:
            failure = unanswered(caught, fenced=fenced)
        raise failure


def unanswered(caught: HttpFailure, *, fenced: bool) -> PlatformFailure:
    """The failure behind a call without a usable answer."""
    if isinstance(caught, Refused):
        sentence = "The address of TikTok in this server's settings, or one that TikTok gave, cannot be used."
        return PlatformFailure(Kind.NEVER, "unusable_address", sentence, turn=Turn.US)
    if isinstance(caught, Unreadable):
        return unreadable(fenced=fenced)
    if fenced and caught.reached:
        return PlatformFailure(Kind.UNSURE, "answer_lost", "TikTok's answer was lost on the way.")
    return PlatformFailure(Kind.AGAIN, "unreachable", "TikTok cannot be reached right now.")


def refused(answer: Answer, now: datetime) -> PlatformFailure:
    """The failure behind a status without a body: the upload host's."""
    return refusal({}, "", answer.status, now, retry_after(answer))


def _data(answer: Answer, now: datetime | None, *, fenced: bool) -> JsonObject:
    if answer.status >= _SERVER and fenced:  # whatever it says: it may have acted before it failed
        raise unreadable(fenced=True)
    try:
        body = answer.json()
    except Unreadable:
        if fenced or (answer.status < _SERVER and answer.status != _TOO_MANY):
            raise
        body = {}  # a gateway's page: the status alone speaks
    error = part(body, "error")
    code = text(error, "code")
    if code == "ok" and answer.status == _OK:
        data: JsonValue = body.get("data")
        return data if isinstance(data, dict) else {}
    if code == "invalid_params" and "invalid_publish_id" in text(error, "message"):
        code = "invalid_publish_id"  # the live API, for a moment after init
    if code not in CODES and (fenced or answer.status == _OK):
        raise unreadable(fenced=fenced)
    raise refusal(CODES, code, answer.status, now, retry_after(answer))


def _oauth_code(body: JsonObject) -> str | None:
    """`error` is a text here; the data APIs' object is taken too."""
    error = body.get("error")
    if isinstance(error, dict):
        code = text(error, "code")
        return None if code == "ok" else code
    return error if isinstance(error, str) and error else None
