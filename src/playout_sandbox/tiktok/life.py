"""What happens to a task by itself: pull, processing, media checks, publication, moderation. All in the background."""

import asyncio
import secrets
from collections.abc import Sequence

from playout_sandbox.feed import Live
from playout_sandbox.media import Found, UnreadableError, look_into
from playout_sandbox.pull import PullError, pull
from playout_sandbox.tiktok.events import Events
from playout_sandbox.tiktok.records import PUBLIC, Post, Status, Task
from playout_sandbox.tiktok.rules import LARGEST, media_verdict
from playout_sandbox.tiktok.state import State

_LARGEST_PHOTO = 20 * 1024**2
_PHOTO_MARKS = {b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


class Life:
    """Moves tasks on. A task that is over (cancelled, disconnected) is never moved again."""

    def __init__(self, state: State, events: Events) -> None:
        self._state = state
        self._events = events

    def process(self, task: Task) -> None:
        """All bytes of an upload are here."""
        self._state.world.spawn(self._process(task))

    def pull(self, task: Task, addresses: Sequence[str]) -> None:
        """Fetch a task's files. For a pull, the point of no return was init."""
        self._state.world.spawn(self._pull(task, addresses))

    def fail(self, task: Task, reason: str, request: int | None = None) -> None:
        """End a task without a post."""
        task.status = Status.FAILED
        task.fail_reason = reason
        effect = "cancelled" if reason == "publish_cancelled" else "failed"
        self._state.record_task(effect, task, request, reason=reason)
        self._events.failed(task)
        if task.file:
            task.file.unlink(missing_ok=True)

    def publish(self, task: Task, privacy: str, found: Found | None = None) -> Post:
        """The post exists from here on. For a draft it is the creator who does this, perhaps several times."""
        post = Post(
            post_id=7_600_000_000_000_000_000 + secrets.randbelow(90_000_000_000_000_000),
            publish_id=task.publish_id,
            open_id=task.open_id,
            at=self._state.now,
            caption=task.caption,
            privacy=privacy,
        )
        if found:
            post.seconds, post.width, post.height = round(found.seconds), found.width, found.height
        task.status = Status.COMPLETE
        task.privacy = privacy
        self._state.posts[post.post_id] = post
        self._state.record_task("published", task, post_id=str(post.post_id), sha256=task.sha256)
        self._show(task, post)
        self._events.complete(task)
        if privacy == PUBLIC:
            self._state.world.spawn(self._moderate(task, post))
        return post

    async def _pull(self, task: Task, addresses: Sequence[str]) -> None:
        await self._state.world.clock.sleep(self._state.world.config.pull_delay)
        if task.is_over():
            return
        self._state.record_task("pull_started", task)
        download = asyncio.create_task(self._download(task, addresses))
        window = asyncio.create_task(self._state.world.clock.sleep(self._state.config.pull_seconds))
        try:
            await asyncio.wait({download, window}, return_when=asyncio.FIRST_COMPLETED)
            problem = download.exception() if download.done() else PullError("too slow")
        finally:
            download.cancel()
            window.cancel()
        if task.is_over():
            return
        if isinstance(problem, PullError):
            self.fail(task, "photo_pull_failed" if task.photo else "video_pull_failed")
        elif problem is not None:
            raise problem
        else:
            task.committed = True
            self._state.record_task("pull_complete", task, size=task.received, sha256=task.sha256)
            await self._process(task)

    async def _download(self, task: Task, addresses: Sequence[str]) -> None:
        def progress(piece: bytes) -> None:
            task.received += len(piece)
            if self._state.world.config.sink:
                task.hashed = False
            else:
                task.digest.update(piece)

        for address in addresses:
            file = None if self._state.world.config.sink else self._state.world.new_file()
            task.file = task.file or file
            limit = _LARGEST_PHOTO if task.photo else LARGEST
            await pull(address, file, limit=limit, progress=progress, root=self._state.world.pull_root)

    async def _process(self, task: Task) -> None:
        await self._state.world.clock.sleep(self._state.config.processing_seconds)
        reason, found = await self._verdict(task)
        if task.is_over():
            return
        if reason:
            self.fail(task, reason)
        elif task.draft:
            task.status = Status.INBOX
            self._state.record_task("handed_over", task, sha256=task.sha256)
            self._events.in_inbox(task)
        else:
            self.publish(task, task.privacy, found)

    async def _verdict(self, task: Task) -> tuple[str, Found | None]:
        """The fail_reason ("" if none), and what the file is."""
        state = self._state
        if any(word.lower() in task.caption.lower() for word in state.config.spam_words):
            return "spam_risk_text", None
        if not task.draft and state.world.config.limits and state.posts_today(task.open_id) > state.config.daily_cap:
            return "spam_risk_too_many_posts", None
        if task.file is None or not state.world.config.media_checks:
            return "", None
        if task.photo:
            return ("" if _photo_type(await _first_bytes(task)) else "file_format_check_failed"), None
        try:
            found = await look_into(task.file)
        except UnreadableError:
            return "file_format_check_failed", None
        creator = state.config.creator(task.open_id)
        return (media_verdict(found, creator) if creator else "auth_removed"), found

    async def _moderate(self, task: Task, post: Post) -> None:
        """Rows 39 and 40: only a public post gets an id that others can see, and only after a while."""
        await self._state.world.clock.sleep(self._state.config.moderation_seconds)
        if post.post_id not in self._state.posts:
            return
        post.visible = True
        task.public_ids.append(post.post_id)
        self._state.record_task("made_public", task, post_id=str(post.post_id))
        self._events.public(task, post)

    def _show(self, task: Task, post: Post) -> None:
        creator = self._state.config.creator(task.open_id)
        self._state.world.feed.add(
            Live(
                id=str(post.post_id),
                platform="TikTok",
                username=creator.username if creator else task.open_id,
                nickname=creator.nickname if creator else task.open_id,
                caption=post.caption,
                privacy=post.privacy,
                at=post.at,
                file=task.file,
                media_type="image/jpeg" if task.photo else "video/mp4",
            )
        )


async def _first_bytes(task: Task) -> bytes:
    def read() -> bytes:
        if task.file is None:
            return b""
        with task.file.open("rb") as file:
            return file.read(16)

    return await asyncio.to_thread(read)


def _photo_type(start: bytes) -> str:
    return next((kind for mark, kind in _PHOTO_MARKS.items() if start.startswith(mark)), "")
