"""The verbs of the process: serve, work, demo, migrate, doctor, config, sandbox, version. Words only; see `later`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from playout import __version__
from playout.cli.desk import Call, Desk
from playout.cli.exits import Exit
from playout.cli.later import later
from playout.cli.verb import process_verb, verb

_serve: Callable[..., int] = later("playout.door.serving:serve")
_work: Callable[..., int] = later("playout.door.serving:work")
_demo: Callable[..., int] = later("playout.door.demo:demo")
_doctor: Callable[..., int] = later("playout.door.doctor:doctor")
_config: Callable[..., int] = later("playout.door.opening:config")
_sandbox: Callable[..., int] = later("playout.door.sandbox:sandbox")


def add_to(root: typer.Typer) -> None:
    """They stand beside the nouns."""
    for name, command in (
        ("serve", serve),
        ("work", work),
        ("demo", demo),
        ("migrate", migrate),
        ("doctor", doctor),
        ("config", config),
        ("sandbox", sandbox),
        ("version", version),
    ):
        root.command(name)(command)


@process_verb
def serve(
    call: Call,
    *,
    host: Annotated[str | None, typer.Option("--host", help="Where to listen.", show_default=False)] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="0 picks a free one.", show_default=False)
    ] = None,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also publish what is due.")] = True,
) -> int:
    """Serve the API, and publish what is due. Stops gracefully on Ctrl-C and SIGTERM."""
    return _serve(call, host=host, port=port, worker=worker)


@process_verb
def work(call: Call) -> int:
    """Only publish what is due; serve nothing. Stops gracefully on Ctrl-C and SIGTERM."""
    return _work(call)


@process_verb
def demo(
    call: Call,
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the receipt.")] = False,
) -> int:
    """Publish a real clip to a sandbox TikTok.

    All of it stays on this machine, no setting is read, and nothing is left behind.
    """
    return _demo(call, once=once)


@verb
async def migrate(desk: Desk) -> None:
    """Bring the database up to date (every start does so too)."""
    await desk.services.store.ping()  # the house is open, so its store is prepared
    desk.out.done("The database is up to date.")
    desk.out.record({"ok": True}, "")


@process_verb
def doctor(
    call: Call,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also show what is well.")] = False,
) -> int:
    """Look for what is wrong, and say how to mend it."""
    return _doctor(call, everything=everything)


@process_verb
def config(call: Call) -> int:
    """Show all settings, and where each comes from. Secrets are masked."""
    return _config(call)


@process_verb
def sandbox(
    call: Call,
    *,
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 picks a free one.")] = 9400,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder for its ledger and videos. Default: a temporary one.", show_default=False),
    ] = None,
    profile: Annotated[str, typer.Option("--profile", help="real, or fast: no delays.")] = "real",
) -> int:
    """Run the emulated platforms, to try things."""
    return _sandbox(call, host=host, port=port, data=data, profile=profile)


@process_verb
def version(call: Call) -> int:
    """Which version this is."""
    call.out.record({"version": __version__}, __version__)
    return Exit.DONE
