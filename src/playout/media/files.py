"""The file store that a URL names, but for S3 (s3.py), whose client a set-up without S3 shall not load."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore

from playout.application.ports import Files
from playout.domain.errors import Misconfigured
from playout.media.buckets import PATIENCE, Bucket, ObjectFiles
from playout.media.folder import FolderFiles
from playout.media.memory import MemoryFiles


def open_files(url: str) -> Files:
    """The store that `FILES_URL` names: `file:///…`, `memory:`, `gs://…`, `az://…`.

    The keys of a bucket come from where its own tools look for them. Nothing is connected to yet. Raises Misconfigured.
    """
    parts = urlsplit(url)
    match parts.scheme:
        case "file":
            return FolderFiles(_folder(parts))
        case "memory":
            return MemoryFiles()
        case "gs" | "az":
            return _object_files(f"{parts.scheme}://{parts.netloc}{parts.path}")
        case _:
            raise Misconfigured("FILES_URL names no file store. Known are file:///folder, s3://…, gs://… and az://…")


def _folder(parts: SplitResult) -> Path:
    path = Path(unquote(parts.path))
    if parts.netloc in {"", "localhost"} and path.is_absolute() and not parts.query and not parts.fragment:
        return path
    raise Misconfigured("FILES_URL names no folder. Write three slashes and the whole path: file:///srv/playout.")


def _object_files(address: str) -> ObjectFiles:
    store = GCSStore if address.startswith("gs:") else AzureStore

    def bucket(timeout: timedelta) -> Bucket:
        return store.from_url(
            address,
            client_options={"timeout": timeout, "read_timeout": PATIENCE.part},
            retry_config={"max_retries": PATIENCE.tries, "retry_timeout": PATIENCE.again},
        )

    try:
        return ObjectFiles(bucket)
    except (BaseError, ValueError) as error:
        raise Misconfigured(f"FILES_URL is not understood: {str(error).splitlines()[0]}.") from error
