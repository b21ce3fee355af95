"""Uploads: videos whose bytes come in several requests, with pauses and breaks between them. Knows no protocol.

What is known of an upload is a small note with an end; its bytes grow beside the store of files. The two meet at the
last byte: from then on the note names the video that the upload becomes, so that however often the end is repeated,
after whatever crash, it becomes one video. Not here: headers (api/tus.py).
"""

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from playout.application.once import IdempotencyConflict
from playout.application.ports import Chore, Clock, Store
from playout.application.ports.files import WRONG_OFFSET, Growing
from playout.application.upload_notes import REMEMBERED, Note, Notes
from playout.application.upload_quota import Quota
from playout.application.videos import Videos, key_of
from playout.domain.errors import Conflict, Invalid, NotFound, Problem, TooLarge
from playout.domain.ids import new_id
from playout.domain.person import Actor, Scope

#: The chore that looks after an upload which nobody ends.
UPLOAD = "upload"
#: What checksums may be made with. They tell of accidents; nothing is trusted for them.
CHECKSUMS = ("sha1", "sha256", "md5")
#: Code of the refusal.
CHECKSUM_MISMATCH = "checksum_mismatch"
#: How soon an end that broke off, in a crash, is ended by us.
_ENDED_AGAIN = timedelta(minutes=5)
_LOOKED_AFTER = timedelta(minutes=30)
#: While bytes come, that is noted so often.
_NOTED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of the bytes of one request."""

    algorithm: str  # one of CHECKSUMS
    digest: bytes

    def check(self, digest: bytes) -> None:
        """Raises Invalid (`checksum_mismatch`)."""
        if not hmac.compare_digest(self.digest, digest):
            raise _invalid(CHECKSUM_MISMATCH, "The checksum is another: bytes changed on their way. Send them again.")


@dataclass(frozen=True, slots=True)
class Upload:
    """How far one is."""

    id: str
    offset: int  # bytes that are safe
    length: int | None  # bytes in all; None: not said yet
    metadata: str  # as its protocol gave it
    expires_at: datetime | None  # None: all of it is here
    video_id: str | None = None  # what it has become


class WrongOffset(Conflict):
    """Bytes that do not follow on those that are here."""

    code = WRONG_OFFSET

    def __init__(self, sentence: str, upload: Upload) -> None:
        super().__init__(sentence)
        self.upload = upload


class Uploads:
    """What faces can do with uploads. `lifetime`: how long one is kept after its last byte."""

    def __init__(
        self,
        store: Store,
        growing: Growing,
        videos: Videos,
        clock: Clock,
        *,
        public_url: str,
        most_bytes: int,
        lifetime: timedelta,
    ) -> None:
        self._store = store
        self._growing = growing
        self._videos = videos
        self._clock = clock
        self._lifetime = lifetime
        self._notes = Notes(store.ephemera, clock)
        self._quota = Quota(store.ephemera, clock, most_bytes)
        self.public_url = public_url.rstrip("/")  # their addresses begin so
        self.most_bytes = most_bytes

    async def create(
        self, actor: Actor, length: int | None, filename: str, *, metadata: str = "", upload_id: str | None = None
    ) -> Upload:
        """A new one. `upload_id` given: a repeat of the same request finds what the first one made.

        Raises TooLarge, Invalid, Conflict (`too_many_uploads`); IdempotencyConflict where the id is another request's.
        """
        actor.need(Scope.WRITE)
        self._check_length(length)
        upload_id = upload_id or new_id("upl", self._clock.now())
        asked = hashlib.sha256(json.dumps([length, metadata]).encode()).hexdigest()
        note = await self._notes.find(actor.workspace_id, upload_id)
        if note is None:
            note = Note(actor.workspace_id, upload_id, filename, metadata, length, asked, self._end.timestamp())
            note = await self._begin(note)
        if note.asked != asked:
            raise IdempotencyConflict("This Idempotency-Key was used for another upload. Use a new key.")
        return await self._seen(self._notes.live(note))

    async def look(self, actor: Actor, upload_id: str) -> Upload:
        """How far it is. One that is whole, but was kept from becoming a video by a crash, becomes one now.

        Raises NotFound; with the code `upload_gone` for one that has ended.
        """
        actor.need(Scope.WRITE)
        return await self._seen(await self._notes.get(actor.workspace_id, upload_id))

    async def append(
        self,
        actor: Actor,
        upload_id: str,
        offset: int,
        pieces: AsyncIterator[bytes],
        *,
        size: int | None = None,
        length: int | None = None,
        checksum: Checksum | None = None,
    ) -> Upload:
        """Takes bytes in from `offset` on; with the last one it becomes a video.

        `size`: bytes to come, where that was announced. `length`: says now how long the upload is. What the stream
        raises comes out here; what came before it counts, unless there is a `checksum`: then all of it counts or none.
        Raises WrongOffset, TooLarge, NotFound, Conflict (`being_written`), Invalid (`checksum_mismatch`).
        """
        actor.need(Scope.WRITE)
        note = await self._notes.get(actor.workspace_id, upload_id)
        if length is not None and length != note.length:
            note = await self._declare(note, length)
        if note.video_id:
            return _follows(await self._seen(note), offset, size)
        most = note.length or self.most_bytes
        coming = _Coming(self._clock, lambda: self._renew(note))
        try:
            async with aclosing(coming.checked(pieces, size, most - offset, checksum)) as checked:
                end = await self._growing.append(upload_id, offset, checked, limit=most, whole=checksum is not None)
        except Conflict as refused:
            if refused.code != WRONG_OFFSET:
                raise
            raise WrongOffset(refused.sentence, await self._seen(note)) from refused
        finally:
            if coming.came:
                await self._renew(note)
        return await self._seen(await self._notes.get(actor.workspace_id, upload_id), end)

    async def terminate(self, actor: Actor, upload_id: str) -> None:
        """Ends it. A video that it has become stays. Raises NotFound, Conflict (`being_written`)."""
        actor.need(Scope.WRITE)
        note = await self._notes.get(actor.workspace_id, upload_id)
        if not note.video_id:
            await self._growing.drop(upload_id)
        await self._quota.release(note.workspace_id, upload_id)
        await self._notes.change(note, lambda note: note.until(self._clock.now()))

    # ── chores ──────────────────────────────────────────────────────────────────────────────────

    async def expire(self, chore: Chore) -> datetime | None:
        """Removes an upload that nobody goes on with; ends one whose end broke off. Safe to repeat."""
        now = self._clock.now()
        note = await self._notes.find(chore.workspace_id, chore.subject_id)
        try:
            if note and note.expires_at > now and (again := await self._look_after(note)):
                return min(again, now + _LOOKED_AFTER)
            await self._growing.drop(chore.subject_id)
        except Conflict:  # somebody is writing to it
            return now + _LOOKED_AFTER
        await self._quota.release(chore.workspace_id, chore.subject_id)
        return None

    async def sweep(self) -> int:
        """Bytes of which nobody knows any more, in case a note was lost; says how many uploads."""
        return await self._growing.sweep(self._lifetime + REMEMBERED)

    async def _look_after(self, note: Note) -> datetime | None:
        try:
            return (await self._seen(note)).expires_at
        except NotFound:  # its bytes are
            return None

    async def drop_all(self, workspace_id: str) -> bool:
        """Ends everything that a workspace has in the making; False where somebody still writes to one of them."""
        free = True
        for upload_id in await self._quota.open(workspace_id):
            if note := await self._notes.find(workspace_id, upload_id):
                with suppress(NotFound):  # it has ended before
                    await self._notes.change(note, lambda note: note.until(self._clock.now()))
            try:
                await self._growing.drop(upload_id)
            except Conflict:
                free = False
            else:
                await self._quota.release(workspace_id, upload_id)
        return free

    # ── the end ─────────────────────────────────────────────────────────────────────────────────

    async def _seen(self, note: Note, offset: int | None = None) -> Upload:
        """How far it is; `offset`, where that was just learnt. With all bytes here, it becomes a video first."""
        if not note.video_id:
            offset = await self._growing.length(note.id) if offset is None else offset
            if offset != note.length:
                return Upload(note.id, offset, note.length, note.metadata, note.expires_at)
            note = await self._named(note)
        if not note.done:
            note = await self._become_video(note)
        return Upload(note.id, note.length or 0, note.length, note.metadata, None, note.video_id)

    async def _named(self, note: Note) -> Note:
        """From now on it is sure which video this becomes.

        Its id is of now, not of the beginning: bytes under an old id without a record are swept away (tidying.py).
        """
        now = self._clock.now()
        video_id = new_id("vid", now)
        await self._store.chores.put(Chore(note.workspace_id, UPLOAD, note.id, now + _ENDED_AGAIN))
        return await self._notes.change(
            note, lambda note: note if note.video_id else replace(note.until(self._end), video_id=video_id)
        )

    async def _become_video(self, note: Note) -> Note:
        video_id = note.video_id or ""
        if not await self._is_there(note.workspace_id, video_id):
            stored = await self._growing.finish(note.id, key_of(note.workspace_id, video_id))
            await self._videos.keep(note.workspace_id, video_id, note.filename, stored, self._clock.now())
        await self._growing.drop(note.id)
        await self._quota.release(note.workspace_id, note.id)
        return await self._notes.change(note, lambda note: replace(note, done=True))

    async def _is_there(self, workspace_id: str, video_id: str) -> bool:
        try:
            await self._store.videos.get(workspace_id, video_id)
        except NotFound:
            return False
        return True

    # ── notes ───────────────────────────────────────────────────────────────────────────────────

    @property
    def _end(self) -> datetime:
        return self._clock.now() + self._lifetime

    async def _begin(self, note: Note) -> Note:
        """The note last: whatever is without one, after a crash, the chore removes."""
        await self._quota.reserve(note.workspace_id, note.id, note.length)
        due = self._clock.now() + _LOOKED_AFTER
        await self._store.chores.put(Chore(note.workspace_id, UPLOAD, note.id, due))
        return await self._notes.put_new(note)

    async def _renew(self, note: Note) -> None:
        """Bytes came: it is kept for its whole lifetime again. Raises NotFound where it has ended meanwhile."""
        await self._notes.change(note, lambda note: note.until(self._end))

    async def _declare(self, note: Note, length: int) -> Note:
        self._check_length(length)
        if length < await self._growing.length(note.id):
            raise _invalid("length_too_small", "More bytes are here already than the length that was given.")

        def declared(note: Note) -> Note:
            if note.length not in {None, length}:
                raise _invalid("length_is_known", "The length of this upload was given before, and it was another.")
            return replace(note, length=length)

        changed = await self._notes.change(note, declared)
        await self._quota.reserve(note.workspace_id, note.id, length)
        return changed

    def _check_length(self, length: int | None) -> None:
        if length == 0:
            raise _invalid("empty_file", "The file is empty.")
        if length is not None and length > self.most_bytes:
            raise TooLarge(f"The file has {length:,} bytes; {self.most_bytes:,} are allowed.")


class _Coming:
    """The bytes of one request, counted, and checked at their end."""

    def __init__(self, clock: Clock, renew: Callable[[], Awaitable[None]]) -> None:
        self._clock = clock
        self._renew = renew
        self._noted = clock.now()
        self.came = False

    async def checked(
        self, pieces: AsyncIterator[bytes], size: int | None, most: int, checksum: Checksum | None
    ) -> AsyncGenerator[bytes, None]:
        """Raises TooLarge before the first piece where more than `most` are announced."""
        if size is not None and size > most:
            raise TooLarge(f"{size:,} bytes are announced; {most:,} are missing.")
        digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        async for piece in pieces:
            self.came = True
            if digest:
                digest.update(piece)
            await self._note()
            yield piece
        if checksum and digest:
            checksum.check(digest.digest())

    async def _note(self) -> None:
        if self._clock.now() - self._noted >= _NOTED:
            self._noted = self._clock.now()
            await self._renew()


def _follows(upload: Upload, offset: int, size: int | None) -> Upload:
    """No byte does, on the last one. Raises WrongOffset, TooLarge."""
    if offset != upload.offset:
        raise WrongOffset("All bytes of this upload are here.", upload)
    if size:
        raise TooLarge("All bytes of this upload are here.")
    return upload


def _invalid(code: str, sentence: str) -> Invalid:
    return Invalid(sentence, code=code, problems=[Problem(code, "", sentence)])
