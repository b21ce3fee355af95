"""Rotation moves every data key under the primary key, whatever goes on beside it and whenever it is killed."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from playout.application.keys import PEOPLE, KeyRotation, KeyStatus
from playout.application.ports import Chore, Page, Store
from playout.domain.channel import Channel, WrappedKey
from playout.domain.errors import Stale, Unreadable
from playout.domain.event import Event
from playout.domain.person import Person
from playout.storage.memory import MemoryStore
from playout.storage.memory.background import MemoryPeople
from playout.storage.memory.records import MemoryChannels
from playout.storage.sql.migrate import migrate
from playout.storage.sql.sqlite import SqliteStore
from playout.vault import EnvelopeVault
from tests.contract.cast import NOW, House, house, name
from tests.vault.cast import CANARY, NEW, OLD

BOTH = EnvelopeVault([NEW, OLD])
ROOT = Path(__file__).parents[2]


class Clock:
    """Stands still, but for sleep."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class RivalledChannels(MemoryChannels):
    """With somebody who saves each of them right before our first change of it."""

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Channel]:
        return await super().sealed_under(key_id, cursor=cursor, limit=2)

    async def save(self, channel: Channel, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Channel:
        current = await self.get(channel.workspace_id, channel.id) if channel.version else channel
        if current.version and current.last_published_at is None:
            await super().save(replace(current, last_published_at=NOW))
        return await super().save(channel, chores, events)


class RivalledPeople(MemoryPeople):
    """Likewise."""

    async def save(self, person: Person) -> Person:
        current = await self.get(person.id) if person.version else person
        if current.version and not current.totp_used:
            await super().save(replace(current, totp_used=1))
        return await super().save(person)


class Rival(MemoryStore):
    """A store in which somebody is always a little faster than we."""

    def __init__(self) -> None:
        super().__init__()
        self.channels = RivalledChannels(self.channels._tables)
        self.people = RivalledPeople(self.people._tables)


async def sealed(house: House, count: int, vault: EnvelopeVault) -> list[Channel]:
    """Channels that hold a grant."""
    made = []
    for _ in range(count):
        channel = house.new_channel()
        key = await vault.new_key(channel.workspace_id, channel.id)
        grant = (await vault.unlock(channel.workspace_id, channel.id, key)).seal("grant", CANARY)
        made.append(await house.store.channels.save(replace(channel, data_key=key, grant=grant)))
    return made


async def sealed_people(house: House, count: int, vault: EnvelopeVault) -> list[Person]:
    """People with an app that shows codes."""
    made = []
    for _ in range(count):
        one = name("psn")
        key = await vault.new_key(PEOPLE, one)
        totp = (await vault.unlock(PEOPLE, one, key)).seal("totp", CANARY)
        person = Person(one, f"{one}@example.com", None, NOW, house.workspace_id, data_key=key, totp=totp)
        made.append(await house.store.people.save(person))
    return made


async def totp_of(store: Store, person: Person, vault: EnvelopeVault) -> bytes:
    found = await store.people.get(person.id)
    assert found.data_key
    assert found.totp
    return (await vault.unlock(PEOPLE, found.id, found.data_key)).open("totp", found.totp)


async def opened(store: Store, channel: Channel, vault: EnvelopeVault) -> bytes:
    found = await store.channels.get(channel.workspace_id, channel.id)
    assert found.data_key
    assert found.grant
    return (await vault.unlock(found.workspace_id, found.id, found.data_key)).open("grant", found.grant)


def quiet(moved: int) -> None:
    """Nobody watches."""


async def test_every_channel_comes_under_the_primary_key_and_stays_readable(store: Store) -> None:
    alice, charlie = await house(store, "alice"), await house(store, "charlie")
    channels = [
        *await sealed(alice, 4, EnvelopeVault([OLD])),
        *await sealed(charlie, 3, EnvelopeVault([OLD])),
        *await sealed(charlie, 2, BOTH),
    ]
    await charlie.channel()  # has no grant
    rotation = KeyRotation(store, BOTH, Clock())
    seen: list[int] = []

    assert await rotation.status() == KeyStatus({"new": 2, "old": 7})
    done = await rotation.rotate(seen.append)

    assert (done.moved, done.unreadable, seen) == (7, (), [1, 2, 3, 4, 5, 6, 7])
    assert done.status == KeyStatus({"new": 9, "old": 0})
    assert [await opened(store, channel, EnvelopeVault([NEW])) for channel in channels] == [CANARY] * 9


async def test_people_come_along_wherever_they_have_moved_meanwhile(store: Store) -> None:
    alice, charlie = await house(store, "alice"), await house(store, "charlie")
    await sealed(alice, 1, EnvelopeVault([OLD]))
    people = [*await sealed_people(alice, 2, EnvelopeVault([OLD])), *await sealed_people(alice, 1, BOTH)]
    moved = await store.people.save(replace(people[0], workspace_id=charlie.workspace_id))
    rotation = KeyRotation(store, BOTH, Clock())
    assert await rotation.status() == KeyStatus({"new": 1, "old": 3})

    done = await rotation.rotate(quiet)

    assert (done.moved, done.status) == (3, KeyStatus({"new": 4, "old": 0}))
    assert [await totp_of(store, one, EnvelopeVault([NEW])) for one in people] == [CANARY] * 3
    found = await store.people.get(moved.id)
    assert found == replace(moved, data_key=found.data_key, version=moved.version + 1)


async def test_only_the_data_key_is_touched(store: Store) -> None:
    [channel] = await sealed(await house(store, "alice"), 1, EnvelopeVault([OLD]))
    await KeyRotation(store, BOTH, Clock()).rotate(quiet)
    found = await store.channels.get(channel.workspace_id, channel.id)

    assert found == replace(channel, data_key=found.data_key, version=channel.version + 1)


@pytest.mark.parametrize(
    ("counts", "removable"),
    [
        ({"new": 5, "old": 0, "older": 0}, ("old", "older")),
        ({"new": 5, "old": 1, "older": 0}, ("older",)),
        ({"new": 0, "old": 0}, ("old",)),
        ({"new": 0}, ()),
    ],
)
def test_a_key_may_go_when_nothing_is_sealed_under_it(counts: dict[str, int], removable: tuple[str, ...]) -> None:
    assert KeyStatus(counts).removable == removable


async def test_rotating_again_moves_nothing(store: Store) -> None:
    await sealed(await house(store, "alice"), 3, EnvelopeVault([OLD]))
    rotation = KeyRotation(store, BOTH, Clock())
    await rotation.rotate(quiet)

    assert (await rotation.rotate(quiet)).moved == 0


async def test_a_channel_that_somebody_saved_meanwhile_is_met_again() -> None:
    store = Rival()
    channels = await sealed(await house(store, "alice"), 5, EnvelopeVault([OLD]))
    done = await KeyRotation(store, BOTH, Clock()).rotate(quiet)

    assert (done.moved, done.status) == (5, KeyStatus({"new": 5, "old": 0}))
    for channel in channels:
        assert (await store.channels.get(channel.workspace_id, channel.id)).last_published_at == NOW


async def test_a_person_who_was_saved_meanwhile_is_met_again() -> None:
    store = Rival()
    people = await sealed_people(await house(store, "alice"), 3, EnvelopeVault([OLD]))
    done = await KeyRotation(store, BOTH, Clock()).rotate(quiet)

    assert (done.moved, done.status) == (3, KeyStatus({"new": 3, "old": 0}))
    assert [(await store.people.get(one.id)).totp_used for one in people] == [1] * 3
    assert [await totp_of(store, one, EnvelopeVault([NEW])) for one in people] == [CANARY] * 3


async def test_a_renewal_that_runs_is_waited_for() -> None:
    store, clock = MemoryStore(), Clock()
    [channel] = await sealed(await house(store, "alice"), 1, EnvelopeVault([OLD]))
    fenced = await store.channels.save(replace(channel, renewing_since=NOW))
    done = await KeyRotation(store, BOTH, clock).rotate(quiet)

    assert done.moved == 1
    assert not fenced.renewal_running(clock.now())


async def test_a_data_key_that_does_not_open_is_named_and_left_alone() -> None:
    store = MemoryStore()
    broken, sound = await sealed(await house(store, "alice"), 2, EnvelopeVault([OLD]))
    assert broken.data_key
    spoilt = WrappedKey("old", broken.data_key.wrapped[:-1] + b"?")
    await store.channels.save(replace(broken, data_key=spoilt))
    done = await KeyRotation(store, BOTH, Clock()).rotate(quiet)

    assert (done.moved, done.unreadable) == (1, (broken.id,))
    assert done.status.removable == ()
    assert await opened(store, sound, EnvelopeVault([NEW])) == CANARY


async def test_a_person_whose_data_key_does_not_open_is_named_and_left_alone() -> None:
    store = MemoryStore()
    broken, _ = await sealed_people(await house(store, "alice"), 2, EnvelopeVault([OLD]))
    other = await EnvelopeVault([OLD]).new_key("somewhere else", broken.id)
    kept = await store.people.save(replace(broken, data_key=other))
    done = await KeyRotation(store, BOTH, Clock()).rotate(quiet)

    assert (done.moved, done.unreadable) == (1, (broken.id,))
    assert await store.people.get(broken.id) == kept


async def test_after_the_old_key_is_gone_its_backups_do_not_open() -> None:
    store = MemoryStore()
    [channel] = await sealed(await house(store, "alice"), 1, EnvelopeVault([OLD]))
    await KeyRotation(store, BOTH, Clock()).rotate(quiet)
    assert channel.data_key

    with pytest.raises(Unreadable):
        await EnvelopeVault([NEW]).unlock(channel.workspace_id, channel.id, channel.data_key)


async def test_a_stale_copy_cannot_bring_the_old_key_back() -> None:
    store = MemoryStore()
    [channel] = await sealed(await house(store, "alice"), 1, EnvelopeVault([OLD]))
    await KeyRotation(store, BOTH, Clock()).rotate(quiet)

    with pytest.raises(Stale):
        await store.channels.save(channel)


async def test_killed_after_any_channel_it_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "playout.db"
    store = SqliteStore(path, migrate=migrate)
    await store.prepare()
    channels = await sealed(await house(store, "alice"), 6, EnvelopeVault([OLD]))
    for after in (1, 2, 1):
        rotate_and_kill(path, after)
        assert [await opened(store, channel, BOTH) for channel in channels] == [CANARY] * 6

    rotation = KeyRotation(store, BOTH, Clock())
    assert await rotation.status() == KeyStatus({"new": 4, "old": 2})
    assert (await rotation.rotate(quiet)).moved == 2
    assert [await opened(store, channel, EnvelopeVault([NEW])) for channel in channels] == [CANARY] * 6
    await store.close()


def rotate_and_kill(path: Path, after: int) -> None:
    """SIGKILL once so many channels are moved, before it looks at the next."""
    command = [sys.executable, "-m", "tests.vault.rotate", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        for number in range(1, after + 1):
            assert process.stdout.readline() == f"moved {number}\n"
            if number < after:
                process.stdin.write("on\n")
                process.stdin.flush()
        process.kill()
