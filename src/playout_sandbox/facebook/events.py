"""Webhooks of a Page (7.4). Signed over the bytes that are sent, in which every letter beyond ASCII is escaped."""

import hashlib
import hmac
import json
from collections.abc import Mapping

import aiohttp

from playout_sandbox.facebook.records import Video
from playout_sandbox.facebook.state import State
from playout_sandbox.hooks import Hook

_TIMEOUT = aiohttp.ClientTimeout(total=10)


class Events:
    """Tells the app what happened on a Page, if it registered an address."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ready(self, video: Video) -> None:
        """A video is public."""
        value = {"item": "video", "verb": "add", "video_id": video.id, "message": video.description}
        self._send(video.page, "feed", {**value, "post_id": f"{video.page}_{video.post_id}"})
        self._send(video.page, "videos", {"id": video.id, "status": {"video_status": "ready"}})

    async def verify(self, challenge: str) -> tuple[int, str]:
        """Ask the address whether it is the app's: status and body, which must be 200 and the challenge."""
        asked = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": self._state.config.webhook_token,
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as client,
                client.get(self._state.config.webhook_url, params=asked, allow_redirects=False) as answer,
            ):
                return answer.status, await answer.text()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return 0, type(error).__name__

    def _send(self, page: str, field: str, value: Mapping[str, object]) -> None:
        url = self._state.config.webhook_url
        if not url:
            return
        change = {"field": field, "value": value}
        entry = {"id": page, "time": int(self._state.now), "changes": [change]}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        self._state.world.hooks.send(Hook("facebook", field, url, body, self._sign, {"creator": page, **value}))

    def _sign(self, body: bytes, _: int) -> Mapping[str, str]:
        secret = self._state.meta.config.client_secret.encode()
        return {"X-Hub-Signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"}
