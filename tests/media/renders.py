"""What the tests of renditions share: a small recipe, and the real worker on bytes."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from playout.application.ports import Render
from playout.domain.rendition import Fit, Recipe
from playout.media.memory import MemoryFiles
from playout.media.render import WorkerRender
from tests.media.stage import KEY, stored

TARGET = "videos/w1/clip.small.mp4"
RECIPE = Recipe(width=160, height=160, fps=30, fit=Fit.PAD, video_bitrate=4_000_000, audio_bitrate=128_000)
TALL = replace(RECIPE, width=144, height=256)  # 9:16
LIMIT = 10_000_000


async def quietly(share: float) -> None:
    """Nobody looks."""


async def rendered(
    content: bytes,
    recipe: Recipe = RECIPE,
    *,
    limit: int = LIMIT,
    progress: Callable[[float], Awaitable[None]] = quietly,
) -> bytes:
    """The rendition of a file with this content."""
    files = await stored(content)
    render: Render = WorkerRender(files)
    await render.render(KEY, TARGET, recipe, limit=limit, progress=progress)
    return await content_of(files)


async def content_of(files: MemoryFiles) -> bytes:
    """What was stored."""
    return b"".join([piece async for piece in files.read(TARGET, 0, await files.size(TARGET))])
