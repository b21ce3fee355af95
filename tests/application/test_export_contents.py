"""What is in an export: everything of one workspace, nothing of another, no secret; and how little of it is held."""

import hashlib
import json
import tracemalloc
import zipfile
from dataclasses import fields, replace
from typing import Any

import pytest

from playout.application.export_contents import VERSION
from playout.application.export_notes import Export
from playout.application.export_records import safe_name
from playout.application.ports import Store
from playout.application.ports.files import PIECE
from playout.domain.channel import Channel, Profile, WrappedKey
from playout.domain.delivery import Delivery, Receipt
from playout.domain.event import Event
from playout.domain.person import Token, Workspace
from playout.domain.post import Approval, Consent, Destination, Post
from playout.domain.retry import Reason
from playout.domain.slots import Slot, Slots
from playout.domain.video import Rendition, Video
from playout.domain.webhook import Webhook
from tests.application.exporting import (
    LISTS,
    HugeFiles,
    Stage,
    Watched,
    chore,
    everything,
    listed,
    manifest,
    webhook,
)
from tests.cast import CLIP, ELSEWHERE, Cast

OTHER_CLIP = CLIP + b"another"
#: What of each record is in an export, under this name or another, and what is not.
FIELDS: dict[type, tuple[str, str]] = {
    Workspace: ("id name created_at late_posts late_after approval", "version closed_at members"),
    Channel: (
        "id platform profile connected created_at scopes expires_at trouble connected_at last_published_at slots",
        "workspace_id version data_key grant renew_at renewing_since",
    ),
    Profile: ("remote_id username display_name avatar_url owner_id", ""),
    Slots: ("timezone slots paused", ""),
    Slot: ("day at", ""),
    Video: (
        "id state filename size sha256 created_at facts problems renditions",
        "workspace_id key version thumbnail_key strip_key",
    ),
    Rendition: ("name state size reason", "key sha256 facts"),
    Post: (
        "id video_id caption destinations created_at title hashtags scheduled_at timezone draft approval",
        "workspace_id version",
    ),
    Destination: ("channel_id caption title options consent fit", ""),
    Consent: ("at by via text", ""),
    Approval: ("asked_at asked_by rejected_at rejected_by note", ""),
    Delivery: (
        "id post_id channel_id platform scheduled_at due_at created_at state attempts sent total reason receipt",
        "workspace_id version step repeatable checkpoint fence handle in_hand_until tries held_from held_for",
    ),
    Receipt: ("remote_id url published_at", ""),
    Reason: ("code message whose_turn", ""),
    Event: ("id subject_id kind at state code message milliseconds", "workspace_id"),
    Webhook: (
        "id url created_at events enabled",
        "workspace_id data_key secret former_secret former_until version",
    ),
    Token: ("id name hint scopes created_at expires_at last_used_at", "workspace_id hash"),
}


@pytest.fixture
async def stage() -> Stage:
    return Stage(await Cast.open())


async def test_everything_of_alice_is_in_it(stage: Stage) -> None:
    cast = stage.cast
    shown = await cast.post(cast.alice)
    delivery, video = shown.deliveries[0], await cast.services.videos.get(cast.alice, shown.post.video_id)
    await stage.noted(delivery, "It was sent.")
    await stage.noted(video, "It was looked into.")
    token = (await cast.services.people.mint(cast.alice, "script", sorted(cast.alice.scopes))).token
    hook = await cast.store.webhooks.save(webhook(cast.alice.workspace_id))

    opened = await stage.made()

    assert [one["id"] for one in listed(opened, "videos")] == [video.id]
    assert [one["id"] for one in listed(opened, "channels")] == [delivery.channel_id]
    assert [one["id"] for one in listed(opened, "posts")] == [shown.post.id]
    assert [one["id"] for one in listed(opened, "deliveries")] == [delivery.id]
    assert [one["id"] for one in listed(opened, "tokens")] == [token.id]
    assert [(one["id"], one["url"]) for one in listed(opened, "webhooks")] == [(hook.id, hook.url)]
    assert json.loads(opened.read("workspace.json"))["id"] == cast.alice.workspace_id
    told = [json.loads(line) for line in opened.read("events.jsonl").splitlines()]
    assert {(video.id, "It was looked into."), (delivery.id, "It was sent.")} <= {
        (one["subject_id"], one["message"]) for one in told
    }


async def test_nothing_of_anybody_else_is_in_it(stage: Stage) -> None:
    cast = stage.cast
    await cast.post(cast.alice)
    theirs = await cast.post(cast.charlie)
    video = await cast.services.videos.get(cast.charlie, theirs.post.video_id)
    await stage.noted(video, "charlie's canary")
    minted = await cast.services.people.mint(cast.charlie, "charlie's script", sorted(cast.charlie.scopes))
    hook = await cast.store.webhooks.save(webhook(ELSEWHERE, url="https://charlie.example/"))

    whole = everything(await stage.made())

    ids = [theirs.post.id, theirs.deliveries[0].id, video.id, minted.token.id, hook.id, ELSEWHERE]
    assert [one for one in [*ids, "charlie"] if one.encode() in whole] == []


async def test_no_secret_is_in_it(stage: Stage) -> None:
    cast = stage.cast
    shown = await cast.post(cast.alice)
    channel = await cast.store.channels.get(cast.alice.workspace_id, shown.deliveries[0].channel_id)
    key = WrappedKey("key-canary", b"wrapped-canary")
    await cast.store.channels.save(replace(channel, grant=b"grant-canary", data_key=key))
    await cast.saved(replace(shown.deliveries[0], checkpoint=b"checkpoint-canary", handle="handle-canary"))
    minted = await cast.services.people.mint(cast.alice, "script", sorted(cast.alice.scopes))
    await cast.store.webhooks.save(replace(webhook(cast.alice.workspace_id), former_secret=b"former-canary"))

    whole = everything(await stage.made())

    assert b"canary" not in whole
    assert minted.secret.reveal().encode() not in whole
    assert minted.token.hash.encode() not in whole
    assert (await cast.services.videos.get(cast.alice, shown.post.video_id)).key.encode() not in whole


@pytest.mark.parametrize("record", FIELDS, ids=lambda one: one.__name__)
def test_every_field_of_a_record_is_shown_or_withheld_on_purpose(record: Any) -> None:
    """A new field of a record fails here until somebody has said which of the two it is."""
    shown, withheld = (set(names.split()) for names in FIELDS[record])

    assert {one.name for one in fields(record)} == shown | withheld
    assert shown & withheld == set()


async def test_every_store_gives_it_all(store: Store) -> None:
    stage = Stage(await Cast.open(store))
    cast = stage.cast
    shown = await cast.post(cast.alice)
    await cast.post(cast.charlie)
    await stage.noted(shown.deliveries[0], "It was sent.")
    await cast.store.webhooks.save(webhook(cast.alice.workspace_id))
    await cast.services.people.mint(cast.alice, "script", sorted(cast.alice.scopes))
    export = await stage.exports.begin(cast.alice)
    await cast.work()

    counts = manifest(await stage.opened(export))["counts"]

    assert {name: counts[name] for name in LISTS} == dict.fromkeys(LISTS, 1)
    assert counts["events"] > 0


async def test_the_bytes_of_videos_are_as_they_were_taken_in(stage: Stage) -> None:
    cast = stage.cast
    first, second = await cast.video(cast.alice), await cast.video(cast.alice, OTHER_CLIP)

    opened = await stage.made()

    places = {one["id"]: one["file"] for one in listed(opened, "videos")}
    assert opened.read(places[first.id]) == CLIP
    assert opened.read(places[second.id]) == OTHER_CLIP
    assert opened.getinfo(places[first.id]).compress_type == zipfile.ZIP_STORED


async def test_the_manifest_names_every_file_before_it_with_its_digest(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)

    opened = await stage.made()

    told = manifest(opened)
    there = {name: opened.read(name) for name in opened.namelist()[:-1]}
    assert (told["format"], told["version"], told["left_out"]) == ("playout-export", VERSION, [])
    assert told["made_at"] == "2026-11-20T12:00:00.000Z"
    assert opened.namelist()[-1] == "manifest.json"
    assert {one["name"]: (one["size"], one["sha256"]) for one in told["files"]} == {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in there.items()
    }
    assert {name: told["counts"][name] for name in LISTS} == {name: len(listed(opened, name)) for name in LISTS}
    assert told["counts"]["events"] == len(opened.read("events.jsonl").splitlines())


async def test_an_empty_workspace_has_empty_lists(stage: Stage) -> None:
    opened = await stage.made()

    assert [listed(opened, name) for name in LISTS] == [[]] * len(LISTS)
    assert opened.read("events.jsonl") == b""


async def test_the_readme_says_what_each_file_is(stage: Stage) -> None:
    await stage.cast.video(stage.cast.alice)

    opened = await stage.made()

    about = opened.read("README.txt").decode()
    tops = {name.partition("/")[0] + ("/" if "/" in name else "") for name in opened.namelist()} - {"README.txt"}
    assert [name for name in tops if f"\n{name} " not in about] == []


async def test_lists_of_many_pages_are_whole(stage: Stage) -> None:
    cast = stage.cast
    ids = [(await cast.video(cast.alice)).id for _ in range(250)]

    opened = await stage.made()

    assert [one["id"] for one in listed(opened, "videos")] == sorted(ids, reverse=True)
    assert len([name for name in opened.namelist() if name.startswith("videos/")]) == 250


async def test_what_is_half_a_character_does_not_spoil_the_file(stage: Stage) -> None:
    cast = stage.cast
    channel = await cast.channel(cast.alice)
    await cast.store.channels.save(replace(channel, profile=replace(channel.profile, display_name="\ud83d A ☀")))

    [shown] = listed(await stage.made(), "channels")

    assert shown["display_name"] == "\ud83d A ☀"


@pytest.mark.parametrize(
    ("filename", "safe"),
    [
        ("First light.mp4", "First light.mp4"),
        ("Erstes Licht – größer.mp4", "Erstes Licht _ größer.mp4"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("a/b\\c:d*e?.mp4", "a_b_c_d_e_.mp4"),
        ("CON.mp4", "_CON.mp4"),
        ("lpt1", "_lpt1"),
        ("...", "video"),
        ("", "video"),
        ("clip.mp4. ", "clip.mp4"),
        ("x\u202e4pm.exe", "x_4pm.exe"),
        ("ü" * 200 + ".mp4", "ü" * 73 + ".mp4"),
        ("\ud83d.mp4", "_.mp4"),
    ],
)
def test_file_names_mean_nothing_to_any_system(filename: str, safe: str) -> None:
    assert safe_name(filename) == safe


async def test_what_was_deleted_while_it_runs_is_left_out_and_named(stage: Stage) -> None:
    cast = stage.cast
    goes = await cast.video(cast.alice)
    cast.clock.move(seconds=1)
    stays = await cast.video(cast.alice, OTHER_CLIP)
    export = await stage.exports.begin(cast.alice)

    async def delete() -> Export:
        await cast.services.videos.remove(cast.alice, goes.id)
        return await stage.now(export)

    await stage.over(Watched(cast.files, cast.clock, delete)).make(chore(export))  # while `stays` is read

    opened = await stage.opened(export)
    assert [name for name in opened.namelist() if name.startswith("videos/")] == [f"videos/{stays.id}/clip.mp4"]
    assert manifest(opened)["left_out"] == [{"id": goes.id, "why": "deleted while this was made"}]


async def test_videos_without_bytes_are_named(stage: Stage) -> None:
    cast = stage.cast
    lost = await cast.video(cast.alice)
    await cast.files.delete(lost.key)
    cast.clock.move(seconds=1)
    coming = await cast.services.imports.begin(cast.alice, "https://clips.example/first.mp4")

    told = manifest(await stage.made())

    assert told["left_out"] == [
        {"id": coming.id, "why": "its bytes never came, or are still coming"},
        {"id": lost.id, "why": "its bytes are gone"},
    ]


# ── how much is held ─────────────────────────────────────────────────────────────────────────────


async def test_of_videos_no_more_than_pieces_is_in_memory(stage: Stage) -> None:
    cast = stage.cast
    await cast.video(cast.alice)
    huge = HugeFiles(cast.files, 64 * PIECE)
    export = await stage.exports.begin(cast.alice)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await stage.over(huge).make(chore(export))
    finally:
        tracemalloc.stop()

    assert sum(huge.pieces) > 64 * PIECE
    assert max(huge.pieces) == PIECE
    assert huge.most - before < 4 * PIECE
