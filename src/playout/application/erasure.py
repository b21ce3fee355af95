"""The end of a workspace: nobody gets in, nothing is sent, and all of it goes, in the background.

Asked for once, it cannot be taken back: a chore carries it out, safe to be killed anywhere and to be repeated. The
workspace is closed first and is the last to go. The home workspace begins anew afterwards under its old name, so
whatever is removed is either older than that or not touched.

What stays: the record of the deletion (deletions.py), without anything personal. Not here: which records there are
(`Workspaces.erase` of the stores).
"""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from playout.application.channels import Channels
from playout.application.deletions import Deletion, Deletions
from playout.application.exports import ROOT as EXPORTS
from playout.application.people import HOME, People
from playout.application.ports import Chore, Clock, Files, Page, Store
from playout.application.ports.store import ERASE
from playout.application.pulls import Pulls
from playout.application.tidying import TIDY
from playout.application.uploads import Uploads
from playout.application.videos import ROOT as VIDEOS
from playout.domain.delivery import TRANSIENT, Delivery
from playout.domain.errors import Invalid, NotFound, PlayoutError, Problem, Stale, Unauthenticated, Unavailable
from playout.domain.ids import is_id, new_id
from playout.domain.person import Actor, Scope, Workspace

log = logging.getLogger(__name__)

T = TypeVar("T")

#: For so long a platform that does not end a consent is asked again, and a step under way is waited for.
PATIENCE = timedelta(days=1)
SOON = timedelta(seconds=5)
#: Longest pause between two tries.
LONGEST_PAUSE = timedelta(hours=1)
_PAGE = 200
_ROOTS = (VIDEOS, EXPORTS)
_TIME = slice(10)  # of the part of an id behind its prefix: the milliseconds


class Listed(Protocol[T]):
    """A list of the store, page by page."""

    async def __call__(self, workspace_id: str, /, *, cursor: str | None = None, limit: int = 50) -> Page[T]: ...


class Erasure:
    """Begins deletions of workspaces, carries them out, and says how far they are."""

    def __init__(
        self,
        store: Store,
        files: Files,
        channels: Channels,
        uploads: Uploads,
        pulls: Pulls,
        people: People,
        deletions: Deletions,
        clock: Clock,
    ) -> None:
        self._store = store
        self._files = files
        self._channels = channels
        self._uploads = uploads
        self._pulls = pulls
        self._people = people
        self._deletions = deletions
        self._clock = clock

    async def begin(self, actor: Actor, confirm: str | None) -> Deletion:
        """Closes the actor's workspace for good: every token has ended when this returns, the actor's too.

        `confirm`: its name, where somebody was asked for it, so that he does not do this by a slip. Record and chore
        stand before anything changes: a kill leaves either nothing changed or a chore that does all of it. Raises
        Invalid, Unauthenticated.
        """
        actor.need(Scope.ADMIN)
        workspace = await self._store.workspaces.get(actor.workspace_id)
        _check(confirm, workspace)
        now = self._clock.now()
        tokens = {"tokens": len(await self._store.tokens.list(workspace.id))}
        asked = Deletion(new_id("del", now), now, counts=tokens, born_at=workspace.created_at)
        deletion = await self._deletions.keep(asked)
        await self._store.chores.put(Chore(workspace.id, ERASE, deletion.id, now))
        await self._close(workspace)
        log.info("workspace.closed", extra={"subject_id": deletion.id})
        return deletion

    async def get(self, deletion_id: str) -> Deletion:
        """How far a deletion is, for whoever knows its id. Raises NotFound."""
        if not is_id(deletion_id, "del"):
            raise NotFound("There is no such deletion.")
        return await self._deletions.get(deletion_id)

    # ── the chore ───────────────────────────────────────────────────────────────────────────────

    async def carry_out(self, chore: Chore) -> datetime | None:
        """Carries it out. Safe to repeat, and cut off, at any time."""
        deletion = await self._deletions.find(chore.subject_id)
        if deletion is None or deletion.finished_at:
            return None
        try:
            return await self._advance(chore.workspace_id, deletion)
        except (NotFound, Stale):  # something went or came meanwhile; NotFound would be the end of the chore
            return self._clock.now() + SOON

    async def _advance(self, workspace_id: str, deletion: Deletion) -> datetime | None:
        workspace = await self._standing(workspace_id, deletion)
        if workspace:
            await self._close(workspace)
            deletion = await self._counted(workspace_id, deletion)
            again = await self._emptied(workspace_id, deletion)
            if again:
                return again
            await self._store.ephemera.forget(workspace_id)
            while await self._standing(workspace_id, deletion) and await self._store.workspaces.erase(workspace_id):
                pass
        await self._finish(workspace_id, deletion)
        return None

    async def _standing(self, workspace_id: str, deletion: Deletion) -> Workspace | None:
        """The workspace that was meant, as long as it is there: not one that was made anew under its name."""
        try:
            workspace = await self._store.workspaces.get(workspace_id)
        except NotFound:
            return None
        return workspace if workspace.created_at == deletion.born_at else None

    async def _close(self, workspace: Workspace) -> None:
        """Closed first, so that no token can be made; then those that there are go, so that no request finds one."""
        while workspace.closed_at is None:
            try:
                workspace = await self._store.workspaces.save(replace(workspace, closed_at=self._clock.now()))
            except Stale:
                workspace = await self._store.workspaces.get(workspace.id)
        for token in await self._store.tokens.list(workspace.id):
            with suppress(NotFound):
                await self._store.tokens.remove(workspace.id, token.id)

    # ── what is ended before the records go ─────────────────────────────────────────────────────

    async def _emptied(self, workspace_id: str, deletion: Deletion) -> datetime | None:
        """Ends what would go on without a record; gives the time of the next try, until there is nothing to wait for.

        No byte is taken from under a step under way, and no consent ends before it.
        """
        now = self._clock.now()
        asked_for = now - deletion.started_at
        patient = asked_for < PATIENCE
        await self._hush(workspace_id)
        await self._people.dismiss(workspace_id)
        if patient and await self._is_sending(workspace_id):
            return now + SOON
        free = await self._uploads.drop_all(workspace_id)
        await self._delete_bytes(workspace_id, now)
        refused, hopeless = await self._disconnect(workspace_id)
        if patient and (refused or not free):
            return now + (min(max(asked_for, SOON), LONGEST_PAUSE) if free else SOON)
        await self._note(deletion, {"channels_not_revoked": refused + hopeless})
        return None

    async def _hush(self, workspace_id: str) -> None:
        """Nobody is told of anything any more."""
        async for webhook in _all(self._store.webhooks.list, workspace_id):
            with suppress(Stale):  # the next time, or with the rest
                await self._store.webhooks.remove(webhook)

    async def _is_sending(self, workspace_id: str) -> bool:
        """Whether a worker has a delivery in hand: its step is never cut; after it the law finds the workspace closed.

        One that was killed with a delivery in hand lets go of it within the lease.
        """
        now = self._clock.now()

        async def listed(name: str, *, cursor: str | None = None, limit: int = 50) -> Page[Delivery]:
            return await self._store.deliveries.list(name, states=TRANSIENT, cursor=cursor, limit=limit)

        async for one in _all(listed, workspace_id):
            if one.in_hand_until and one.in_hand_until > now:
                return True
        return False

    async def _disconnect(self, workspace_id: str) -> tuple[int, int]:
        """Ends every consent at its platform; says how many platforms would not, and of how many there are no keys."""
        actor = Actor(workspace_id, ERASE, frozenset({Scope.PUBLISH}), "engine")
        refused = hopeless = 0
        async for channel in _all(self._store.channels.list, workspace_id):
            if channel.connected and channel.platform not in self._channels.configured():
                hopeless += 1
            elif channel.connected:
                refused += not await self._ended(actor, channel.id)
        return refused, hopeless

    async def _ended(self, actor: Actor, channel_id: str) -> bool:
        try:
            await self._channels.disconnect(actor, channel_id)
        except Unavailable:
            raise  # our own store
        except PlayoutError as refused:
            log.warning("workspace.not_revoked", extra={"channel_id": channel_id, "code": refused.code})
        except Exception:  # an adapter's own mistakes must not keep a workspace for ever
            log.exception("workspace.not_revoked", extra={"channel_id": channel_id})
        else:
            return True
        return False

    async def _delete_bytes(self, workspace_id: str, until: datetime) -> None:
        """Whatever was begun until then, with a record or without. Later bytes are those of a workspace made anew."""
        end = new_id("vid", until).partition("_")[2][_TIME]
        for root in _ROOTS:
            folder = f"{root}{workspace_id}/"
            async for key in self._files.list(folder):
                name = re.split(r"[./]", key.removeprefix(folder))[0]
                if name.partition("_")[2][_TIME] <= end:
                    await self._files.delete(key)

    # ── how much there was ──────────────────────────────────────────────────────────────────────

    async def _counted(self, workspace_id: str, deletion: Deletion) -> Deletion:
        """Counted once, before the first of it goes: what a kill repeats is not counted twice."""
        if "posts" in deletion.counts:
            return deletion
        workspace = await self._store.workspaces.get(workspace_id)
        files = [key for root in _ROOTS async for key in self._files.list(f"{root}{workspace_id}/")]
        return await self._note(
            deletion,
            {
                "people": len(workspace.members),
                "channels": await _number(self._store.channels.list, workspace_id),
                "videos": await _number(self._store.videos.list, workspace_id),
                "posts": await _number(self._store.posts.list, workspace_id),
                "deliveries": await _number(self._store.deliveries.list, workspace_id),
                "webhooks": await _number(self._store.webhooks.list, workspace_id),
                "files": len(files),
            },
        )

    async def _note(self, deletion: Deletion, counts: dict[str, int]) -> Deletion:
        return await self._deletions.change(deletion.id, lambda one: one.counted(counts))

    # ── the end ─────────────────────────────────────────────────────────────────────────────────

    async def _finish(self, workspace_id: str, deletion: Deletion) -> None:
        """No record is left. Bytes that came late go too, and home is made anew."""
        await self._delete_bytes(workspace_id, await self._born_again(workspace_id))
        await self._pulls.tidy()
        if workspace_id == HOME:
            await self._people.prepare()
            await self._store.chores.put(Chore(HOME, TIDY, "house", self._clock.now()))
        await self._deletions.change(deletion.id, lambda one: replace(one, finished_at=self._clock.now()))
        log.info("workspace.erased", extra={"subject_id": deletion.id})

    async def _born_again(self, workspace_id: str) -> datetime:
        """From when on things under this name are those of a workspace made anew; now, where there is none."""
        now = self._clock.now()
        try:
            return (await self._store.workspaces.get(workspace_id)).created_at
        except NotFound:
            return now


async def _all(listed: Listed[T], workspace_id: str) -> AsyncIterator[T]:
    cursor: str | None = None
    while True:
        page = await listed(workspace_id, cursor=cursor, limit=_PAGE)
        for one in page.items:
            yield one
        cursor = page.next_cursor
        if cursor is None:
            return


async def _number(listed: Listed[T], workspace_id: str) -> int:
    return sum([1 async for _ in _all(listed, workspace_id)])


def _check(confirm: str | None, workspace: Workspace) -> None:
    if workspace.closed_at:
        raise Unauthenticated("This workspace is being deleted: nobody gets in any more.")
    if confirm is not None and confirm.strip() != workspace.name.strip():
        sentence = (
            f"This deletes everything in the workspace. If you mean it, confirm with its name: “{workspace.name}”."
        )
        raise Invalid(sentence, code="not_confirmed", problems=[Problem("not_confirmed", "/confirm", sentence)])
