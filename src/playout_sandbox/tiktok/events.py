"""TikTok's webhooks: what a body says and how it is signed (tiktok.md section 7). `hooks.py` delivers them."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping

from playout_sandbox.hooks import Hook
from playout_sandbox.tiktok.records import Post, Task
from playout_sandbox.tiktok.state import State


class Events:
    """Tells the app what happened, if it registered an address."""

    def __init__(self, state: State) -> None:
        self._state = state

    def failed(self, task: Task) -> None:
        """A task ended without a post."""
        self._about(task, "post.publish.failed", reason=task.fail_reason)

    def complete(self, task: Task) -> None:
        """Posted; for a draft: by the creator."""
        self._about(task, "post.publish.complete")

    def in_inbox(self, task: Task) -> None:
        """The draft reached the creator's phone."""
        self._about(task, "post.publish.inbox_delivered")

    def public(self, task: Task, post: Post) -> None:
        """Through moderation."""
        self._about(task, "post.publish.publicly_available", post_id=str(post.post_id))

    def no_longer_public(self, task: Task, post: Post) -> None:
        """Taken down, or made private. The spelling of the event is TikTok's."""
        self._about(task, "post.publish.no_longer_publicaly_available", post_id=str(post.post_id))

    def disconnected(self, open_id: str, client_key: str, reason: int) -> None:
        """The grant is gone already."""
        self._send("authorization.removed", open_id, client_key, {"reason": reason})

    def _about(self, task: Task, event: str, **more: object) -> None:
        content = {
            "publish_id": task.publish_id,
            "publish_type": "INBOX_SHARE" if task.draft else "DIRECT_PUBLISH",
            **more,
        }
        self._send(event, task.open_id, task.client_key, content)

    def _send(self, event: str, open_id: str, client_key: str, content: Mapping[str, object]) -> None:
        url = self._state.config.webhook_url
        secret = self._state.config.secret_of(client_key)
        if not url or secret is None:
            return
        body = {
            "client_key": client_key,
            "event": event,
            "create_time": int(self._state.now),
            "user_openid": open_id,
            "content": json.dumps(content),
        }
        facts = {"creator": open_id, **content}
        self._state.world.hooks.send(Hook("tiktok", event, url, json.dumps(body).encode(), signer(secret), facts))


def signer(secret: str) -> Callable[[bytes, int], Mapping[str, str]]:
    """`TikTok-Signature: t=<unix>,s=<hex>`: HMAC-SHA256 over "t.body" with the client secret."""

    def sign(body: bytes, at: int) -> Mapping[str, str]:
        signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {"TikTok-Signature": f"t={at},s={signature}"}

    return sign
