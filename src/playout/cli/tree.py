"""The command tree, and how a command line is run from its words to its exit code."""

import sys
from collections.abc import Sequence

import typer

from playout.cli import access, channels, deliveries, posts, slots, videos, workspace
from playout.cli.desk import Door
from playout.cli.exits import Exit, Interrupted
from playout.cli.export import export
from playout.cli.groups import Group
from playout.cli.output import Out
from playout.cli.publish import publish

HELP = """Schedules short videos and publishes each of them exactly once.

Data goes to standard output, messages to standard error; every verb knows --json. Exit codes: 0 done, 1 failed,
2 usage or settings, 3 refused by a platform, 4 sign-in or permission, 5 unconfirmed, 130 and 143 stopped.
"""


def tree() -> typer.Typer:
    """The nouns; the door adds its own verbs. Help is plain text: Rich's would triple the time that it takes."""
    root = typer.Typer(
        name="playout",
        cls=Group,
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.command("publish")(publish)
    root.add_typer(posts.app, name="posts")
    root.add_typer(deliveries.app, name="deliveries")
    root.add_typer(videos.app, name="videos")
    root.add_typer(channels.app, name="channels")
    root.add_typer(workspace.app, name="workspace")
    root.add_typer(slots.app, name="slots")
    root.command("calendar")(slots.calendar)
    root.command("export")(export)
    root.add_typer(access.tokens, name="token")
    root.add_typer(access.owners, name="owner")
    root.add_typer(access.keys, name="keys")
    return root


def run(root: typer.Typer, words: Sequence[str], door: Door) -> int:
    """Runs a command line; gives its exit code. Wrong words are told like every other error."""
    command = typer.main.get_command(root)
    try:
        code = command(list(words), prog_name="playout", standalone_mode=False, obj=door)
    except typer.TyperException as wrong:
        if type(wrong).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(wrong.format_message() + "\n")
        else:
            Out(as_json="--json" in words).fail("usage", f"{wrong.format_message()} `{_help(wrong)}` says more.")
        return Exit.USAGE
    except typer.Abort:
        return Interrupted(2).code
    return code if isinstance(code, int) else Exit.DONE


def _help(wrong: typer.TyperException) -> str:
    context = getattr(wrong, "ctx", None)
    return f"{context.command_path if context else 'playout'} --help"
