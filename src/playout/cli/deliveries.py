"""`deliveries`: one post to one channel, and what a person can do about it."""

from typing import Annotated

import typer

from playout.cli import choose, records
from playout.cli.desk import Desk
from playout.cli.groups import noun
from playout.cli.verb import verb
from playout.cli.videos import Limit
from playout.domain.delivery import State

app = noun("One post to one channel each.")

COLUMNS = (
    ("id", "id"),
    ("state", "state"),
    ("post", "post_id"),
    ("due", "due_at"),
    ("address", "url"),
    ("why", "reason.message"),
)
Id = Annotated[str, typer.Argument(metavar="ID", help="dlv_…", show_default=False)]


@app.command("list")
@verb
async def list_deliveries(
    desk: Desk,
    state: Annotated[list[State], typer.Option("--state", help="Only these. Repeat it for more.")] = [],  # noqa: B006 -- Typer wants it so
    channel: Annotated[str | None, typer.Option("--channel", help="Only to this one.", show_default=False)] = None,
    post: Annotated[
        str | None, typer.Option("--post", metavar="ID", help="Only of this one.", show_default=False)
    ] = None,
    limit: Limit = 50,
) -> None:
    """The deliveries, newest first."""
    channel_id = (await choose.channel(desk, channel)).id if channel else None
    found = choose.pages(
        lambda **page: desk.services.deliveries.list(
            desk.actor, states=state, channel_id=channel_id, post_id=post, **page
        ),
        limit,
    )
    desk.out.records([records.delivery(one) async for one in found], COLUMNS)


@app.command("show")
@verb
async def show(desk: Desk, delivery: Id) -> None:
    """One delivery and what happened to it."""
    found = await desk.services.deliveries.get(desk.actor, delivery)
    happened = choose.pages(lambda **page: desk.services.deliveries.events(desk.actor, delivery, **page))
    events = [records.event(one) async for one in happened]
    desk.out.record({**records.delivery(found), "events": [*events]} if desk.out.as_json else records.delivery(found))
    if not desk.out.as_json:
        desk.out.records(events, (("at", "at"), ("what", "kind"), ("code", "code"), ("more", "message")))


@app.command("check")
@verb
async def check(desk: Desk, delivery: Id) -> None:
    """Ask the platform once more what became of an unconfirmed one. Never sends."""
    desk.out.record(records.delivery(await desk.services.deliveries.check(desk.actor, delivery)))


@app.command("retry")
@verb
async def retry(desk: Desk, delivery: Id) -> None:
    """Send a failed one again.

    Only where it is known that nothing was published.
    """
    desk.out.record(records.delivery(await desk.services.deliveries.retry(desk.actor, delivery)))


@app.command("resolve")
@verb
async def resolve(
    desk: Desk,
    delivery: Id,
    published: Annotated[
        bool, typer.Option("--published/--not-there", help="Whether it is there.", show_default=False)
    ],
    url: Annotated[str | None, typer.Option("--url", help="Its address.", show_default=False)] = None,
) -> None:
    """Say whether an unconfirmed one is there.

    Look at the platform yourself first: this settles it.
    """
    done = await desk.services.deliveries.resolve(desk.actor, delivery, published=published, url=url)
    desk.out.record(records.delivery(done))
