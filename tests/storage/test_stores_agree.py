"""Whatever is done to two stores in the same order, both say the same."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from playout.application.ports import Chore, Ref, Store
from playout.domain.channel import Channel, Profile, WrappedKey
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Conflict, NotFound
from playout.domain.person import Person, Workspace
from playout.domain.post import Post
from playout.domain.video import Video, VideoState
from playout.storage.memory import MemoryStore
from playout.storage.sql.migrate import migrate
from playout.storage.sql.sqlite import SqliteStore
from tests.contract.cast import NOW

Call = Callable[[Store], Awaitable[object]]
HOUSES = ("ws_a", "ws_b")
CHANNELS = ("ch_1", "ch_2", "ch_3")
KEYS = st.sampled_from(["one", "two"])
SECONDS = st.integers(0, 20)
STATES = st.sampled_from([State.WAITING, State.SENDING, State.HELD, State.PUBLISHED])


@contextmanager
def sqlite() -> Iterator[SqliteStore]:
    with tempfile.TemporaryDirectory() as folder:
        yield SqliteStore(Path(folder) / "playout.db", migrate=migrate)


class Stores(RuleBasedStateMachine):
    """Time only goes on; due times are all different, so that every order is decided."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = sqlite()
        self.stores: tuple[Store, Store] = (MemoryStore(), self.folder.__enter__())
        self.now = NOW
        self.number = 0
        self.loop.run_until_complete(self.stores[1].prepare())

    def teardown(self) -> None:
        self.loop.run_until_complete(self.stores[1].close())
        self.loop.close()
        self.folder.__exit__(None, None, None)

    def both(self, call: Call) -> object:
        """What both say: a result, or a kind of refusal."""
        said = [self.loop.run_until_complete(answer(call, store)) for store in self.stores]
        assert said[0] == said[1]
        return said[0]

    def unique(self) -> int:
        self.number += 1
        return self.number

    def due(self, seconds: int) -> datetime:
        return self.now + timedelta(seconds=seconds, microseconds=self.unique())

    @initialize()
    def furnish(self) -> None:
        async def houses(store: Store) -> None:
            for house in HOUSES:
                await store.workspaces.save(Workspace(house, house, NOW))
                await store.videos.save(
                    Video("vid_1", house, VideoState.READY, "a.mp4", 1, "0" * 64, "k", NOW, version=0)
                )
                for name in CHANNELS:
                    await store.channels.save(Channel(name, house, "tiktok", Profile(name, name, name), NOW))

        self.both(houses)

    @rule(house=st.sampled_from(HOUSES), channels=st.lists(st.sampled_from(CHANNELS), max_size=4), seconds=SECONDS)
    def schedule(self, house: str, channels: list[str], seconds: int) -> None:
        post = Post(f"post_{self.unique():04}", house, "vid_1", "", (), NOW)
        made = [self.delivery(post, channel, seconds) for channel in channels]
        self.both(lambda s: s.posts.save(post, made))

    def delivery(self, post: Post, channel: str, seconds: int) -> Delivery:
        due = self.due(seconds)
        name = f"dlv_{self.unique():04}"
        return Delivery(name, post.workspace_id, post.id, channel, "tiktok", due, due, NOW)

    @rule(seconds=SECONDS, lease=st.integers(1, 10), limit=st.integers(1, 4))
    def claim(self, seconds: int, lease: int, limit: int) -> None:
        self.now += timedelta(seconds=seconds)
        until = self.due(lease)
        self.both(lambda s: s.deliveries.claim(self.now, until, limit))

    @precondition(lambda self: self.number)
    @rule(data=st.data(), state=STATES, seconds=SECONDS, back=st.integers(0, 1), hold=st.booleans())
    def save(self, data: st.DataObject, state: State, seconds: int, back: int, *, hold: bool) -> None:
        found = self.any_delivery(data)
        if found is not None:
            due = None if state in {State.HELD, State.PUBLISHED} else self.due(seconds)
            kept = found.in_hand_until if hold and due else None
            moved = replace(found, state=state, due_at=due, in_hand_until=kept, version=found.version - back)
            self.both(lambda s: s.deliveries.save(moved))

    @rule(data=st.data(), lease=st.integers(1, 10))
    def keep(self, data: st.DataObject, lease: int) -> None:
        found = self.any_delivery(data)
        if found is not None:
            until = self.due(lease)
            self.both(lambda s: s.deliveries.keep(Ref(found.workspace_id, found.id), found.version, until))

    @rule(data=st.data(), whole=st.booleans())
    def remove(self, data: st.DataObject, *, whole: bool) -> None:
        found = self.any_delivery(data)
        if found is not None:
            post = self.loop.run_until_complete(self.stores[0].posts.get(found.workspace_id, found.post_id))
            page = self.stores[0].deliveries.list(found.workspace_id, post_id=post.id)
            made = self.loop.run_until_complete(page).items
            self.both(lambda s: s.posts.remove(post, made if whole else made[1:]))

    def any_delivery(self, data: st.DataObject) -> Delivery | None:
        pages = [self.loop.run_until_complete(self.stores[0].deliveries.list(house)) for house in HOUSES]
        found = [one for page in pages for one in page.items]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(house=st.sampled_from(HOUSES), states=st.sets(STATES), limit=st.integers(1, 3))
    def read_all(self, house: str, states: set[State], limit: int) -> None:
        async def pages(store: Store) -> object:
            seen, cursor = [], None
            while True:
                page = await store.deliveries.list(house, states=states, cursor=cursor, limit=limit)
                seen.append(page)
                cursor = page.next_cursor
                if cursor is None:
                    return seen

        self.both(pages)

    @rule(who=KEYS, house=st.sampled_from(HOUSES), address=KEYS, ways=st.lists(KEYS, max_size=2), key=KEYS)
    def save_person(self, who: str, house: str, address: str, ways: list[str], key: str) -> None:
        stored = self.loop.run_until_complete(answer(lambda s: s.people.get(who), self.stores[0]))
        version = stored.version if isinstance(stored, Person) else 0
        person = Person(who, address, None, NOW, house, version, identities=tuple(ways))
        self.both(lambda s: s.people.save(replace(person, data_key=WrappedKey(key, b""))))

    @rule(who=KEYS, version=st.integers(0, 3))
    def remove_person(self, who: str, version: int) -> None:
        self.both(lambda s: s.people.remove(Person(who, "", None, NOW, HOUSES[0], version)))

    @rule(said=KEYS)
    def look_for_people(self, said: str) -> None:
        self.both(lambda s: s.people.by_email(said))
        self.both(lambda s: s.people.by_way(said))
        self.both(lambda s: s.people.sealed_under(said))

    @rule(house=st.sampled_from(HOUSES), subject=KEYS, seconds=SECONDS)
    def put_chore(self, house: str, subject: str, seconds: int) -> None:
        chore = Chore(house, "renew", subject, self.due(seconds))
        self.both(lambda s: s.chores.put(chore))

    @rule(lease=st.integers(1, 10), finish=st.booleans())
    def do_chores(self, lease: int, *, finish: bool) -> None:
        until = self.due(lease)

        async def work(store: Store) -> object:
            refs = await store.chores.claim(self.now, until, 3)
            chores = [await store.chores.get(one.workspace_id, one.id) for one in refs]
            for one in chores:
                if finish and one is not None:
                    await store.chores.done(one)
            return refs, chores

        self.both(work)

    @rule(key=KEYS, seconds=SECONDS, what=st.sampled_from(["put", "get", "take", "replace", "allow", "sweep"]))
    def note(self, key: str, seconds: int, what: str) -> None:
        number = self.unique()
        end = self.now + timedelta(seconds=seconds)
        window = timedelta(seconds=seconds + 1)
        calls: dict[str, Call] = {
            "put": lambda s: s.ephemera.put_new(key, f"v{number}", end, self.now),
            "get": lambda s: s.ephemera.get(key, self.now),
            "take": lambda s: s.ephemera.take(key, self.now),
            "replace": lambda s: s.ephemera.replace(key, f"v{number - 1}", f"v{number}", end),
            "allow": lambda s: s.ephemera.allow(key, 2, window, self.now),
            "sweep": lambda s: s.ephemera.sweep(self.now),
        }
        self.both(calls[what])


async def answer(call: Call, store: Store) -> object:
    try:
        return await call(store)
    except (Conflict, NotFound) as refused:
        return type(refused)


TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
