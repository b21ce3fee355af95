"""A channel that lost its sign-in holds its deliveries; one reconnect lets them all go on."""

from collections.abc import AsyncIterator

from playout.application.ports import Clock, Store
from playout.domain import delivery as moves
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Stale
from playout.domain.event import happened
from playout.domain.retry import Kind, Reason

#: What would be sent, or asked after, with the channel's grant.
NEEDS_GRANT = frozenset({State.WAITING, State.SENDING, State.PROCESSING})


class Holding:
    """Both ways can be cut short by a kill, and see what was saved a moment ago or not (an index may lag).

    A delivery met later finds the channel's trouble by itself; for the way back there is a chore (channels.RELEASE).
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def broke(self, channel: Channel, reason: Reason) -> None:
        """Notes on the channel that it needs reconnecting (one event, however often it is told), and holds."""
        if channel.trouble is None:
            event = happened(channel, "channel.needs_reconnect", self._clock.now(), why=reason)
            try:
                await self._store.channels.save(channel.broken(reason), events=[event])
            except Stale:
                current = await self._store.channels.get(channel.workspace_id, channel.id)
                if current.grant == channel.grant and current.trouble is None:
                    await self.broke(current, reason)
                return
        await self.hold_all(channel, reason)

    async def hold_all(self, channel: Channel, reason: Reason) -> None:
        """Holds whatever of this channel is not in a worker's hands; the worker will see for itself."""
        now = self._clock.now()
        async for delivery in self._deliveries(channel, NEEDS_GRANT):
            if delivery.in_hand_until is None or delivery.in_hand_until <= now:
                held = moves.hold(delivery, Kind.SIGN_IN, reason)
                await self._save(held, "delivery.held", reason)

    async def back(self, channel: Channel) -> int:
        """The channel has a new grant: what waited for it goes on. Says how many."""
        released = 0
        async for delivery in self._deliveries(channel, {State.HELD}):
            if delivery.held_for is Kind.SIGN_IN:
                released += await self._save(moves.release(delivery, self._clock.now()), "delivery.released", None)
        return released

    async def _save(self, delivery: Delivery, kind: str, reason: Reason | None) -> bool:
        event = happened(delivery, kind, self._clock.now(), state=delivery.state, why=reason)
        try:
            await self._store.deliveries.save(delivery, [event])
        except Stale:
            return False
        return True

    async def _deliveries(self, channel: Channel, states: frozenset[State] | set[State]) -> AsyncIterator[Delivery]:
        cursor = None
        while True:
            page = await self._store.deliveries.list(
                channel.workspace_id, states=states, channel_id=channel.id, cursor=cursor, limit=200
            )
            for one in page.items:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return
