"""The adapter: sign-in, profile and live options of one Google project; publishing is handed on.

Sources: OAuth 2.0 for web server and installed apps, channels.list (November 2026).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from playout.application.ports import Connection, Task
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import JsonValue, Next, Outcome
from playout.domain.limits import Limits, Live
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http, JsonObject, join
from playout.platforms.oauth import challenge, consent_url, nothing_to_renew_with, read_grant
from playout.platforms.reading import unreadable
from playout.platforms.youtube import account
from playout.platforms.youtube.api import Api
from playout.platforms.youtube.publishing import Publishing
from playout.platforms.youtube.rules import LIMITS, MAY_READ, READ_SCOPE, UPLOAD_SCOPE

SCOPES = (UPLOAD_SCOPE, READ_SCOPE)  # no more than what is in use: Google's policy asks for that
_OVER = {"invalid_token", "invalid_grant"}


class YouTube:
    """A `Platform`."""

    name = "youtube"
    logins = ("youtube",)

    def __init__(
        self, http: Http, *, client_id: str, client_secret: Secret, accounts_url: str, oauth_url: str, api_url: str
    ) -> None:
        self._client_id = client_id
        self._accounts_url = accounts_url
        self._api = Api(http, client_id, client_secret, oauth_url, api_url)
        self._publishing = Publishing(self._api)

    @property
    def limits(self) -> Limits:
        """What it takes."""
        return LIMITS

    # ── sign-in ──────────────────────────────────────────────────────────────────────────────────

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        """The consent page. Always with consent: without it a second connection would get no refresh token."""
        return consent_url(
            join(self._accounts_url, "o/oauth2/v2/auth"),
            client_id=self._client_id,
            redirect_uri=return_to,
            response_type="code",
            scope=" ".join(SCOPES),
            state=state.reveal(),
            access_type="offline",
            prompt="consent",
            include_granted_scopes="true",
            code_challenge=challenge(verifier),
            code_challenge_method="S256",
        )

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        """The channel that was chosen on Google's page: always one. Its grant says which boxes stayed ticked."""
        form: dict[str, str | Secret] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": return_to,
            "code_verifier": verifier,
        }
        grant = _grant(await self._api.oauth("token", now, form, fenced=True), None, now, fenced=True)
        if grant.refresh_token is None:
            raise _not_lasting()
        if grant.scopes and not MAY_READ.scopes & set(grant.scopes):
            raise _blind()
        return (Connection(await self.profile(grant), grant),)

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        """A fresh access token. The refresh token stays as it is, unless Google sends another; so it may be repeated.

        Raises PlatformFailure: SIGN_IN only where Google says that the permission is over.
        """
        if grant.refresh_token is None:
            raise nothing_to_renew_with("Google")
        form: dict[str, str | Secret] = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
        return _grant(await self._api.oauth("token", now, form), grant, now, fenced=False)

    async def revoke(self, grant: Grant) -> None:
        """Ends what this person allowed our project, whichever of the two tokens is named."""
        try:
            await self._api.oauth("revoke", None, {"token": grant.refresh_token or grant.access_token})
        except PlatformFailure as failure:
            if failure.code not in _OVER:
                raise

    async def profile(self, grant: Grant) -> Profile:
        """How the channel is called now. Raises CHOOSE where the account has none."""
        return await account.profile(self._api, grant)

    # ── posting ──────────────────────────────────────────────────────────────────────────────────

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        """Whether the channel may upload, and how long its videos may be."""
        return await account.live(self._api, grant, None)

    def begin(self, task: Task) -> Next:
        """The first step."""
        return self._publishing.begin(task)

    async def step(self, task: Task) -> Outcome:
        """See publishing.py."""
        return await self._publishing.step(task)

    async def look(self, task: Task) -> Outcome:
        """See publishing.py."""
        return await self._publishing.look(task)


def _grant(answer: JsonObject, old: Grant | None, now: datetime, *, fenced: bool) -> Grant:
    grant = read_grant(answer, old, now)
    if grant is None:
        raise unreadable(fenced=fenced)
    return grant


def _not_lasting() -> PlatformFailure:
    sentence = (
        "Google gave a permission that ends within the hour. Remove Playout at "
        "https://myaccount.google.com/permissions, then connect again."
    )
    return PlatformFailure(Kind.SIGN_IN, "no_refresh_token", sentence, turn=Turn.YOU)


def _blind() -> PlatformFailure:
    sentence = f"Google was not allowed to let Playout {MAY_READ.words}. Connect again and leave every box ticked."
    return PlatformFailure(Kind.SIGN_IN, "scope_missing", sentence, turn=Turn.YOU)
