"""The adapter: sign-in, profile and live options of one TikTok app; publishing and news are handed on to theirs.

Sources: Login Kit for web and desktop, token management (November 2026), Query Creator Info, Get User Info.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote

from playout.application.ports import Connection, Task, Webhook
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import JsonValue, Next, Outcome
from playout.domain.errors import Problem
from playout.domain.limits import Limits, Live
from playout.domain.retry import PlatformFailure
from playout.domain.secret import Secret
from playout.platforms.http import Http, JsonObject, join
from playout.platforms.oauth import consent_url, nothing_to_renew_with, read_grant
from playout.platforms.reading import need, part, text, unreadable
from playout.platforms.tiktok.api import Api
from playout.platforms.tiktok.news import read_news
from playout.platforms.tiktok.publishing import Publishing, Transfer
from playout.platforms.tiktok.rules import LIMITS, is_inbox

SCOPES = ("user.info.basic", "user.info.profile", "video.publish", "video.upload", "video.list")
_GONE = {"invalid_grant", "access_token_invalid"}
#: With these creator_info says that the creator may not post now.
_BLOCKING = {"spam_risk_too_many_posts", "spam_risk_user_banned_from_posting", "reached_active_user_cap"}


class TikTok:
    """A `Platform` and a `Newscaster`. `transfer`: whether files are uploaded, or pulled by TikTok from our address."""

    name = "tiktok"
    logins = ("tiktok",)

    def __init__(
        self, http: Http, *, client_key: str, client_secret: Secret, www_url: str, api_url: str, transfer: Transfer
    ) -> None:
        self._client_key = client_key
        self._client_secret = client_secret
        self._www_url = www_url
        self._api = Api(http, client_key, client_secret, api_url)
        self._publishing = Publishing(self._api, www_url, transfer, client_secret)

    @property
    def limits(self) -> Limits:
        """What it takes."""
        return LIMITS

    # ── sign-in ──────────────────────────────────────────────────────────────────────────────────

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        """The consent page, shown even to somebody who is signed in: it may be another account that is wanted."""
        challenge = hashlib.sha256(verifier.reveal().encode()).hexdigest()  # TikTok's own PKCE: hex, not base64url
        return consent_url(
            join(self._www_url, "v2/auth/authorize/"),
            client_key=self._client_key,
            scope=",".join(SCOPES),
            response_type="code",
            redirect_uri=return_to,
            state=state.reveal(),
            code_challenge=challenge,
            code_challenge_method="S256",
            disable_auto_auth="1",
        )

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        """The account behind a consent: always one."""
        form: dict[str, str | Secret] = {
            "grant_type": "authorization_code",
            "code": Secret(unquote(code.reveal())),
            "redirect_uri": return_to,
            "code_verifier": verifier,
        }
        grant = _grant(await self._api.oauth("v2/oauth/token/", now, form), None, now)
        return (Connection(await self.profile(grant), grant),)

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        """A fresh grant. TikTok rotates: the old refresh token is dead as soon as it has answered.

        Raises PlatformFailure: UNSURE when its answer was lost, SIGN_IN when there is nothing to renew with.
        """
        if grant.refresh_token is None:
            raise nothing_to_renew_with("TikTok")
        form: dict[str, str | Secret] = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
        return _grant(await self._api.oauth("v2/oauth/token/", now, form), grant, now)

    async def revoke(self, grant: Grant) -> None:
        """Ends the whole connection, not one token."""
        try:
            await self._api.oauth("v2/oauth/revoke/", None, {"token": grant.access_token})
        except PlatformFailure as failure:
            if failure.code not in _GONE:
                raise

    async def profile(self, grant: Grant) -> Profile:
        """How the account is called now; the username only if that was allowed."""
        fields = "open_id,avatar_url,display_name"
        if "user.info.profile" in grant.scopes:
            fields += ",username"
        user = part(await self._api.ask("v2/user/info/", grant, None, fields=fields), "user")
        return Profile(
            remote_id=need(user, "open_id"),
            username=text(user, "username"),
            display_name=text(user, "display_name"),
            avatar_url=text(user, "avatar_url") or None,
        )

    # ── posting ──────────────────────────────────────────────────────────────────────────────────

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        """What creator_info offers; nothing is asked for what goes to the inbox."""
        if is_inbox(options):
            return Live()
        try:
            return await self._publishing.creator(grant, None)
        except PlatformFailure as failure:
            if failure.code not in _BLOCKING:
                raise
            return Live(blocked=Problem(failure.code, "", failure.sentence))

    def begin(self, task: Task) -> Next:
        """The first step."""
        return self._publishing.begin(task)

    async def step(self, task: Task) -> Outcome:
        """See publishing.py."""
        return await self._publishing.step(task)

    async def look(self, task: Task) -> Outcome:
        """See publishing.py."""
        return await self._publishing.look(task)

    def news(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Webhook]:
        """A webhook, checked: always one. Raises Forbidden or Invalid."""
        return (read_news(headers, body, now, self._client_key, self._client_secret),)


def _grant(answer: JsonObject, old: Grant | None, now: datetime) -> Grant:
    grant = read_grant(answer, old, now)
    if grant is None:
        raise unreadable(fenced=True)
    return grant
