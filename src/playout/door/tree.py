"""The whole command line: the nouns and the verbs of the process. Loads little: `--help` is answered from here."""

import os
import resource
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn, TextIO

import typer

from playout.cli.desk import Flags, House
from playout.cli.later import later
from playout.cli.tree import run, tree
from playout.door import verbs

_enter: Callable[..., int] = later("playout.door.opening:enter")
_note: Callable[..., str] = later("playout.door.opening:note")


class Front:
    """The way into the house, which is not built before somebody enters."""

    def enter(self, flags: Flags, use: Callable[[House], Awaitable[int]], *, debug: bool) -> int:
        """Runs `use` in the open house. Raises PlayoutError, Interrupted."""
        return _enter(flags, use, debug=debug)

    def note(self, flags: Flags, bug: BaseException) -> str:
        """Writes a mistake of ours down; says where."""
        return _note(flags, bug)


def whole_tree() -> typer.Typer:
    """Everything that `playout` knows."""
    root = tree()
    verbs.add_to(root)
    return root


def main() -> NoReturn:
    """`playout`."""
    # A core would hold every token in the clear.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    for stream in (sys.stdout, sys.stderr):
        _never_fail(stream)
    try:
        code = run(whole_tree(), sys.argv[1:], Front())
    except KeyboardInterrupt:
        code = 130
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)
    sys.exit(code)


def _flush(stream: TextIO) -> None:
    """Whoever read it may be gone: then the rest goes nowhere, and that is no failure of ours."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _never_fail(stream: TextIO) -> None:
    """A letter that the terminal does not know is shown by its number."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
