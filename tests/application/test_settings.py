"""Where the embedded database lies, and that its folder has one worker, however the folder is named."""

from pathlib import Path

import pytest

from playout.domain.errors import Locked
from playout.settings import Settings
from playout.wiring import open_house


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", Path("data/playout.db")),
        ("sqlite:///mine.db", Path("mine.db")),
        ("sqlite:////srv/mine.db", Path("/srv/mine.db")),
        ("postgresql://localhost/playout", None),
    ],
)
def test_the_address_of_a_database_is_read_as_sqlalchemy_reads_it(url: str, path: Path | None) -> None:
    assert Settings.model_validate({"data_dir": "data", "database_url": url}).sqlite_path == path


async def test_two_data_folders_on_one_database_have_one_worker(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/one/shared.db"
    first = Settings.model_validate({"data_dir": tmp_path / "one", "database_url": url})
    second = Settings.model_validate({"data_dir": tmp_path / "two", "database_url": url})
    async with open_house(first, platforms={}) as one, one.working(), open_house(second, platforms={}) as other:
        with pytest.raises(Locked, match="already works on"):
            async with other.working():
                pytest.fail("two workers on one SQLite database")
