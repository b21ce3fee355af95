"""Files in a bucket, through obstore: S3, R2, MinIO, GCS, Azure, and one in memory for tests.

Not here: which bucket an address names (files.py, s3.py), and its unfinished uploads (unfinished.py).
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from playout.application.ports import Stored
from playout.application.ports.files import PIECE
from playout.domain.errors import PlayoutError, Unavailable
from playout.media.rules import Intake, check_range, checked, checked_prefix, content_type, gone
from playout.media.threads import settled

Bucket = S3Store | GCSStore | AzureStore | MemoryStore

#: All parts but the last have one size: R2 insists. 10,000 of them, the most S3 takes, hold 78 GiB.
_PART = 8 * PIECE
_PARTS_AT_ONCE = 3  # with the one being filled, 32 MiB of memory for an upload of any size
_FORBIDDEN = re.compile(r"status code: 40[13]\b")  # obstore knows these answers by their kind, but not to a list
_LONGEST_LIFETIME = timedelta(days=7)  # of a signed address, in S3, R2 and GCS


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request may take until the bucket counts as silent."""

    answer: timedelta = timedelta(seconds=15)  # a question, or a piece of 1 MiB
    part: timedelta = timedelta(seconds=60)  # 8 MiB sent, three at once: needs 3.4 Mbit/s; and any wait for a next byte
    copy: timedelta = timedelta(minutes=5)  # S3 answers when it has copied all of it
    again: timedelta = timedelta(seconds=30)  # from the first try: after this, no other
    tries: int = 3  # after the first one


PATIENCE = Patience()


async def nothing(_older_than: timedelta) -> int:
    """For buckets whose unfinished uploads we cannot list."""
    return 0


class ObjectFiles:
    """The Protocol `Files` over a bucket.

    `bucket` makes its client, whose requests end after so long. `sweep` aborts unfinished uploads below our prefix.
    """

    def __init__(
        self,
        bucket: Callable[[timedelta], Bucket],
        *,
        patience: Patience = PATIENCE,
        sweep: Callable[[timedelta], Awaitable[int]] = nothing,
    ) -> None:
        self._bucket = bucket(patience.answer)
        self._for_parts = bucket(patience.part)
        self._for_copies = bucket(patience.copy)
        self._patience = patience
        self._sweep = sweep

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        """Sends a multipart upload, which a bucket shows when its last word is said and not before.

        One that breaks off or is cancelled is aborted, if the bucket answers; else a sweep does it.
        """
        checked(key)
        intake = _Stream(pieces, Intake(limit))
        sending = asyncio.ensure_future(
            obstore.put_async(
                self._for_parts,
                key,
                intake,
                attributes={"Content-Type": content_type(key)},
                use_multipart=True,
                chunk_size=_PART,
                max_concurrency=_PARTS_AT_ONCE,
            )
        )
        try:
            await asyncio.shield(sending)
        except (BaseError, OSError, ValueError) as error:
            raise intake.broken or _unavailable(error) from error
        except asyncio.CancelledError:
            await self._break_off(intake, sending)
            raise
        return intake.stored(key)

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """A request for each MiB, one ahead: however slowly they are taken, none of them waits for us.

        Raises FileGone also when the file was replaced under its key meanwhile.
        """
        found = await self._found(key)
        check_range(start, length, found.size)
        ahead: asyncio.Task[bytes] | None = None
        try:
            for at in range(start, start + length, PIECE):
                this = ahead or self._asked(found, at, start + length)
                ahead = self._asked(found, at + PIECE, start + length) if at + PIECE < start + length else None
                yield await this
        finally:
            if ahead is not None:
                ahead.cancel()
                await settled(ahead)

    async def size(self, key: str) -> int:
        """Asked of the bucket each time."""
        return (await self._found(key)).size

    async def copy(self, key: str, target: str) -> None:
        """One request, which S3 takes for at most 5 GiB (its API reference, "CopyObject")."""
        try:
            await obstore.copy_async(self._for_copies, checked(key), checked(target))
        except FileNotFoundError:
            raise gone() from None
        except BaseError as error:
            raise _unavailable(error) from error

    async def delete(self, key: str) -> None:
        """One request; a bucket with versions keeps the old one until its own rules remove it."""
        try:
            await obstore.delete_async(self._bucket, checked(key))
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _unavailable(error) from error

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """Page by page, as the bucket gives them."""
        try:
            async for page in obstore.list(self._bucket, checked_prefix(prefix) or None):
                for entry in page:
                    yield entry["path"]
        except BaseError as error:
            raise _unavailable(error) from error

    async def signed_url(self, key: str, lifetime: timedelta) -> str | None:
        """For GET only, on the bucket's own host. With keys that expire it dies with them, if that is sooner.

        Raises ValueError for a lifetime that no bucket signs: under a second, or over seven days.
        """
        if not timedelta(seconds=1) <= lifetime <= _LONGEST_LIFETIME:
            message = f"not the lifetime of a signed address (1 second to 7 days): {lifetime}"
            raise ValueError(message)
        if isinstance(self._bucket, MemoryStore):
            return None
        try:
            return await obstore.sign_async(self._bucket, "GET", checked(key), lifetime)
        except BaseError as error:
            raise _unavailable(error) from error

    async def sweep(self, older_than: timedelta) -> int:
        """Aborts unfinished uploads. No bucket tells whether one still lives: none may take as long as `older_than`."""
        return await self._sweep(older_than)

    # ── for files that grow (growing_bucket.py) ─────────────────────────────────────────────────────

    async def create(self, key: str, content: bytes) -> bool:
        """Puts a small file with one request, unless there is something under the key: then False.

        A repeat after an answer that was lost gives False too.
        """
        try:
            await obstore.put_async(self._for_parts, checked(key), content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error
        return True

    async def whole(self, key: str) -> bytes:
        """A small file. Raises FileGone."""
        try:
            return bytes(await (await obstore.get_async(self._for_parts, checked(key))).bytes_async())
        except FileNotFoundError:
            raise gone() from None
        except BaseError as error:
            raise _unavailable(error) from error

    async def entries(self, prefix: str) -> Sequence[tuple[str, int, datetime]]:
        """Key, bytes, and time of its making by the bucket's clock, of everything below `prefix`."""
        try:
            pages = obstore.list(self._bucket, checked_prefix(prefix) or None)
            return [(one["path"], one["size"], one["last_modified"]) async for page in pages for one in page]
        except BaseError as error:
            raise _unavailable(error) from error

    async def _break_off(self, intake: "_Stream", sending: asyncio.Future[Any]) -> None:
        """By way of the stream: cancelled itself, obstore would leave the upload unfinished."""
        intake.stop()
        try:
            await asyncio.wait([sending], timeout=self._patience.answer.total_seconds())
        finally:
            if not sending.cancel():
                sending.exception()  # looked at, so that asyncio does not report it as forgotten

    async def _found(self, key: str) -> "_Found":
        try:
            head = await obstore.head_async(self._bucket, checked(key))
        except FileNotFoundError:
            raise gone() from None
        except BaseError as error:
            raise _unavailable(error) from error
        return _Found(key, head["size"], head["e_tag"])

    def _asked(self, found: "_Found", start: int, end: int) -> asyncio.Task[bytes]:
        return asyncio.create_task(self._piece(found, start, min(start + PIECE, end)))

    async def _piece(self, found: "_Found", start: int, end: int) -> bytes:
        try:
            options: obstore.GetOptions = {"range": (start, end), "if_match": found.version}
            piece = bytes(await (await obstore.get_async(self._bucket, found.key, options=options)).bytes_async())
        except (FileNotFoundError, PreconditionError):
            raise gone() from None
        except BaseError as error:
            raise _unavailable(error) from error
        check_range(0, end - start, len(piece))
        return piece


@dataclass(frozen=True, slots=True)
class _Found:
    """What lies under a key at the moment."""

    key: str
    size: int
    version: str | None  # its entity tag


class _Stream:
    """Counts and hashes the pieces on their way; keeps what broke them off, which obstore does not."""

    def __init__(self, pieces: AsyncIterator[bytes], intake: Intake) -> None:
        self._pieces = pieces
        self._intake = intake
        self._waiting: asyncio.Task[object] | None = None
        self._stopped = False
        self.broken: Exception | None = None
        self.stored = intake.stored

    def stop(self) -> None:
        """Gives no more pieces; the one that is waited for breaks off."""
        self._stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    def __aiter__(self) -> "_Stream":
        return self

    async def __anext__(self) -> bytes:
        if self._stopped:
            raise asyncio.CancelledError
        self._waiting = asyncio.current_task()
        try:
            piece = await anext(self._pieces)
            self._intake.take(piece)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.broken = error
            raise
        return piece


def _unavailable(error: Exception) -> PlayoutError:
    """In our words: the bucket's own answer may quote keys and signed addresses."""
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _FORBIDDEN.search(str(error)):
        return refused()
    if "NoSuchBucket" in str(error):
        return Unavailable("There is no such bucket. Make it, or correct FILES_URL.", code="storage_broken")
    return broken()


def refused() -> PlayoutError:
    """The bucket does not let us in."""
    sentence = "The file store refuses our keys, or there are none. Check the access key, its secret and its rights."
    return Unavailable(sentence, code="storage_refused")


def broken() -> PlayoutError:
    """The bucket cannot be reached, or answers nonsense."""
    sentence = "The file store does not answer as it should. Check FILES_URL and the network."
    return Unavailable(sentence, code="storage_broken")
