"""`status/fetch/` and `cancel/` (tiktok.md 5.7, 5.9)."""

from starlette.requests import Request
from starlette.responses import Response

from playout_sandbox.tiktok.access import bad, bearer, json_body, require_scope, text
from playout_sandbox.tiktok.envelope import Refusal, ok
from playout_sandbox.tiktok.life import Life
from playout_sandbox.tiktok.records import Status, Task
from playout_sandbox.tiktok.state import State

_SCOPES = {"video.upload", "video.publish"}


class Following:
    """What became of a task, and stopping it."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def fetch(self, request: Request) -> Response:
        """Where a task is now."""
        task = await self._task(request)
        data: dict[str, object] = {"status": task.status.value}
        if task.status is Status.FAILED:
            data["fail_reason"] = task.fail_reason
        data["publicaly_available_post_id"] = list(task.public_ids)
        data["downloaded_bytes" if task.pulls else "uploaded_bytes"] = task.received
        return ok(data, self._state.now)

    async def cancel(self, request: Request) -> Response:
        """Best effort: only while bytes are still missing (row 44)."""
        task = await self._task(request)
        if task.is_over() or task.committed:
            raise Refusal(400, "publish_not_cancellable", "The task cannot be cancelled any more.")
        self._life.fail(task, "publish_cancelled", request.state.n)
        return ok({}, self._state.now)

    async def _task(self, request: Request) -> Task:
        """The task meant, if it is the caller's (rows 37, 38)."""
        state = self._state
        access = bearer(state, request)
        require_scope(access, _SCOPES)
        state.count_call(access.token, request.url.path, state.config.status_per_minute)
        publish_id = text(await json_body(request), "publish_id")
        if not publish_id:
            raise bad("publish_id is missing")
        task = state.tasks.get(publish_id)
        if task is None:
            raise Refusal(400, "invalid_publish_id", "The publish_id does not exist.")
        if state.now < task.at + state.config.unknown_id_ms / 1000:
            raise bad("invalid_publish_id")
        if (task.open_id, task.client_key) != (access.open_id, access.client_key):
            raise Refusal(
                400,
                "token_not_authorized_for_specified_publish_id",
                "The token is not authorized for this publish_id.",
            )
        return task
