"""The adapter: sign-in by either login, profile and live options; publishing is handed on to its own.

Sources: Instagram Platform overview, Business Login for Instagram, Instagram API with Facebook Login (2026).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from playout.application.ports import Connection, Task, Webhook
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import JsonValue, Next, Outcome
from playout.domain.errors import Forbidden
from playout.domain.limits import Limits, Live
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.instagram.api import FACEBOOK_LOGIN, INSTAGRAM_LOGIN, Api
from playout.platforms.instagram.errors import CODES, NAME
from playout.platforms.instagram.login import InstagramKeys, InstagramLogin
from playout.platforms.instagram.publishing import Publishing
from playout.platforms.instagram.rules import LIMITS
from playout.platforms.meta import (
    FacebookLogin,
    Graph,
    Page,
    Rupload,
    challenge_of,
    read_news,
    read_signed_request,
    verify_token,
)
from playout.platforms.oauth import no_account
from playout.platforms.reading import need, part, stated

FACEBOOK_SCOPES = (
    "instagram_basic",
    "instagram_content_publish",
    "pages_show_list",
    "pages_read_engagement",
    "business_management",
)
_ACCOUNT = "id,username,name,profile_picture_url"
_PAGE_FIELDS = f"id,name,access_token,tasks,instagram_business_account{{{_ACCOUNT}}}"
_NOT_LINKED = (
    "No Instagram account is linked to the Pages that were ticked. Link a professional account to its Page (in the "
    "Instagram app: Edit profile, Page), then connect again; or sign in through Instagram itself, without a Page."
)


@dataclass(frozen=True, slots=True)
class FacebookKeys:
    """A Meta app with Facebook Login, and the hosts it asks."""

    client_id: str
    client_secret: Secret
    www_url: str
    graph_url: str
    rupload_url: str


class Instagram:
    """A `Platform`, `SignedRequests`, `Newscaster` and `Subscriber`.

    For the logins that there are keys for: one at least.
    """

    name = "instagram"

    def __init__(
        self, http: Http, *, instagram: InstagramKeys | None, facebook: FacebookKeys | None, version: str
    ) -> None:
        graphs: dict[str, Graph] = {}
        self._instagram = self._facebook = None
        if instagram:
            graphs[INSTAGRAM_LOGIN] = Graph(http, instagram.graph_url, name=NAME, version=version, codes=CODES)
            self._instagram = InstagramLogin(http, graphs[INSTAGRAM_LOGIN], instagram)
        if facebook:
            secret, url = facebook.client_secret, facebook.graph_url
            graphs[FACEBOOK_LOGIN] = Graph(http, url, name=NAME, version=version, app_secret=secret, codes=CODES)
            self._facebook = _facebook_login(http, facebook, version)
        self._secrets = tuple(keys.client_secret for keys in (instagram, facebook) if keys)
        rupload_url = facebook.rupload_url if facebook else ""
        rupload = Rupload(http, rupload_url) if facebook else None
        self._api = Api(graphs, rupload, rupload_url, version)
        self._publishing = Publishing(self._api, self._secrets[0])
        self.logins = tuple(graphs)

    @property
    def limits(self) -> Limits:
        """What it takes."""
        return LIMITS

    # ── sign-in ──────────────────────────────────────────────────────────────────────────────────

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        """The consent page, or Facebook's dialog. Neither takes PKCE."""
        return self._login(login).authorize_url(state=state, return_to=return_to)

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        """The account that signed in, or (Facebook Login) all that are linked to the ticked Pages."""
        way = self._login(login)
        if isinstance(way, InstagramLogin):
            return (await way.exchange(code=code, return_to=return_to, now=now),)
        pages = await way.exchange(code=code, return_to=return_to, now=now)
        linked = {connection.profile.remote_id: connection for page in pages for connection in _linked(page)}
        if not linked:
            raise no_account(_NOT_LINKED)
        return tuple(linked.values())

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        """Another sixty days; or (Facebook Login) another token of the Page. Raises PlatformFailure."""
        return await self._login(grant.extra.get("login", "")).renew(grant, now)

    async def revoke(self, grant: Grant) -> None:
        """Facebook Login: all that the person agreed to. Instagram Login has no call for it: the token just ends."""
        way = self._login(grant.extra.get("login", ""))
        if isinstance(way, FacebookLogin):
            await way.revoke(grant)

    async def profile(self, grant: Grant) -> Profile:
        """How the account is called now."""
        way = self._login(grant.extra.get("login", ""))
        if isinstance(way, InstagramLogin):
            return await way.profile(grant)
        account, query = grant.extra.get("account", ""), {"fields": _ACCOUNT}
        asked = await self._api.graph(grant).ask("GET", account, grant.access_token, now=None, query=query)
        return _profile(asked, grant.extra.get("owner_id"))

    def withdrawn_by(self, signed_request: str, now: datetime) -> str:
        """Signed with the secret of whichever app the person removed. Raises Forbidden."""
        for secret in self._secrets[:-1]:
            with suppress(Forbidden):
                return read_signed_request(secret, signed_request, now)
        return read_signed_request(self._secrets[-1], signed_request, now)

    # ── news ─────────────────────────────────────────────────────────────────────────────────────

    def news(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Webhook]:
        """A webhook of either app, checked. Raises Forbidden or Invalid.

        None tells how a publication goes: Instagram has no such event. Permissions withdrawn are the only ones of use.
        """
        return read_news(self._secrets, headers, body)

    @property
    def verify_token(self) -> Secret:
        """For the Webhooks page of the Instagram app; of the other where there is only that."""
        return verify_token(self._secrets[0])

    def subscribed(self, query: Sequence[tuple[str, str]]) -> str:
        """The challenge, to either app. Raises Forbidden."""
        return challenge_of(self._secrets, query)

    # ── posting ──────────────────────────────────────────────────────────────────────────────────

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        """How many more posts Instagram takes in its window."""
        return await self._publishing.live(grant)

    def begin(self, task: Task) -> Next:
        """The first step."""
        return self._publishing.begin(task)

    async def step(self, task: Task) -> Outcome:
        """See publishing.py."""
        return await self._publishing.step(task)

    async def look(self, task: Task) -> Outcome:
        """See publishing.py."""
        return await self._publishing.look(task)

    def _login(self, login: str) -> InstagramLogin | FacebookLogin:
        found = {INSTAGRAM_LOGIN: self._instagram, FACEBOOK_LOGIN: self._facebook}.get(login)
        if found is None:
            sentence = "This server has no keys for that sign-in. Connect the account in another way."
            raise PlatformFailure(Kind.SIGN_IN, "login_not_configured", sentence, turn=Turn.YOU)
        return found


def _facebook_login(http: Http, keys: FacebookKeys, version: str) -> FacebookLogin:
    graph = Graph(http, keys.graph_url, name="Facebook", version=version, app_secret=keys.client_secret)
    return FacebookLogin(
        graph,
        client_id=keys.client_id,
        client_secret=keys.client_secret,
        www_url=keys.www_url,
        version=version,
        scopes=FACEBOOK_SCOPES,
        tasks=("CREATE_CONTENT", "MANAGE"),
        page_fields=_PAGE_FIELDS,
    )


def _linked(page: Page) -> Sequence[Connection]:
    """The professional account of a Page, if it has one."""
    account = part(page.data, "instagram_business_account")
    if not stated(account, "id"):
        return ()
    profile = _profile(account, page.owner_id)
    extra = {**page.grant.extra, "login": FACEBOOK_LOGIN, "account": profile.remote_id}
    return (Connection(profile, replace(page.grant, extra=extra)),)


def _profile(account: Mapping[str, JsonValue], owner_id: str | None) -> Profile:
    username = stated(account, "username")
    return Profile(
        remote_id=need(account, "id"),
        username=username,
        display_name=stated(account, "name") or username,
        avatar_url=stated(account, "profile_picture_url") or None,
        owner_id=owner_id,
    )
