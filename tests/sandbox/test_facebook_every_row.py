"""The table of rules for emulated Facebook has 38 rows; each has a test that carries its number."""

import re
from pathlib import Path


def test_every_row_of_facebooks_table_has_a_test() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_facebook_*.py"))
    assert {int(number) for number in re.findall(r"row_(\d\d)", sources)} == set(range(1, 39))
