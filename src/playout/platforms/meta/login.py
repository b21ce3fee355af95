"""Facebook Login: from a consent to the Pages behind it, each with a token that does not end.

Instagram accounts are reached the same way, through the Page that they are linked to. Not here: what a Page is for.
Sources: Manually Build a Login Flow, Long-Lived Access Tokens, Page access tokens, permissions (2026); field reports
for Pages that are seen through a business only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from playout.domain.channel import Grant
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import JsonObject, join
from playout.platforms.meta.errors import GONE
from playout.platforms.meta.graph import Graph
from playout.platforms.oauth import consent_url, no_account, nothing_to_renew_with
from playout.platforms.reading import items, need, part, stated

PAGE_FIELDS = "id,name,username,access_token,tasks,picture{url}"
_MOST_ANSWERS = 20  # of a list: 100 Pages each
_MOST_BUSINESSES = 20
_BUSINESS = "business_management"  # the permission to see what belongs to a business
_NONE_TICKED = (
    "Facebook let us in, but no Page was ticked. Connect again, choose “Edit settings” there, and tick the Pages that "
    "you want to publish to."
)
_NONE_ALLOWED = (
    "On none of the ticked Pages may this person publish. Somebody with full control of the Page must give you access "
    "to its content (Page settings, Page access); then connect again."
)


@dataclass(frozen=True, slots=True)
class Page:
    """A Page, and what may be done there. `data` is the object as it came, for fields that were asked for besides."""

    id: str
    name: str
    username: str
    avatar_url: str | None
    owner_id: str  # the person who connected: the id of /me, as signed requests call them
    grant: Grant  # the Page's token; its refresh token is the person's own, long-lived
    data: JsonObject


class FacebookLogin:
    """The dialog and what follows it. `tasks`: a Page on which the person has none of them is left out."""

    def __init__(
        self,
        graph: Graph,
        *,
        client_id: str,
        client_secret: Secret,
        www_url: str,
        version: str,
        scopes: Collection[str],
        tasks: Collection[str] = ("CREATE_CONTENT",),
        page_fields: str = PAGE_FIELDS,
    ) -> None:
        self._graph = graph
        self._client_id = client_id
        self._client_secret = client_secret
        self._dialog = join(www_url, f"{version}/dialog/oauth")
        self._scopes = scopes
        self._tasks = frozenset(tasks)
        self._page_fields = page_fields

    def authorize_url(self, *, state: Secret, return_to: str) -> str:
        """The dialog. `auth_type=rerequest` asks once more for what was declined before."""
        return consent_url(
            self._dialog,
            client_id=self._client_id,
            redirect_uri=return_to,
            state=state.reveal(),
            response_type="code",
            scope=",".join(self._scopes),
            auth_type="rerequest",
        )

    async def exchange(self, *, code: Secret, return_to: str, now: datetime) -> Sequence[Page]:
        """The Pages behind a consent, at least one. Raises PlatformFailure; CHOOSE `no_account` where there is none."""
        user = await self._person(code, return_to, now)
        pages = await self._listed("me/accounts", user, now)
        if not pages and _BUSINESS in user.scopes:
            pages = await self._of_businesses(user, now)
        if not pages:
            raise no_account(_NONE_TICKED)
        usable = [page for page in pages if self._may_publish(page)]
        if not usable:
            raise no_account(_NONE_ALLOWED)
        return [_page(one, user) for one in usable]

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        """A new Page token from the person's. Raises PlatformFailure; SIGN_IN when that is over too."""
        if grant.refresh_token is None:
            raise nothing_to_renew_with("Facebook")
        page_id = grant.extra.get("page_id", "")
        try:
            answer = await self._graph.ask(
                "GET", page_id, grant.refresh_token, now=now, query={"fields": "id,access_token"}
            )
        except PlatformFailure as failure:
            if failure.code == GONE:
                raise _out_of_sight() from failure
            raise
        need(answer, "id")  # an answer that is not read ends no connection
        token = stated(answer, "access_token")
        if not token:
            raise _out_of_sight()
        return replace(grant, access_token=Secret(token), expires_at=None)

    async def revoke(self, grant: Grant) -> None:
        """Ends what the person agreed to, and with it every Page token that came of it. Ended already is fine."""
        token = grant.refresh_token or grant.access_token
        try:
            await self._graph.ask("DELETE", "me/permissions", token, now=None)
        except PlatformFailure as failure:
            if failure.kind is not Kind.SIGN_IN:
                raise

    # ── the person ───────────────────────────────────────────────────────────────────────────────

    async def _person(self, code: Secret, return_to: str, now: datetime) -> Grant:
        """The person's long-lived token: from a short-lived one a Page's would end within the hour, too."""
        short = await self._token(now, redirect_uri=return_to, code=code)
        token = await self._token(now, grant_type="fb_exchange_token", fb_exchange_token=short)
        owner = need(await self._graph.ask("GET", "me", token, now=now, query={"fields": "id"}), "id")
        allowed = items(await self._graph.ask("GET", "me/permissions", token, now=now))
        scopes = tuple(stated(one, "permission") for one in allowed if stated(one, "status") == "granted")
        return Grant(token, token, None, None, scopes, {"owner_id": owner})

    async def _token(self, now: datetime, **asked: str | Secret) -> Secret:
        app: dict[str, str | Secret] = {"client_id": self._client_id, "client_secret": self._client_secret}
        once = "code" in asked  # which is good once: nobody knows whether it is still
        query = {**app, **asked}
        answer = await self._graph.ask("GET", "oauth/access_token", None, now=now, query=query, fenced=once)
        return Secret(need(answer, "access_token", fenced=once))

    # ── the Pages ────────────────────────────────────────────────────────────────────────────────

    def _may_publish(self, page: JsonObject) -> bool:
        tasks = page.get("tasks")  # a business's list may leave them out: then the first post will tell
        return not isinstance(tasks, list) or not self._tasks.isdisjoint(str(one) for one in tasks)

    async def _of_businesses(self, user: Grant, now: datetime) -> list[JsonObject]:
        """Pages that belong to a business, or are managed by it, are not in the person's own list until ticked."""
        businesses = await self._list("me/businesses", "id", user, now)
        found: dict[str, JsonObject] = {}
        for one in businesses[:_MOST_BUSINESSES]:
            for edge in ("owned_pages", "client_pages"):
                pages = await self._listed(f"{stated(one, 'id')}/{edge}", user, now)
                found |= {stated(page, "id"): page for page in pages}
        return list(found.values())

    async def _listed(self, path: str, user: Grant, now: datetime) -> list[JsonObject]:
        """The Pages in a list that come with a token."""
        pages = await self._list(path, self._page_fields, user, now)
        return [page for page in pages if stated(page, "id") and stated(page, "access_token")]

    async def _list(self, path: str, fields: str, user: Grant, now: datetime) -> list[JsonObject]:
        """All of a list. The address of what follows carries the token in the clear: only its cursor is used."""
        found: list[JsonObject] = []
        query = {"fields": fields, "limit": "100"}
        for _ in range(_MOST_ANSWERS):
            answer = await self._graph.ask("GET", path, user.access_token, now=now, query=query)
            found += items(answer)
            after = self._cursor(part(answer, "paging"))
            if not after or after == query.get("after"):
                break
            query = {**query, "after": after}
        return found

    def _cursor(self, paging: JsonObject) -> str:
        following = stated(paging, "next")
        if not following or not self._graph.owns(following):
            return ""
        told = stated(part(paging, "cursors"), "after")
        return told or parse_qs(urlsplit(following).query).get("after", [""])[0]


def _page(data: JsonObject, user: Grant) -> Page:
    owner, page_id = user.extra["owner_id"], stated(data, "id")
    extra = {"page_id": page_id, "owner_id": owner}
    return Page(
        id=page_id,
        name=stated(data, "name"),
        username=stated(data, "username"),
        avatar_url=stated(part(data, "picture", "data"), "url") or None,
        owner_id=owner,
        grant=Grant(Secret(stated(data, "access_token")), user.access_token, None, None, user.scopes, extra),
        data=data,
    )


def _out_of_sight() -> PlatformFailure:
    sentence = "The person who connected this no longer reaches the Page. Somebody who does must connect it again."
    return PlatformFailure(Kind.SIGN_IN, "page_out_of_sight", sentence, turn=Turn.YOU)
