"""What is kept of an export besides its bytes: a note with an end, changed by compare-and-swap."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from playout.application.ports import Clock
from playout.application.ports.store import Ephemera
from playout.domain.retry import Reason, Turn

#: For so long there is something to fetch, and a note that says where.
KEPT = timedelta(days=7)
#: Each takes the room of all videos, for as long as it is kept.
MOST_A_DAY = 10


class ExportState(StrEnum):
    """How far one is."""

    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Export:
    """Everything of a workspace as one zip: asked for, being made, or there until `expires_at`."""

    id: str
    workspace_id: str
    state: ExportState
    created_at: datetime
    expires_at: datetime
    done: int = 0  # bytes of videos that are in it
    total: int = 0  # bytes of all videos
    size: int = 0  # bytes of the zip
    sha256: str = ""  # of the zip, hex
    reason: Reason | None = None  # why it failed
    hand: str = ""  # whose making of it counts

    @property
    def under_way(self) -> bool:
        """Whether it is still to come."""
        return self.state in {ExportState.WAITING, ExportState.MAKING}

    @property
    def filename(self) -> str:
        """How its file is called."""
        return f"playout-export-{self.created_at:%Y-%m-%d}.zip"

    @property
    def text(self) -> str:
        """To be kept."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def of(cls, text: str) -> Self:
        """As it was kept."""
        kept = json.loads(text)
        reason = kept["reason"]
        return cls(
            **kept
            | {
                "state": ExportState(kept["state"]),
                "created_at": datetime.fromisoformat(kept["created_at"]),
                "expires_at": datetime.fromisoformat(kept["expires_at"]),
                "reason": reason and Reason(reason["code"], reason["message"], Turn(reason["whose_turn"])),
            }
        )


Change = Callable[[Export], Export]


class Overtaken(Exception):
    """Other hands have it, or it is not wanted any more."""


class ExportNotes:
    """The notes of all exports, and which of a workspace's is under way."""

    def __init__(self, ephemera: Ephemera, clock: Clock) -> None:
        self._ephemera = ephemera
        self._clock = clock

    async def find(self, workspace_id: str, export_id: str) -> Export | None:
        """One that has not ended."""
        kept = await self._ephemera.get(_key(workspace_id, export_id), self._clock.now())
        return Export.of(kept) if kept else None

    async def put_new(self, export: Export) -> Export:
        """The one that was there, or this one."""
        key, now = _key(export.workspace_id, export.id), self._clock.now()
        there = await self._ephemera.put_new(key, export.text, export.expires_at, now)
        return Export.of(there) if there else export

    async def change(self, before: Export, after: Export) -> Export:
        """Raises Overtaken where the note is not what it was `before`."""
        key = _key(after.workspace_id, after.id)
        kept = await self._ephemera.get(key, self._clock.now())
        if kept is None or Export.of(kept) != before:
            raise Overtaken
        if not await self._ephemera.replace(key, kept, after.text, after.expires_at):
            raise Overtaken
        return after

    async def forget(self, workspace_id: str, export_id: str) -> None:
        """Gone already is fine."""
        await self._ephemera.take(_key(workspace_id, export_id), self._clock.now())

    async def standing(self, workspace_id: str, since: datetime) -> Export | None:
        """The one of this workspace that is under way; of an earlier one of its name, before `since`, there is none."""
        named = await self._ephemera.get(_turn(workspace_id), self._clock.now())
        export = await self.find(workspace_id, named) if named else None
        return export if export and export.under_way and export.created_at >= since else None

    async def take_turn(self, export: Export, since: datetime) -> Export:
        """The one that is under way from now on: this one, or another that was faster; then this one is forgotten."""
        key = _turn(export.workspace_id)
        while True:
            now = self._clock.now()
            named = await self._ephemera.put_new(key, export.id, now + KEPT, now)
            if named in {None, export.id}:
                return export
            if standing := await self.standing(export.workspace_id, since):
                await self.forget(export.workspace_id, export.id)
                return standing
            await self._ephemera.replace(key, named or "", export.id, now + KEPT)

    async def allow(self, workspace_id: str) -> datetime | None:
        """Counts one more; or says when one may be made again."""
        return await self._ephemera.allow(f"exports:{workspace_id}", MOST_A_DAY, timedelta(days=1), self._clock.now())


def new_export(workspace_id: str, export_id: str, now: datetime) -> Export:
    """One that waits."""
    return Export(export_id, workspace_id, ExportState.WAITING, now, now + KEPT)


def begun(hand: str, total: int) -> Change:
    """It is being made by this hand, from the start."""
    return lambda export: replace(export, state=ExportState.MAKING, hand=hand, done=0, total=total)


def ready(size: int, sha256: str) -> Change:
    """It is there."""
    return lambda export: replace(export, state=ExportState.READY, size=size, sha256=sha256, done=export.total)


def failed(reason: Reason) -> Change:
    """It will not be made."""
    return lambda export: replace(export, state=ExportState.FAILED, reason=reason)


def _key(workspace_id: str, export_id: str) -> str:
    return f"export:{workspace_id}:{export_id}"


def _turn(workspace_id: str) -> str:
    return f"exporting:{workspace_id}"
