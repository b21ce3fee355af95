"""After a workspace was deleted nothing of it is left, wherever the work was killed; and nothing of another is gone.

Everything a workspace can have is planted with words that stand nowhere else, and the whole store is read for them:
every table of the memory store, every row of an SQLite file, every name and byte of the files.
"""

import hashlib
import inspect
import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from typing import cast as typed

import pytest

from playout.application.deletions import Deletion
from playout.application.furnish import Hall, Ports, furnish
from playout.application.meter import NoMeter
from playout.application.once import Answer
from playout.application.people import HOME
from playout.application.planner import CHORE, DELIVERY, Planner
from playout.application.ports import Chore, Files, Platform, Store
from playout.application.ports.store import ERASE
from playout.application.posts import NewPost
from playout.domain.errors import Unauthenticated
from playout.domain.person import Actor
from playout.domain.post import Destination
from playout.domain.rendition import Fit
from playout.domain.secret import Secret
from playout.egress.memory import MemoryEgress
from playout.media.growing import growing_beside
from playout.passkeys import WebauthnPasskeys
from playout.storage.memory import MemoryStore
from playout.storage.sql.migrate import migrate
from playout.storage.sql.sqlite import SqliteStore
from playout.vault import EnvelopeVault, Kek
from tests.cast import CHOSEN, CLIP, ELSEWHERE, MOST_BYTES, PUBLIC_URL, ByHand, Cast, PlainPasswords, stream

#: What is planted; `{}` is the name of whose it is.
WORDS = (
    "canary-account-{}",
    "canary-file-{}.mp4",
    "canary caption {}",
    "canary draft {}",
    "canary title {}",
    "canary-tag-{}",
    "canary-hook-{}",
    "canary-import-{}",
    "canary-upload-{}.mp4",
    "canary answer {}",
    "canary-token-{}",
    "canary-{}@mail.example",
)


def words(name: str) -> list[str]:
    return [word.format(name) for word in WORDS]


class Killed(BaseException):
    """The process is gone: nothing in it can catch this."""


@dataclass
class Knife:
    """Kills at the call of this number, right before or right after it was carried out; counts them all."""

    at: int = 0
    after: bool = False
    count: int = 0

    def strike(self, *, after: bool) -> None:
        self.count += not after
        if (self.count, after) == (self.at, self.after):
            raise Killed

    def around(self, thing: Any) -> Any:
        return _Under(thing, self)


class _Under:
    """A store, a part of one, files or a platform, under the knife."""

    def __init__(self, thing: Any, knife: Knife) -> None:
        self._thing = thing
        self._knife = knife

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if inspect.iscoroutinefunction(found):
            return self._killable(found)
        if inspect.isasyncgenfunction(found):
            return self._killable_list(found)
        return found if callable(found) or not _is_part(found) else _Under(found, self._knife)

    def _killable(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def called(*given: Any, **more: Any) -> Any:
            self._knife.strike(after=False)
            if call.__name__ == "erase":
                more["limit"] = 5  # so that there is something to kill between
            result = await call(*given, **more)
            self._knife.strike(after=True)
            return result

        return called

    def _killable_list(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **more: Any) -> Any:
            self._knife.strike(after=False)
            return call(*given, **more)

        return called


def _is_part(thing: Any) -> bool:
    return type(thing).__module__.startswith("playout.storage")


def process(cast: Cast, knife: Knife) -> tuple[Hall, Planner, ByHand]:
    """One process on the cast's store, files and platform, with the knife at its throat."""
    store, files = typed("Store", knife.around(cast.store)), typed("Files", knife.around(cast.files))
    ports = Ports(
        store=store,
        files=files,
        growing=growing_beside(cast.files),
        probe=cast.studio,
        render=cast.studio,
        egress=MemoryEgress(),
        vault=EnvelopeVault([Kek("cast", hashlib.sha256(b"the key of the cast").digest())]),
        passwords=PlainPasswords(),
        passkeys=WebauthnPasskeys(PUBLIC_URL),
        platforms={"memory": typed("Platform", knife.around(cast.platform))},
        clock=cast.clock,
        random=Random(7),
    )
    hall = furnish(ports, public_url=PUBLIC_URL, most_bytes=MOST_BYTES)
    engine = ByHand({DELIVERY: hall.deliver, CHORE: hall.chores})
    return hall, Planner(cast.store, engine, cast.clock, Random(7), NoMeter()), engine


async def furnished(cast: Cast, who: Actor, name: str) -> str:
    """Plants every word, each where its like comes from outside; gives a token."""
    services, said = cast.services, {word: word.format(name) for word in WORDS}
    token = await services.people.mint(who, said["canary-token-{}"], sorted(who.scopes))
    channel = await cast.channel(who, said["canary-account-{}"])
    video = await services.videos.take_in(who, said["canary-file-{}.mp4"], stream(CLIP + name.encode()))
    await services.videos.probe(Chore(who.workspace_id, "probe", video.id, video.created_at))
    await services.renditions.ask(who, video.id, "memory", Fit.CROP)
    await services.webhooks.create(who, f"https://hooks.example/{said['canary-hook-{}']}")
    new = NewPost(
        video.id,
        caption=said["canary caption {}"],
        destinations=(Destination(channel.id, title=said["canary title {}"], options=CHOSEN),),
        hashtags=(said["canary-tag-{}"],),
    )
    await services.posts.create(who, new)
    await services.posts.create(who, replace(new, caption=said["canary draft {}"], draft=True))
    await services.imports.begin(who, f"https://clips.example/{said['canary-import-{}']}")
    upload = await services.uploads.create(who, 9, said["canary-upload-{}.mp4"], metadata="filename Y2FuYXJ5")
    await services.uploads.append(who, upload.id, 0, stream(b"half"))
    turn = await services.once.begin(who, "key", b"request")
    await services.once.finish(turn, Answer(201, said["canary answer {}"]))
    await services.people.create_owner(who, said["canary-{}@mail.example"], Secret("correct-@:/?[]-horse"))
    await services.exports.begin(who)
    return token.secret.reveal()


async def lived(cast: Cast) -> dict[str, str]:
    """Two workspaces with everything in them, some of it published, and their tokens."""
    tokens = {who.workspace_id: await furnished(cast, who, who.name) for who in (cast.alice, cast.charlie)}
    for _ in range(3):
        await cast.work()
    return tokens


async def until_done(cast: Cast, deletion_id: str) -> Deletion | None:
    """What other processes make of it: after the killed one's holds have ended."""
    for _ in range(60):
        seen = await cast.services.erasure._deletions.find(deletion_id)
        if seen and seen.finished_at:
            return seen
        cast.clock.move(seconds=30)
        await cast.work()
    return None


def rows(store: MemoryStore) -> str:
    """All there is in the memory store."""
    tables = store.workspaces._tables
    return repr([getattr(tables, name) for name in tables.__dataclass_fields__])


def of_one(store: MemoryStore, files: Any, workspace_id: str) -> dict[str, Any]:
    """All that lies under one workspace."""
    tables = store.workspaces._tables
    found: dict[str, Any] = {"files": {key: one for key, one in files._kept.items() if f"/{workspace_id}/" in key}}
    for name in tables.__dataclass_fields__:
        table = getattr(tables, name)
        found[name] = {key: one for key, one in table.items() if workspace_id in repr(key) or workspace_id in repr(one)}
    return found


def left(text: str, files: Any, name: str) -> list[str]:
    """Which of the words of `name` still stand somewhere."""
    kept = text + repr(files._kept)
    return [word for word in words(name) if word in kept]


# ── with the memory store ────────────────────────────────────────────────────────────────────────


async def test_every_word_is_there_before() -> None:
    """The control: a search that finds nothing would prove nothing."""
    cast = await Cast.open()
    await lived(cast)

    for name in ("alice", "charlie"):
        assert left(rows(typed("MemoryStore", cast.store)), cast.files, name) == words(name)


@pytest.mark.parametrize("goes", ["alice", "charlie"])
async def test_nothing_of_one_workspace_is_left_and_all_of_the_other(goes: str) -> None:
    cast = await Cast.open()
    store = typed("MemoryStore", cast.store)
    tokens = await lived(cast)
    who, other = (cast.alice, cast.charlie) if goes == "alice" else (cast.charlie, cast.alice)
    other_before = of_one(store, cast.files, other.workspace_id)
    name = (await store.workspaces.get(who.workspace_id)).name
    cast.clock.move(seconds=1)

    deletion = await cast.services.erasure.begin(who, name)
    assert await until_done(cast, deletion.id)

    assert left(rows(store), cast.files, goes) == []
    assert hashlib.sha256(tokens[who.workspace_id].encode()).hexdigest() not in rows(store)
    assert [key for key in cast.files._kept if who.workspace_id in key] == []
    assert left(rows(store), cast.files, other.name) == words(other.name)
    assert other_before["posts"] == of_one(store, cast.files, other.workspace_id)["posts"]
    assert other_before["files"] == of_one(store, cast.files, other.workspace_id)["files"]
    assert other_before["channels"] == of_one(store, cast.files, other.workspace_id)["channels"]
    assert (await cast.services.people.actor(Secret(tokens[other.workspace_id]))).workspace_id == other.workspace_id


async def test_what_stays_of_a_tenant_is_the_record_of_the_deletion() -> None:
    cast = await Cast.open()
    store = typed("MemoryStore", cast.store)
    await lived(cast)

    deletion = await cast.services.erasure.begin(cast.charlie, "Elsewhere")
    assert await until_done(cast, deletion.id)

    stays = of_one(store, cast.files, ELSEWHERE)
    assert [name for name, found in stays.items() if found] == ["calls"]  # that it exported something this day
    assert json_of(store, deletion) == asdict(await cast.services.erasure.get(deletion.id))


def json_of(store: MemoryStore, deletion: Deletion) -> Any:
    return asdict(Deletion.of(store.workspaces._tables.notes[f"deletion:{deletion.id}"][0]))


async def calls_of_a_whole_deletion() -> int:
    cast = await Cast.open()
    await lived(cast)
    knife = Knife()
    deletion = await one_life(cast, knife)
    assert (await cast.services.erasure.get(deletion.id)).finished_at
    return knife.count


async def one_life(cast: Cast, knife: Knife) -> Deletion:
    """Asks for the deletion and works on it, until it is done or killed."""
    hall, planner, engine = process(cast, knife)
    deletion = await hall.services.erasure.begin(cast.alice, "Home")
    for _ in range(4):
        await planner.tick()
        for kind, name in engine.woken:
            if kind == CHORE and f"/{ERASE}:" in name:
                await hall.chores(name)
        engine.woken.clear()
        cast.clock.move(minutes=2)
    return deletion


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_any_call_it_either_never_began_or_is_finished_by_others(after: bool) -> None:
    total = await calls_of_a_whole_deletion()
    assert total > 60
    never_began = 0
    for at in range(1, total + 1):
        cast = await Cast.open()
        tokens = await lived(cast)
        store = typed("MemoryStore", cast.store)
        charlies = {name: kept for name, kept in of_one(store, cast.files, ELSEWHERE).items() if name != "chores"}
        published = len(cast.platform.published)

        with suppress(Killed):
            await one_life(cast, Knife(at, after=after))
        cast.clock.move(minutes=2)
        begun = re.search(rf"{ERASE}:(del_\w+)", repr(list(store.chores._rows)) + repr(list(deletions_of(store))))

        if begun is None:
            never_began += 1
            assert (await cast.services.people.actor(Secret(tokens[HOME]))).workspace_id == HOME, at
        else:
            assert await until_done(cast, begun[1]), at
            assert left(rows(store), cast.files, "alice") == [], at
            with pytest.raises(Unauthenticated):
                await cast.services.people.actor(Secret(tokens[HOME]))
            assert (await store.workspaces.get(HOME)).closed_at is None, at
            assert await store.chores.get(HOME, "tidy:house"), at
            assert "act.canary-account-alice" in cast.platform.revoked, at
        assert len(cast.platform.published) == published, at
        assert of_one(store, cast.files, ELSEWHERE)["posts"] == charlies["posts"], at
        assert left(rows(store), cast.files, "charlie") == words("charlie"), at
    assert 0 < never_began < 10


def deletions_of(store: MemoryStore) -> list[str]:
    """The chores of deletions that were done with: their records say so."""
    notes = store.workspaces._tables.notes.items()
    return [
        f"{ERASE}:{key.partition(':')[2]}"
        for key, (text, _) in notes
        if key.startswith("deletion:") and Deletion.of(text).finished_at
    ]


# ── with SQLite ──────────────────────────────────────────────────────────────────────────────────


def dumped(path: Path) -> str:
    with sqlite3.connect(path) as database:
        text = "\n".join(database.iterdump())
    database.close()
    return text


async def test_no_row_of_an_sqlite_file_tells_of_it(tmp_path: Path) -> None:
    path = tmp_path / "playout.db"
    store = SqliteStore(path, migrate=migrate)
    await store.prepare()
    cast = await Cast.open(store)
    tokens = await lived(cast)
    before = dumped(path)
    assert left(before, cast.files, "alice") == words("alice")
    cast.clock.move(seconds=1)

    deletion = await cast.services.erasure.begin(cast.alice, "Home")
    assert await until_done(cast, deletion.id)
    after = dumped(path)
    await store.close()

    assert left(after, cast.files, "alice") == []
    assert left(after, cast.files, "charlie") == words("charlie")
    assert hashlib.sha256(tokens[HOME].encode()).hexdigest() in before
    assert hashlib.sha256(tokens[HOME].encode()).hexdigest() not in after
