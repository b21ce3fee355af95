"""A request that had its effect and died before it could note its answer: the repeat finds that it was done."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from playout.domain.errors import Unavailable
from playout.storage.memory import MemoryStore
from playout.storage.memory.background import MemoryEphemera
from playout.storage.memory.tables import Tables
from tests.api.stage import API, Stage
from tests.api.test_every_route import Scene, asked, draft, failed, scheduled, unconfirmed
from tests.cast import Cast

KEY = {"Idempotency-Key": "once, and only once"}
#: What is done to what, and the event that tells of it.
DEEDS: dict[str, tuple[Callable[[Stage], Awaitable[Scene]], str, dict[str, object] | None]] = {
    "/posts/{post_id}/schedule": (draft, "post.scheduled", {}),
    "/posts/{post_id}/cancel": (scheduled, "post.cancelled", None),
    "/posts/{post_id}/approve": (asked, "post.scheduled", None),
    "/posts/{post_id}/reject": (asked, "post.rejected", {"note": "No."}),
    "/deliveries/{delivery_id}/retry": (failed, "delivery.retried", None),
    "/deliveries/{delivery_id}/check": (unconfirmed, "delivery.checking", None),
    "/deliveries/{delivery_id}/resolve": (unconfirmed, "delivery.resolved", {"published": False}),
}


class Dead(MemoryEphemera):
    """As if the process were gone: nothing of a request can be noted any more."""

    dead = False

    async def replace(self, key: str, old: str, new: str, expires_at: datetime) -> bool:
        if self.dead:
            raise Unavailable("The process has died.")
        return await super().replace(key, old, new, expires_at)


class Mortal(MemoryStore):
    """A store whose notes can be stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.notes = Dead(Tables())
        self.ephemera = self.notes


@pytest.mark.parametrize("path", DEEDS)
async def test_it_is_done_once_and_answered(path: str) -> None:
    setting, kind, body = DEEDS[path]
    store = Mortal()
    stage = await Stage.open(await Cast.open(store))
    scene = await setting(stage)
    address = API + path.format(**scene.ids)

    store.notes.dead = True
    died = await stage.alice.post(address, json=body, headers=KEY)
    store.notes.dead = False
    stage.cast.clock.move(seconds=61)
    again = await stage.alice.post(address, json=body, headers=KEY)

    assert (died.status_code, again.status_code) == (503, 200), again.text
    [subject_id] = [scene.ids[name] for name in ("delivery_id", "post_id") if f"{{{name}}}" in path]
    history = await store.events.list(stage.cast.alice.workspace_id, subject_id)
    assert [one.kind for one in history.items].count(kind) == 1


@pytest.mark.parametrize("path", DEEDS)
async def test_another_key_is_another_request(path: str) -> None:
    """What is done already cannot be done again, and that is said."""
    setting, _, body = DEEDS[path]
    stage = await Stage.open()
    address = API + path.format(**(await setting(stage)).ids)

    await stage.alice.post(address, json=body, headers=KEY)
    other = await stage.alice.post(address, json=body, headers={"Idempotency-Key": "another"})

    assert other.status_code == (200 if path.endswith("/schedule") else 409)
