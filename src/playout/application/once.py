"""Idempotency-Key: the same request sent twice has one effect and one answer.

The ids of what a request makes follow from its key, and so does the id of the event that tells of what it did, which is
saved in one step with the effect. So a repeat after a crash meets what the first one made or did, in whatever store.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta

from playout.application.ports import Clock, Store
from playout.domain.errors import Conflict, Invalid, NotFound, Problem, StillRunning
from playout.domain.ids import new_id
from playout.domain.person import Actor

KEPT = timedelta(days=7)
#: A request that has not answered after this time is taken for dead; its repeat may run.
PATIENCE = timedelta(seconds=60)
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to run a request: `seed` names what it makes; `answer` is there when it has been run."""

    key: str
    note: str
    seed: str
    answer: Answer | None = None
    again: bool = False  # an earlier run may have had its effect, or may still have it

    def id(self, prefix: str) -> str:
        """The id of the one thing of this kind that the request makes."""
        body = self.seed.partition("_")[2]
        return f"{prefix}_{body}"


async def was_done(store: Store, actor: Actor, subject_id: str) -> bool:
    """Whether an earlier run of the same request had its effect on this already."""
    if actor.deed is None:
        return False
    try:
        await store.events.get(actor.workspace_id, subject_id, actor.deed)
    except NotFound:
        return False
    return True


class IdempotencyConflict(Conflict):
    """The key was used for another request."""

    code = "idempotency_conflict"


class Once:
    """Keeps keys for seven days."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, actor: Actor, key: str, request: bytes) -> Turn:
        """Raises StillRunning, IdempotencyConflict, Invalid."""
        if not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
            sentence = f"Idempotency-Key must have 1 to {LONGEST_KEY} printable characters."
            raise Invalid(sentence, problems=[Problem("bad_idempotency_key", "", sentence)])
        now = self._clock.now()
        whose = hashlib.sha256(f"{actor.workspace_id}\n{actor.name}\n{key}".encode()).hexdigest()
        name = f"once:{actor.workspace_id}:{whose}"
        digest = hashlib.sha256(request).hexdigest()
        fresh = json.dumps({"request": digest, "since": now.timestamp(), "seed": new_id("id", now)})
        standing = await self._store.ephemera.put_new(name, fresh, now + KEPT, now)
        note = json.loads(standing or fresh)
        if not hmac.compare_digest(note["request"], digest):
            msg = "This Idempotency-Key was used for another request. Use a new key."
            raise IdempotencyConflict(msg)
        if "status" in note:
            return Turn(name, standing or fresh, note["seed"], Answer(note["status"], note["body"]))
        if standing is None:
            return Turn(name, fresh, note["seed"])
        return await self._take_over(name, standing)

    async def finish(self, turn: Turn, answer: Answer) -> None:
        """Keeps the answer for repeats."""
        note = json.loads(turn.note) | {"status": answer.status, "body": answer.body}
        await self._store.ephemera.replace(turn.key, turn.note, json.dumps(note), self._clock.now() + KEPT)

    async def give_up(self, turn: Turn) -> None:
        """The request was refused before it had an effect: the key is free again, unless another run may have had one.

        Were the key free then, a mended request under it would make a second thing beside the first.
        """
        if turn.again:
            await self.let_go(turn)
        else:  # ends now, if nobody has taken it over
            await self._store.ephemera.replace(turn.key, turn.note, turn.note, self._clock.now())

    async def let_go(self, turn: Turn) -> None:
        """The request ended without an answer, and may have had its effect.

        Its repeat may run at once, with the same ids, so that it meets what was made.
        """
        note = json.loads(turn.note) | {"since": 0}
        await self._store.ephemera.replace(turn.key, turn.note, json.dumps(note), self._clock.now() + KEPT)

    async def _take_over(self, name: str, standing: str) -> Turn:
        note = json.loads(standing)
        now = self._clock.now()
        if now.timestamp() - note["since"] > PATIENCE.total_seconds():
            renewed = json.dumps(note | {"since": now.timestamp()})
            if await self._store.ephemera.replace(name, standing, renewed, now + KEPT):
                return Turn(name, renewed, note["seed"], again=True)
        msg = "The same request is being answered right now. Ask again in a moment."
        raise StillRunning(msg)
