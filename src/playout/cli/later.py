"""Imports by name, at the moment of the call: what `--help` does not need is not loaded for it."""

import pkgutil
from collections.abc import Callable
from typing import Any


def later(where: str) -> Callable[..., Any]:
    """The function called `package.module:function`, imported when it is called."""

    def call(*positional: object, **named: object) -> object:
        return pkgutil.resolve_name(where)(*positional, **named)

    return call
