"""Writes docs/reference from the code: settings, commands, the API with its OpenAPI document, error codes, clips.

Here: reading the code, and laying out the pages. Not here: facts of its own; what a page says stands in the code, and
is mended there. `--check` writes nothing, names what is out of date, and exits 1 if anything is.
"""

import argparse
import ast
import importlib
import inspect
import json
import pkgutil
import re
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeGuard, cast

import typer
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from typer.core import TyperGroup

from playout import platforms, settings
from playout.api import problems
from playout.api.app import create_app
from playout.api.gate import REQUEST_ID
from playout.api.problems import CODES, KINDS, MEDIA_TYPE, PLATFORM
from playout.application.services import Services
from playout.cli import exits
from playout.cli.output import Out
from playout.domain.errors import PlayoutError, Problem, Unplayable
from playout.domain.retry import Kind, PlatformFailure, Reason, Turn
from playout.door.tree import whole_tree
from playout.media import refusals

ROOT = Path(__file__).resolve().parents[1]
SOURCE, FOLDER = ROOT / "src", ROOT / "docs" / "reference"
ENDS = (("ge", "from"), ("le", "to"))  # of a range: how Pydantic calls them, and how the page does
COMMAND = ".venv/bin/python tools/reference.py"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the pages, or only compares them; 1 if one is out of date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; name what is out of date")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pages are")
    given = parser.parse_args(arguments)
    for name, text in (old := stale(given.folder)).items():
        if given.check:
            print(f"{given.folder / name} is out of date. Run: {COMMAND}", file=sys.stderr)
        else:
            given.folder.mkdir(parents=True, exist_ok=True)
            (given.folder / name).write_text(text, encoding="utf-8")
            print(f"wrote {given.folder / name}")
    return 1 if given.check and old else 0


def stale(folder: Path) -> dict[str, str]:
    """The pages that are missing in the folder or say something else there, as they should be."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.*")}
    return {name: text for name, text in pages().items() if there.get(name) != text}


def pages() -> dict[str, str]:
    """All pages as they should be: file name, content."""
    app = create_app(cast("Services", SimpleNamespace(clock=None)))  # its document needs no house behind it
    return {
        "settings.md": settings_page(),
        "commands.md": commands_page(),
        "api.md": api_page(app),
        "errors.md": errors_page(),
        "clips.md": clips_page(),
        "openapi.json": json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n",
    }


# ── settings and commands ────────────────────────────────────────────────────────────────────────


def settings_page() -> str:
    rows = []
    for field, one in settings.Settings.model_fields.items():
        name = f"{settings.PREFIX}{field.upper()}"
        secret = "Secret" in str(one.annotation)
        default = "depends on the system" if one.default_factory else code(one.default)
        ends = [f"{word} {getattr(rule, end):,}" for end, word in ENDS for rule in one.metadata if hasattr(rule, end)]
        words = [code(value) for value in typing.get_args(one.annotation) if isinstance(value, str)]
        allowed = "secret" if secret else " or ".join(words) or " ".join(ends)
        rows.append((code(name) + (f"<br>{code(name + '_FILE')}" if secret else ""), default, allowed, one.description))
    about = (settings.__doc__ or "").split("\n\n")[1].strip().replace("\n", " ")
    return page(
        "Settings",
        f"{about}\n\n`playout config` shows what is in force, and where each setting comes from.",
        table("name|default|allowed|what it is", rows),
    )


def commands_page() -> str:
    commands = list(commands_of(typer.main.get_command(whole_tree()), "playout", None))
    common = [row for row in commands[0][-1] if all(row in rows for *_, rows in commands)]
    codes = " ".join((exits.__doc__ or "").split("\n\n")[1].split()).split(" · ")  # the module has them in one line
    told = [
        f"## {name}\n\n{about}\n\n```\n{usage}\n```\n\n"
        + table("word|what it says", [row for row in rows if row not in common])
        for name, about, usage, rows in commands
    ]
    return page(
        "Commands",
        "What `playout` can do. Data goes to standard output, messages to standard error. `--help` after any of these "
        "says the same as this page; what its error codes mean stands under [error codes](errors.md).",
        "## Exit codes",
        table("code|means", [one.split(" ", 1) for one in codes]),
        "## Every command also knows",
        table("word|what it says", common),
        *(one.rstrip() for one in told),
    )


def commands_of(command: Any, name: str, above: Any) -> Iterator[tuple[str, str, str, list[Sequence[str]]]]:  # noqa: ANN401 -- Typer keeps these types to itself
    """Path, help, usage and words of every command, as its own `--help` has them."""
    context = command.context_class(command, info_name=name, parent=above)
    if isinstance(command, TyperGroup):
        for word, below in command.commands.items():
            yield from commands_of(below, word, context)
    else:
        records = [record for one in command.get_params(context) if (record := one.get_help_record(context))]
        usage = " ".join(command.get_usage(context).removeprefix("Usage:").split())
        yield context.command_path, command.help, usage, [(code(word), says) for word, says in records]


# ── the API ──────────────────────────────────────────────────────────────────────────────────────


def api_page(app: FastAPI) -> str:
    document = app.openapi()
    nouns: dict[str, str] = {}
    refused: dict[str, set[str]] = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            asked = whole(told, document)
            noun = asked["tags"][0]
            nouns[noun] = nouns.get(noun, f"## {noun}") + "\n\n" + operation(f"{method.upper()} {path}", asked)
            for status, answer in asked["responses"].items():
                if MEDIA_TYPE in answer.get("content", {}):
                    refused.setdefault(code(status), set()).add(answer["description"])
    hidden = {one.path: "" for one in iter_route_contexts(app.routes) if one.path not in document["paths"]}
    return page(
        "API",
        f"{document['info']['description'].strip()}\n\nFor programs: [openapi.json](openapi.json), which also has "
        "every field of what is sent and answered. Each `code` is explained under [error codes](errors.md).",
        *nouns.values(),
        "## Also served\n\nNot in the document: " + ", ".join(code(f"GET {path}") for path in hidden) + ".",
        "## Refusals",
        table("status|means", [(one, " ".join(sorted(refused[one]))) for one in sorted(refused)]),
    )


def whole(told: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """An operation with what its references mean, but for what every request may carry."""
    shared = document["components"]
    parameters = [shared["parameters"].get(one.get("$ref", "").rpartition("/")[2], one) for one in told["parameters"]]
    answers = told["responses"].items()
    return {
        **told,
        "parameters": [one for one in parameters if one["name"] != REQUEST_ID],
        "responses": {
            name: shared["responses"].get(one.get("$ref", "").rpartition("/")[2], one) for name, one in answers
        },
    }


def operation(title: str, asked: Mapping[str, Any]) -> str:
    """One route: what it does, what it takes, what it answers."""
    given = [f"{code(one['name'])} ({one['in']})" for one in asked.get("parameters", [])]
    given += [f"body {shape(asked['requestBody'])}"] if "requestBody" in asked else []
    answers = [
        f"{code(status)} {shape(one) if status < '400' else ''}".strip()
        for status, one in sorted(asked["responses"].items())
    ]
    takes = f"Takes: {', '.join(given)}.\n\n" if given else ""
    return f"### {title}\n\n{asked['description']}\n\n{takes}Answers: {', '.join(answers)}."


def shape(message: Mapping[str, Any]) -> str:
    """The name of what a body holds, or its media type."""
    kinds = [one.get("schema", {}).get("$ref", kind) for kind, one in message.get("content", {}).items()]
    return " or ".join(code(one.removeprefix("#/components/schemas/")) for one in kinds)


# ── error codes ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Told:
    """A code, as one place in the code gives it."""

    code: str
    sentence: str
    module: str
    made: object  # the class of the error, Problem, Reason; or a status
    kinds: tuple[Kind, ...] = ()
    turn: str = ""
    pointer: str = ""

    def ends(self) -> tuple[object, object]:
        """Status and exit code, by the tables of the two faces."""
        above = self.made.__mro__ if isinstance(self.made, type) else ()
        kin = CODES.get(self.code) or next((KINDS[one] for one in above if one in KINDS), None)
        ends = next((int(exits.KINDS[one]) for one in above if one in exits.KINDS), None)
        return kin.status if kin else self.made, ends


def errors_page() -> str:
    found = sorted(told(), key=lambda one: one.code)
    explained = {(one.code, one.made) for one in found if one.sentence != "…"}
    found = [one for one in found if one.sentence != "…" or (one.code, one.made) not in explained]
    wrong = [one for one in found if one.made is Problem]
    reasons = [one for one in found if one.made in {Reason, PlatformFailure}]
    rest = [one for one in found if one not in wrong and one not in reasons]
    kinds = [(code(one), PLATFORM[one].title, PLATFORM[one].status, int(exits.FAILURES[one])) for one in Kind]
    return page(
        "Error codes",
        "Every code that Playout gives, and the sentence that comes with it. The code is for programs and keeps its "
        "name; the sentence is for people and may get better. `…` and `{name}` stand for what differs from case to "
        "case. *HTTP* is the status in the [API](api.md), *exit* what a [command](commands.md) ends with, *from* the "
        "module in `src/playout` that says so. One code can come from several places.",
        "## Refusals\n\nA request or a command that was not carried out.",
        table("code|says|HTTP|exit|from", rows_of(rest, Told.ends)),
        "## Problems\n\nWhat is wrong with an input, one by one: `errors` of a refusal with status 422, or `problems` "
        "of `/posts/validate`. *Where* points into the body. A value of the wrong form can also have a code of "
        "Pydantic's, such as `string_too_long`.",
        table("code|says|where|from", rows_of(wrong, lambda one: [code(one.pointer)])),
        "## Reasons\n\nWhy a delivery or a channel is where it is. *Turn* says who can do something about it: you, the "
        "platform, or us, who run or write Playout. The *kind* says what happens next:",
        table("kind|means|HTTP|exit", kinds),
        "A code of a platform that is not listed here is passed on as it is, or as `http_` and the status.",
        table("code|says|kind|turn|from", rows_of(reasons, lambda one: [" or ".join(one.kinds), one.turn])),
    )


def told() -> Iterator[Told]:
    """Every code: of calls, read from the text of the modules; of classes and tables, read as they are loaded."""
    for path in sorted((SOURCE / "playout").rglob("*.py")):
        if "migrations" not in path.parts and path.name not in {"__main__.py", "schemas.py"}:  # run, or only describe
            yield from Module(path).told()
    for refusal in refusals.Refusal:
        yield Told(refusal.value, refusals.refused(refusal, "…").sentence, refusals.__name__, Unplayable)
    adapters = pkgutil.walk_packages(platforms.__path__, f"{platforms.__name__}.")
    loaded = [vars(problems), *(vars(importlib.import_module(one.name)) for one in adapters)]
    tables = [table for names in loaded for table in names.values() if isinstance(table, Mapping)]
    for key, known in [row for table in tables for row in table.items()]:
        match known:
            case (str(name), str(sentence)) if name.isidentifier():
                yield Told(name, sentence, problems.__name__, key if isinstance(key, int) else Problem)
            case object(kind=Kind() as kind, turn=str(turn), sentence=str(sentence)):
                yield Told(str(key), sentence, type(known).__module__, PlatformFailure, (kind,), turn)
            case _:
                pass


class Module:
    """One module, read for its codes: words in its text, and what a name stands for in the loaded module."""

    def __init__(self, path: Path) -> None:
        self.name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        self._names = vars(importlib.import_module(self.name))
        self._tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [one for one in ast.walk(self._tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        self._around = {inner: one for one in functions for inner in ast.walk(one)}  # the innermost comes last

    def told(self) -> Iterator[Told]:
        """What its classes and its calls give."""
        for one in self._names.values():
            if is_error(one) and one.__module__ == self.name and "code" in vars(one):
                yield Told(one.code, " ".join((one.__doc__ or "").split("\n\n")[0].split()), self.name, one)
        for node in ast.walk(self._tree):
            match node:
                case ast.Call(func=func) if str(getattr(self._object(func), "__module__", "")).startswith("playout."):
                    yield from self._called(node, self._object(func))
                case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id="code"), _])], value=ast.Call(args=args)):
                    firsts = [one.elts[0] for one in args if isinstance(one, ast.Tuple)]
                    yield from (Told(name, "…", self.name, None) for one in firsts for name in self._codes(one, node))
                case _:
                    pass

    def _called(self, call: ast.Call, called: Any) -> Iterator[Told]:  # noqa: ANN401 -- whatever the name stands for
        """The code in a call of something of ours that takes a `code`: an error, or what makes one."""
        if isinstance(called, type) and issubclass(called, Exception) and not is_error(called):
            return  # a signal within one room
        takes = inspect.signature(called)
        given = dict(zip([name for name in takes.parameters if name != "self"], call.args, strict=False))
        given |= {str(one.arg): one.value for one in call.keywords if one.arg in takes.parameters}
        if "code" not in given:
            return
        said = {name: self._words(node, call) for name, node in given.items()}
        returned = called if isinstance(called, type) else takes.return_annotation
        handed = [returned, *(self._object(one) for one in ast.walk(call))]
        made = next((one for one in handed if one is Problem or one is Reason or is_error(one)), None)
        kind = ast.unparse(self._assigned(given.get("kind"), call) or ast.Pass())
        if made is PlatformFailure and called is not made:
            kind = "".join(re.findall(r"PlatformFailure\((Kind\.\w+)", inspect.getsource(called)))
        kinds = tuple(one for one in Kind if f"Kind.{one.name}" in kind)
        turn = next((one for one in Turn if f"Turn.{one.name}" in ast.unparse(call)), "")
        turn = turn or (Turn.PLATFORM if kinds and "turn" not in given else "")
        sentence = said.get("sentence") or said.get("message") or "…"
        for name in self._codes(given["code"], call):
            yield Told(name, sentence, self.name, made, kinds, turn, said.get("field", ""))

    def _object(self, node: ast.AST | None) -> Any:  # noqa: ANN401 -- whatever the name stands for
        """What a name stands for; of what is only known at run time, the methods of `Out` tell codes."""
        match node:
            case ast.Name(id=name):
                return self._names.get(name)
            case ast.Attribute(value=value, attr=name):
                known = self._object(value)
                return getattr(Out if known is None else known, name, None)
            case _:
                return None

    def _assigned(self, node: ast.expr | None, at: ast.expr | ast.stmt) -> ast.expr | None:
        """What a name was last given above, in the same function; anything else is itself."""
        if not isinstance(node, ast.Name):
            return node
        found = [one for one in ast.walk(self._around.get(at, node)) if isinstance(one, ast.Assign)]
        above = [one for one in found if one.lineno < at.lineno and ast.unparse(one.targets[0]) == node.id]
        return max(above, key=lambda one: one.lineno).value if above else None

    def _codes(self, node: ast.expr | None, at: ast.expr | ast.stmt) -> Iterator[str]:
        value = self._assigned(node, at)
        at = value or at
        match value:
            case ast.JoinedStr() | ast.Constant(value=str()) if self._words(value, at):
                yield self._words(value, at)
            case ast.IfExp(body=one, orelse=other) | ast.BoolOp(values=[one, other]):
                yield from (*self._codes(one, at), *self._codes(other, at))
            case _:
                pass

    def _words(self, node: ast.expr | None, at: ast.expr | ast.stmt) -> str:
        """The sentence, with `…` or a name for what is only known when it is said."""
        match node:
            case ast.Constant(value=value):
                return str(value)
            case ast.JoinedStr(values=values):
                return "".join(self._words(one, at) for one in values)
            case ast.FormattedValue(value=ast.Name(id=name)):
                known = self._names.get(name)
                return str(known) if isinstance(known, str | int) else f"{{{name}}}"
            case ast.FormattedValue(value=ast.Attribute(attr=name)) if not name.startswith("__"):
                return f"{{{name.strip('_')}}}"
            case ast.IfExp(body=one, orelse=other):
                return f"{self._words(one, at)} / {self._words(other, at)}"
            case ast.Name(id=name):
                known, given = self._names.get(name), self._assigned(node, at)
                return known if isinstance(known, str) else self._words(given, given or at)
            case _:
                return "…"


def is_error(one: object) -> TypeGuard[type[PlayoutError]]:
    return isinstance(one, type) and issubclass(one, PlayoutError)


# ── clips ────────────────────────────────────────────────────────────────────────────────────────


def clips_page() -> str:
    sys.path.append(str(ROOT))  # where the tests are, when this runs as a script
    corpus = importlib.import_module("tests.corpora.clips")
    every = [(row, platform, row.of(platform)) for row in corpus.ROWS for platform in corpus.PLATFORMS]
    return page(
        "Clips",
        "What Playout says of a file before anything is sent, platform by platform, by the example of the clips that "
        "its tests are made of. The tests make each of them, look into it, and compare; where this page says *fix*, "
        "they also make the copy, look into that, and find nothing left to mend. The codes are explained under "
        "[error codes](errors.md).\n\n"
        "*taken*: it can go as it is, perhaps with a remark. *fix*: it cannot, and a copy can (`fit` of a destination, "
        "or `playout videos fit`). *refused*: neither it nor a copy. After *fix too*, a copy takes away what is "
        "only remarked on.",
        table(
            "|".join(["clip", *corpus.PLATFORMS]),
            [(row.name, *(verdict(row.of(one)) for one in corpus.PLATFORMS)) for row in corpus.ROWS],
        ),
        "## In words\n\nWhat is said where nothing helps but another video.",
        table("clip|platform|says", [(row.name, one, say) for row, one, found in every for say in found.says]),
        "Where the copy turns out to be impossible only when it is made:",
        table("clip|says", [(row.name, row.unreadable) for row in corpus.ROWS if row.unreadable]),
        "## Refused when they come in\n\nWhatever the platform.",
        table("clip|code|says", [(one.name, code(one.code), one.says) for one in corpus.BROKEN]),
    )


def verdict(found: Any) -> str:  # noqa: ANN401 -- of a module that is only there beside the tests
    """A cell."""
    errors, warnings = (", ".join(map(code, sorted(codes))) for codes in (found.errors, found.warnings))
    word = ("fix" if found.fix else "refused") if errors else "taken"
    told = f"{word}: {errors}" if errors else word
    told += f"; remark: {warnings}" if warnings else ""
    return told + ("; fix too" if found.fix and not errors else "")


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def rows_of(found: Iterable[Told], more: Callable[[Told], Sequence[object]]) -> list[Sequence[object]]:
    """A row for each code and sentence, with all the modules that say it."""
    rows: dict[Sequence[object], set[str]] = {}
    for one in found:
        modules = rows.setdefault((code(one.code), one.sentence, *more(one)), set())
        modules.add(code(one.module.removeprefix("playout.")))
    return [(*row, ", ".join(sorted(modules))) for row, modules in rows.items()]


def page(title: str, *parts: str) -> str:
    note = f"<!-- Written by `{COMMAND}` from the code. A change made here would be lost. -->"
    return "\n\n".join([f"# {title}", note, *parts]) + "\n"


def table(head: str, rows: Iterable[Sequence[object]]) -> str:
    """In Markdown; an empty cell is a dash, and a table without rows is nothing."""
    cells = [[str(cell or "–").replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    names = head.split("|")
    return "\n".join(f"| {' | '.join(row)} |" for row in [names, ["---"] * len(names), *cells]) if cells else ""


def code(value: object) -> str:
    return "" if value in {None, ""} else f"`{value}`"


if __name__ == "__main__":
    sys.exit(main())
