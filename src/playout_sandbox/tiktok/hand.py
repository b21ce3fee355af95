"""What tests do in the creator's place, below `/_sandbox/tiktok/`: connect, disconnect, finish a draft, take down."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.control import wishes
from playout_sandbox.tiktok.consent import SCOPES
from playout_sandbox.tiktok.events import Events
from playout_sandbox.tiktok.life import Life
from playout_sandbox.tiktok.records import PUBLIC, Creator, Post, Task
from playout_sandbox.tiktok.state import State

BY_USER = 1  #: reason in authorization.removed


class Hand:
    """Each is a POST with a JSON object; 404 if it names something that does not exist."""

    def __init__(self, state: State, life: Life, events: Events) -> None:
        self._state = state
        self._life = life
        self._events = events

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        return [
            Route("/grant", self._grant, methods=["POST"]),
            Route("/disconnect", self._disconnect, methods=["POST"]),
            Route("/finish-draft", self._finish_draft, methods=["POST"]),
            Route("/take-down", self._take_down, methods=["POST"]),
            Route("/numbers", self._numbers, methods=["POST"]),
        ]

    async def _grant(self, request: Request) -> Response:
        """{creator?, scopes?, client_key?}: tokens without the dance, as the token endpoint answers them."""
        wish = await wishes(request)
        scopes = wish.get("scopes", list(SCOPES))
        if not isinstance(scopes, list) or not set(scopes) <= set(SCOPES):
            raise HTTPException(400, "scopes takes a list of scopes")
        client_key = str(wish.get("client_key", self._state.config.client_key))
        grant = self._state.new_grant(self._creator(wish).open_id, client_key, tuple(scopes))
        return JSONResponse(self._state.issue(grant, None, "token_issued"))

    async def _disconnect(self, request: Request) -> Response:
        """{creator}: the creator removes the app (row 45). What is not over yet fails."""
        creator = self._creator(await wishes(request))
        for client_key in self._state.end_grants(creator.open_id, None):
            self._state.record("disconnected", None, creator=creator.open_id, client_key=client_key)
            self._events.disconnected(creator.open_id, client_key, BY_USER)
        for task in self._state.tasks.values():
            if task.open_id == creator.open_id and not task.is_over():
                self._life.fail(task, "auth_removed")
        return JSONResponse({"ok": True})

    async def _finish_draft(self, request: Request) -> Response:
        """{publish_id, privacy?}: the creator posts a draft from the inbox, again each time it is called."""
        wish = await wishes(request)
        task = self._state.tasks.get(str(wish.get("publish_id")))
        if task is None or not task.draft or not task.committed or task.fail_reason:
            raise HTTPException(404, "no such draft")
        post = self._life.publish(task, str(wish.get("privacy", PUBLIC)))
        return JSONResponse({"post_id": str(post.post_id)})

    async def _take_down(self, request: Request) -> Response:
        """{post_id}: the post is not public any more."""
        post, task = self._post(await wishes(request))
        del self._state.posts[post.post_id]
        self._state.world.feed.remove(str(post.post_id))
        task.public_ids = [one for one in task.public_ids if one != post.post_id]
        self._state.record_task("taken_down", task, post_id=str(post.post_id))
        self._events.no_longer_public(task, post)
        return JSONResponse({"ok": True})

    async def _numbers(self, request: Request) -> Response:
        """{post_id, view_count?, like_count?, comment_count?, share_count?}."""
        wish = await wishes(request)
        post, _ = self._post(wish)
        for name in post.numbers:
            value = wish.get(name)
            if isinstance(value, int):
                post.numbers[name] = value
        return JSONResponse(post.numbers)

    def _creator(self, wish: Mapping[str, object]) -> Creator:
        name = wish.get("creator")
        found = self._state.config.creators[0] if name is None else self._state.config.creator(str(name))
        if found is None:
            raise HTTPException(404, "no such creator")
        return found

    def _post(self, wish: Mapping[str, object]) -> tuple[Post, Task]:
        number = str(wish.get("post_id"))
        post = self._state.posts.get(int(number)) if number.isdigit() else None
        if post is None:
            raise HTTPException(404, "no such post")
        return post, self._state.tasks[post.publish_id]
