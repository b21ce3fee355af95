"""`export`: one zip beside whoever asks, whole or not at all."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.bench import Bench


@pytest.fixture
def filled(playout: Bench, clip: Path) -> Bench:
    """With a video in it."""
    assert playout("videos", "add", clip).code == 0
    return playout


def test_everything_is_written_beside(filled: Bench, clip: Path) -> None:
    done = filled("export", "all.zip", "--json")

    [told] = done.objects
    written = filled.folder / "all.zip"
    assert (done.code, told["file"], told["size"]) == (0, "all.zip", written.stat().st_size)
    assert told["sha256"] == hashlib.sha256(written.read_bytes()).hexdigest()
    assert written.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(written) as opened:
        assert opened.testzip() is None
        [video] = json.loads(opened.read("videos.json"))
        assert opened.read(video["file"]) == clip.read_bytes()


def test_without_a_name_it_has_the_date_in_it(playout: Bench) -> None:
    done = playout("export")

    [written] = playout.folder.glob("*.zip")
    assert done.out == f"{written.name}\n"
    assert written.name.startswith("playout-export-20")
    assert "Wrote playout-export-20" in done.err


def test_into_a_folder_it_comes_under_that_name(playout: Bench) -> None:
    (playout.folder / "backups").mkdir()

    playout("export", "backups")

    assert len(list((playout.folder / "backups").glob("playout-export-20*.zip"))) == 1


def test_nothing_of_it_stays_in_the_data_folder(playout: Bench) -> None:
    playout("export", "all.zip")

    assert list(playout.folder.rglob("exports/**/*.zip")) == []
    assert list(playout.folder.rglob("*.part")) == []


def test_a_file_that_is_there_is_not_written_over_unless_told(playout: Bench) -> None:
    there = playout.folder / "all.zip"
    there.write_text("mine")

    refused = playout("export", "all.zip", "--json")

    assert (refused.code, refused.error["code"], there.read_text()) == (2, "file_exists", "mine")
    assert playout("export", "all.zip", "--replace").code == 0
    assert zipfile.is_zipfile(there)


def test_a_folder_that_is_not_there_is_told_before_anything_is_made(playout: Bench) -> None:
    refused = playout("export", "nowhere/all.zip", "--json")

    assert (refused.code, refused.error["code"]) == (2, "no_such_folder")


def test_progress_is_told_on_standard_error(playout: Bench) -> None:
    done = playout("export", "all.zip", "--json")

    assert [one["message"] for one in done.messages][:2] == ["Putting everything together", "Writing all.zip"]
