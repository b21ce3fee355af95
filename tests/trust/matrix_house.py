"""The house of the matrix: two workspaces full of things, each with words of its own, and all that is kept of them.

Not here: who knocks, and what they ask (matrix.py).
"""

import re
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import datetime
from ipaddress import IPv4Address
from pathlib import Path

import httpx
from fastapi import FastAPI

from playout.domain.channel import Channel
from playout.domain.delivery import Receipt, State
from playout.domain.person import Actor
from playout.domain.video import Video
from playout.media.growing_memory import MemoryGrowing
from playout.storage.memory import MemoryStore
from playout.storage.memory.tables import Tables
from playout.storage.sql.sqlite import SqliteStore
from tests.api.stage import Stage
from tests.api.test_every_route import Row, Scene, copied, exported, scheduled, told, uploading
from tests.cast import CLIP, PUBLIC_URL, Cast
from tests.trust.canaries import Canaries, Secret
from tests.trust.matrix import ALICE, CHARLIE, CONFIRM, OTHER, WORKSPACES, Answer, Principal, header, word

Snapshot = dict[str, object]
#: An id, of which the second half is chance.
AN_ID = re.compile(r"[a-z]{2,4}_[0-9a-z]{13}([0-9a-z]{13})(?![0-9a-z])")


@dataclass
class Marked(Cast):
    """Whose accounts and files are each workspace's own."""

    async def video(self, actor: Actor, clip: bytes = CLIP) -> Video:
        return await super().video(actor, clip + word(actor.workspace_id, "bytes").encode())

    async def channel(self, actor: Actor, account: str = "alice") -> Channel:
        return await super().channel(actor, word(actor.workspace_id, f"account {account}"))


@dataclass
class House:
    """Both workspaces with what a route needs, and with something of every other kind."""

    stage: Stage
    scenes: dict[str, Scene]
    known: dict[str, dict[str, str]]  # ids of each kind, the scene's own first
    clients: dict[tuple[str, str], httpx.AsyncClient]
    canaries: dict[str, Canaries]
    principals: tuple[Principal, ...]

    @classmethod
    async def open(
        cls, app: FastAPI, row: Row, *who: Principal, cast: Cast | None = None, full: bool = False
    ) -> "House":
        """`app` is used again, over a new house: to make one takes long. `full`: with an export, which does too."""
        cast = cast or await Marked.open()
        app.state.services = cast.services
        nobody = cls.nobody(app)
        stage = Stage(cast, app, nobody, nobody, nobody, nobody)
        scenes, known, clients = dict[str, Scene](), dict[str, dict[str, str]](), {}
        tokens: dict[str, list[str]] = {ALICE: [], CHARLIE: []}
        for side, seen in ((ALICE, stage), (CHARLIE, mirrored(stage))):
            owner = seen.cast.alice
            await cast.token(owner)
            spare = await scheduled(seen)
            others = [spare, *[await each(seen) for each in (copied, uploading, told)]]
            others += [await exported(seen)] if full else []
            scenes[side] = await row.setting(seen)
            known[side] = {name: one for scene in (*others, scenes[side]) for name, one in scene.ids.items()}
            known[side][CONFIRM] = word(owner.workspace_id, "name")
            await mark(cast, owner.workspace_id, spare.ids["delivery_id"])
            for principal in who:
                if principal.approval:
                    await cast.services.workspaces.change(owner, approval=True)
                sent = await header(cast, owner, principal)
                clients[side, principal.name] = client(app, sent)
                tokens[side].append((sent or "").removeprefix("Bearer "))
        house = cls(stage, scenes, known, clients, {}, who)
        house.canaries = {side: Canaries(await words(house, side, tokens[side])) for side in WORKSPACES}
        return house

    @staticmethod
    def nobody(app: FastAPI) -> httpx.AsyncClient:
        """Without a token."""
        return client(app, None)

    def snapshot(self) -> Snapshot:
        """Everything that is kept, by whose it is."""
        return snapshot(self.stage.cast)

    def of(self, side: str, kept: Snapshot) -> Snapshot:
        """What belongs to this one."""
        marks = (WORKSPACES[side], *[one for name, one in self.known[side].items() if name.endswith("_id")])
        return {label: value for label, value in kept.items() if any(one in label for one in marks)}

    def leaks(self, side: str, answer: Answer, *named: str) -> list[str]:
        """What of the other workspace is in an answer to this one, but for what the request named."""
        found = self.canaries[OTHER[side]].hits(answer.without(*named).whole, "the answer")
        return sorted({f"it holds {hit.secret} ({hit.form})" for hit in found})


def client(app: FastAPI, authorization: str | None) -> httpx.AsyncClient:
    """From ever other addresses: wrong tokens are counted by address."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return httpx.AsyncClient(transport=Roaming(app), base_url=PUBLIC_URL, headers=headers, trust_env=False)


class Roaming(httpx.ASGITransport):
    """Every request from another address."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.client = (str(IPv4Address(0x0A000000 + secrets.randbelow(2**24))), 50000)
        return await super().handle_async_request(request)


def mirrored(stage: Stage) -> Stage:
    """The same house as Charlie sees it."""
    cast = stage.cast
    return replace(stage, cast=replace(cast, alice=cast.charlie, charlie=cast.alice))


async def mark(cast: Cast, workspace_id: str, spare: str) -> None:
    """Puts words of the workspace wherever a record has words. `spare`: a delivery to be published."""
    store = cast.store

    def say(what: str) -> str:
        return word(workspace_id, what)

    workspace = await store.workspaces.get(workspace_id)
    await store.workspaces.save(replace(workspace, name=say("name")))
    for channel in (await store.channels.list(workspace_id)).items:
        shown = replace(
            channel.profile, display_name=say("display name"), avatar_url=f"https://a.example/{say('face')}"
        )
        await store.channels.save(replace(channel, profile=shown))
    for video in (await store.videos.list(workspace_id)).items:
        await store.videos.save(replace(video, filename=say("file name")))
    for post in (await store.posts.list(workspace_id)).items:
        await store.posts.save(replace(post, caption=say("caption"), title=say("title"), hashtags=(say("hashtag"),)))
    for webhook in (await store.webhooks.list(workspace_id)).items:
        await store.webhooks.save(replace(webhook, url=f"https://hooks.example/{say('webhook')}"))
    for one in (await store.deliveries.list(workspace_id)).items:
        if one.reason:
            await store.deliveries.save(replace(one, reason=replace(one.reason, message=say("reason"))))
        elif one.id == spare:
            receipt = Receipt(say("remote id"), f"https://memory.invalid/{say('address')}", cast.clock.now())
            await store.deliveries.save(replace(one, state=State.PUBLISHED, receipt=receipt, due_at=None))


SAID = (
    "name",
    "account alice",
    "display name",
    "face",
    "file name",
    "bytes",
    "caption",
    "title",
    "hashtag",
    "webhook",
    "reason",
    "remote id",
    "address",
    "token",
)


async def words(house: House, side: str, tokens: list[str]) -> dict[str, Secret]:
    """Everything that only this workspace says: its words, tokens, digests, and the ids of all that it has."""
    found: dict[str, Secret] = {what: word(WORKSPACES[side], what) for what in SAID}
    found |= {f"token {number}": token for number, token in enumerate(tokens) if token}
    for video in (await house.stage.cast.store.videos.list(WORKSPACES[side])).items:
        found[f"digest of {video.id}"] = video.sha256
    for label in house.of(side, house.snapshot()):
        found |= {f"id {one[0]}": one[1] for one in AN_ID.finditer(label)}
    return found


# ── all that is kept ─────────────────────────────────────────────────────────────────────────────


def snapshot(cast: Cast) -> Snapshot:
    """Records, files, bytes on their way, and what the platform was told. A note that has ended is not kept."""
    if isinstance(cast.store, SqliteStore):
        found = rows_of(cast.store._path)
    else:
        assert isinstance(cast.store, MemoryStore)
        found = records(cast.store.deliveries._tables, cast.clock.now())
    growing = cast.services.uploads._growing
    assert isinstance(growing, MemoryGrowing)
    found |= {f"file {key}": kept for key, kept in cast.files._kept.items()}
    found |= {f"upload {name}": bytes(kept) for name, kept in growing._grown.items()}
    found["the platform"] = (*cast.platform.exchanged, *cast.platform.revoked, *cast.platform.published)
    return found | {f"woken {one}": True for one in cast.engine.woken}


def records(tables: Tables, now: datetime) -> Snapshot:
    """By table and key; notes by what they say."""
    found: Snapshot = {}
    for table in (one.name for one in fields(tables)):
        rows = getattr(tables, table)
        if table == "notes":
            found |= {f"note {key} {text}": True for key, (text, ends) in rows.items() if ends > now}
        elif table == "calls":
            found |= {f"calls {key}": tuple(times) for key, (times, _) in rows.items()}
        elif table == "events":
            found |= {f"event {key} {name}": one for key, events in rows.items() for name, one in events.items()}
        else:
            found |= {f"{table} {key}": one for key, one in rows.items()}
    return found


def rows_of(path: Path) -> Snapshot:
    """All rows of a database, each by what is in it."""
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        selects = {table: database.execute(f'SELECT * FROM "{table}"') for table in tables}  # noqa: S608 -- its own names
        return {f"{table} {row!r}": True for table, rows in selects.items() for row in rows}
