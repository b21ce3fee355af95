"""What is printed and where: data on stdout, messages, progress and errors on stderr.

With `--json` every line on either is one JSON object. Colour only on a terminal, and not with NO_COLOR.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Protocol

import typer

from playout.cli.later import later
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem

Record = Mapping[str, JsonValue]

_bars = later("playout.cli.bars:Bars")
#: Columns of a list: heading, and the name in the record (dots lead into it).
Columns = Sequence[tuple[str, str]]


class Progress(Protocol):
    """What is going on, thing by thing."""

    def show(self, key: str, label: str, done: int = 0, total: int = 0) -> None:
        """`done` of `total` bytes; total 0: only that it goes on."""
        ...

    def hint(self, key: str, label: str) -> None:
        """The same, where it can be cleared away again; elsewhere nothing."""
        ...

    def over(self, key: str) -> None:
        """This one is not going on any more."""
        ...


class Out:
    """Where a verb prints."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    # ── data ────────────────────────────────────────────────────────────────────────────────────

    def record(self, record: Record, text: str | None = None) -> None:
        """One thing: the object, or `text`, or its fields line by line."""
        if self.as_json:
            self._print(json.dumps(record, ensure_ascii=False))
        else:
            self._print(text if text is not None else fields(record))

    def records(self, records: Iterable[Record], columns: Columns) -> None:
        """A list: an object per line, or a table; an empty one prints nothing."""
        if self.as_json:
            for one in records:
                self._print(json.dumps(one, ensure_ascii=False))
        else:
            rows = [[plain(_at(one, name)) for _, name in columns] for one in records]
            if rows:
                self._print(table([heading for heading, _ in columns], rows))

    def _print(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    def say(self, text: str, **facts: JsonValue) -> None:
        """A message. `facts` are what programs read of it."""
        self._tell("", text, facts)

    def done(self, text: str, **facts: JsonValue) -> None:
        """Something went well."""
        self._tell("✓", text, facts, "green")

    def warn(self, text: str, **facts: JsonValue) -> None:
        """Nothing failed, but somebody should know."""
        self._tell("!", text, facts | {"warning": True}, "yellow")

    def fail(self, code: str, message: str, problems: Iterable[Problem] = ()) -> None:
        """Why it did not work: once, last."""
        if self.as_json:
            error = {"code": code, "message": message, "problems": [problem(one) for one in problems]}
            self._message(json.dumps({"error": error}, ensure_ascii=False))
        else:
            self._tell("✗", message, {}, "red")
            for one in problems:
                if one.message != message:
                    self._message(f"  · {plain(one.message)}")

    def progress(self) -> AbstractContextManager[Progress]:
        """Bars on a terminal; elsewhere a line when something new begins."""
        if self._on_terminal and not self.as_json:
            bars: AbstractContextManager[Progress] = _bars(sys.stderr, colour=self._colour)
            return bars
        return nullcontext(Lines(self))

    def _tell(self, mark: str, text: str, facts: Record, colour: str | None = None) -> None:
        if self.as_json:
            self._message(json.dumps({"message": text.strip(), **facts}, ensure_ascii=False))
        else:
            shown = typer.style(mark, fg=colour) if self._colour else mark
            self._message(f"{shown} {plain(text)}" if mark else plain(text))

    def _message(self, text: str) -> None:
        with suppress(BrokenPipeError):  # whoever read our messages left: the work goes on without them
            sys.stderr.write(text + "\n")  # looked up each time: bars put themselves in its place
            sys.stderr.flush()

    @property
    def _on_terminal(self) -> bool:
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def _colour(self) -> bool:
        return self._on_terminal and not os.environ.get("NO_COLOR")


class Lines:
    """Progress where there is no terminal."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._last: dict[str, str] = {}

    def show(self, key: str, label: str, done: int = 0, total: int = 0) -> None:
        """A line for each new label; bytes alone are none."""
        if self._last.get(key) != label:
            self._last[key] = label
            self._out.say(label, **({"sent": done, "total": total} if total else {}))

    def hint(self, key: str, label: str) -> None:
        """No line."""

    def over(self, key: str) -> None:
        """Nothing to clear away."""


def problem(one: Problem) -> dict[str, JsonValue]:
    """As the API shows it."""
    return {
        "code": one.code,
        "field": one.field,
        "message": one.message,
        "channel_id": one.channel_id,
        "fix": one.fix,
        "severity": "warning" if one.warning else "error",
    }


def fields(record: Record) -> str:
    """Name and value, line by line; what is not there is left out."""
    shown = {name: plain(value) for name, value in record.items() if value not in (None, "", [])}
    width = max(map(len, shown), default=0)
    return "\n".join(f"{name.replace('_', ' '):{width}}  {value}" for name, value in shown.items())


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as what stands in them; the last one is as long as it is."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = [[heading.upper() for heading in headings], *rows]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def plain(value: object) -> str:
    """For people's eyes: no control character, so nothing somebody typed can command the terminal."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case str():
            return "".join(letter if letter.isprintable() or letter == "\n" else "·" for letter in value)
        case list():
            return ", ".join(map(plain, value))
        case Mapping():
            return ", ".join(f"{name} {plain(one)}" for name, one in value.items() if one not in (None, "", []))
        case _:
            return str(value)


def _at(record: Record, path: str) -> JsonValue:
    found: JsonValue = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
