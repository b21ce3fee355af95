"""Instagram's table of rules for the emulator has 39 rows; each has a test that carries its number."""

import re
from pathlib import Path


def test_every_row_of_instagrams_table_has_a_test() -> None:
    files = Path(__file__).parent.glob("test_instagram_*.py")
    names = re.findall(r"test_rows?_(\d\d)(?:_and_(\d\d))?", "".join(f.read_text(encoding="utf-8") for f in files))
    assert {int(number) for pair in names for number in pair if number} == set(range(1, 40))
