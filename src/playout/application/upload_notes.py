"""What is kept of an upload besides its bytes: a note with an end, changed by compare-and-swap."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from playout.application.ports import Clock
from playout.application.ports.store import Ephemera
from playout.domain.errors import NotFound

#: Code of the NotFound for an upload that there was.
GONE = "upload_gone"
#: After its end a note stays for so long, to say that there was one.
REMEMBERED = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of one upload."""

    workspace_id: str
    id: str
    filename: str
    metadata: str  # as its protocol gave it
    length: int | None  # bytes in all
    asked: str  # digest of the request that made it
    ends: float  # seconds since 1970
    video_id: str | None = None  # from the last byte on
    done: bool = False  # the video has its record

    @classmethod
    def of(cls, text: str) -> Self:
        """As it was kept."""
        return cls(**json.loads(text))

    @property
    def text(self) -> str:
        """To be kept."""
        return json.dumps(asdict(self))

    @property
    def expires_at(self) -> datetime:
        """When it ends, if nothing more comes."""
        return datetime.fromtimestamp(self.ends, UTC)

    def until(self, end: datetime) -> Self:
        """Ends then."""
        return replace(self, ends=end.timestamp())


class Notes:
    """The notes of all uploads."""

    def __init__(self, ephemera: Ephemera, clock: Clock) -> None:
        self._ephemera = ephemera
        self._clock = clock

    async def put_new(self, note: Note) -> Note:
        """The one that was there, or this one."""
        ends = note.expires_at + REMEMBERED
        there = await self._ephemera.put_new(_key(note.workspace_id, note.id), note.text, ends, self._clock.now())
        return Note.of(there) if there else note

    async def find(self, workspace_id: str, upload_id: str) -> Note | None:
        """The note, ended or not."""
        kept = await self._ephemera.get(_key(workspace_id, upload_id), self._clock.now())
        return Note.of(kept) if kept else None

    async def get(self, workspace_id: str, upload_id: str) -> Note:
        """Raises NotFound; with the code `upload_gone` if it has ended."""
        return self.live(await self.find(workspace_id, upload_id))

    async def change(self, note: Note, change: Callable[[Note], Note]) -> Note:
        """What `change` makes of the note as it stands now. Raises NotFound as `get` does, and what `change` raises."""
        key = _key(note.workspace_id, note.id)
        while True:
            kept = await self._ephemera.get(key, self._clock.now())
            changed = change(self.live(Note.of(kept) if kept else None))
            if await self._ephemera.replace(key, kept or "", changed.text, changed.expires_at + REMEMBERED):
                return changed

    def live(self, note: Note | None) -> Note:
        """The note, if it has not ended. Raises NotFound."""
        if note is None:
            raise NotFound("There is no such upload.")
        if note.expires_at <= self._clock.now():
            raise NotFound("This upload has ended: it was deleted, or nothing came for too long.", code=GONE)
        return note


def _key(workspace_id: str, upload_id: str) -> str:
    return f"upload:{workspace_id}:{upload_id}"
