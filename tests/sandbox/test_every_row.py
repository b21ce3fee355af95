"""The table of rules for the emulator has 48 rows; each has a test that carries its number."""

import re
from pathlib import Path


def test_every_row_of_the_table_has_a_test() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_rows_*.py"))
    tested = {int(number) for number in re.findall(r"row_(\d\d)", sources)}
    for first, last in re.findall(r"rows_(\d\d)_(?:to|and)_(\d\d)", sources):
        tested |= set(range(int(first), int(last) + 1))
    assert tested == set(range(1, 49))
