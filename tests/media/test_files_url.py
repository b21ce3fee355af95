"""Which store `FILES_URL` names, and what a wrong one is told."""

from pathlib import Path

import pytest

from playout.domain.errors import Misconfigured, Unavailable
from playout.media.files import ObjectFiles, open_files
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
        ("s3://bucket/prefix?region=eu-central-1", ObjectFiles),
        ("s3://bucket/prefix?region=auto&endpoint=https://account.r2.cloudflarestorage.com", ObjectFiles),
        ("s3://bucket?region=us-east-1&endpoint=http://127.0.0.1:9000", ObjectFiles),
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
        ("s3://bucket/prefix", "region"),
        ("s3://bucket?region=x&secret_access_key=planted", "unknown option 'secret_access_key'"),
        ("s3:///prefix?region=x", "not understood"),
        ("az://container", "not understood"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said) as refused:
        open_files(url)

    assert "\n" not in refused.value.sentence
    assert "planted" not in refused.value.sentence


async def test_a_bucket_that_does_not_answer_is_unavailable_and_keeps_its_keys_secret(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "planted-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted@:/?[]")
    files = open_files(f"s3://bucket?region=us-east-1&endpoint=http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(Unavailable) as refused:
        await files.size(KEY)

    assert "planted" not in refused.value.sentence
