"""Groups of verbs, as Typer has them, but quick to answer for help."""

from typing import Any

import typer
from typer.core import TyperGroup


class Group(TyperGroup):
    """All options of a group are flags. One that is not given is off, and not None.

    Of None, Typer would load pydantic to find out what it is, which doubles the time that `--help` of a verb takes.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 -- Typer keeps the name of its type to itself
        """As it is, with every flag off."""
        for flag in self.get_params(ctx):
            flag.default = False
        return super().parse_args(ctx, args)


def noun(about: str) -> typer.Typer:
    """The verbs of one noun."""
    return typer.Typer(cls=Group, help=about, no_args_is_help=True)
