"""How much a workspace may have in the making: a small note for each, changed by compare-and-swap."""

import json
from datetime import timedelta

from playout.application.ports import Clock
from playout.application.ports.store import Ephemera
from playout.domain.errors import Conflict

MOST_OPEN = 20
#: So many files of the largest size may be in the making.
MOST_FULL = 3
#: A place that nobody gave back is free again after this time, by whatever it was lost.
_KEPT = timedelta(days=7)


class Quota:
    """Places for uploads. One whose length is not known yet takes as much as it may become."""

    def __init__(self, ephemera: Ephemera, clock: Clock, most_bytes: int) -> None:
        self._ephemera = ephemera
        self._clock = clock
        self._most_bytes = most_bytes

    async def reserve(self, workspace_id: str, upload_id: str, length: int | None) -> None:
        """Takes a place, or changes the size of the one that is taken. Raises Conflict (`too_many_uploads`)."""
        size = self._most_bytes if length is None else length
        await self._change(workspace_id, upload_id, size)

    async def release(self, workspace_id: str, upload_id: str) -> None:
        """Gives the place back; twice is fine."""
        await self._change(workspace_id, upload_id, None)

    async def open(self, workspace_id: str) -> list[str]:
        """Ids of those that have a place."""
        return list(json.loads(await self._ephemera.get(_key(workspace_id), self._clock.now()) or "{}"))

    async def _change(self, workspace_id: str, upload_id: str, size: int | None) -> None:
        key = _key(workspace_id)
        while True:
            now = self._clock.now()
            standing = await self._ephemera.get(key, now)
            taken: dict[str, list[int]] = json.loads(standing) if standing else {}
            kept = {name: one for name, one in taken.items() if one[1] > now.timestamp() and name != upload_id}
            if size is not None:
                self._check([one[0] for one in kept.values()], size)
                kept[upload_id] = [size, int((now + _KEPT).timestamp())]
            new = json.dumps(kept)
            if standing is None:
                if await self._ephemera.put_new(key, new, now + _KEPT, now) is None:
                    return
            elif await self._ephemera.replace(key, standing, new, now + _KEPT):
                return

    def _check(self, others: list[int], size: int) -> None:
        if len(others) >= MOST_OPEN:
            open_bytes = f"The open uploads may come to {sum(others):,} of {MOST_FULL * self._most_bytes:,} bytes"
            sentence = f"{open_bytes}, which leaves too little for this one. End or delete one of them."
            raise Conflict(sentence, code="too_many_uploads")
        if sum(others) + size > MOST_FULL * self._most_bytes:
            open_bytes = f"The open uploads may come to {sum(others):,} of {MOST_FULL * self._most_bytes:,} bytes"
            sentence = f"{open_bytes}, which leaves too little for this one. End or delete one of them."
            raise Conflict(sentence, code="too_many_uploads")


def _key(workspace_id: str) -> str:
    return f"uploads:{workspace_id}"
