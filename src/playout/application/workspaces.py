"""The workspace's own settings."""

from dataclasses import replace
from datetime import timedelta

from playout.application.ports import Store
from playout.domain.errors import Invalid, Problem, Stale
from playout.domain.person import Actor, LatePosts, Scope, Workspace

_LONGEST = 720  # hours


class Workspaces:
    """What faces can do with the workspace they act in."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, actor: Actor) -> Workspace:
        """The one of the actor."""
        actor.need(Scope.READ)
        return await self._store.workspaces.get(actor.workspace_id)

    async def change(
        self,
        actor: Actor,
        *,
        late_posts: LatePosts | None = None,
        late_after_hours: float | None = None,
        approval: bool | None = None,
        version: int | None = None,
    ) -> Workspace:
        """Changes what is given, if the version is this one still. Raises Invalid, Stale."""
        actor.need(Scope.ADMIN)
        hours = late_after_hours
        if hours is not None and not 0 < hours <= _LONGEST:  # which refuses what is no number, too
            sentence = f"This must be more than 0 and at most {_LONGEST} hours."
            raise Invalid(
                sentence, code="wrong_value", problems=[Problem("wrong_value", "/late_after_hours", sentence)]
            )
        before = await self._store.workspaces.get(actor.workspace_id)
        if version is not None and version != before.version:
            raise Stale
        late_after = timedelta(hours=hours) if hours else before.late_after
        return await self._store.workspaces.save(
            replace(
                before,
                late_posts=late_posts or before.late_posts,
                late_after=late_after,
                approval=before.approval if approval is None else approval,
            )
        )
