"""What happens to a container by itself, in the background: download, checks, processing; and how a reel is made."""

import asyncio
import secrets
from pathlib import Path

from playout_sandbox.feed import Live
from playout_sandbox.instagram.film import broken_rule, look_at
from playout_sandbox.instagram.records import Container, Media, Stage
from playout_sandbox.instagram.state import State
from playout_sandbox.media import UnreadableError
from playout_sandbox.meta.fetch import fetch
from playout_sandbox.pull import PullError

UNREACHABLE, SLOW, UNSUPPORTED, THUMB, COVER_SIZE, COVER_TYPE = 2207052, 2207003, 2207026, 2207057, 2207004, 2207005
LARGEST_COVER = 8_000_000
_JPEG = b"\xff\xd8\xff"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Life:
    """Moves containers on. One that ended, or expired, is never moved again."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def fetch(self, container: Container) -> None:
        """Download what the container's addresses name, then process it (rows 19, 20)."""
        state, slot = self._state, container.slot
        state.record_on("pull_started", container)
        subcode = await self._in_time(container)
        if subcode:
            self.fail(container, subcode)
        else:
            state.record_on("pull_complete", container, size=slot.received, sha256=slot.sha256)
            state.world.spawn(self.process(container))

    async def process(self, container: Container) -> None:
        """All bytes are here: look at them, and be ready or fail."""
        container.stage = Stage.IN_PROGRESS
        await self._state.world.clock.sleep(self._state.config.processing_seconds)
        subcode, rule = await self._verdict(container)
        if subcode:
            self.fail(container, subcode, rule)
        elif container.stage is Stage.IN_PROGRESS:
            container.stage = Stage.FINISHED

    def fail(self, container: Container, subcode: int, rule: str = "") -> None:
        """End a container without a reel."""
        container.stage = Stage.ERROR
        container.subcode = subcode
        self._state.record_on("failed", container, reason=str(subcode), rule=rule)
        if container.slot.file:
            container.slot.file.unlink(missing_ok=True)

    def publish(self, container: Container, request: int) -> Media:
        """The reel exists from here on."""
        state = self._state
        media = Media(
            id=state.new_id("179"),
            container=container.id,
            account=container.account,
            at=state.now,
            caption=container.caption,
            shortcode="D" + "".join(secrets.choice(_ALPHABET) for _ in range(10)),
        )
        container.stage = Stage.PUBLISHED
        container.published_at = state.now
        container.media = media.id
        state.media[media.id] = media
        state.publishes.setdefault(container.account, []).append(state.now)
        state.record_on("published", container, request, post_id=media.id, sha256=container.slot.sha256)
        account = state.account(container.account)
        state.world.feed.add(
            Live(
                id=media.id,
                platform="Instagram",
                username=account.username if account else container.account,
                nickname=account.name if account else container.account,
                caption=media.caption,
                privacy="public",
                at=media.at,
                file=container.slot.file,
            )
        )
        return media

    async def _in_time(self, container: Container) -> int:
        """Download everything before the window closes; the subcode of what went wrong, or 0."""
        download = asyncio.ensure_future(self._download(container))
        window = asyncio.ensure_future(self._state.world.clock.sleep(self._state.config.pull_seconds))
        try:
            await asyncio.wait({download, window}, return_when=asyncio.FIRST_COMPLETED)
            return download.result() if download.done() else SLOW
        except PullError:
            return UNREACHABLE
        finally:
            download.cancel()
            window.cancel()

    async def _download(self, container: Container) -> int:
        """The cover is looked at and not kept; what is too large is a matter for the checks."""
        world, slot, most = self._state.world, container.slot, self._state.config.largest * 2
        if container.cover_url:
            cover = _Cover()
            await fetch(world, container.cover_url, None, limit=2 * LARGEST_COVER, progress=cover.add)
            if cover.subcode:
                return cover.subcode
        slot.file = None if world.config.sink else world.new_file()
        slot.hashed = slot.file is not None

        def note(piece: bytes) -> None:
            slot.received += len(piece)
            if slot.hashed:
                slot.digest.update(piece)

        await fetch(world, container.video_url, slot.file, limit=most, progress=note)
        return UNREACHABLE if await asyncio.to_thread(_is_page, slot.file) else 0

    async def _verdict(self, container: Container) -> tuple[int, str]:
        """The subcode it fails with (0: none), and which media rule it broke."""
        config = self._state.config
        if container.slot.file is None or not self._state.world.config.media_checks:
            return 0, ""
        try:
            film = await look_at(container.slot.file)
        except UnreadableError:
            return UNSUPPORTED, "unreadable"
        broken = next((rule for rule in broken_rule(film, config.largest) if rule not in config.ignored_rules), "")
        if broken:
            return UNSUPPORTED, broken
        late = not container.cover_url and container.thumb_offset >= film.seconds * 1000
        return (THUMB, "thumb_offset") if late else (0, "")


class _Cover:
    """What is learned of a cover while it passes."""

    def __init__(self) -> None:
        self._start = b""
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._start += piece[: len(_JPEG) - len(self._start)]
        self._size += len(piece)

    @property
    def subcode(self) -> int:
        """What is wrong with it, 0 if nothing is."""
        if self._size > LARGEST_COVER:
            return COVER_SIZE
        return 0 if self._start == _JPEG else COVER_TYPE


def _is_page(file: Path | None) -> bool:
    """Whether what came is a page of HTML instead of a video."""
    if file is None:
        return False
    with file.open("rb") as opened:
        return opened.read(64).lstrip().startswith(b"<")
