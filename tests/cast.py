"""The cast: Alice owns, Bob may only look, Charlie lives in another workspace. And a house of memory parts for them.

`Cast.open()` builds services over memory implementations; the platform, called `memory`, is a small real one: it has
accounts, takes videos in one step, remembers what it published, and signs its webhooks; the studio looks into files and
makes copies at once. Nothing here knows a face.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlencode, urlsplit

from playout.application.credentials import Passwords
from playout.application.furnish import Ports, furnish
from playout.application.joining import Newcomer
from playout.application.meter import NoMeter
from playout.application.people import HOME
from playout.application.planner import CHORE, DELIVERY, Planner
from playout.application.ports import Chore, Connection, Egress, Handler, Platform, Probed, Store, Stored, Task, Webhook
from playout.application.ports.platform import Removed
from playout.application.posts import NewPost
from playout.application.services import Services
from playout.application.sessions import Entered
from playout.application.shown import Shown
from playout.application.videos import PROBE
from playout.domain.caps import Cap
from playout.domain.channel import Channel, Grant, Profile
from playout.domain.delivery import Delivery, Done, JsonValue, Next, Outcome, Receipt
from playout.domain.errors import Forbidden, Unplayable
from playout.domain.limits import Choice, FileLimits, Limits, Live, Need, WordLimits, utf16_units
from playout.domain.person import ALL_SCOPES, Actor, Person, Role, Scope, Workspace
from playout.domain.post import Destination
from playout.domain.rendition import Recipe, foreseen
from playout.domain.retry import Kind, PlatformFailure, Reason, Turn
from playout.domain.secret import Secret
from playout.domain.video import Facts, Video
from playout.egress.memory import MemoryEgress
from playout.media.growing import growing_beside
from playout.media.memory import UPRIGHT, MemoryFiles, MemoryProbe
from playout.passkeys import WebauthnPasskeys
from playout.storage.memory import MemoryStore
from playout.vault import EnvelopeVault, Kek

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PUBLIC_URL = "http://127.0.0.1:8030"
#: Where the same house has a name: browsers do passkeys for no bare address.
NAMED_URL = "https://playout.invalid"
ELSEWHERE = "ws_elsewhere"
CLIP = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 16
MOST_BYTES = 64 * 1024
#: What everybody signs in with.
PASSWORD = Secret("correct-@:/?[]-horse")
#: How the bytes of a copy begin.
COPY = b"copy of "
WEBHOOK_SECRET = b"hook-@:/?[]"
#: What a destination on the memory platform must say.
CHOSEN: dict[str, JsonValue] = {"privacy_level": "SELF_ONLY"}


#: What a small platform of a test takes: real videos, and short wording.
LENIENT = FileLimits(
    containers=frozenset({"mp4"}),
    video_codecs=frozenset({"h264"}),
    most_bytes=10**9,
    least_seconds=0,
    most_seconds=600,
    least_fps=1,
    most_fps=60,
    least_width=1,
    least_height=1,
    most_width=4096,
    most_height=4096,
)
SHORT = replace(LENIENT, least_seconds=1, most_seconds=60)
BRIEF = WordLimits(caption_length=100, caption_unit=utf16_units)


class StillClock:
    """Stands until it is moved; a sleep lets the others run and never ends by itself."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


class PlainPasswords:
    """Fast hashes, for tests only."""

    async def hash(self, password: Secret) -> str:
        return hashlib.sha256(password.reveal().encode()).hexdigest()

    async def verify(self, password: Secret, password_hash: str) -> bool:
        return await self.hash(password) == password_hash

    async def is_common(self, password: Secret, known: Sequence[str] = ()) -> bool:
        return password.reveal().startswith("common") or password.reveal() in known


@dataclass
class MemoryPlatform:
    """A platform that takes a video in one step.

    `failure` makes every call but `look` fail; `gate`, cleared, makes `live` wait once it has been `asked`.
    """

    name: str = "memory"
    logins: tuple[str, ...] = ("memory",)
    published: dict[str, str] = field(default_factory=dict)  # attempt -> caption
    received: dict[str, bytes] = field(default_factory=dict)  # attempt -> file
    exchanged: list[str] = field(default_factory=list)  # logins
    revoked: list[str] = field(default_factory=list)
    failure: PlatformFailure | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    file: FileLimits = SHORT
    caps: tuple[Cap, ...] = ()
    needs: tuple[Need, ...] = ()
    scopes: tuple[str, ...] = ("post",)  # what a person allows
    lives: timedelta | None = None  # how long a connection lasts
    owner: str | None = None  # the person behind all accounts

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def limits(self) -> Limits:
        return Limits(
            file=self.file,
            words=BRIEF,
            choices={
                "privacy_level": Choice(str, required=True, values=("PUBLIC", "SELF_ONLY", "FRIENDS"), live=True),
                "allow_comment": Choice(bool),
                "cover_at_ms": Choice(int),
            },
            needs=self.needs,
            caps=self.caps,
            consent="memory-1",
        )

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        query = {"state": state.reveal(), "redirect_uri": return_to, "login": login}
        return "http://127.0.0.1:9400/memory?" + urlencode(query)

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        """The code is the name of the account."""
        self._fail()
        self.exchanged.append(login)
        name = code.reveal()
        ends_at = now + self.lives if self.lives else None
        grant = Grant(Secret(f"act.{name}"), Secret(f"rft.{name}"), now + timedelta(days=1), ends_at, self.scopes)
        return [Connection(Profile(f"id-{name}", name, name.title(), owner_id=self.owner), grant)]

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        self._fail()
        return replace(grant, expires_at=now + timedelta(days=1))

    async def revoke(self, grant: Grant) -> None:
        self._fail()
        self.revoked.append(grant.access_token.reveal())

    async def profile(self, grant: Grant) -> Profile:
        self._fail()
        name = grant.access_token.reveal().removeprefix("act.")
        return Profile(f"id-{name}", name, name.title())

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        self.asked.set()
        await self.gate.wait()
        self._fail()
        return Live(
            choices={"privacy_level": ("PUBLIC", "SELF_ONLY")},
            refused={"allow_comment": "Comments are switched off in the account."},
            most_seconds=30,
            shown={"nickname": "Alice"},
        )

    def begin(self, task: Task) -> Next:
        return Next("send", repeatable=False, total=task.size)

    async def step(self, task: Task) -> Outcome:
        self._fail()
        self.received[task.attempt] = b"".join([piece async for piece in task.read(0, task.size)])
        self.published[task.attempt] = task.caption
        return self._receipt(task)

    async def look(self, task: Task) -> Outcome:
        if task.attempt in self.published:
            return self._receipt(task)
        raise PlatformFailure(Kind.UNSURE, "nobody_knows", "Nobody can tell whether it is there.")

    def news(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Webhook]:
        if not hmac.compare_digest(headers.get("x-memory-signature", ""), signature(body)):
            msg = "The signature of this webhook is not right."
            raise Forbidden(msg, code="bad_signature")
        told = json.loads(body)
        removed = Removed(Reason("removed", "You removed Playout there.", Turn.YOU)) if told.get("removed") else None
        return (Webhook(told["id"], told["account"], told.get("handle"), removed),)

    def withdrawn_by(self, signed_request: str, now: datetime) -> str:
        person, _, signed = signed_request.partition(".")
        if not hmac.compare_digest(signed, signature(person.encode())):
            msg = "The signature of this request is not right."
            raise Forbidden(msg, code="bad_signature")
        return person

    def _fail(self) -> None:
        if self.failure:
            raise self.failure

    def _receipt(self, task: Task) -> Done:
        return Done(Receipt(task.attempt, f"https://memory.invalid/{task.attempt}", task.now))


@dataclass
class Studio:
    """Probe and renderer: finds the agreed `facts` in what is taken in, and in a copy what its recipe says.

    `gate`, cleared, makes a copy wait half done once it has been `asked` for; `shelf` makes it wait when it is
    `finished` and not put away yet.
    """

    files: MemoryFiles
    facts: Facts = UPRIGHT
    recipes: dict[str, Recipe] = field(default_factory=dict)  # key -> of a copy
    failure: Unplayable | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    shelf: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()
        self.shelf.set()

    async def probe(self, key: str) -> Probed:
        recipe = self.recipes.get(key)
        return await MemoryProbe(self.files, foreseen(self.facts, recipe) if recipe else self.facts).probe(key)

    async def frame(self, key: str, at_ms: int) -> bytes:
        return await MemoryProbe(self.files).frame(key, at_ms)

    async def render(
        self, source: str, target: str, recipe: Recipe, *, limit: int, progress: Callable[[float], Awaitable[None]]
    ) -> Stored:
        size = await self.files.size(source)
        await progress(0.5)
        self.asked.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        await progress(1)
        self.finished.set()
        await self.shelf.wait()
        clip = b"".join([piece async for piece in self.files.read(source, 0, size)])
        self.recipes[target] = recipe
        return await self.files.put(target, stream(COPY + clip), limit=limit)


@dataclass
class ByHand:
    """An engine that keeps what it was woken for until somebody takes it."""

    handlers: Mapping[str, Handler]
    woken: list[tuple[str, str]] = field(default_factory=list)

    async def wake(self, kind: str, name: str) -> None:
        self.woken.append((kind, name))

    async def run(self, handlers: Mapping[str, Handler]) -> None:
        await asyncio.Event().wait()

    def free(self) -> int:
        return 100

    async def room(self) -> None:
        return

    async def stop(self, grace: float) -> None:
        return


def signature(body: bytes) -> str:
    """As the memory platform signs."""
    return hmac.digest(WEBHOOK_SECRET, body, "sha256").hex()


@dataclass
class Cast:
    """Who plays, and the house they play in."""

    services: Services
    store: Store
    files: MemoryFiles
    studio: Studio
    clock: StillClock
    platform: MemoryPlatform
    planner: Planner
    engine: ByHand
    alice: Actor
    bob: Actor
    charlie: Actor

    @classmethod
    async def open(
        cls, store: Store | None = None, egress: Egress | None = None, passwords: Passwords | None = None
    ) -> "Cast":
        """A new house. Another store than the memory one may be given, prepared; and slow hashes."""
        store, files, clock = store or MemoryStore(), MemoryFiles(), StillClock()
        platform = MemoryPlatform()
        adapters: dict[str, Platform] = {platform.name: platform}
        vault = EnvelopeVault([Kek("cast", hashlib.sha256(b"the key of the cast").digest())])
        studio = Studio(files)
        ports = Ports(
            store=store,
            files=files,
            growing=growing_beside(files),
            probe=studio,
            render=studio,
            egress=egress or MemoryEgress(),
            vault=vault,
            passwords=passwords or PlainPasswords(),
            passkeys=WebauthnPasskeys(NAMED_URL),
            platforms=adapters,
            clock=clock,
            random=Random(7),
        )
        hall = furnish(ports, public_url=PUBLIC_URL, most_bytes=MOST_BYTES)
        services = hall.services
        await services.people.prepare()
        await store.workspaces.save(Workspace(ELSEWHERE, "Elsewhere", clock.now()))
        engine = ByHand({DELIVERY: hall.deliver, CHORE: hall.chores})
        return cls(
            services=services,
            store=store,
            files=files,
            studio=studio,
            clock=clock,
            platform=platform,
            planner=Planner(store, engine, clock, Random(7), NoMeter()),
            engine=engine,
            alice=Actor(HOME, "alice", ALL_SCOPES, "test"),
            bob=Actor(HOME, "bob", frozenset({Scope.READ}), "test"),
            charlie=Actor(ELSEWHERE, "charlie", ALL_SCOPES, "test"),
        )

    async def member(self, role: Role, workspace_id: str = HOME, *, email: str = "") -> Person:
        """Somebody new in a workspace, who signs in with PASSWORD."""
        admin = Actor(workspace_id, "operator", ALL_SCOPES, "test")
        sent = await self.services.membership.invite(admin, role)
        newcomer = Newcomer(email or f"{role}@{workspace_id.replace('_', '-')}.example", PASSWORD, role.title())
        return await self.services.membership.join(sent.secret, newcomer)

    async def sign_in(self, person: Person) -> Entered:
        """With the password alone."""
        entered = await self.services.signing_in.with_password(
            person.email, PASSWORD, peer=f"of {person.id}", agent="Firefox"
        )
        assert isinstance(entered, Entered)
        return entered

    async def token(self, actor: Actor, *scopes: Scope) -> str:
        """A token of the actor's workspace, with the actor's scopes or these."""
        maker = replace(actor, scopes=ALL_SCOPES)
        minted = await self.services.people.mint(maker, actor.name, scopes or sorted(actor.scopes))
        return minted.secret.reveal()

    async def video(self, actor: Actor, clip: bytes = CLIP) -> Video:
        """Taken in and looked into: ready."""
        taken = await self.services.videos.take_in(actor, "clip.mp4", stream(clip))
        await self.services.videos.probe(Chore(actor.workspace_id, PROBE, taken.id, taken.created_at))
        return await self.services.videos.get(actor, taken.id)

    async def channel(self, actor: Actor, account: str = "alice") -> Channel:
        """Connected through the memory platform's own sign-in."""
        state = await self.state(actor)
        connected = await self.services.channels.finish("memory", state, code=Secret(account), error=None)
        return connected.channels[0]

    async def state(self, actor: Actor, return_to: str | None = None) -> Secret:
        """The one-time state of a sign-in that has just begun."""
        invitation = await self.services.channels.connect(actor, "memory", return_to=return_to)
        return Secret(parse_qs(urlsplit(invitation.authorize_url).query)["state"][0])

    async def post(
        self, actor: Actor, *, draft: bool = False, in_hours: float = 1, slot: bool = False, by: Actor | None = None
    ) -> Shown:
        """Of a new video, to a channel of the actor's. `by`: who posts it, if not the actor himself."""
        video, channel = await self.video(actor), await self.channel(actor)
        new = NewPost(
            video_id=video.id,
            caption="First light",
            destinations=(Destination(channel.id, options=CHOSEN),),
            scheduled_at=None if draft or slot else self.clock.now() + timedelta(hours=in_hours),
            draft=draft,
            slot=slot,
        )
        return await self.services.posts.create(by or actor, new)

    async def work(self) -> None:
        """What the planner finds due, each once."""
        await self.planner.tick()
        while self.engine.woken:
            kind, name = self.engine.woken.pop(0)
            await self.engine.handlers[kind](name)

    async def saved(self, delivery: Delivery) -> Delivery:
        """Puts a delivery where a test wants it."""
        return await self.store.deliveries.save(delivery)


async def stream(clip: bytes, piece: int = 1000) -> AsyncIterator[bytes]:
    """The bytes, as they come from a socket."""
    for start in range(0, len(clip), piece):
        yield clip[start : start + piece]
