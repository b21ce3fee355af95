"""`posts`: made, shown, moved, cancelled, repeated, deleted."""

from typing import Annotated

import typer

from playout.application.shown import Shown
from playout.cli import asking, choose, records, times, wording
from playout.cli.desk import Desk
from playout.cli.groups import noun
from playout.cli.verb import verb
from playout.cli.videos import Limit
from playout.cli.wording import Words
from playout.domain.delivery import State
from playout.domain.errors import Conflict, Invalid

app = noun("Posts: one video, its wording, and when.")

COLUMNS = (("id", "id"), ("state", "state"), ("when", "scheduled_at"), ("video", "video_id"), ("caption", "caption"))
Id = Annotated[str, typer.Argument(metavar="ID", help="pst_…", show_default=False)]


@app.command("create")
@verb
async def create(
    desk: Desk,
    video: Annotated[str, typer.Option("--video", metavar="ID", help="A video taken in: vid_…", show_default=False)],
    *,
    to: wording.To,
    caption: wording.Caption = "",
    title: wording.Title = None,
    hashtag: wording.Hashtags = [],  # noqa: B006 -- Typer wants it so, and nothing adds to it
    at: wording.At = None,
    tz: wording.Zone = None,
    option: wording.Options = [],  # noqa: B006 -- as above
    fit: wording.Fitting = None,
    draft: Annotated[bool, typer.Option("--draft", help="Keep it as a draft; nothing is sent.")] = False,
) -> None:
    """Schedule a video: now, or at a time. `publish` also waits for the receipt."""
    wish = await wording.understood(desk, Words(to, caption, title, hashtag, at, tz, option, fit), draft=draft)
    try:
        shown = await desk.services.posts.create(desk.actor, wish.of(video))
    except Invalid as refused:
        raise await wording.refused(desk, wish, refused.problems) from None
    _show(desk, shown)


@app.command("list")
@verb
async def list_posts(desk: Desk, limit: Limit = 50) -> None:
    """The posts, newest first."""
    found = choose.pages(lambda **page: desk.services.posts.list(desk.actor, **page), limit)
    desk.out.records([records.post(one.post, one.deliveries) async for one in found], COLUMNS)


@app.command("show")
@verb
async def show(desk: Desk, post: Id) -> None:
    """One post with its deliveries."""
    _show(desk, await desk.services.posts.get(desk.actor, post))


@app.command("schedule")
@verb
async def schedule(desk: Desk, post: Id, at: wording.At = None, tz: wording.Zone = None) -> None:
    """Send a draft, or move a waiting post to another time."""
    slot = at == wording.NEXT_SLOT
    when = times.moment(at, times.zone(tz), desk.services.clock.now()) if at and not slot else None
    _show(desk, await desk.services.posts.schedule(desk.actor, post, when, slot=slot))


@app.command("cancel")
@verb
async def cancel(desk: Desk, post: Id) -> None:
    """Take back what is not at the platform yet."""
    _show(desk, await desk.services.posts.cancel(desk.actor, post))


@app.command("approve")
@verb
async def approve(desk: Desk, post: Id, at: wording.At = None, tz: wording.Zone = None) -> None:
    """Let out what waits for approval, at its time or another."""
    when = times.moment(at, times.zone(tz), desk.services.clock.now()) if at else None
    _show(desk, await desk.services.posts.approve(desk.actor, post, when))


@app.command("reject")
@verb
async def reject(desk: Desk, post: Id, note: Annotated[str, typer.Option("--note", help="A word why.")] = "") -> None:
    """Make what waits for approval a draft again."""
    _show(desk, await desk.services.posts.reject(desk.actor, post, note))


@app.command("retry")
@verb
async def retry(desk: Desk, post: Id) -> None:
    """Send again what has failed.

    Only where it is known that nothing was published.
    """
    shown = await desk.services.posts.get(desk.actor, post)
    failed = [one for one in shown.deliveries if one.state is State.FAILED]
    if not failed:
        raise Conflict("Nothing of this post has failed.", code="wrong_state")
    for one in failed:
        await desk.services.deliveries.retry(desk.actor, one.id)
    _show(desk, await desk.services.posts.get(desk.actor, post))


@app.command("delete")
@verb
async def delete(desk: Desk, post: Id, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete a post here; never at a platform."""
    if not asking.sure(desk.call, f"Delete {post}?", yes=yes):
        raise Invalid("Nothing was deleted.", code="not_agreed")
    await desk.services.posts.remove(desk.actor, post)
    desk.out.done(f"Deleted {post}.")
    desk.out.record({"id": post, "deleted": True}, post)


def _show(desk: Desk, shown: Shown) -> None:
    record = records.post(shown.post, shown.deliveries)
    if desk.out.as_json:
        desk.out.record(record)
        return
    desk.out.record({name: value for name, value in record.items() if name not in {"destinations", "deliveries"}})
    desk.out.records(
        [records.delivery(one) for one in shown.deliveries],
        (
            ("delivery", "id"),
            ("state", "state"),
            ("channel", "channel_id"),
            ("address", "url"),
            ("why", "reason.message"),
        ),
    )
