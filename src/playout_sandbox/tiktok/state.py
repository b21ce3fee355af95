"""The memory of emulated TikTok, and the few ways in which it changes. Every method is one atomic step."""

import secrets
from collections import deque
from collections.abc import Iterable

from playout_sandbox.tiktok.config import TikTokConfig
from playout_sandbox.tiktok.envelope import Refusal
from playout_sandbox.tiktok.records import Access, Code, Creator, Grant, Post, Task
from playout_sandbox.world import World

DAY = 86_400.0


class State:
    """Creators are settings; all else lives here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.config = _base(world)
        self.codes: dict[str, Code] = {}
        self.accesses: dict[str, Access] = {}
        self.grants: dict[str, Grant] = {}  #: by refresh token in force
        self.tasks: dict[str, Task] = {}
        self.uploads: dict[str, Task] = {}
        self.posts: dict[int, Post] = {}
        self._calls: dict[tuple[str, str], deque[float]] = {}

    @property
    def now(self) -> float:
        """The sandbox's clock."""
        return self.world.clock.now()

    def reset(self) -> None:
        """Forget everything, settings included."""
        self.config = _base(self.world)
        for memory in (
            self.codes,
            self.accesses,
            self.grants,
            self.tasks,
            self.uploads,
            self.posts,
            self._calls,
        ):
            memory.clear()

    def record(self, effect: str, request: int | None, **facts: object) -> None:
        """Put an effect into the ledger."""
        self.world.record(effect, platform="tiktok", request=request, **facts)

    def record_task(self, effect: str, task: Task, request: int | None = None, **facts: object) -> None:
        """Put an effect on a task into the ledger, with what a test wants to know about the task."""
        self.record(
            effect,
            task.request if request is None else request,
            creator=task.open_id,
            publish_id=task.publish_id,
            caption=task.caption,
            privacy=task.privacy,
            **facts,
        )

    def creator(self, open_id: str) -> Creator:
        """The creator behind a token; Refusal if the settings no longer have them."""
        found = self.config.creator(open_id)
        if found is None:
            raise Refusal(401, "access_token_invalid", "The account no longer exists.")
        return found

    def issue(self, grant: Grant, request: int | None, effect: str) -> dict[str, object]:
        """A new access token for a grant, as the token endpoint answers it."""
        token = f"act.{secrets.token_urlsafe(32)}"
        self.accesses[token] = Access(token, grant, self.now + self.config.access_seconds)
        self.grants[grant.refresh_token] = grant
        self.record(effect, request, creator=grant.open_id, client_key=grant.client_key, scopes=list(grant.scopes))
        return {
            "access_token": token,
            "expires_in": int(self.config.access_seconds),
            "open_id": grant.open_id,
            "refresh_expires_in": max(0, round(grant.refresh_expires - self.now)),
            "refresh_token": grant.refresh_token,
            "scope": ",".join(grant.scopes),
            "token_type": "Bearer",
        }

    def new_grant(self, open_id: str, client_key: str, scopes: tuple[str, ...]) -> Grant:
        """A connection, without an access token yet."""
        return Grant(open_id, client_key, scopes, new_refresh_token(), self.now + self.config.refresh_seconds)

    def end_grants(self, open_id: str, client_key: str | None) -> set[str]:
        """Disconnect a creator from one app, or from all. Returns the apps that lost a grant."""
        ended = set()
        for grant in self.grants.values():
            if grant.open_id == open_id and client_key in {None, grant.client_key} and not grant.revoked:
                grant.revoked = True
                ended.add(grant.client_key)
        return ended

    def count_call(self, token: str, call: str, per_minute: int) -> None:
        """A sliding minute per token (row 14). Raises Refusal 429; refused calls are not counted."""
        if not self.world.config.limits:
            return
        calls = self._calls.setdefault((token, call), deque())
        while calls and calls[0] <= self.now - 60:
            calls.popleft()
        if len(calls) >= per_minute:
            raise Refusal(429, "rate_limit_exceeded", "The API rate limit was exceeded, try again later.")
        calls.append(self.now)

    def recent(self, tasks: Iterable[Task] | None = None) -> list[Task]:
        """The tasks of the last 24 hours."""
        return [task for task in tasks or self.tasks.values() if task.at > self.now - DAY]

    def posts_today(self, open_id: str) -> int:
        """Direct posts of a creator that count against the daily cap, over all clients."""
        return sum(
            task.open_id == open_id and not task.draft and task.committed and not task.fail_reason
            for task in self.recent()
        )


def new_refresh_token() -> str:
    """In TikTok's shape."""
    return f"rft.{secrets.token_urlsafe(32)}"


def _base(world: World) -> TikTokConfig:
    if world.fast:
        return TikTokConfig(processing_seconds=0, moderation_seconds=0)
    return TikTokConfig()
