"""Records of deletions: that something was deleted, when, and how much of what kind; nothing of what it was.

Such a record outlives what it tells of, and whoever holds its id may read it. Not here: the deletion of a workspace
(erasure.py), nor that of an account at its platform's word (news.py).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, Self

from playout.application.ports import Clock
from playout.application.ports.store import Ephemera
from playout.domain.errors import NotFound

#: How long somebody can ask what became of a deletion.
KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Deletion:
    """One deletion. `counts`: how many of each kind there were."""

    id: str
    started_at: datetime
    finished_at: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    born_at: datetime | None = None  # of what is deleted: what is made later under the same name is not meant

    @property
    def state(self) -> Literal["running", "done"]:
        """`done`: nothing is left."""
        return "done" if self.finished_at else "running"

    def counted(self, counts: Mapping[str, int]) -> Self:
        """With these counts too."""
        return replace(self, counts={**self.counts, **counts})

    @classmethod
    def of(cls, text: str) -> Self:
        """As it was kept."""
        kept = json.loads(text)
        for name in ("started_at", "finished_at", "born_at"):
            kept[name] = datetime.fromisoformat(kept[name]) if kept[name] else None
        return cls(**kept)

    @property
    def text(self) -> str:
        """To be kept."""
        return json.dumps(asdict(self), default=datetime.isoformat)


class Deletions:
    """The records of all deletions, under ids that nobody can guess."""

    def __init__(self, ephemera: Ephemera, clock: Clock) -> None:
        self._ephemera = ephemera
        self._clock = clock

    async def keep(self, deletion: Deletion) -> Deletion:
        """A new one."""
        end = deletion.started_at + KEPT
        await self._ephemera.put_new(_key(deletion.id), deletion.text, end, self._clock.now())
        return deletion

    async def find(self, deletion_id: str) -> Deletion | None:
        """None where there is none, or not any more."""
        kept = await self._ephemera.get(_key(deletion_id), self._clock.now())
        return Deletion.of(kept) if kept else None

    async def get(self, deletion_id: str) -> Deletion:
        """Raises NotFound."""
        found = await self.find(deletion_id)
        if found is None:
            raise NotFound("No deletion has this code, or it is too long ago.")
        return found

    async def change(self, deletion_id: str, change: Callable[[Deletion], Deletion]) -> Deletion:
        """What `change` makes of it as it stands now. Raises NotFound."""
        while True:
            kept = await self._ephemera.get(_key(deletion_id), self._clock.now())
            changed = change(Deletion.of(kept) if kept else await self.get(deletion_id))
            end = changed.started_at + KEPT
            if await self._ephemera.replace(_key(deletion_id), kept or "", changed.text, end):
                return changed


def _key(deletion_id: str) -> str:
    return f"deletion:{deletion_id}"
