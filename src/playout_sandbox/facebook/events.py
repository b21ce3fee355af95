"""Webhooks of the app (7.4): what happens on its Pages, and who withdraws a permission. `meta.hub` signs them."""

from collections.abc import Collection

from playout_sandbox.facebook.records import Video
from playout_sandbox.facebook.state import State
from playout_sandbox.hooks import Hook
from playout_sandbox.meta import hub
from playout_sandbox.meta.hub import Change


class Events:
    """Tells the app what happened on a Page, if it registered an address."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ready(self, video: Video) -> None:
        """A video is public."""
        value = {"item": "video", "verb": "add", "video_id": video.id, "message": video.description}
        self._of_page(
            video.page,
            Change("feed", {**value, "post_id": f"{video.page}_{video.post_id}"}),
            Change("videos", {"id": video.id, "status": {"video_status": "ready"}}),
        )

    def commented(self, video: Video, times: int) -> None:
        """Strangers say something below a video."""
        comment = {"item": "comment", "verb": "add", "post_id": f"{video.page}_{video.post_id}", "video_id": video.id}
        self._of_page(
            video.page, *(Change("feed", {**comment, "comment_id": f"{video.post_id}_{n}"}) for n in range(times))
        )

    def withdrawn(self, person: str, permissions: Collection[str], targets: Collection[str]) -> None:
        """A person took permissions back, which they had given for these Pages."""
        value = {"verb": "revoked", "target_ids": sorted(targets)}
        if self._state.config.webhook_permissions and permissions:
            self._send("permissions", person, [Change(one, value) for one in sorted(permissions)], uid=person)

    async def verify(self, challenge: str) -> tuple[int, str]:
        """Ask the address whether it is the app's: status and body, which must be 200 and the challenge."""
        return await hub.verify(self._state.config.webhook_url, self._state.config.webhook_token, challenge)

    def _of_page(self, page: str, *changes: Change) -> None:
        """Each in a webhook of its own, unless the settings have them together."""
        together = self._state.config.webhook_batch
        for some in [changes] if together else [[one] for one in changes]:
            self._send("page", page, some)

    def _send(self, kind: str, whom: str, changes: Collection[Change], **more: str) -> None:
        url, secret = self._state.config.webhook_url, self._state.meta.config.client_secret
        if url:
            body = hub.body(kind, whom, int(self._state.now), changes, **more)
            event, first = "+".join(dict.fromkeys(one.field for one in changes)), next(iter(changes))
            facts = {"creator": whom, **first.value}
            self._state.world.hooks.send(Hook("facebook", event, url, body, hub.signer(secret), facts))
