"""Which store `FILES_URL` names, and what a wrong one is told. S3: test_s3_url.py."""

from pathlib import Path

import pytest

from playout.domain.errors import Misconfigured
from playout.media.buckets import ObjectFiles
from playout.media.files import open_files
from playout.media.folder import FolderFiles
from playout.media.memory import MemoryFiles
from tests.media.stage import KEY, stream


@pytest.mark.parametrize(
    ("url", "store"),
    [
        ("file:///var/lib/playout/files", FolderFiles),
        ("file://localhost/var/lib/playout/files", FolderFiles),
        ("memory:", MemoryFiles),
        ("memory://", MemoryFiles),
        ("gs://bucket/prefix", ObjectFiles),
    ],
)
def test_each_scheme_has_its_store(url: str, store: type) -> None:
    assert type(open_files(url)) is store


async def test_a_folder_with_blanks_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "my 100% videos"

    await open_files(folder.as_uri()).put(KEY, stream(b"abc"), limit=3)

    assert (folder / KEY).read_bytes() == b"abc"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("files", "names no file store"),
        ("http://127.0.0.1/files", "names no file store"),
        ("file://files", "three slashes"),
        ("file:files", "three slashes"),
        ("file:///files#1", "three slashes"),
        ("file:///files?x=1", "three slashes"),
        ("az://container", "not understood"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said) as refused:
        open_files(url)

    assert "\n" not in refused.value.sentence
    assert "planted" not in refused.value.sentence
