"""`channels`: connected accounts."""

from typing import Annotated

import typer

from playout.cli import asking, choose, records
from playout.cli.desk import Desk
from playout.cli.groups import noun
from playout.cli.verb import verb
from playout.domain.channel import Channel
from playout.domain.errors import Invalid, Unavailable

app = noun("Connected accounts.")

_GLANCE = 0.5  # seconds between two looks at the list
COLUMNS = (
    ("id", "id"),
    ("platform", "platform"),
    ("username", "username"),
    ("state", "state"),
    ("why", "reason.message"),
)
Name = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="An id, a username or PLATFORM:USERNAME.", show_default=False)
]


@app.command("list")
@verb
async def list_channels(desk: Desk) -> None:
    """All channels, newest first."""
    now = desk.services.clock.now()
    desk.out.records([records.channel(one, now) for one in await choose.all_channels(desk)], COLUMNS)


@app.command("connect")
@verb
async def connect(
    desk: Desk,
    platform: Annotated[str, typer.Argument(help="Such as tiktok.", show_default=False)],
    login: Annotated[
        str | None,
        typer.Option("--login", help="Which sign-in, where a platform has several.", show_default=False),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait until the account is connected.")] = True,
) -> None:
    """Connect an account, by its own sign-in.

    Prints an address to open in a browser, and waits until the platform sends you back.
    """
    began = desk.services.clock.now()
    if not wait:
        invitation = await desk.services.channels.connect(desk.actor, platform, login=login)
        record = {"authorize_url": invitation.authorize_url, "expires_at": records.time(invitation.expires_at)}
        desk.out.record(record, invitation.authorize_url)
        return
    async with desk.house.answering():
        invitation = await desk.services.channels.connect(desk.actor, platform, login=login)
        desk.out.say(
            f"Open this address in a browser and agree there:\n\n  {invitation.authorize_url}\n",
            authorize_url=invitation.authorize_url,
            expires_at=records.time(invitation.expires_at),
        )
        while desk.services.clock.now() < invitation.expires_at:
            for one in await choose.all_channels(desk):
                if one.platform == platform and one.connected and one.connected_at and one.connected_at >= began:
                    _connected(desk, one)
                    return
            await desk.services.clock.sleep(_GLANCE)
    raise Unavailable("Nobody agreed within ten minutes. Run it again.", code="not_agreed")


def _connected(desk: Desk, one: Channel) -> None:
    desk.out.done(f"Connected {choose.called(one)}.")
    desk.out.record(records.channel(one, desk.services.clock.now()), one.id)


@app.command("options")
@verb
async def options(desk: Desk, channel: Name) -> None:
    """What can be chosen for a post there right now."""
    chosen = await choose.channel(desk, channel)
    offer = await desk.services.channels.offer(desk.actor, chosen.id)
    record = records.options(offer)
    if desk.out.as_json:
        desk.out.record(record)
        return
    if offer.live.blocked:
        desk.out.warn(offer.live.blocked.message)
    desk.out.records(
        [{"option": name, **choice} for name, choice in records.choices(offer).items()],
        (
            ("option", "option"),
            ("required", "required"),
            ("kind", "kind"),
            ("can be", "values"),
            ("why not", "refused"),
        ),
    )


@app.command("disconnect")
@verb
async def disconnect(
    desk: Desk,
    channel: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End the connection, at the platform too. What is scheduled there is held."""
    chosen = await choose.channel(desk, channel)
    if not asking.sure(desk.call, f"Disconnect {choose.called(chosen)}?", yes=yes):
        raise Invalid("Nothing was disconnected.", code="not_agreed")
    await desk.services.channels.disconnect(desk.actor, chosen.id)
    desk.out.done(f"Disconnected {choose.called(chosen)}.")
    current = await desk.services.channels.get(desk.actor, chosen.id)
    desk.out.record(records.channel(current, desk.services.clock.now()), chosen.id)
