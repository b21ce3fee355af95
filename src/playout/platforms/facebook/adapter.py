"""The adapter: sign-in, profile and callbacks of one Facebook app; publishing is handed on.

Sources: Facebook Login (manual flow), Pages API, Reels Publishing API (2026).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from playout.application.ports import Connection, Task, Webhook
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import JsonValue, Next, Outcome
from playout.domain.limits import Limits, Live
from playout.domain.secret import Secret
from playout.platforms.facebook.errors import CODES
from playout.platforms.facebook.publishing import Publishing
from playout.platforms.facebook.rules import LIMITS, REELS_A_DAY
from playout.platforms.http import Http
from playout.platforms.meta import (
    FacebookLogin,
    Graph,
    Rupload,
    challenge_of,
    read_news,
    read_signed_request,
    verify_token,
)
from playout.platforms.reading import need, part, stated

#: The last one is for Pages that are seen through a business only.
SCOPES = ("pages_show_list", "pages_read_engagement", "pages_manage_posts", "business_management")
_GRAPH = "https://graph.facebook.com"
_VIDEOS = "https://graph-video.facebook.com"  # takes the bytes of long videos in place of the first


class Facebook:
    """A `Platform`, `SignedRequests`, `Newscaster` and `Subscriber`: Pages, each of them a channel."""

    name = "facebook"
    logins = ("facebook",)

    def __init__(
        self,
        http: Http,
        *,
        client_id: str,
        client_secret: Secret,
        www_url: str,
        graph_url: str,
        rupload_url: str,
        version: str,
    ) -> None:
        def graph(url: str) -> Graph:
            return Graph(http, url, name="Facebook", version=version, app_secret=client_secret, codes=CODES)

        self._client_secret = client_secret
        self._graph = graph(graph_url)
        self._login = FacebookLogin(
            self._graph,
            client_id=client_id,
            client_secret=client_secret,
            www_url=www_url,
            version=version,
            scopes=SCOPES,
        )
        videos = graph(_VIDEOS if graph_url.rstrip("/") == _GRAPH else graph_url)
        self._publishing = Publishing(self._graph, videos, Rupload(http, rupload_url), www_url)

    @property
    def limits(self) -> Limits:
        """What it takes."""
        return LIMITS

    # ── sign-in ──────────────────────────────────────────────────────────────────────────────────

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        """The dialog, in which the person ticks Pages. Facebook Login for servers knows no PKCE."""
        return self._login.authorize_url(state=state, return_to=return_to)

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        """The Pages behind a consent on which the person may publish. Raises PlatformFailure."""
        pages = await self._login.exchange(code=code, return_to=return_to, now=now)
        return [
            Connection(Profile(page.id, page.username, page.name, page.avatar_url, page.owner_id), page.grant)
            for page in pages
        ]

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        """The Page's token anew. Raises PlatformFailure (SIGN_IN: the person's own is dead as well)."""
        return await self._login.renew(grant, now)

    async def revoke(self, grant: Grant) -> None:
        """Takes the app out of the person's account: all their Pages with it."""
        await self._login.revoke(grant)

    async def profile(self, grant: Grant) -> Profile:
        """How the Page is called now."""
        fields = "id,name,username,picture{url}"
        page = await self._graph.ask("GET", "me", grant.access_token, now=None, query={"fields": fields})
        return Profile(
            remote_id=need(page, "id"),
            username=stated(page, "username"),
            display_name=stated(page, "name"),
            avatar_url=stated(part(page, "picture", "data"), "url") or None,
            owner_id=grant.extra.get("owner_id"),
        )

    def withdrawn_by(self, signed_request: str, now: datetime) -> str:
        """The person who removed the app, or wants their data deleted. Raises Forbidden."""
        return read_signed_request(self._client_secret, signed_request, now)

    # ── news ─────────────────────────────────────────────────────────────────────────────────────

    def news(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Webhook]:
        """A webhook of the app, checked: videos of Pages, and permissions withdrawn. Raises Forbidden or Invalid."""
        return read_news((self._client_secret,), headers, body)

    @property
    def verify_token(self) -> Secret:
        """For the Webhooks page of the app."""
        return verify_token(self._client_secret)

    def subscribed(self, query: Sequence[tuple[str, str]]) -> str:
        """The challenge. Raises Forbidden."""
        return challenge_of((self._client_secret,), query)

    # ── posting ──────────────────────────────────────────────────────────────────────────────────

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        """The same for every Page: Facebook has nothing to ask."""
        return Live(shown={"reels_a_day": REELS_A_DAY})

    def begin(self, task: Task) -> Next:
        """The first step."""
        return self._publishing.begin(task)

    async def step(self, task: Task) -> Outcome:
        """See publishing.py."""
        return await self._publishing.step(task)

    async def look(self, task: Task) -> Outcome:
        """See publishing.py."""
        return await self._publishing.look(task)
