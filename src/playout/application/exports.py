"""Exports: everything of a workspace as one zip, made in the background, there for a week.

Every making has a key of its own, and the note says whose making counts: so what a process that stood still does late
changes nothing that somebody is shown. Not here: what is in the zip (export_contents.py).
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta

from playout.application.export_contents import Contents
from playout.application.export_notes import (
    KEPT,
    MOST_A_DAY,
    Change,
    Export,
    ExportNotes,
    ExportState,
    Overtaken,
    begun,
    failed,
    new_export,
    ready,
)
from playout.application.ports import Chore, Clock, Files, Store, Stored
from playout.domain.errors import Conflict, FileGone, NotFound, StorageFull, TooLarge, Unavailable
from playout.domain.ids import is_id, new_id
from playout.domain.person import Actor, Scope, Workspace
from playout.domain.retry import Reason, Turn

log = logging.getLogger(__name__)

#: The chore that makes one, and later removes it.
EXPORT = "export"
#: Where the zips lie. None of them counts as a video.
ROOT = "exports/"
#: Bytes of one zip: more than the largest workspace, and than a bucket takes (78 GiB in parts of 8 MiB).
LARGEST = 2**40
#: What fails so often in a row, over a quarter of an hour, does not pass by itself.
MOST_TRIES = 8
#: In one process: they read and write as fast as the disk allows.
AT_ONCE = 2
SOON = timedelta(seconds=5)
#: While it is being made, it is looked whether it still counts, and noted how far it is.
NOTED = timedelta(seconds=2)


class Exports:
    """Begins exports, makes them, and hands them out."""

    def __init__(self, store: Store, files: Files, clock: Clock) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._notes = ExportNotes(store.ephemera, clock)
        self._making = 0

    async def begin(self, actor: Actor, *, export_id: str | None = None) -> Export:
        """A new one, or the one of this workspace that is under way: there is at most one.

        `export_id` given: a repeat of the same request finds what the first one made. Raises Conflict
        (`too_many_exports`).
        """
        actor.need(Scope.ADMIN)
        export = await self._begun(actor.workspace_id, export_id or new_id("exp", self._clock.now()))
        chore = Chore(export.workspace_id, EXPORT, export.id, self._clock.now())
        if export.under_way and await self._store.chores.get(chore.workspace_id, chore.id) is None:
            await self._store.chores.put(chore)
        return export

    async def get(self, actor: Actor, export_id: str) -> Export:
        """How far it is. Raises NotFound; also for one that has expired."""
        actor.need(Scope.ADMIN)
        export = await self._find(actor.workspace_id, export_id)
        if export is None:
            raise NotFound(f"There is no such export. They are kept for {KEPT.days} days.")
        return export

    async def finished(self, actor: Actor, export_id: str) -> Export:
        """One that can be read. Raises NotFound, Conflict (`export_not_ready`)."""
        export = await self.get(actor, export_id)
        if export.state is not ExportState.READY:
            raise Conflict("This export is not ready. Ask for it again until it is.", code="export_not_ready")
        return export

    def read(self, export: Export, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """Bytes of one that `finished` gave, in pieces; to be closed. Raises FileGone."""
        return self._files.read(_key(export), start, length)

    async def remove(self, actor: Actor, export_id: str) -> None:
        """Before its time. Gone already is fine."""
        actor.need(Scope.ADMIN)
        await self._notes.forget(actor.workspace_id, export_id)
        await self._clear(actor.workspace_id, export_id)

    async def _begun(self, workspace_id: str, export_id: str) -> Export:
        """The note first, then the turn: whoever has the turn can be found."""
        since = (await self._workspace(workspace_id)).created_at
        export = await self._notes.find(workspace_id, export_id)
        if export is None:
            if standing := await self._notes.standing(workspace_id, since):
                return standing
            if await self._notes.allow(workspace_id):
                sentence = (
                    f"A workspace may have {MOST_A_DAY} exports a day. Fetch the last one, or wait until tomorrow."
                )
                raise Conflict(sentence, code="too_many_exports")
            export = await self._notes.put_new(new_export(workspace_id, export_id, self._clock.now()))
        return await self._notes.take_turn(export, since) if export.state is ExportState.WAITING else export

    async def _find(self, workspace_id: str, export_id: str) -> Export | None:
        """Raises NotFound where the workspace is gone; None also for one of a workspace that was here before."""
        workspace = await self._workspace(workspace_id)
        export = await self._notes.find(workspace_id, export_id)
        return export if export and workspace.created_at <= export.created_at else None

    # ── the chore ───────────────────────────────────────────────────────────────────────────────

    async def make(self, chore: Chore) -> datetime | None:
        """Makes it, and is due again when it expires: then it removes it. Safe to repeat, and cut off, at any time."""
        export = await self._notes.find(chore.workspace_id, chore.subject_id)
        if export is None:
            await self._clear(chore.workspace_id, chore.subject_id)
            return None
        if not export.under_way:
            return export.expires_at
        if self._making >= AT_ONCE:
            return self._clock.now() + SOON
        self._making += 1
        try:
            return await self._advance(export, chore.tries)
        except Overtaken:
            log.info("export.overtaken")
            return self._clock.now() + SOON  # to see that it is done, or gone
        except NotFound:  # the workspace is
            await self._notes.forget(export.workspace_id, export.id)
            await self._clear(export.workspace_id, export.id)
            return None
        finally:
            self._making -= 1

    async def sweep(self) -> int:
        """Removes zips that nobody can be shown any more; says how many. For what crashes left behind."""
        count = 0
        async for key in self._files.list(ROOT):
            workspace_id, _, rest = key.removeprefix(ROOT).partition("/")
            if not await self._counts(workspace_id, rest.partition("/")[0], key):
                await self._files.delete(key)
                count += 1
        return count

    async def _counts(self, workspace_id: str, export_id: str, key: str) -> bool:
        try:
            export = await self._find(workspace_id, export_id)
        except NotFound:
            return False
        return export is not None and key == _key(export)

    async def _advance(self, export: Export, tries: int) -> datetime:
        hand = _Hand(self._notes, self._clock, export)
        if tries >= MOST_TRIES:
            sentence = "The export could not be made; the log says why. Begin another."
            return await hand.note(failed(Reason("export_failed", sentence, Turn.US)))
        try:
            stored = await self._put(hand)
        except (StorageFull, TooLarge) as error:
            return await hand.note(failed(Reason(error.code, error.sentence, Turn.YOU)))
        except FileGone as gone:  # between being found and its last byte: the next time it is not found
            raise Unavailable("A video went while it was put into an export.") from gone
        return await self._keep(hand, stored)

    async def _put(self, hand: "_Hand") -> Stored:
        export, now = hand.export, self._clock.now()
        workspace = await self._workspace_of(export)
        contents = Contents(self._store, self._files, workspace, export, now)
        await hand.note(begun(new_id("mk", now), await contents.total()))
        await self._clear(export.workspace_id, export.id)
        async with aclosing(contents.pieces(hand.seen)) as pieces, aclosing(self._wanted(hand, pieces)) as wanted:
            return await self._files.put(_key(hand.export), wanted, limit=LARGEST)

    async def _wanted(self, hand: "_Hand", pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Ends well only if it is wanted to the last."""
        async for piece in pieces:
            yield piece
        await hand.note()
        await self._workspace_of(hand.export)

    async def _keep(self, hand: "_Hand", stored: Stored) -> datetime:
        try:
            return await hand.note(ready(stored.size, stored.sha256))
        except Overtaken:
            await self._files.delete(stored.key)
            raise

    async def _clear(self, workspace_id: str, export_id: str) -> None:
        """What makings of it left, but for what counts."""
        if is_id(export_id, "exp"):
            async for key in self._files.list(f"{ROOT}{workspace_id}/{export_id}"):
                await self._files.delete(key)

    async def _workspace(self, workspace_id: str) -> Workspace:
        """Raises NotFound; also for one that is being deleted."""
        workspace = await self._store.workspaces.get(workspace_id)
        if workspace.closed_at:
            raise NotFound("This workspace is being deleted.")
        return workspace

    async def _workspace_of(self, export: Export) -> Workspace:
        """Raises NotFound; also where it was deleted, and another has its name by now."""
        workspace = await self._workspace(export.workspace_id)
        if workspace.created_at > export.created_at:
            raise NotFound("This workspace is gone.")
        return workspace


class _Hand:
    """The making of an export that counts, until somebody else begins another: each note finds out."""

    def __init__(self, notes: ExportNotes, clock: Clock, export: Export) -> None:
        self._notes = notes
        self._clock = clock
        self._noted = clock.now()
        self.export = export

    async def note(self, change: Change | None = None) -> datetime:
        """From now on it is kept for its whole time; gives its end. Raises Overtaken."""
        self._noted = self._clock.now()
        changed = change(self.export) if change else self.export
        self.export = await self._notes.change(self.export, replace(changed, expires_at=self._noted + KEPT))
        return self.export.expires_at

    async def seen(self, done: int) -> None:
        """So many bytes of videos are in; noted now and then."""
        if self._clock.now() - self._noted >= NOTED:
            await self.note(lambda export: replace(export, done=done))


def _key(export: Export) -> str:
    return f"{ROOT}{export.workspace_id}/{export.id}/{export.hand}.zip"
