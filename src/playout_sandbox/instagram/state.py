"""The memory of emulated Instagram, and the few ways in which it changes. Every method is one atomic step."""

import secrets
from collections import deque

from playout_sandbox.instagram.config import InstagramConfig
from playout_sandbox.instagram.records import Code, Container, Grant, Media, Stage, Token
from playout_sandbox.meta import Meta
from playout_sandbox.meta.records import Account
from playout_sandbox.world import World

DAY = 86_400.0


class State:
    """Accounts are settings; all else lives here."""

    def __init__(self, world: World, meta: Meta) -> None:
        self.world = world
        self.meta = meta
        self.config = _base(world)
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self.containers: dict[str, Container] = {}
        self.media: dict[str, Media] = {}
        self.publishes: dict[str, list[float]] = {}  #: when each account published, taken down or not
        self._calls: dict[str, deque[float]] = {}

    @property
    def now(self) -> float:
        """The sandbox's clock."""
        return self.world.clock.now()

    def reset(self) -> None:
        """Forget everything, settings included."""
        self.config = _base(self.world)
        self.codes.clear()
        self.tokens.clear()
        self.containers.clear()
        self.media.clear()
        self.publishes.clear()
        self._calls.clear()

    def record(self, effect: str, request: int | None, **facts: object) -> None:
        """Put an effect into the ledger."""
        self.world.record(effect, platform="instagram", request=request, **facts)

    def record_on(self, effect: str, container: Container, request: int | None = None, **facts: object) -> None:
        """Put an effect on a container into the ledger, with what a test wants to know about it."""
        self.record(
            effect,
            request or container.request,
            creator=container.account,
            container=container.id,
            caption=container.caption,
            privacy="public",
            **facts,
        )

    def issue(self, grant: Grant, request: int | None, effect: str, *, long: bool) -> Token:
        """A new access token for a grant."""
        lives = self.config.long_seconds if long else self.config.short_seconds
        token = Token(f"IGAA{secrets.token_urlsafe(48)}", grant, self.now, self.now + lives, long)
        self.tokens[token.token] = token
        self.record(effect, request, creator=grant.account, scopes=list(grant.scopes), long=long)
        return token

    def end_grants(self, account: str) -> bool:
        """The person removes the app: every token of Instagram Login dies. Whether there was one."""
        ended = [t.grant for t in self.tokens.values() if t.grant.account == account and not t.grant.revoked]
        for grant in ended:
            grant.revoked = True
        return bool(ended)

    def new_id(self, first: str) -> str:
        """17 digits that no container and no reel has; containers begin with 178, reels with 179."""
        while (made := f"{first}{secrets.randbelow(10**14):014}") in self.containers or made in self.media:
            pass
        return made

    def status_code(self, container: Container) -> Stage:
        """What a container says of itself now (section 5)."""
        config, age = self.config, self.now - container.at
        match container.stage:
            case Stage.PUBLISHED if age >= config.container_seconds and config.published_after_a_day != "PUBLISHED":
                return Stage.EXPIRED
            case Stage.PUBLISHED if self.now < container.published_at + config.status_lag:
                return Stage.FINISHED
            case Stage.PUBLISHED | Stage.ERROR:
                return container.stage
            case _ if age >= config.container_seconds:
                return Stage.EXPIRED
            case Stage.WAITING:
                return Stage.IN_PROGRESS
            case stage:
                return stage

    def published_since(self, account: str, since: float) -> int:
        """How many reels an account published after an instant, those taken down again included."""
        return sum(at > since for at in self.publishes.get(account, ()))

    def created_today(self, account: str) -> int:
        """Containers of the last 24 hours."""
        return sum(c.account == account and c.at > self.now - DAY for c in self.containers.values())

    def count_call(self, counter: str, window: float) -> int:
        """Note a call; how many there were in the window. Refused calls count too: they lengthen the block."""
        calls = self._calls.setdefault(counter, deque())
        while calls and calls[0] <= self.now - window:
            calls.popleft()
        calls.append(self.now)
        return len(calls)

    def oldest_call(self, counter: str) -> float:
        """When the oldest call still counted was made."""
        calls = self._calls.get(counter)
        return calls[0] if calls else self.now

    def account(self, name: str) -> Account | None:
        """By id or username."""
        return self.meta.config.account(name)

    def restricted(self, account_id: str) -> bool:
        """Row 31."""
        account = self.account(account_id)
        return bool(account and {account.id, account.username} & set(self.config.restricted))


def _base(world: World) -> InstagramConfig:
    if world.fast:
        return InstagramConfig(processing_seconds=0, status_lag=0, permalink_delay=0, insights_delay=0)
    return InstagramConfig()
