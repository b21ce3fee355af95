"""Files, a probe and a renderer without disk or subprocess, for tests and for trying things out."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import timedelta

from playout.application.ports import Files, Probed, Stored
from playout.application.ports.files import PIECE
from playout.domain.errors import Unplayable
from playout.domain.rendition import Recipe
from playout.domain.video import Facts
from playout.media.rules import Intake, check_range, checked, checked_prefix, gone


class MemoryFiles:
    """The Protocol `Files` over a dictionary."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        """Keeps the stream once it has ended well."""
        intake, taken = Intake(limit), bytearray()
        checked(key)
        async for piece in pieces:
            intake.take(piece)
            taken += piece
        self._kept[key] = bytes(taken)
        return intake.stored(key)

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """Slices of the kept bytes."""
        whole, end = self._whole(key), start + length
        check_range(start, length, len(whole))
        for at in range(start, end, PIECE):
            yield whole[at : min(at + PIECE, end)]

    async def size(self, key: str) -> int:
        """Bytes under the key."""
        return len(self._whole(key))

    async def copy(self, key: str, target: str) -> None:
        """Keeps the same bytes under both keys."""
        name = checked(target)
        self._kept[name] = self._whole(key)

    async def delete(self, key: str) -> None:
        """Forgets the key."""
        self._kept.pop(checked(key), None)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """Keys in order of the alphabet."""
        start = checked_prefix(prefix)
        for key in sorted(key for key in self._kept if key.startswith(start)):
            yield key

    async def signed_url(self, key: str, lifetime: timedelta) -> str | None:
        """None: nothing outside this process can reach the bytes."""
        return None

    async def sweep(self, older_than: timedelta) -> int:
        """0: a broken upload leaves nothing behind."""
        return 0

    def _whole(self, key: str) -> bytes:
        try:
            return self._kept[checked(key)]
        except KeyError:
            raise gone() from None


#: What a plain clip of a phone, held upright, looks like to the probe.
UPRIGHT = Facts(
    container="mp4",
    duration=15.0,
    width=1080,
    height=1920,
    rotation=0,
    fps=30.0,
    variable_fps=False,
    video_codec="h264",
    audio_codec="aac",
    pixel_format="yuv420p",
    sample_rate=48_000,
    channels=2,
    bitrate=8_000_000,
    faststart=True,
    edit_list=False,
    closed_gop=True,
)


class MemoryProbe:
    """The Protocol `Probe` by agreement: the same facts for every file, a refusal for an empty one."""

    def __init__(self, files: Files, facts: Facts = UPRIGHT) -> None:
        self._files = files
        self._facts = facts

    async def probe(self, key: str) -> Probed:
        """The agreed facts with two empty pictures. Unplayable for zero bytes; FileGone."""
        picture = await self.frame(key, 0)
        return Probed(facts=self._facts, thumbnail=picture, strip=picture)

    async def frame(self, key: str, at_ms: int) -> bytes:
        """An empty picture at any time. Unplayable for zero bytes; FileGone."""
        if await self._files.size(key):
            return _NO_PICTURE
        raise Unplayable("The file is empty. Upload the video once more.", code="empty_file")


_NO_PICTURE = b"\xff\xd8\xff\xd9"  # start and end of a JPEG, and nothing between


class MemoryRender:
    """Keeps the promises of `Render` as far as bytes go: the copy is the source."""

    def __init__(self, files: MemoryFiles) -> None:
        self._files = files

    async def render(
        self, source: str, target: str, recipe: Recipe, *, limit: int, progress: Callable[[float], Awaitable[None]]
    ) -> Stored:
        size = await self._files.size(source)
        await progress(0.5)
        await progress(1)  # before anything is kept: what it raises leaves nothing behind
        return await self._files.put(target, self._files.read(source, 0, size), limit=limit)
