"""Who goes next: workspaces in turns, whoever waits longest first, one delivery of a channel at a time.

For stores that choose in the process; SQL says the same in one statement (sql/claim.py).
"""

from collections import Counter
from collections.abc import Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

#: Workspace and channel.
Line: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A delivery that is due: since when, and as it was seen."""

    due_at: datetime
    id: str
    workspace_id: str
    channel_id: str
    version: int

    @property
    def line(self) -> Line:
        """Where it stands in line."""
        return self.workspace_id, self.channel_id


def deal(due: Iterable[Waiting], in_hand: Iterable[Line]) -> Sequence[Waiting]:
    """The first of each line nobody of which is in hand, in the order of their turns."""
    busy = set(in_hand)
    turns = Counter(workspace_id for workspace_id, _ in busy)
    queue: MutableSequence[tuple[int, Waiting]] = []
    for one in sorted(due):
        if one.line not in busy:
            busy.add(one.line)
            turns[one.workspace_id] += 1
            queue.append((turns[one.workspace_id], one))
    return [one for _, one in sorted(queue)]
