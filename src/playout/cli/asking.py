"""Questions to whoever sits at the terminal; where nobody does, none is asked."""

import sys

import typer

from playout.cli.desk import Call
from playout.domain.errors import Invalid, Problem
from playout.domain.secret import Secret


def sure(call: Call, question: str, *, yes: bool) -> bool:
    """Whether to go on: asked on a terminal only, a script knows what it does."""
    return yes or not call.may_ask or typer.confirm(question, err=True)


def password(call: Call, *, from_stdin: bool) -> Secret:
    """From standard input, or typed twice. Raises Invalid."""
    if from_stdin:
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if call.may_ask:
        return Secret(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    sentence = "Nobody can be asked for the password here. Hand it in with --password-stdin."
    raise Invalid(sentence, code="password_required", problems=[Problem("password_required", "/password", sentence)])
