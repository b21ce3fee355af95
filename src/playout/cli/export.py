"""`export`: everything of the workspace as one zip, put where whoever asks wants it."""

from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Annotated

import typer

from playout.application.export_notes import Export
from playout.cli import records, taking
from playout.cli.desk import Desk
from playout.cli.later import later
from playout.cli.verb import verb
from playout.domain.errors import Invalid, Problem, Unavailable
from playout.domain.ids import new_id

_save = later("playout.cli.saving:save")
_GLANCE = 0.2  # seconds between two looks at a record


@verb
async def export(
    desk: Desk,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Where to; default: playout-export-DATE.zip here.", show_default=False),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there.")] = False,
) -> None:
    """Write everything of the workspace into one zip: JSON, and the videos themselves."""
    now = desk.services.clock.now()
    target = _target(file or Path(), f"playout-export-{now:%Y-%m-%d}.zip", replace=replace)
    wanted = new_id("exp", now)
    async with AsyncExitStack() as stack:
        await taking.at_work(desk, stack)
        begun = await desk.services.exports.begin(desk.actor, export_id=wanted)
        made = await _made(desk, begun)
        await _written(desk, made, target)
        if made.id == wanted:  # nobody else asked for it, and who did has it now
            await desk.services.exports.remove(desk.actor, made.id)
    desk.out.done(f"Wrote {target.name} ({made.size:,} bytes).", export_id=made.id)
    desk.out.record(_record(made, target), str(target))


async def _made(desk: Desk, export: Export) -> Export:
    """The same once it is ready: somebody must be working. Raises Unavailable with the reason it failed for."""
    with desk.out.progress() as progress:
        while export.under_way:
            progress.show("export", "Putting everything together", export.done, export.total)
            await desk.services.clock.sleep(_GLANCE)
            export = await desk.services.exports.get(desk.actor, export.id)
    if export.reason:
        raise Unavailable(export.reason.message, code=export.reason.code)
    return export


async def _written(desk: Desk, export: Export, target: Path) -> None:
    with desk.out.progress() as progress:
        label = f"Writing {target.name}"
        progress.show("file", label, 0, export.size)
        async with aclosing(desk.services.exports.read(export, 0, export.size)) as pieces:
            await _save(target, pieces, lambda seen: progress.show("file", label, seen, export.size))


def _record(made: Export, target: Path) -> records.Record:
    return {
        "id": made.id,
        "file": str(target),
        "size": made.size,
        "sha256": made.sha256,
        "created_at": records.time(made.created_at),
    }


def _target(given: Path, name: str, *, replace: bool) -> Path:
    """Raises Invalid, before anything was done for nothing."""
    target = given / name if given.is_dir() else given
    if not target.parent.is_dir():
        raise _invalid("no_such_folder", f"There is no folder {target.parent}.")
    if target.exists() and not replace:
        raise _invalid("file_exists", f"{target} is there already. Choose another name, or add --replace.")
    return target


def _invalid(code: str, sentence: str) -> Invalid:
    return Invalid(sentence, code=code, problems=[Problem(code, "", sentence)])
