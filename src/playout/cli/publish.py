"""`publish`: takes a file in, posts it, waits, prints receipts."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from playout.application.shown import Shown
from playout.cli import exits, records, taking, times, watching, wording
from playout.cli.desk import Desk
from playout.cli.exits import Exit
from playout.cli.output import problem
from playout.cli.verb import verb
from playout.cli.wording import Wish, Words
from playout.domain.delivery import Delivery, JsonValue
from playout.domain.errors import Invalid, Unplayable
from playout.domain.preflight import blocking
from playout.domain.video import Video


@verb
async def publish(
    desk: Desk,
    file: Annotated[Path, typer.Argument(help="The video.", show_default=False)],
    *,
    to: wording.To,
    caption: wording.Caption = "",
    title: wording.Title = None,
    hashtag: wording.Hashtags = [],  # noqa: B006 -- Typer wants it so, and nothing adds to it
    at: wording.At = None,
    tz: wording.Zone = None,
    option: wording.Options = [],  # noqa: B006 -- as above
    fit: wording.Fitting = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong; publish and keep nothing.")] = False,
) -> int:
    """Publish a video file: now, or at a time.

    Takes the file in, checks it, sends it and waits for the receipt. By publishing you agree to the terms that the
    platform asks for (on TikTok: its Music Usage Confirmation).
    """
    wish = await wording.understood(desk, Words(to, caption, title, hashtag, at, tz, option, fit))
    await wording.refuse_early(desk, wish)
    video = await taking.take_in(desk, file)
    async with AsyncExitStack() as stack:
        mine = await taking.at_work(desk, stack)
        if check:
            return await _only_check(desk, wish, video)
        shown = await _post(desk, wish, video)
        if wish.post.scheduled_at or wish.post.slot:
            return _scheduled(desk, shown, mine=mine)
        return await _follow(desk, shown, wish)


async def _post(desk: Desk, wish: Wish, video: Video) -> Shown:
    """What is refused or stopped leaves nothing behind."""
    posted = False
    try:
        video = await taking.looked_into(desk, video)
        wording.remark(desk, wish, await desk.services.posts.validate(desk.actor, wish.of(video.id)))
        shown = await desk.services.posts.create(desk.actor, wish.of(video.id))
        posted = True
    except Unplayable:
        raise
    except Invalid as refused:
        if not refused.problems:
            raise
        raise await wording.refused(desk, wish, refused.problems) from None
    finally:
        if not posted:
            await taking.forget(desk, video)
    return shown


async def _only_check(desk: Desk, wish: Wish, video: Video) -> int:
    try:
        looked = await taking.looked_into(desk, video)
        problems = await desk.services.posts.validate(desk.actor, wish.of(looked.id))
    finally:
        await taking.forget(desk, video)
    if blocking(problems):
        raise await wording.refused(desk, wish, problems)
    wording.remark(desk, wish, problems)
    found = records.video(looked)
    about = f"{found['duration']:.1f} s, {found['width']}×{found['height']}, {found['video_codec']}"
    told: list[JsonValue] = [problem(one) for one in problems]
    desk.out.record({"ok": True, "problems": told, "video": found}, f"Nothing is wrong with it: {about}.")
    return Exit.DONE


def _scheduled(desk: Desk, shown: Shown, *, mine: bool) -> int:
    when = times.shown(shown.post.scheduled_at, shown.post.timezone)
    desk.out.done(f"Scheduled for {when}.", post_id=shown.post.id)
    if mine:
        desk.out.warn("Nobody works on this folder right now. Have `playout serve` running at that time.")
    desk.out.record(records.post(shown.post, shown.deliveries), shown.post.id)
    return Exit.DONE


async def _follow(desk: Desk, shown: Shown, wish: Wish) -> int:
    channels = {one.id: one for one in wish.channels}
    done = False
    try:
        deliveries: Sequence[Delivery] = await watching.watch(desk, shown.post.id, channels)
        done = True
    finally:
        if not done:
            desk.out.warn(
                f"Stopped watching. The post stays scheduled and goes on as soon as Playout works again: "
                f"playout posts show {shown.post.id}",
                post_id=shown.post.id,
            )
    watching.receipts(desk.out, deliveries, channels)
    return exits.of_deliveries(deliveries)
