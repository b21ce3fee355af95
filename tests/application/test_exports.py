"""Exports: asked for, made whole or not at all whatever happens, and removed in the end."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from playout.application.export_notes import KEPT, MOST_A_DAY, ExportState
from playout.application.exports import AT_ONCE, EXPORT, MOST_TRIES, ROOT
from playout.domain.errors import Conflict, Forbidden, NotFound, Unavailable
from playout.domain.ids import new_id
from playout.domain.person import Workspace
from playout.domain.retry import Reason, Turn
from tests.application.exporting import (
    Deaf,
    DyingFiles,
    FullFiles,
    Killed,
    SlowFiles,
    Stage,
    TornFiles,
    Watched,
    chore,
    everything,
)
from tests.cast import CLIP, Cast, stream


@pytest.fixture
async def stage() -> Stage:
    return Stage(await Cast.open())


# ── how it is made ───────────────────────────────────────────────────────────────────────────────


async def test_it_waits_is_made_and_is_ready(stage: Stage) -> None:
    cast = stage.cast
    await cast.video(cast.alice)
    begun = await stage.exports.begin(cast.alice)
    await cast.work()

    done = await stage.now(begun)

    assert (begun.state, begun.under_way, begun.filename) == (
        ExportState.WAITING,
        True,
        "playout-export-2026-11-20.zip",
    )
    assert (done.state, done.done, done.total) == (ExportState.READY, len(CLIP), len(CLIP))
    assert done.size == await cast.files.size((await stage.zips())[0])


async def test_how_far_it_is_can_be_seen(stage: Stage) -> None:
    cast = stage.cast
    await cast.video(cast.alice)
    await cast.video(cast.alice)
    export = await stage.exports.begin(cast.alice)
    watched = Watched(cast.files, cast.clock, lambda: stage.now(export))

    await stage.over(watched).make(chore(export))

    assert [(one.state, one.done, one.total) for one in watched.seen] == [
        (ExportState.MAKING, 0, 2 * len(CLIP)),
        (ExportState.MAKING, len(CLIP), 2 * len(CLIP)),
    ]


async def test_only_who_administers_may_have_it(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        await stage.exports.begin(stage.cast.bob)


async def test_of_others_there_is_none(stage: Stage) -> None:
    export = await stage.exports.begin(stage.cast.alice)
    await stage.exports.make(chore(export))

    for ask in (stage.exports.get, stage.exports.finished):
        with pytest.raises(NotFound):
            await ask(stage.cast.charlie, export.id)


async def test_what_is_not_ready_is_not_handed_out(stage: Stage) -> None:
    export = await stage.exports.begin(stage.cast.alice)

    with pytest.raises(Conflict, match="not ready"):
        await stage.exports.finished(stage.cast.alice, export.id)


async def test_while_one_is_under_way_there_is_no_other(stage: Stage) -> None:
    first = await stage.exports.begin(stage.cast.alice)
    second = await stage.exports.begin(stage.cast.alice)
    elsewhere = await stage.exports.begin(stage.cast.charlie)
    await stage.exports.make(chore(first))
    third = await stage.exports.begin(stage.cast.alice)

    assert first.id == second.id
    assert len({first.id, elsewhere.id, third.id}) == 3


async def test_a_repeat_of_a_request_finds_what_the_first_one_made(stage: Stage) -> None:
    cast, name = stage.cast, new_id("exp", stage.cast.clock.now())
    first = await stage.exports.begin(cast.alice, export_id=name)
    await stage.exports.make(chore(first))

    again = await stage.exports.begin(cast.alice, export_id=name)

    assert (first.id, again.id, again.state) == (name, name, ExportState.READY)


async def test_a_repeat_after_a_crash_before_the_chore_has_it_made(stage: Stage) -> None:
    cast, name = stage.cast, new_id("exp", stage.cast.clock.now())
    export = await stage.exports._begun(cast.alice.workspace_id, name)  # as far as a killed process came

    await stage.exports.begin(cast.alice, export_id=name)
    await cast.work()

    assert (await stage.now(export)).state is ExportState.READY


async def test_somebody_else_has_it_made_after_that_crash_too(stage: Stage) -> None:
    cast = stage.cast
    export = await stage.exports._begun(cast.alice.workspace_id, new_id("exp", cast.clock.now()))

    other = await stage.exports.begin(cast.alice)
    await cast.work()

    assert (other.id, (await stage.now(export)).state) == (export.id, ExportState.READY)


async def test_a_workspace_does_not_fill_the_disk_with_them(stage: Stage) -> None:
    for _ in range(MOST_A_DAY):
        await stage.exports.make(chore(await stage.exports.begin(stage.cast.alice)))

    with pytest.raises(Conflict, match="a day") as refused:
        await stage.exports.begin(stage.cast.alice)

    assert refused.value.code == "too_many_exports"
    stage.cast.clock.move(days=1)
    await stage.exports.begin(stage.cast.alice)


async def test_few_are_made_at_once(stage: Stage) -> None:
    cast = stage.cast
    slow = SlowFiles(cast.files, before=0)
    process = stage.over(slow)
    waiting = []
    for number in range(AT_ONCE + 1):
        await cast.store.workspaces.save(Workspace(f"ws_{number}", "One more", cast.clock.now()))
        waiting.append(await process.begin(replace(cast.alice, workspace_id=f"ws_{number}")))
    making = [asyncio.create_task(process.make(chore(one))) for one in waiting[:-1]]
    await slow.here.wait()

    again = await process.make(chore(waiting[-1]))
    slow.gate.set()
    await asyncio.gather(*making)

    assert again is not None
    assert again > cast.clock.now()
    assert (await stage.now(waiting[-1])).state is ExportState.WAITING


# ── what may go wrong ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("piece", [0, 1, 5, 20])
async def test_a_kill_in_the_middle_leaves_nothing_and_the_next_one_makes_it_whole(stage: Stage, piece: int) -> None:
    cast = stage.cast
    await cast.post(cast.alice)
    export = await stage.exports.begin(cast.alice)
    dying = DyingFiles(cast.files)
    dying.left = piece
    with pytest.raises(Killed):
        await stage.over(dying).make(chore(export))
    assert await stage.zips() == []
    assert (await stage.now(export)).state is ExportState.MAKING

    await stage.exports.make(chore(export))

    assert CLIP in [(await stage.opened(export)).read(one) for one in (await stage.opened(export)).namelist()]


async def test_a_kill_between_the_last_byte_and_the_note_leaves_one_zip_in_the_end(stage: Stage) -> None:
    export = await stage.exports.begin(stage.cast.alice)
    with pytest.raises(Killed):
        await stage.over(Deaf(stage.cast.files)).make(chore(export))
    assert len(await stage.zips()) == 1

    await stage.exports.make(chore(export))

    assert len(await stage.zips()) == 1
    await stage.opened(export)


async def test_a_process_that_stood_still_does_not_end_what_others_took_over(stage: Stage) -> None:
    export = await stage.exports.begin(stage.cast.alice)
    slow = SlowFiles(stage.cast.files, before=3)
    late = asyncio.create_task(stage.over(slow).make(chore(export)))
    await slow.here.wait()
    await stage.exports.make(chore(export))
    there = await stage.now(export)

    slow.gate.set()
    again = await late

    assert again is not None  # it looks once more, and finds it done
    assert await stage.exports.make(chore(export)) == there.expires_at
    assert await stage.now(export) == there
    assert len(await stage.zips()) == 1


async def test_a_file_that_goes_while_it_is_read_has_it_begun_anew(stage: Stage) -> None:
    cast = stage.cast
    await cast.video(cast.alice)
    torn = stage.over(TornFiles(cast.files))
    export = await torn.begin(cast.alice)
    with pytest.raises(Unavailable):  # so that it is counted, and done again later
        await torn.make(chore(export))

    await torn.make(chore(export, tries=1))

    assert CLIP in everything(await stage.opened(export))


async def test_a_full_disk_is_told(stage: Stage) -> None:
    export = await stage.exports.begin(stage.cast.alice)

    await stage.over(FullFiles(stage.cast.files)).make(chore(export))

    told = await stage.now(export)
    assert (told.state, told.reason) == (
        ExportState.FAILED,
        Reason("storage_full", "The disk is full: make room and try again.", Turn.YOU),
    )
    assert (await stage.exports.begin(stage.cast.alice)).id != export.id


async def test_what_fails_again_and_again_is_given_up(stage: Stage) -> None:
    export = await stage.exports.begin(stage.cast.alice)

    await stage.exports.make(chore(export, tries=MOST_TRIES))

    told = await stage.now(export)
    assert told.reason
    assert (told.state, told.reason.code, told.reason.whose_turn) == (ExportState.FAILED, "export_failed", Turn.US)


async def test_a_workspace_that_is_being_deleted_gets_none(stage: Stage) -> None:
    cast = stage.cast
    slow = SlowFiles(cast.files, before=3)
    export = await stage.exports.begin(cast.alice)
    making = asyncio.create_task(stage.over(slow).make(chore(export)))
    await slow.here.wait()
    workspace = await cast.store.workspaces.get(cast.alice.workspace_id)
    await cast.store.workspaces.save(replace(workspace, closed_at=cast.clock.now()))
    slow.gate.set()

    assert await making is None

    assert await stage.zips() == []


async def test_nothing_of_a_deleted_workspace_comes_up_in_the_next_one_of_its_name(stage: Stage) -> None:
    cast = stage.cast
    slow = SlowFiles(cast.files, before=3)
    export = await stage.exports.begin(cast.alice)
    standing_still = asyncio.create_task(stage.over(slow).make(chore(export)))
    await slow.here.wait()
    cast.clock.move(hours=1)
    workspace = await cast.store.workspaces.get(cast.alice.workspace_id)
    await cast.store.workspaces.save(replace(workspace, created_at=cast.clock.now()))  # as a deletion leaves it

    other = await stage.exports.begin(cast.alice)
    with pytest.raises(NotFound):
        await stage.exports.get(cast.alice, export.id)
    slow.gate.set()

    assert await standing_still is None
    assert other.id != export.id
    assert await stage.zips() == []


# ── its end ──────────────────────────────────────────────────────────────────────────────────────


async def test_after_a_week_it_is_gone(stage: Stage) -> None:
    cast = stage.cast
    export = await stage.exports.begin(cast.alice)
    await cast.work()
    cast.clock.move(days=6)
    await cast.work()
    assert (await stage.exports.finished(cast.alice, export.id)).expires_at == export.created_at + KEPT

    cast.clock.move(days=1)
    await cast.work()

    assert await stage.zips() == []
    with pytest.raises(NotFound, match="7 days"):
        await stage.exports.get(cast.alice, export.id)
    assert await cast.store.chores.get(export.workspace_id, f"{EXPORT}:{export.id}") is None


async def test_what_takes_long_is_kept_for_a_week_from_then_on(stage: Stage) -> None:
    export = await stage.exports.begin(stage.cast.alice)
    stage.cast.clock.move(days=5)

    due = await stage.exports.make(chore(export))

    assert due == (await stage.now(export)).expires_at == export.created_at + timedelta(days=5) + KEPT


async def test_one_that_is_removed_leaves_nothing(stage: Stage) -> None:
    export = await stage.exports.begin(stage.cast.alice)
    await stage.exports.make(chore(export))

    await stage.exports.remove(stage.cast.alice, export.id)

    assert await stage.zips() == []
    with pytest.raises(NotFound):
        await stage.exports.get(stage.cast.alice, export.id)


async def test_what_crashes_left_is_swept_and_what_is_shown_stays(stage: Stage) -> None:
    cast = stage.cast
    export = await stage.exports.begin(cast.alice)
    await stage.exports.make(chore(export))
    [shown] = await stage.zips()
    nobody = new_id("exp", cast.clock.now())
    for key in (f"{ROOT}ws_home/{export.id}/late.zip", f"{ROOT}ws_home/{nobody}/one.zip", f"{ROOT}ws_gone/x/one.zip"):
        await cast.files.put(key, stream(b"old"), limit=3)

    assert await stage.exports.sweep() == 3

    assert await stage.zips() == [shown]


async def test_an_export_is_no_video(stage: Stage) -> None:
    cast = stage.cast
    await stage.made()

    assert (await cast.services.videos.list(cast.alice)).items == ()
