"""Templates and style sheets, read as text: what the policy forbids is not even written."""

import re
from pathlib import Path

import pytest

from playout.web.drawing import FOLDER
from playout.web.static import FOLDER as STATIC
from playout.web.static import load

TEMPLATES = sorted(FOLDER.rglob("*.html"))
SHEETS = sorted((STATIC / "css").rglob("*.css"))
SCRIPTS = sorted((STATIC / "js").rglob("*.js"))


def named(path: object) -> str:
    return path.as_posix().partition("/web/")[2] if isinstance(path, Path) else str(path)


#: What would need `unsafe-inline` or `unsafe-eval`: (name, what to look for).
FORBIDDEN = {
    "an inline handler": r"<[^>]*\son[a-z]+\s*=",
    "an inline style": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an inline script": r"<script(?![^>]*\ssrc=)[^>]*>",
    "hx-on": r"hx-on",
    "an evaluated value": r"\bjs:|javascript:",
    "an evaluated filter": r'hx-trigger="[^"]*\[',
    "unescaped text": r"\|\s*safe\b|autoescape\s+false|Markup\(",
    "another host": r'(?:src|href|action)="(?:https?:)?//',
}
#: In scripts: code, markup or style made from text.
MAKING = r"\beval\(|new Function|(?:inner|outer)HTML|insertAdjacentHTML|document\.write|setAttribute\(\"(?:style|on)"
#: Sides of the screen, which change in languages that are read from the right.
SIDES = re.compile(
    r"(?<![-\w])(?:(?:margin|padding|border|inset)-(?:left|right|top|bottom)|left|right|top|bottom|width|height|"
    r"(?:min|max)-(?:width|height)|float)\s*:|text-align:\s*(?:left|right)"
)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_has(path: Path, what: str) -> None:
    assert re.findall(FORBIDDEN[what], path.read_text(encoding="utf-8"), re.IGNORECASE) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_form_that_changes_something_has_its_token(path: Path) -> None:
    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", path.read_text(encoding="utf-8"), re.DOTALL)

    assert [one for one in forms if "kit.token_input()" not in one] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_icon_that_a_template_names_is_there(path: Path) -> None:
    named = re.findall(r'(?:kit\.)?icon\("([a-z0-9-]+)"', path.read_text(encoding="utf-8"))

    assert set(named) - load().icons() == set()


@pytest.mark.parametrize("path", SHEETS, ids=named)
def test_style_sheets_know_no_left_and_right(path: Path) -> None:
    rules = re.sub(r"/\*.*?\*/|@media[^{]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)

    assert SIDES.findall(rules) == []


@pytest.mark.parametrize("path", SHEETS, ids=named)
def test_every_rule_stands_in_a_layer(path: Path) -> None:
    rules = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    outside = re.sub(
        r"@layer[^{;]*;|@(?:layer|keyframes)[^{]*\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}", "", rules
    )

    assert outside.strip() == ""


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_scripts_build_no_code_and_no_markup_from_text(path: Path) -> None:
    assert re.findall(MAKING, path.read_text(encoding="utf-8")) == []
