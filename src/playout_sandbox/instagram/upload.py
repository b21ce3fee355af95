"""Bytes of a resumable container, by the shared rupload host (section 4.1)."""

from playout_sandbox.instagram.caller import may_upload
from playout_sandbox.instagram.life import Life
from playout_sandbox.instagram.records import Container, Stage
from playout_sandbox.instagram.state import State
from playout_sandbox.meta.rupload import Slot


class Upload:
    """A `playout_sandbox.meta.rupload.Receiver`."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    def slot(self, object_id: str, token: str) -> Slot | None:
        """None for a container that is fetched from an address, expired, or not the token's (row 32)."""
        container = self._state.containers.get(object_id)
        if container is None or container.video_url or self._state.status_code(container) is Stage.EXPIRED:
            return None
        return container.slot if may_upload(self._state, token, container.account) else None

    def accepted(self, slot: Slot, start: int, end: int, n: int) -> None:
        """Some bytes are here."""
        self._state.record_on("chunk_accepted", self._container(slot, n), range=[start, end])

    def completed(self, slot: Slot, n: int) -> None:
        """All of them are."""
        container = self._container(slot, n)
        self._state.record_on("upload_complete", container, size=slot.received, sha256=slot.sha256)
        self._state.world.spawn(self._life.process(container))

    def success(self) -> dict[str, object]:
        """As the documentation prints it."""
        return {"success": True, "message": "Upload successful."}

    def _container(self, slot: Slot, n: int) -> Container:
        container = self._state.containers[slot.id]
        container.request = n
        return container
