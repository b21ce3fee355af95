"""The end of a workspace: nobody gets in, nothing is sent, platforms are told, and home begins anew."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from typing import cast as typed

import pytest

from playout.application.deletions import KEPT, Deletion
from playout.application.erasure import PATIENCE
from playout.application.furnish import Hall, Ports, furnish
from playout.application.people import HOME
from playout.application.planner import CHORE, DELIVERY
from playout.application.ports import Chore, Connection, Platform, Store, Task
from playout.application.ports.store import ERASE
from playout.domain.delivery import Outcome, State
from playout.domain.errors import Conflict, Forbidden, Invalid, NotFound, Stale, Unauthenticated
from playout.domain.person import Scope, Workspace
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.egress.memory import MemoryEgress
from playout.media.growing import growing_beside
from playout.passkeys import WebauthnPasskeys
from playout.vault import EnvelopeVault, Kek
from tests.cast import CLIP, ELSEWHERE, MOST_BYTES, PUBLIC_URL, Cast, MemoryPlatform, PlainPasswords, stream

AWAY = PlatformFailure(Kind.AGAIN, "http_503", "The platform did not answer.", turn=Turn.PLATFORM)
DEAD = PlatformFailure(Kind.SIGN_IN, "access_token_invalid", "The token is not valid.", turn=Turn.YOU)


@dataclass
class SlowPlatform(MemoryPlatform):
    """Stops in the middle of a step until it may go on."""

    sending: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def step(self, task: Task) -> Outcome:
        self.sending.set()
        await self.go_on.wait()
        return await super().step(task)


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


async def erased(cast: Cast, deletion: Deletion) -> Deletion:
    """After the chore was carried out as often as it wants to be."""
    for _ in range(60):
        cast.clock.move(seconds=5)
        await cast.work()
        if (seen := await cast.services.erasure.get(deletion.id)).finished_at:
            return seen
    return await cast.services.erasure.get(deletion.id)


class Overtaken:
    """A store in which somebody else is done with a workspace at the moment when it is saved."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.workspaces = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def get(self, workspace_id: str) -> Workspace:
        return await self._store.workspaces.get(workspace_id)

    async def save(self, workspace: Workspace) -> Workspace:
        while await self._store.workspaces.erase(workspace.id):
            pass
        raise Stale


def hall_of(cast: Cast, *platforms: Platform, store: Store | None = None) -> Hall:
    """Another process on the same store and files, with these platforms."""
    ports = Ports(
        store=store or cast.store,
        files=cast.files,
        growing=growing_beside(cast.files),
        probe=cast.studio,
        render=cast.studio,
        egress=MemoryEgress(),
        vault=EnvelopeVault([Kek("cast", hashlib.sha256(b"the key of the cast").digest())]),
        passwords=PlainPasswords(),
        passkeys=WebauthnPasskeys(PUBLIC_URL),
        platforms={one.name: one for one in platforms},
        clock=cast.clock,
        random=Random(7),
    )
    return furnish(ports, public_url=PUBLIC_URL, most_bytes=MOST_BYTES)


# ── asking for it ────────────────────────────────────────────────────────────────────────────────


async def test_only_the_name_of_the_workspace_confirms_it(cast: Cast) -> None:
    token = await cast.token(cast.alice)

    with pytest.raises(Invalid) as refused:
        await cast.services.erasure.begin(cast.alice, "home")

    assert refused.value.code == "not_confirmed"
    assert "“Home”" in refused.value.sentence
    assert refused.value.problems[0].field == "/confirm"
    assert (await cast.services.people.actor(Secret(token))).workspace_id == HOME


async def test_it_needs_the_scope_admin(cast: Cast) -> None:
    helper = replace(cast.alice, scopes=frozenset({Scope.READ, Scope.WRITE, Scope.PUBLISH}))

    with pytest.raises(Forbidden):
        await cast.services.erasure.begin(helper, "Home")


async def test_every_token_of_the_workspace_ends_at_once_and_no_other(cast: Cast) -> None:
    mine, helpers, charlies = [await cast.token(one) for one in (cast.alice, cast.bob, cast.charlie)]

    deletion = await cast.services.erasure.begin(cast.alice, "Home")

    for token in (mine, helpers):
        with pytest.raises(Unauthenticated):
            await cast.services.people.actor(Secret(token))
    assert (await cast.services.people.actor(Secret(charlies))).workspace_id == ELSEWHERE
    assert deletion.counts == {"tokens": 2}
    assert deletion.state == "running"


async def test_no_token_is_made_in_a_closed_workspace(cast: Cast) -> None:
    await cast.services.erasure.begin(cast.alice, "Home")

    with pytest.raises(Conflict) as refused:
        await cast.token(cast.alice)

    assert refused.value.code == "workspace_closed"


async def test_a_request_that_was_let_in_before_cannot_ask_for_it_again(cast: Cast) -> None:
    await cast.services.erasure.begin(cast.alice, "Home")

    with pytest.raises(Unauthenticated):
        await cast.services.erasure.begin(cast.alice, "Home")


async def test_two_who_ask_at_once_are_both_told_when_it_is_done(cast: Cast) -> None:
    """Both found it open; the second lost the race to close it."""
    await cast.post(cast.alice)
    first = await cast.services.erasure.begin(cast.alice, "Home")
    second = replace(first, id="del_00000000000000000000000000")
    await cast.services.erasure._deletions.keep(second)
    await cast.store.chores.put(_chore(second))

    for deletion in (first, second):
        assert (await erased(cast, deletion)).finished_at


async def test_nobody_finds_a_deletion_that_there_is_not_or_not_any_more(cast: Cast) -> None:
    deletion = await cast.services.erasure.begin(cast.charlie, "Elsewhere")

    for unknown in ("del_00000000000000000000000000", "nothing", deletion.id.upper()):
        with pytest.raises(NotFound):
            await cast.services.erasure.get(unknown)
    cast.clock.move(seconds=KEPT.total_seconds() + 1)
    with pytest.raises(NotFound):
        await cast.services.erasure.get(deletion.id)


# ── what becomes of it ───────────────────────────────────────────────────────────────────────────


async def test_it_says_how_many_of_each_kind_there_were(cast: Cast) -> None:
    await cast.post(cast.alice)
    await cast.post(cast.alice, draft=True)
    await cast.token(cast.alice)

    seen = await erased(cast, await cast.services.erasure.begin(cast.alice, "Home"))

    assert seen.state == "done"
    assert seen.counts == {
        "tokens": 1,
        "people": 0,
        "channels": 1,
        "videos": 2,
        "posts": 2,
        "deliveries": 1,
        "webhooks": 0,
        "files": 6,
        "channels_not_revoked": 0,
    }


async def test_consents_end_at_the_platform(cast: Cast) -> None:
    for account in ("alice", "second"):
        await cast.channel(cast.alice, account)
    await cast.channel(cast.charlie, "charlie")

    await erased(cast, await cast.services.erasure.begin(cast.alice, "Home"))

    assert sorted(cast.platform.revoked) == ["act.alice", "act.second"]


async def test_an_account_that_another_workspace_has_too_stays_connected_there(cast: Cast) -> None:
    await cast.channel(cast.alice, "both")
    theirs = await cast.channel(cast.charlie, "both")

    seen = await erased(cast, await cast.services.erasure.begin(cast.alice, "Home"))

    assert cast.platform.revoked == []
    assert seen.counts["channels_not_revoked"] == 0
    assert (await cast.services.channels.get(cast.charlie, theirs.id)).connected


async def test_a_consent_that_has_ended_already_is_no_hindrance(cast: Cast) -> None:
    await cast.channel(cast.alice)
    cast.platform.failure = DEAD

    seen = await erased(cast, await cast.services.erasure.begin(cast.alice, "Home"))

    assert (seen.state, seen.counts["channels_not_revoked"]) == ("done", 0)


async def test_a_platform_that_is_away_is_asked_again(cast: Cast) -> None:
    await cast.channel(cast.alice)
    cast.platform.failure = AWAY
    deletion = await cast.services.erasure.begin(cast.alice, "Home")
    assert (await erased(cast, deletion)).state == "running"

    cast.platform.failure = None
    cast.clock.move(hours=1)
    seen = await erased(cast, deletion)

    assert cast.platform.revoked == ["act.alice"]
    assert (seen.state, seen.counts["channels_not_revoked"]) == ("done", 0)


async def test_after_a_day_a_platform_that_is_away_holds_nothing_up_any_more(cast: Cast) -> None:
    await cast.channel(cast.alice)
    cast.platform.failure = AWAY
    deletion = await cast.services.erasure.begin(cast.alice, "Home")

    tries = 0
    while cast.clock.now() < deletion.started_at + PATIENCE:
        await cast.work()
        tries += 1
        chore = await cast.store.chores.get(HOME, f"{ERASE}:{deletion.id}")
        assert chore
        assert chore.due_at > cast.clock.now()
        cast.clock.time = chore.due_at
    seen = await erased(cast, deletion)

    assert tries < 50
    assert (seen.state, seen.counts["channels_not_revoked"]) == ("done", 1)


async def test_an_adapters_mistake_counts_as_a_refusal(cast: Cast) -> None:
    @dataclass
    class Broken(MemoryPlatform):
        async def revoke(self, grant: object) -> None:
            raise KeyError("data")

    await cast.channel(cast.alice)
    hall = hall_of(cast, Broken())
    deletion = await hall.services.erasure.begin(cast.alice, "Home")
    cast.clock.move(days=1, seconds=1)
    cast.engine.handlers = {DELIVERY: hall.deliver, CHORE: hall.chores}

    seen = await erased(cast, deletion)

    assert (seen.state, seen.counts["channels_not_revoked"]) == ("done", 1)


async def test_a_platform_without_keys_is_not_waited_for(cast: Cast) -> None:
    await cast.channel(cast.alice)
    deletion = await cast.services.erasure.begin(cast.alice, "Home")
    hall = hall_of(cast)
    cast.engine.handlers = {DELIVERY: hall.deliver, CHORE: hall.chores}

    await cast.work()

    seen = await cast.services.erasure.get(deletion.id)
    assert (seen.state, seen.counts["channels_not_revoked"]) == ("done", 1)


# ── what is being sent ───────────────────────────────────────────────────────────────────────────


async def test_nothing_that_was_due_is_sent_once_it_is_closed(cast: Cast) -> None:
    await cast.post(cast.alice, in_hours=1)
    deletion = await cast.services.erasure.begin(cast.alice, "Home")
    cast.clock.move(hours=1, minutes=1)

    (ref,) = await cast.store.deliveries.claim(cast.clock.now(), cast.clock.now() + timedelta(minutes=1), 10)
    await cast.engine.handlers[DELIVERY](f"{ref.workspace_id}/{ref.id}/{ref.version}")

    held = await cast.store.deliveries.get(HOME, ref.id)
    assert (held.state, held.attempts) == (State.HELD, 0)
    assert held.reason
    assert held.reason.code == "workspace_closed"
    await erased(cast, deletion)
    assert cast.platform.received == {}


async def test_a_step_under_way_is_let_finish_and_nothing_follows_it(cast: Cast) -> None:
    shown = await cast.post(cast.alice, in_hours=1)
    slow = SlowPlatform()
    hall = hall_of(cast, slow)
    cast.engine.handlers = {DELIVERY: hall.deliver, CHORE: hall.chores}
    cast.clock.move(hours=1, minutes=1)
    (ref,) = await cast.store.deliveries.claim(cast.clock.now(), cast.clock.now() + timedelta(minutes=1), 10)
    sending = asyncio.create_task(hall.deliver(f"{ref.workspace_id}/{ref.id}/{ref.version}"))
    await slow.sending.wait()

    deletion = await hall.services.erasure.begin(cast.alice, "Home")
    await cast.work()
    fenced = await cast.store.deliveries.get(HOME, shown.deliveries[0].id)
    assert fenced.fence
    assert slow.revoked == []
    assert len([key async for key in cast.files.list("videos/")]) == 3

    slow.go_on.set()
    await sending
    assert (await cast.store.deliveries.get(HOME, ref.id)).state is State.PUBLISHED
    assert (await erased(cast, deletion)).finished_at
    assert len(slow.published) == 1
    assert slow.revoked == ["act.alice"]


async def test_a_step_whose_worker_died_is_waited_for_until_its_hold_ends(cast: Cast) -> None:
    await cast.post(cast.alice, in_hours=1)
    cast.clock.move(hours=1, minutes=1)
    await cast.store.deliveries.claim(cast.clock.now(), cast.clock.now() + timedelta(minutes=1), 10)
    deletion = await cast.services.erasure.begin(cast.alice, "Home")

    await cast.work()
    assert (await cast.services.erasure.get(deletion.id)).state == "running"
    cast.clock.move(minutes=1)
    seen = await erased(cast, deletion)

    assert seen.finished_at
    assert cast.platform.published == {}


# ── what is on its way in ────────────────────────────────────────────────────────────────────────


async def test_an_upload_in_the_making_is_dropped(cast: Cast) -> None:
    uploads = cast.services.uploads
    upload = await uploads.create(cast.alice, len(CLIP), "clip.mp4")
    await uploads.append(cast.alice, upload.id, 0, stream(CLIP[:1000]))

    await erased(cast, await cast.services.erasure.begin(cast.alice, "Home"))

    with pytest.raises(NotFound):
        await uploads.look(cast.alice, upload.id)
    again = await uploads.create(cast.alice, len(CLIP), "clip.mp4", upload_id=upload.id)
    assert again.offset == 0


async def test_whoever_is_writing_to_an_upload_is_waited_for_and_their_bytes_go(cast: Cast) -> None:
    uploads = cast.services.uploads
    upload = await uploads.create(cast.alice, len(CLIP), "clip.mp4")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield CLIP[:1000]
        begun.set()
        await go_on.wait()
        yield CLIP[1000:]

    writing = asyncio.create_task(uploads.append(cast.alice, upload.id, 0, slowly()))
    await begun.wait()
    deletion = await cast.services.erasure.begin(cast.alice, "Home")
    await cast.work()
    assert (await cast.services.erasure.get(deletion.id)).state == "running"

    go_on.set()
    with pytest.raises(NotFound):
        await writing
    assert (await erased(cast, deletion)).finished_at
    assert [key async for key in cast.files.list("videos/")] == []


async def test_a_sign_in_that_began_before_connects_nothing_afterwards(cast: Cast) -> None:
    before, theirs = await cast.state(cast.alice), await cast.state(cast.charlie)
    for who, name in ((cast.alice, "Home"), (cast.charlie, "Elsewhere")):
        await erased(cast, await cast.services.erasure.begin(who, name))

    for state in (before, theirs):
        with pytest.raises(Forbidden):
            await cast.services.channels.finish("memory", state, code=Secret("late"), error=None)

    assert cast.platform.exchanged == []


async def test_a_sign_in_that_comes_back_while_it_goes_ends(cast: Cast) -> None:
    @dataclass
    class Leaving(MemoryPlatform):
        async def exchange(
            self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
        ) -> Sequence[Connection]:
            while await cast.store.workspaces.erase(ELSEWHERE):
                pass
            return await super().exchange(login, code=code, return_to=return_to, verifier=verifier, now=now)

    hall = hall_of(cast, Leaving())
    state = await cast.state(cast.charlie)

    with pytest.raises(NotFound):
        await hall.services.channels.finish("memory", state, code=Secret("late"), error=None)


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────


async def test_the_workspace_is_gone(cast: Cast) -> None:
    await cast.post(cast.charlie)

    await erased(cast, await cast.services.erasure.begin(cast.charlie, "Elsewhere"))

    with pytest.raises(NotFound):
        await cast.store.workspaces.get(ELSEWHERE)
    with pytest.raises(NotFound):
        await cast.services.erasure.begin(cast.charlie, "Elsewhere")


async def test_one_that_others_were_faster_with_is_looked_at_once_more(cast: Cast) -> None:
    asked = Deletion("del_00000000000000000000000000", cast.clock.now(), born_at=cast.clock.now())
    await cast.services.erasure._deletions.keep(asked)
    hall = hall_of(cast, cast.platform, store=typed("Store", Overtaken(cast.store)))

    again = await hall.services.erasure.carry_out(_chore(asked))

    assert again
    assert await cast.services.erasure.carry_out(_chore(asked)) is None
    assert (await cast.services.erasure.get(asked.id)).finished_at


async def test_home_begins_anew_with_its_housekeeping(cast: Cast) -> None:
    cast.clock.move(hours=1)

    await erased(cast, await cast.services.erasure.begin(cast.alice, "Home"))

    home = await cast.store.workspaces.get(HOME)
    assert (home.name, home.closed_at) == ("Home", None)
    assert await cast.store.chores.get(HOME, "tidy:house")
    assert (await cast.services.people.actor(Secret(await cast.token(cast.alice)))).workspace_id == HOME


async def test_what_is_made_in_the_new_home_is_not_what_was_meant(cast: Cast) -> None:
    """The worker was killed when only its record of being done was missing, and home was in use again by then."""
    cast.clock.move(hours=1)
    deletion = await cast.services.erasure.begin(cast.alice, "Home")
    await erased(cast, deletion)
    cast.clock.move(minutes=1)
    shown = await cast.post(cast.alice)
    token = await cast.token(cast.alice)

    await cast.services.erasure._deletions.change(deletion.id, lambda one: replace(one, finished_at=None))
    await cast.store.chores.put(replace(_chore(deletion), due_at=cast.clock.now()))
    seen = await erased(cast, deletion)

    assert seen.finished_at
    assert (await cast.services.posts.get(cast.alice, shown.post.id)).post == shown.post
    assert len([key async for key in cast.files.list("videos/")]) == 3
    assert (await cast.services.people.actor(Secret(token))).workspace_id == HOME


def _chore(deletion: Deletion) -> Chore:
    return Chore(HOME, ERASE, deletion.id, deletion.started_at)


# ── every store ──────────────────────────────────────────────────────────────────────────────────


async def test_every_store_lets_all_of_it_go_and_nothing_else(store: Store) -> None:
    cast = await Cast.open(store)
    for who in (cast.alice, cast.charlie):
        await cast.post(who)
        await cast.services.webhooks.create(who, "https://hooks.example/playout")
        await cast.services.once.begin(who, "key", b"request")
    kept = await cast.token(cast.charlie)
    cast.clock.move(seconds=1)

    seen = await erased(cast, await cast.services.erasure.begin(cast.alice, "Home"))

    assert (seen.state, seen.counts["posts"], seen.counts["deliveries"]) == ("done", 1, 1)
    assert (await store.workspaces.get(HOME)).created_at >= seen.started_at
    for listed in (store.posts.list, store.videos.list, store.channels.list, store.webhooks.list):
        assert (await listed(HOME)).items == ()
        assert len((await listed(ELSEWHERE)).items) == 1
    assert (await store.deliveries.list(HOME)).items == ()
    assert await store.tokens.list(HOME) == []
    assert (await cast.services.people.actor(Secret(kept))).workspace_id == ELSEWHERE
