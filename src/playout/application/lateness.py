"""Posts that could not go out at their time because nothing was running: a person is asked, and never a burst."""

from datetime import timedelta

from playout.application.ports import Clock, Store, Work
from playout.domain.delivery import State
from playout.domain.person import LatePosts
from playout.domain.retry import Kind, PlatformFailure, Turn

#: A gap as long as this is a stop.
PUNCTUAL = timedelta(minutes=10)
HEARTBEAT = timedelta(minutes=1)
#: Between two late posts of one channel.
PAUSE = timedelta(minutes=15)
SPREAD = "spread"


class Lateness:
    """Asked before the first step of a delivery. Waits for a quota or a reconnect are not meant: they move its time.

    Late is what was due before this process was at work: what only waited for its turn on a busy channel is not.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._at_work_since = self._last_seen = clock.now()

    async def run(self) -> None:
        """Notices a gap, such as a laptop's sleep. Until cancelled."""
        while True:
            self._notice()
            await self._clock.sleep(HEARTBEAT.total_seconds())

    async def respect(self, work: Work) -> None:
        """Raises CHOOSE where the workspace wants to be asked, LATER where the channel has just published."""
        delivery, now = work.delivery, self._clock.now()
        self._notice()
        if delivery.state is not State.WAITING or delivery.due_at is None:
            return
        late = self._at_work_since - delivery.due_at
        waited_its_turn = delivery.reason is not None and delivery.reason.code == SPREAD
        if late > PUNCTUAL:
            await self._ask(work, late)
        last = work.channel.last_published_at
        if (late > PUNCTUAL or waited_its_turn) and last and now - last < PAUSE:
            sentence = "Several posts are late; they go out one after the other, not all at once."
            raise PlatformFailure(Kind.LATER, SPREAD, sentence, turn=Turn.US, retry_at=last + PAUSE)

    def _notice(self) -> None:
        now = self._clock.now()
        if now - self._last_seen > PUNCTUAL:
            self._at_work_since = now
        self._last_seen = now

    async def _ask(self, work: Work, late: timedelta) -> None:
        workspace = await self._store.workspaces.get(work.delivery.workspace_id)
        if workspace.late_posts is LatePosts.HOLD and late > workspace.late_after:
            hours = late // timedelta(hours=1)
            sentence = f"This was due {hours} h ago, while Playout was not running. Send it now, or give it a new time."
            raise PlatformFailure(Kind.CHOOSE, "too_late_to_send", sentence, turn=Turn.YOU)
