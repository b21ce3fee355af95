"""Seeded leaks: services without the walls between workspaces, which the matrix has to find."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from enum import Enum
from typing import Any

from playout.application.services import Services
from playout.domain.errors import Forbidden, NotFound
from playout.domain.person import ALL_SCOPES, Actor
from tests.trust.matrix import WORKSPACES


class Wall(Enum):
    """What a service does that ought to say that there is nothing."""

    SHOWS = "shows and does what belongs to others"
    TELLS = "tells that it belongs to somebody else"
    ACTS = "does it, and says that there is nothing"
    TRUSTS = "asks nobody for his scopes"


class Careless:
    """A service with a hole in its wall."""

    def __init__(self, service: object, how: Wall) -> None:
        self._service = service
        self._how = how

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        return self._holed(found) if inspect.iscoroutinefunction(found) else found

    def _holed(self, use: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def used(*args: Any, **more: Any) -> Any:
            actor, *rest = args
            if not isinstance(actor, Actor):
                return await use(*args, **more)
            if self._how is Wall.TRUSTS:
                return await use(replace(actor, scopes=ALL_SCOPES), *rest, **more)
            try:
                return await use(*args, **more)
            except NotFound as nowhere:
                return await self._across(use, nowhere, actor, *rest, **more)

        return used

    async def _across(
        self, use: Callable[..., Awaitable[Any]], nowhere: NotFound, actor: Actor, *rest: Any, **more: Any
    ) -> Any:
        (other,) = set(WORKSPACES.values()) - {actor.workspace_id}
        there = await use(replace(actor, workspace_id=other), *rest, **more)
        match self._how:
            case Wall.SHOWS:
                return there
            case Wall.TELLS:
                raise Forbidden("This belongs to somebody else.")
            case _:
                raise nowhere


def without_walls(services: Services, how: Wall) -> Services:
    """All of them like that."""
    names = {one.name for one in fields(services)} - {"store", "clock"}
    holed: dict[str, Any] = {name: Careless(getattr(services, name), how) for name in names}
    return replace(services, **holed)
