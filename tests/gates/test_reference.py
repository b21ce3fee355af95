"""The reference cannot go stale: it is what the code says now, and it leaves nothing out.

What has to be in it is looked for in another way than the tool does, so that nothing is overlooked in silence.
"""

import json
import re
import shutil
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from playout.door.tree import whole_tree
from playout.settings import Settings
from tests.api.stage import Stage
from tests.gates.tree import name_of, python_files
from tools.reference import COMMAND, FOLDER, main, stale

#: How a code is spelt where it is given: as an attribute or a keyword, or as the first word of what carries one.
SPELT = re.compile(
    r'\bcode ?= ?"(\w+)"'
    r'|\b(?:Problem|Reason|_invalid|_file_problem|undecided|fail)\(\s*"(\w+)"'
    r'|\bPlatformFailure\(\s*[\w.]+,\s*"(\w+)"'
)
#: A row of a table of codes: `"code": Meaning(` or `400: ("code", "A sentence…`.
ROW = re.compile(r'"(\w+)": Meaning\(|\w+: \(\s*"(\w+)",\s*"[A-Z]')


@pytest.fixture(scope="module")
def out_of_date() -> dict[str, str]:
    return stale(FOLDER)


def test_the_pages_are_what_the_code_says_now(out_of_date: dict[str, str]) -> None:
    assert not out_of_date, f"docs/reference is out of date: {', '.join(out_of_date)}. Run: {COMMAND}"


def test_the_check_names_a_stale_page_and_the_mend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "errors.md").write_text("yesterday's")

    assert main(["--check", "--folder", str(tmp_path)]) == 1

    told = capsys.readouterr().err
    assert f"errors.md is out of date. Run: {COMMAND}" in told
    assert (tmp_path / "errors.md").read_text() == "yesterday's"


def test_the_tool_mends_what_it_found(tmp_path: Path) -> None:
    assert main(["--folder", str(tmp_path / "reference")]) == 0

    assert not stale(tmp_path / "reference")


def test_every_setting_is_there() -> None:
    told = page("settings.md")

    assert [name for name in Settings.model_fields if f"`PLAYOUT_{name.upper()}`" not in told] == []


def test_every_command_is_there() -> None:
    root = whole_tree()
    nouns = [("playout", root), *((f"playout {one.name}", one.typer_instance) for one in root.registered_groups)]
    commands = [f"{noun} {one.name}" for noun, tree in nouns if tree for one in tree.registered_commands]
    told = headings("commands.md")

    assert len(commands) > len(nouns)
    assert [one for one in commands if one not in told] == []


async def test_every_route_is_there() -> None:
    told = page("api.md")
    routes = [
        f"{method} {one.path}"
        for one in iter_route_contexts((await Stage.open()).app.routes)
        for method in (one.methods or set()) - ({"HEAD"} if "GET" in (one.methods or set()) else set())
    ]

    assert routes
    assert [one for one in routes if not re.search(rf"{re.escape(one)}(?=[\n`])", told)] == []


def test_every_error_code_is_there() -> None:
    told = page("errors.md")
    codes = [(name_of(path), code) for path in python_files("src/playout/") for code in spelt(path)]

    assert len(codes) > 100
    assert [one for one in codes if f"| `{one[1]}` |" not in told] == []


def test_a_code_is_found_however_it_is_spelt(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'class Gone(NotFound):\n    code = "one"\n\nraise Conflict("It is.", code="two")\n'
        'Problem("three", "/x", "No.")\nPlatformFailure(\n    Kind.AGAIN, "four", "No."\n)\n'
        'TABLE = {"five": Meaning(Kind.NEVER), 400: ("six", "No.")}\n'
    )

    assert spelt(module) == ["one", "two", "three", "four", "five", "six"]


def test_no_sentence_is_lost() -> None:
    """Nearly every code has words of its own; where the words are made elsewhere, there is an ellipsis."""
    rows = re.findall(r"^\| `[\w{}]+` \| (.+?) \|", page("errors.md"), re.MULTILINE)

    assert sum(words == "…" for words in rows) < len(rows) / 20


def test_the_openapi_document_is_sorted_json() -> None:
    text = page("openapi.json")

    assert json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n" == text


def page(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def headings(name: str) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", page(name), re.MULTILINE))


def spelt(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    found = [*SPELT.finditer(text), *ROW.finditer(text)]
    return [next(group for group in one.groups() if group) for one in found]
