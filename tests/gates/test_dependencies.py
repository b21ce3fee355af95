"""Every dependency has its line, with its reason, in the decision about them."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_dependency_has_its_reason_and_nothing_else_has_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[>=]", one)[0] for one in project["dependencies"]}
    rows = re.findall(r"^\| (.+?) \|", (ROOT / "docs/decisions/0019-dependencies.md").read_text(), re.MULTILINE)
    told = {name.partition(" ")[0] for row in rows[1:] for name in row.split(", ")}
    assert told == wanted
