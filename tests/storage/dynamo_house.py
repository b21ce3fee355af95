"""What the tests of our store behind the DynamoDB proxy share: more faults, cues, and a few records."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from playout.application.ports import Chore
from playout.domain.channel import WrappedKey
from playout.domain.delivery import Delivery
from playout.domain.person import Passkey, Person, Scope, Token
from playout.domain.post import Post
from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, SOON, House, name
from tests.storage.dynamo_proxy import DynamoProxy
from tests.storage.dynamo_stage import new_name
from tests.storage.dynamo_wire import CUT, READS, TRANSACTIONS, WRITES, Reply, Request, cancelled, refusal

#: With this seed the first numbers drawn are small, so that botocore waits for short times only between its tries.
HASTE = 112983


@dataclass(slots=True)
class Cue:
    """What happens right before the so many-th of these requests is served."""

    operations: frozenset[str]
    left: int
    act: Callable[[], Awaitable[None]]


class StagedProxy(DynamoProxy):
    """The proxy, with a stage manager: something may happen between two requests of one call of the store."""

    def __init__(self, upstream_url: str) -> None:
        super().__init__(upstream_url)
        self._cues: list[Cue] = []

    def before(self, nth: int, operations: str | frozenset[str], act: Callable[[], Awaitable[None]]) -> None:
        """Does this right before the nth of these requests, counted from now. It may send requests of its own."""
        named = frozenset([operations]) if isinstance(operations, str) else operations
        self._cues.append(Cue(named, nth, act))

    def lose_write(self, nth: int = 1, *, done: bool) -> None:
        """The nth write from now on is cut, after success (`done`) or before it arrives. Reads are answered."""

        async def arm() -> None:
            self._add(1, None, WRITES, lambda _: CUT, done=done)

        self.before(nth, WRITES, arm)

    def refuse(self, code: str, message: str, operation: str, times: int = 1) -> None:
        """DynamoDB refuses these with this code."""
        self._add(times, operation, frozenset([operation]), lambda _: refusal(code, message))

    def refuse_inside(self, code: str, message: str) -> None:
        """The next transaction is cancelled, its first item being refused with this code."""

        def reply(request: Request) -> Reply:
            return cancelled(request, code, message)

        self._add(1, None, TRANSACTIONS, reply)

    def requests(self, operations: frozenset[str] = READS | WRITES) -> int:
        """How many of these have come, whatever became of them."""
        return sum(call.operation in operations for call in self.calls)

    @property
    def unmet(self) -> int:
        return super().unmet + len(self._cues)

    async def _answer(self, request: Request) -> Reply:
        for cue in [cue for cue in self._cues if request.operation in cue.operations]:
            cue.left -= 1
            if cue.left == 0:
                self._cues.remove(cue)
                await cue.act()
        return await super()._answer(request)


def new_store(url: str, table: str = "", *, patience: float = 10.0) -> DynamoStore:
    """On this table, or one that is not there yet, of the DynamoDB at this address."""
    return DynamoStore(f"dynamodb://{table or new_name()}?region=eu-central-1&endpoint={url}", patience=patience)


def sharing(store: DynamoStore, url: str, *, patience: float = 10.0) -> DynamoStore:
    """Another one on the same table."""
    return new_store(url, store._table.name, patience=patience)


def person(house: House, email: str = "alice@example.com") -> Person:
    return Person(name("per"), email, None, NOW, house.workspace_id)


def person_with_ways(house: House) -> Person:
    """Found by address, identity and passkey, and by the key that seals something of theirs."""
    passkeys = (Passkey("k-1", b"cose", 0, "Phone", NOW),)
    key = WrappedKey("key-1", b"wrapped")
    return replace(person(house), identities=("tiktok:alice",), passkeys=passkeys, data_key=key)


def token(house: House, hash_: str = "a" * 64) -> Token:
    return Token(name("tok"), house.workspace_id, "CI", hash_, "po_ab…", frozenset({Scope.READ}), NOW)


def chore(house: House, subject: str = "ch_1") -> Chore:
    return Chore(house.workspace_id, "renew", subject, NOW)


async def scheduled(house: House) -> tuple[Post, Delivery]:
    """Still to be saved."""
    post = house.new_post(await house.video())
    return post, house.new_delivery(post, await house.channel())


async def nothing_of(house: House, post: Post) -> bool:
    """Neither it nor anything that was to be saved with it is there or due."""
    deliveries = await house.store.deliveries.list(house.workspace_id)
    posts = await house.store.posts.list(house.workspace_id)
    using = await house.store.posts.using(house.workspace_id, post.video_id)
    history = await house.store.events.list(house.workspace_id, post.id)
    assert await house.store.deliveries.claim(NOW, SOON, 10) == []
    return (deliveries.items, posts.items, using, history.items) == ((), (), [], ())
