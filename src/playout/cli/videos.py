"""`videos`: files taken in."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from playout.cli import asking, choose, records, taking
from playout.cli.desk import Desk
from playout.cli.exits import Exit
from playout.cli.groups import noun
from playout.cli.verb import verb
from playout.domain.errors import Invalid
from playout.domain.rendition import Fit

app = noun("Video files taken in.")

COLUMNS = (
    ("id", "id"),
    ("state", "state"),
    ("seconds", "duration"),
    ("width", "width"),
    ("height", "height"),
    ("bytes", "size"),
    ("file", "filename"),
)
Id = Annotated[str, typer.Argument(metavar="ID", help="vid_…", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]


@app.command("add")
@verb
async def add(
    desk: Desk,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Video files.", show_default=False)],
) -> None:
    """Take files in and look into them."""
    async with AsyncExitStack() as stack:
        await taking.at_work(desk, stack)
        for file in files:
            video = await taking.looked_into(desk, await taking.take_in(desk, file))
            desk.out.done(f"Took in {video.filename}.", video_id=video.id)
            desk.out.record(records.video(video), video.id)


@app.command("list")
@verb
async def list_videos(desk: Desk, limit: Limit = 50) -> None:
    """The videos, newest first."""
    found = choose.pages(lambda **page: desk.services.videos.list(desk.actor, **page), limit)
    desk.out.records([records.video(one) async for one in found], COLUMNS)


@app.command("show")
@verb
async def show(desk: Desk, video: Id) -> None:
    """One video, with what was found in it."""
    desk.out.record(records.video(await desk.services.videos.get(desk.actor, video)))


@app.command("fit")
@verb
async def fit_video(
    desk: Desk,
    video: Id,
    platform: Annotated[str, typer.Option("--for", help="A platform, such as instagram.", show_default=False)],
    how: Annotated[Fit, typer.Option("--fit", help="Bars around the picture, or its middle.")] = Fit.PAD,
) -> int:
    """Make a copy that fits a platform. The file itself stays; `publish --fit` sends the copy."""
    async with AsyncExitStack() as stack:
        await taking.at_work(desk, stack)
        await desk.services.renditions.ask(desk.actor, video, platform, how)
        made = await taking.fitted(desk, video, platform, how)
    desk.out.record(records.rendition(made), made.name)
    return Exit.DONE


@app.command("delete")
@verb
async def delete(
    desk: Desk,
    video: Id,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Delete a video and its bytes. Refused while a post uses it."""
    found = await desk.services.videos.get(desk.actor, video)
    if not asking.sure(desk.call, f"Delete {found.filename} ({found.size:,} bytes)?", yes=yes):
        raise Invalid("Nothing was deleted.", code="not_agreed")
    await desk.services.videos.remove(desk.actor, video)
    desk.out.done(f"Deleted {found.filename}.")
    desk.out.record({"id": video, "deleted": True}, video)
    return Exit.DONE
