"""Which call is which, on both Graph hosts: graph.instagram.com and, for Facebook Login, graph.facebook.com."""

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response

from playout_sandbox.instagram.caller import Caller, by_facebook, by_instagram, count
from playout_sandbox.instagram.life import Life
from playout_sandbox.instagram.login import InstagramLogin
from playout_sandbox.instagram.making import Making
from playout_sandbox.instagram.publishing import Publishing
from playout_sandbox.instagram.reading import Reading
from playout_sandbox.instagram.rules import not_allowed
from playout_sandbox.instagram.state import State
from playout_sandbox.meta.graph import Call, gone

_EDGES = {"media_publish": "publish", "content_publishing_limit": "quota", "insights": "insights"}
_OBJECT = re.compile(r"17[89]\d{14}")
_ANY_ACCOUNT = "0"  #: stands for `me`, which on the other host is a person


class Edges:
    """What both logins serve. On graph.facebook.com this is a guest (`playout_sandbox.meta.people.Guest`)."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        making, publishing, reading = Making(state, life), Publishing(state, life), Reading(state)
        self._handlers: Mapping[tuple[str, str], Callable[[Call, Caller], Awaitable[Response]]] = {
            ("container", "POST"): making.create,
            ("container_status", "GET"): making.status,
            ("publish", "POST"): publishing.publish,
            ("quota", "GET"): publishing.quota,
            ("list", "GET"): reading.list,
            ("media", "GET"): reading.media,
            ("insights", "GET"): reading.insights,
            ("me", "GET"): reading.account,
        }

    def kind_of(self, node: str, edge: str, method: str) -> str | None:
        """The kind of request; None for what is not Instagram's. Lists and single reels are both "media"."""
        what = None if node == "me" else self._what(node, edge, method)
        return f"instagram.{'media' if what == 'list' else what}" if what else None

    async def answer(self, call: Call) -> Response:
        """A call on graph.facebook.com."""
        return await self.serve(call, by_facebook(self._state, call))

    async def serve(self, call: Call, caller: Caller) -> Response:
        """A call of either host, the caller known."""
        about = self._account_of(call.node)
        if about in caller.accounts:
            count(self._state, about)
        handler = self._handlers.get((self._what(call.node, call.edge, call.method) or "", call.method))
        if handler is None:
            # Removing media exists with Facebook Login only, and is not emulated.
            raise not_allowed() if call.method == "DELETE" else gone(call.node, call.method)
        return await handler(call, caller)

    def _what(self, node: str, edge: str, method: str) -> str | None:
        """The kind, where lists of reels and single ones are two."""
        account = self._state.account(node)
        if edge == "media":
            return "container" if method == "POST" else "list"
        if edge == "insights" and not _OBJECT.fullmatch(node):
            return None
        if edge:
            return _EDGES.get(edge)
        if node == "me" or (account is not None and account.id == node):
            return "me"
        if not _OBJECT.fullmatch(node):
            return None
        return "media" if node.startswith("179") else "container_status"

    def _account_of(self, node: str) -> str:
        """Whose object a node is, "" if it is unknown."""
        owned = self._state.containers.get(node) or self._state.media.get(node)
        return owned.account if owned else node


class InstagramHost:
    """graph.instagram.com: the edges, the account as `/me`, and the two token calls without a version."""

    def __init__(self, state: State, edges: Edges, login: InstagramLogin) -> None:
        self._state = state
        self._edges = edges
        self._login = login

    def kind(self, node: str, edge: str, method: str) -> str:
        """The kind of request."""
        named = {"access_token": "exchange", "refresh_access_token": "refresh"}.get(node)
        if named and not edge:
            return f"instagram.{named}"
        own = "instagram.me" if not edge else self._edges.kind_of(_ANY_ACCOUNT, edge, method)
        return (own if node == "me" else self._edges.kind_of(node, edge, method)) or "instagram.unknown"

    async def answer(self, call: Call) -> Response:
        """One call. Refuses what the Graph API refuses."""
        self._state.meta.enter(call)
        match self.kind(call.node, call.edge, call.method), call.method:
            case "instagram.exchange", "GET":
                response = await self._login.exchange(call)
            case "instagram.refresh", "GET":
                response = await self._login.refresh(call)
            case _:
                response = await self._edges.serve(call, by_instagram(self._state, call))
        response.headers.update(self._state.meta.usage())
        return response
