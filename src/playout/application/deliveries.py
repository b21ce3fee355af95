"""Deliveries: shown, repeated where that is safe, and settled by a person where only a person can tell."""

from collections.abc import Callable, Collection

from playout.application.once import was_done
from playout.application.ports import Clock, Page, Store
from playout.domain import delivery as moves
from playout.domain.delivery import Delivery, Receipt, State
from playout.domain.errors import Invalid, Problem
from playout.domain.event import Event, happened
from playout.domain.person import Actor, Scope

#: Characters of an address that a person gives.
LONGEST_URL = 2048


class Deliveries:
    """What faces can do with deliveries."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def get(self, actor: Actor, delivery_id: str) -> Delivery:
        """Raises NotFound."""
        actor.need(Scope.READ)
        return await self._store.deliveries.get(actor.workspace_id, delivery_id)

    async def list(
        self,
        actor: Actor,
        *,
        states: Collection[State] = (),
        channel_id: str | None = None,
        post_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Delivery]:
        """Newest first; empty filters match all."""
        actor.need(Scope.READ)
        return await self._store.deliveries.list(
            actor.workspace_id,
            states=states,
            channel_id=channel_id,
            post_id=post_id,
            cursor=cursor,
            limit=limit,
        )

    async def events(
        self, actor: Actor, delivery_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Event]:
        """What happened, oldest first."""
        await self.get(actor, delivery_id)
        return await self._store.events.list(actor.workspace_id, delivery_id, cursor=cursor, limit=limit)

    async def retry(self, actor: Actor, delivery_id: str) -> Delivery:
        """From the start again. Raises UnsafeToRepeat unless it is known that nothing was published."""
        return await self._move(actor, delivery_id, "delivery.retried", lambda one: moves.retry(one, self._clock.now()))

    async def check(self, actor: Actor, delivery_id: str) -> Delivery:
        """Asks the platform once more what became of an unconfirmed one. Never sends."""
        return await self._move(
            actor, delivery_id, "delivery.checking", lambda one: moves.look_again(one, self._clock.now())
        )

    async def resolve(self, actor: Actor, delivery_id: str, *, published: bool, url: str | None) -> Delivery:
        """A person's answer to *unconfirmed*: it is there, or it is not. Raises Invalid for a `url` that is none."""
        url = _address(url) if url else None
        receipt = Receipt(url or "seen by a person", url, self._clock.now()) if published else None
        return await self._move(actor, delivery_id, "delivery.resolved", lambda one: moves.resolve(one, receipt))

    async def _move(self, actor: Actor, delivery_id: str, kind: str, move: Callable[[Delivery], Delivery]) -> Delivery:
        actor.need(Scope.PUBLISH)
        delivery = await self._store.deliveries.get(actor.workspace_id, delivery_id)
        if await was_done(self._store, actor, delivery_id):
            return delivery
        moved, by = move(delivery), f"{actor.via} {actor.name}"
        event = happened(moved, kind, self._clock.now(), state=moved.state, message=by, name=actor.deed)
        return await self._store.deliveries.save(moved, [event])


def _address(url: str) -> str:
    """Pages make a link of it: of the web, and nothing that a browser would run."""
    if len(url) <= LONGEST_URL and url.isprintable() and url.lower().startswith(("https://", "http://")):
        return url
    sentence = f"This is no address of a web page. It begins with https:// and has {LONGEST_URL} characters at most."
    raise Invalid(sentence, code="bad_address", problems=[Problem("bad_address", "/url", sentence)])
