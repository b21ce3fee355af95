"""Who is behind a token: `/me`, accounts, businesses, permissions, and the Page itself (1.3, 1.5)."""

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from playout_sandbox.facebook.events import Events
from playout_sandbox.facebook.listing import listed
from playout_sandbox.facebook.state import State
from playout_sandbox.meta.graph import Call, Refusal, gone, invalid
from playout_sandbox.meta.records import Page, Token

_ACCOUNTS = ("access_token", "category", "category_list", "name", "id", "tasks")
_CATEGORY = {"id": "2612", "name": "Video creator"}
_SMALL = 50  #: pixels


class Who:
    """Persons, Pages and what was granted."""

    def __init__(self, state: State, events: Events) -> None:
        self._state = state
        self._events = events

    async def me(self, call: Call) -> Response:
        """The person; with a Page token the Page."""
        token = self._state.meta.caller(call)
        if token.page:
            return JSONResponse(self._page_node(call, token, self._own_page(token), ("id", "name")))
        person = self._state.meta.config.person(token.login.person)
        if person is None:
            raise gone(token.login.person)
        facts = {"id": person.id, "name": person.name, "picture": _picture(call, person.username or person.id)}
        wanted = call.fields or ["id", "name"]
        return JSONResponse({name: facts[name] for name in dict.fromkeys([*wanted, "id"]) if name in facts})

    async def accounts(self, call: Call) -> Response:
        """The Pages that were ticked, each with its token. None ticked: an empty list (row 7)."""
        token = self._user(call)
        pages = self._state.meta.pages_of(token) if "pages_show_list" in token.login.granted else []
        return self._pages(call, token, pages)

    async def businesses(self, call: Call) -> Response:
        """The person's businesses."""
        token = self._user(call)
        self._state.meta.require(token, "business_management", deed="Listing businesses")
        found = [one for one in self._state.meta.config.businesses if token.login.person in one.persons]
        return listed(call, [{"id": one.id, "name": one.name} for one in found])

    async def business_pages(self, call: Call) -> Response:
        """`/{business}/owned_pages` and `client_pages`: also those that nobody ticked."""
        token = self._user(call)
        self._state.meta.require(token, "business_management", deed="Listing the Pages of a business")
        own = {one.id for one in self._state.meta.config.businesses if token.login.person in one.persons}
        if call.node not in own:
            raise gone(call.node)
        reached = self._state.meta.pages_of_businesses(token)
        client = call.edge == "client_pages"
        return self._pages(call, token, [p for p in reached if p.business == call.node and p.client is client])

    async def page(self, call: Call) -> Response:
        """`/{page-id}`, if the token sees it (row 16)."""
        token = self._state.meta.caller(call)
        page = self._state.meta.sees_page(token, call.node)
        if page is None:
            raise gone(call.node)
        self._state.slow_down(page.id)
        return JSONResponse(self._page_node(call, token, page, ("name", "id")))

    async def permissions(self, call: Call) -> Response:
        """What was granted and what declined (row 6); `/me/permissions` or by the person's id."""
        token = self._user(call)
        self._check_own(call, token)
        login = token.login
        rows = [{"permission": name, "status": "granted"} for name in sorted(login.granted)]
        return JSONResponse({"data": rows + [{"permission": n, "status": "declined"} for n in sorted(login.declined)]})

    async def forget(self, call: Call) -> Response:
        """DELETE: one permission, or all of it, which kills every token of the person (row 9)."""
        token = self._user(call)
        self._check_own(call, token)
        name = call.edge.partition("/")[2]
        login = token.login
        if name and name not in login.granted:
            raise invalid(f"Permission {name} is not granted")
        if name:
            login.granted.discard(name)
            self._events.withdrawn(login.person, {name}, login.pages)
        else:
            self._state.meta.remove(login.person)
            self._events.withdrawn(login.person, login.granted, login.pages)
            self._state.record("revoked", call.n, creator=login.person)
        return JSONResponse({"success": True})

    def _user(self, call: Call) -> Token:
        token = self._state.meta.caller(call)
        if token.page:
            raise Refusal(100, f"(#100) Tried accessing nonexisting field ({call.edge}) on node type (Page)")
        return token

    def _check_own(self, call: Call, token: Token) -> None:
        if call.node not in {"me", token.login.person}:
            raise gone(call.node, call.method)

    def _own_page(self, token: Token) -> Page:
        page = self._state.meta.config.page(token.page)
        if page is None:
            raise gone(token.page)
        return page

    def _pages(self, call: Call, token: Token, pages: Sequence[Page]) -> Response:
        return listed(call, [self._page_node(call, token, page, _ACCOUNTS) for page in pages])

    def _page_node(self, call: Call, token: Token, page: Page, usual: Sequence[str]) -> dict[str, object]:
        made: dict[str, object] = {}
        for name in dict.fromkeys([*(call.fields or usual), "id"]):
            value = self._page_field(call, token, page, name)
            if value is not None:
                made[name] = value
        return made

    def _page_field(self, call: Call, token: Token, page: Page, name: str) -> object:
        match name:
            case "access_token":
                return token.value if token.page else self._state.meta.page_token(token, page).value
            case "tasks":
                return list(page.tasks)
            case "category":
                return _CATEGORY["name"]
            case "category_list":
                return [_CATEGORY]
            case "picture":
                return _picture(call, page.username)
            case "link":
                return f"https://www.facebook.com/{page.id}"
            case "instagram_business_account":
                return self._account(call, token, page)
            case "id" | "name" | "username":
                return str(getattr(page, name))
            case _:
                raise invalid(f"Tried accessing nonexisting field ({name}) on node type (Page)")

    def _account(self, call: Call, token: Token, page: Page) -> object:
        """Absent where no professional account is linked, or the permission is missing."""
        account = self._state.meta.config.account(page.instagram) if page.instagram else None
        if account is None or "instagram_basic" not in token.login.granted:
            return None
        facts = {"id": account.id, "username": account.username, "name": account.name}
        wanted = call.subfields("instagram_business_account") or ["id"]
        return {name: facts[name] for name in dict.fromkeys([*wanted, "id"]) if name in facts}


def _picture(call: Call, name: str) -> dict[str, object]:
    url = f"{str(call.request.base_url).rstrip('/')}/feed/avatar/{name}.svg"
    return {"data": {"height": _SMALL, "is_silhouette": False, "url": url, "width": _SMALL}}
