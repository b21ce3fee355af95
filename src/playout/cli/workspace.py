"""`workspace`: what holds for all posts."""

from typing import Annotated

import typer

from playout.cli import records
from playout.cli.desk import Desk
from playout.cli.groups import noun
from playout.cli.verb import verb
from playout.domain.person import LatePosts

app = noun("What holds for all posts.")


@app.command("show")
@verb
async def show(desk: Desk) -> None:
    """The settings of the workspace."""
    desk.out.record(records.workspace(await desk.services.workspaces.get(desk.actor)))


@app.command("change")
@verb
async def change(
    desk: Desk,
    late_posts: Annotated[
        LatePosts | None,
        typer.Option("--late-posts", help="Posts whose time passed while nothing ran.", show_default=False),
    ] = None,
    late_after: Annotated[
        float | None,
        typer.Option("--late-after", metavar="HOURS", help="With hold: later than this is asked.", show_default=False),
    ] = None,
    approval: Annotated[
        bool | None,
        typer.Option("--approval/--no-approval", help="Whoever may not publish asks first.", show_default=False),
    ] = None,
) -> None:
    """Change them."""
    changed = await desk.services.workspaces.change(
        desk.actor, late_posts=late_posts, late_after_hours=late_after, approval=approval
    )
    desk.out.record(records.workspace(changed))
