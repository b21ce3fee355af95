"""A local file into the house: taken in with a progress bar, and followed until it was looked into."""

from contextlib import AsyncExitStack, suppress
from pathlib import Path

from playout.cli.desk import Desk
from playout.cli.later import later
from playout.domain.errors import Conflict, Invalid, Locked, NotFound, Problem, Stale, Unplayable
from playout.domain.rendition import Fit
from playout.domain.video import Rendition, RenditionState, Video, VideoState

_pieces = later("playout.cli.reading:pieces")
_GLANCE = 0.2  # seconds between two looks at a record


async def take_in(desk: Desk, path: Path) -> Video:
    """The video's record; what is in the file is not known yet. Raises Invalid."""
    size = _size(path)
    with desk.out.progress() as progress:
        label = f"Taking in {path.name}"
        progress.show("file", label, 0, size)
        pieces = _pieces(path, lambda seen: progress.show("file", label, seen, size))
        return await desk.services.videos.take_in(desk.actor, path.name, pieces, size=size)


async def looked_into(desk: Desk, video: Video) -> Video:
    """The video once it is known what is in it: somebody must be working. Raises Unplayable, with the record kept."""
    with desk.out.progress() as progress:
        while video.state is VideoState.PROBING:
            progress.show("file", f"Looking into {video.filename}")
            await desk.services.clock.sleep(_GLANCE)
            video = await desk.services.videos.get(desk.actor, video.id)
    if video.state is VideoState.REJECTED:
        problem = next(iter(video.problems), Problem("not_a_video", "", "The file cannot be used."))
        raise Unplayable(problem.message, code=problem.code, problems=[problem])
    return video


async def fitted(desk: Desk, video_id: str, platform: str, fit: Fit) -> Rendition:
    """The copy once it is made: somebody must be working. Raises Unplayable, NotFound when it was taken back."""
    with desk.out.progress() as progress:
        while True:
            video = await desk.services.videos.get(desk.actor, video_id)
            copy = video.rendition(platform, fit)
            if copy is None:
                raise NotFound("Somebody took this copy back.")
            if copy.state is RenditionState.READY:
                return copy
            if copy.reason:
                raise Unplayable(copy.reason.message, code=copy.reason.code)
            done = await desk.services.renditions.progress(video, copy)
            progress.show("copy", f"Making {copy.name} of {video.filename}", int(done * 1000), 1000)
            await desk.services.clock.sleep(_GLANCE)


async def forget(desk: Desk, video: Video) -> None:
    """It is not wanted after all; one that is used stays."""
    with suppress(Conflict, NotFound):
        try:
            await desk.services.videos.remove(desk.actor, video.id)
        except Stale:  # it was just being looked into
            await desk.services.videos.remove(desk.actor, video.id)


async def at_work(desk: Desk, stack: AsyncExitStack) -> bool:
    """Works on this folder until the stack closes; False: another process does so already."""
    try:
        await stack.enter_async_context(desk.house.working())
    except Locked:
        return False
    return True


def _size(path: Path) -> int:
    try:
        if not path.is_file():
            raise _unreadable(f"{path} is no file.")
        with path.open("rb"):
            return path.stat().st_size
    except OSError as error:
        raise _unreadable(f"{path} cannot be read: {error.strerror}.") from error


def _unreadable(sentence: str) -> Invalid:
    return Invalid(sentence, code="unreadable_file", problems=[Problem("unreadable_file", "", sentence)])
