"""`token`, `owner` and `keys`: who may act, and what seals the secrets."""

from typing import Annotated

import typer

from playout.application.keys import KeyStatus
from playout.cli import asking, records
from playout.cli.desk import Desk
from playout.cli.exits import Exit
from playout.cli.groups import noun
from playout.cli.verb import verb
from playout.domain.errors import Invalid, Problem
from playout.domain.person import Role, Scope

tokens = noun("API tokens.")
owners = noun("The person who owns this installation.")
keys = noun("The keys that seal what platforms gave us.")

COLUMNS = (("id", "id"), ("begins", "hint"), ("scopes", "scopes"), ("last used", "last_used_at"), ("name", "name"))


@tokens.command("create")
@verb
async def create_token(
    desk: Desk,
    name: Annotated[str, typer.Option("--name", help="What it is for.", show_default=False)],
    scopes: Annotated[
        str, typer.Option("--scopes", metavar="SCOPE[,…]", help="Of read, write, publish, admin.", show_default=False)
    ],
) -> None:
    """Make a token and print it: this once, never again."""
    minted = await desk.services.people.mint(desk.actor, name, _scopes(scopes))
    record = {**records.token(minted.token), "token": minted.secret.reveal()}
    desk.out.say("Keep it now; it is not shown again.")
    desk.out.record(record, minted.secret.reveal())


def _scopes(text: str) -> list[Scope]:
    wanted = [word.strip() for word in text.split(",") if word.strip()]
    known = [scope.value for scope in Scope]
    unknown = [word for word in wanted if word not in known]
    if unknown:
        sentence = f"There is no scope “{unknown[0]}”. Known: {', '.join(known)}."
        raise Invalid(sentence, code="unknown_scope", problems=[Problem("unknown_scope", "/scopes", sentence)])
    return [Scope(word) for word in wanted]


@tokens.command("list")
@verb
async def list_tokens(desk: Desk) -> None:
    """All tokens, newest first, without their secrets."""
    found = await desk.services.people.tokens(desk.actor)
    desk.out.records([records.token(one) for one in found], COLUMNS)


@tokens.command("revoke")
@verb
async def revoke_token(
    desk: Desk, token: Annotated[str, typer.Argument(metavar="ID", help="tok_…", show_default=False)]
) -> None:
    """End a token."""
    await desk.services.people.revoke(desk.actor, token)
    desk.out.done(f"Revoked {token}.")
    desk.out.record({"id": token, "revoked": True}, token)


@owners.command("create")
@verb
async def create_owner(
    desk: Desk,
    email: Annotated[str, typer.Option("--email", help="The e-mail address to sign in with.", show_default=False)],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="The password is the first line of standard input.")
    ] = False,
) -> None:
    """Make the owner."""
    password = asking.password(desk.call, from_stdin=password_stdin)
    person = await desk.services.people.create_owner(desk.actor, email, password)
    desk.out.done(f"{person.email} owns this installation.")
    desk.out.record({"id": person.id, "email": person.email, "role": Role.OWNER.value}, person.id)


@keys.command("status")
@verb
async def key_status(desk: Desk) -> None:
    """Which keys there are, and how many channels are sealed under each."""
    status = await desk.services.keys.status()
    desk.out.records(_keys(status), (("key", "id"), ("channels", "channels"), ("use", "use")))


def _keys(status: KeyStatus) -> list[records.Record]:
    use = {status.primary: "primary"} | dict.fromkeys(status.removable, "may be removed")
    return [{"id": one, "channels": count, "use": use.get(one, "in use")} for one, count in status.counts.items()]


@keys.command("rotate")
@verb
async def rotate_keys(desk: Desk) -> int:
    """Bring every channel under the primary key. Can be stopped and run again at any time."""
    with desk.out.progress() as progress:
        done = await desk.services.keys.rotate(
            lambda moved: progress.show("keys", f"Moving channels to the primary key: {moved}")
        )
    for channel_id in done.unreadable:
        desk.out.warn(f"{channel_id} cannot be opened with the keys there are. Reconnect it.", channel_id=channel_id)
    record: records.Record = {"moved": done.moved, "unreadable": [*done.unreadable], "keys": [*_keys(done.status)]}
    removable = ", ".join(done.status.removable) or "none"
    desk.out.record(record, f"Moved {done.moved} channel(s). Keys that may be removed: {removable}.")
    return Exit.FAILED if done.unreadable else Exit.DONE
