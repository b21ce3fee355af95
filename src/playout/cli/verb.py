"""Makes verbs: adds the options that each has, and turns every end into an exit code and a sentence."""

import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Concatenate, ParamSpec

import typer

from playout.cli.desk import Call, Desk, Door, Flags, House
from playout.cli.exits import Exit, Interrupted, of_error
from playout.cli.output import Out
from playout.domain.errors import Invalid, PlayoutError

P = ParamSpec("P")

_COMMON = {
    "as_json": (Annotated[bool, typer.Option("--json", help="Objects instead of text, one per line.")], False),
    "no_input": (Annotated[bool, typer.Option("--no-input", help="Never ask; fail instead.")], False),
    "data_dir": (
        Annotated[Path | None, typer.Option("--data-dir", help="The data folder.", show_default=False)],
        None,
    ),
    "debug": (Annotated[bool, typer.Option("--debug", help="Say more; show where a mistake happened.")], False),
}


def verb(body: Callable[Concatenate[Desk, P], Awaitable[int | None]]) -> Callable[..., None]:
    """A verb that works in the open house. What it returns is the exit code; None is 0."""

    def run(call: Call, /, *positional: P.args, **named: P.kwargs) -> int:
        async def use(house: House) -> int:
            return await body(Desk(call, house), *positional, **named) or 0

        return call.door.enter(call.flags, use, debug=call.debug)

    return _command(body, run)


def process_verb(body: Callable[Concatenate[Call, P], int | None]) -> Callable[..., None]:
    """A verb that opens the house itself, or needs none."""
    return _command(body, body)


def _command(shown: Callable[..., object], run: Callable[..., int | None]) -> Callable[..., None]:
    """The function that Typer sees: the options of `shown` and the common ones."""

    def command(context: typer.Context, **given: object) -> None:
        common = {name: given.pop(name) for name in _COMMON}
        call = _call(context.obj, **common)
        code = outcome(call, lambda: run(call, **_texts(given)))
        if code:
            raise typer.Exit(code)

    parameters = list(inspect.signature(shown).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [one.replace(kind=keyword) for one in parameters]
    common = [
        inspect.Parameter(name, keyword, default=value, annotation=kind) for name, (kind, value) in _COMMON.items()
    ]
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    signature = inspect.Signature([context, *own, *common])
    setattr(command, "__signature__", signature)  # noqa: B010 -- a function type has no such attribute to assign to
    command.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
    command.__doc__ = shown.__doc__
    return command


def _call(door: Door, *, as_json: object, no_input: object, data_dir: object, debug: object) -> Call:
    flags: Flags = {"data_dir": data_dir} if isinstance(data_dir, Path) else {}
    return Call(Out(as_json=bool(as_json)), door, flags, bool(no_input), bool(debug))


def outcome(call: Call, run: Callable[[], int | None]) -> int:
    """Runs it; every way it can end has a code, and every error a sentence. No traceback, unless asked for."""
    try:
        return run() or Exit.DONE
    except PlayoutError as error:
        call.out.fail(error.code, error.sentence, error.problems if isinstance(error, Invalid) else ())
        return of_error(error)
    except Interrupted as stopped:
        return stopped.code
    except BrokenPipeError:
        return Exit.FAILED  # whoever read our output left; the door sees to what is still in the buffer
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except Exception as bug:
        if call.debug:
            raise
        where = call.door.note(call.flags, bug)
        sentence = f"Playout made a mistake here ({type(bug).__name__}). It is noted in {where}; --debug shows it."
        call.out.fail("internal_error", sentence)
        return Exit.FAILED


def _texts(given: dict[str, object]) -> dict[str, object]:
    """The same, if all of it is text: bytes that are none arrive as lone surrogates, which nothing can keep."""
    for name, value in given.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, str) and any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in one):
                raise Invalid(f"--{name.replace('_', '-')} contains bytes that are no UTF-8 text.", code="not_text")
    return given
