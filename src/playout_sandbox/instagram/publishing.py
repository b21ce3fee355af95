"""`POST /<ig-id>/media_publish`: the point of no return (section 6), and the quota it is held to (section 7)."""

import re

from starlette.responses import JSONResponse, Response

from playout_sandbox.instagram.caller import Caller, own_account
from playout_sandbox.instagram.life import Life
from playout_sandbox.instagram.making import check_restricted
from playout_sandbox.instagram.records import Container, Stage
from playout_sandbox.instagram.rules import publishing
from playout_sandbox.instagram.state import DAY, State
from playout_sandbox.meta.graph import Call, Refusal, invalid


class Publishing:
    """One reel for each container, unless the setting `second_publish` says the worst."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def publish(self, call: Call, caller: Caller) -> Response:
        """The reel goes live."""
        state = self._state
        account = own_account(caller, call)
        caller.need("publish", account)
        container = self._container(call.need("creation_id"), account)
        check_restricted(state, account)
        if container.stage is Stage.PUBLISHED and state.config.second_publish == "same_id":
            return JSONResponse({"id": container.media})
        self._check_ready(container)
        self._check_quota(account)
        if state.config.spam_block == "not_published":
            raise _spam()
        media = self._life.publish(container, call.n)
        if state.config.spam_block == "published":
            raise _spam()
        return JSONResponse({} if state.config.publish_omits_id else {"id": media.id})

    async def quota(self, call: Call, caller: Caller) -> Response:
        """How much of the window is used up; `config` only when asked for."""
        state = self._state
        account = own_account(caller, call)
        caller.need("publish", account)
        since = call.params.get("since", "")
        if since and not (re.fullmatch(r"\d+", since) and state.now - DAY <= int(since) <= state.now):
            raise invalid("Param since must be a time in the last 24 hours")
        known = {
            "quota_usage": state.published_since(account, float(since or state.now - DAY)),
            "config": {"quota_total": state.config.quota_total, "quota_duration": int(DAY)},
        }
        asked = call.fields or ["quota_usage"]
        if not set(asked) <= set(known):
            raise invalid("Tried accessing nonexisting field")
        return JSONResponse({"data": [{name: known[name] for name in asked}]})

    def _container(self, creation_id: str, account: str) -> Container:
        """Rows 24 and 25."""
        container = self._state.containers.get(creation_id)
        if container is None:
            raise _no_builder(creation_id)
        if container.account != account:
            message = f"The media with {creation_id} cannot be found"
            raise publishing(24, 2207006, "The requested resource does not exist", message)
        return container

    def _check_ready(self, container: Container) -> None:
        """Rows 22, 23 and 26."""
        mode = self._state.config.second_publish
        if container.stage is Stage.PUBLISHED and mode == "second_post":
            return
        if container.stage is Stage.PUBLISHED and mode == "2207008":
            raise _no_builder(container.id)
        if self._state.status_code(container) is Stage.EXPIRED:
            raise _no_builder(container.id)
        if container.stage is not Stage.FINISHED:
            text = "The media is not ready for publishing, please wait for a moment"
            raise publishing(9007, 2207027, "Media ID is not available", text)

    def _check_quota(self, account: str) -> None:
        """Row 27."""
        state = self._state
        if state.world.config.limits and state.published_since(account, state.now - DAY) >= state.config.quota_total:
            text = "You reached maximum number of posts that is allowed to be published by Content Publishing API."
            raise publishing(9, 2207042, "Application request limit reached", text)


def _no_builder(creation_id: str) -> Refusal:
    text = f"The media builder with creation id = {creation_id} does not exist or has been expired."
    return publishing(24, 2207008, "The requested resource does not exist", text)


def _spam() -> Refusal:
    """Row 29."""
    text = "We restrict certain activity to protect our community. Tell us if you think we made a mistake."
    return publishing(4, 2207051, "Application request limit reached", text, "Action is blocked")
