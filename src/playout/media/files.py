"""The file store that a URL names, and buckets (S3, R2, MinIO, GCS, Azure) through obstore.

Not here: the folder (folder.py), which has to fsync, and memory (memory.py).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from playout.application.ports import Files, Stored
from playout.application.ports.files import PIECE
from playout.domain.errors import Misconfigured, PlayoutError, Unavailable
from playout.media.folder import FolderFiles
from playout.media.memory import MemoryFiles
from playout.media.rules import Intake, check_range, checked, checked_prefix, content_type, gone

Bucket = S3Store | GCSStore | AzureStore | MemoryStore

#: All parts but the last have one size: R2 insists. 10,000 of them, the most S3 takes, hold 78 GiB.
_PART = 8 * PIECE
_PARTS_AT_ONCE = 3  # with the one being filled, 32 MiB of memory for an upload of any size


def open_files(url: str) -> Files:
    """The store that `FILES_URL` names: `file:///…`, `memory:`, `s3://BUCKET/PREFIX?region=…`, `gs://…`, `az://…`.

    The keys of a bucket come from where its own tools look for them (for S3, `AWS_ACCESS_KEY_ID` and so
    on). Nothing is connected to yet. Raises Misconfigured.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderFiles(_folder(parts))
    if parts.scheme == "memory":
        return MemoryFiles()
    return ObjectFiles(_bucket(parts))


class ObjectFiles:
    """The Protocol `Files` over a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        """Sends a multipart upload, which a bucket shows when its last word is said and not before."""
        checked(key)
        intake = _Stream(pieces, Intake(limit))
        try:
            await obstore.put_async(
                self._bucket,
                key,
                intake,
                attributes={"Content-Type": content_type(key)},
                use_multipart=True,
                chunk_size=_PART,
                max_concurrency=_PARTS_AT_ONCE,
            )
        except (BaseError, OSError, ValueError) as error:
            raise intake.broken or _unavailable(error) from error
        return intake.stored(key)

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """One request for the range, handed on as it arrives."""
        check_range(start, length, await self.size(key))
        if not length:
            return
        try:
            answer = await obstore.get_async(self._bucket, key, options={"range": (start, start + length)})
            left = length
            async for arrived in answer.stream(PIECE):
                whole = memoryview(arrived)
                left -= len(whole)
                for at in range(0, len(whole), PIECE):
                    yield bytes(whole[at : at + PIECE])
        except FileNotFoundError:
            raise gone() from None
        except BaseError as error:
            raise _unavailable(error) from error
        check_range(0, length, length - left)

    async def size(self, key: str) -> int:
        """Asked of the bucket each time."""
        try:
            return (await obstore.head_async(self._bucket, checked(key)))["size"]
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
        """For GET only, on the bucket's own host; S3 and R2 sign for at most seven days (their manuals)."""
        if isinstance(self._bucket, MemoryStore):
            return None
        try:
            return await obstore.sign_async(self._bucket, "GET", checked(key), lifetime)
        except BaseError as error:
            raise _unavailable(error) from error

    async def sweep(self, older_than: timedelta) -> int:
        """0: obstore cannot list unfinished uploads; the bucket's rules remove them (decision 0012)."""
        return 0


class _Stream:
    """Counts and hashes the pieces on their way; keeps what broke them off, which obstore does not."""

    def __init__(self, pieces: AsyncIterator[bytes], intake: Intake) -> None:
        self._pieces = pieces
        self._intake = intake
        self.broken: Exception | None = None
        self.stored = intake.stored

    def __aiter__(self) -> "_Stream":
        return self

    async def __anext__(self) -> bytes:
        try:
            piece = await anext(self._pieces)
            self._intake.take(piece)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.broken = error
            raise
        return piece


def _folder(parts: SplitResult) -> Path:
    path = Path(unquote(parts.path))
    if parts.netloc in {"", "localhost"} and path.is_absolute() and not parts.query and not parts.fragment:
        return path
    raise Misconfigured("FILES_URL names no folder. Write three slashes and the whole path: file:///srv/playout.")


def _bucket(parts: SplitResult) -> Bucket:
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    try:
        if parts.scheme == "s3":
            return _s3(address, dict(parse_qsl(parts.query)))
        if parts.scheme == "gs":
            return GCSStore.from_url(address)
        if parts.scheme == "az":
            return AzureStore.from_url(address)
    except (BaseError, ValueError) as error:
        raise Misconfigured(f"FILES_URL is not understood: {str(error).splitlines()[0]}.") from error
    raise Misconfigured("FILES_URL names no file store. Known are file:///folder, s3://…, gs://… and az://…")


def _s3(address: str, options: Mapping[str, str]) -> S3Store:
    for name in options.keys() - {"region", "endpoint"}:
        raise Misconfigured(f"FILES_URL has an unknown option {name!r}. Known are region and endpoint.")
    region, endpoint = options.get("region"), options.get("endpoint")
    if not region:
        raise Misconfigured("FILES_URL needs the region of the bucket: add ?region=… (auto for R2).")
    if endpoint:
        open_http = endpoint.startswith("http://")  # a store on this machine or in this network
        return S3Store.from_url(address, region=region, endpoint=endpoint, client_options={"allow_http": open_http})
    return S3Store.from_url(address, region=region)


def _unavailable(error: Exception) -> PlayoutError:
    """In our words: the bucket's own answer may quote keys and signed addresses."""
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        sentence = "The file store refuses our keys. Check the access key, its secret and its rights on the bucket."
        return Unavailable(sentence, code="storage_refused")
    sentence = "The file store does not answer as it should. Check FILES_URL and the network."
    return Unavailable(sentence, code="storage_broken")
