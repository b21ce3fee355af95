"""Generic code names no platform: what differs between them is data, or a method of the Protocol.

Comments and docstrings may name one, to say where a rule comes from; identifiers and strings may not.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.gates.tree import name_of, python_files

GENERIC = tuple(f"src/playout/{room}/" for room in ("domain", "application", "storage", "engines", "media"))
PLATFORM = re.compile(r"tiktok|youtube|instagram|facebook", re.IGNORECASE)

#: Where a name cannot be avoided: "path": {"word": "why"}. A line goes when its reason does.
ALLOWED: dict[str, dict[str, str]] = {}


def test_generic_code_names_no_platform() -> None:
    found = [
        f"{name_of(path)}:{line} {word}"
        for path in python_files(*GENERIC)
        for line, word in platforms_named(path)
        if word not in ALLOWED.get(name_of(path), {})
    ]

    assert found == []


def test_every_exception_is_still_needed() -> None:
    used = {(name_of(path), word) for path in python_files(*GENERIC) for _line, word in platforms_named(path)}

    assert {(path, word) for path, words in ALLOWED.items() for word in words} <= used


def test_a_platform_is_found_in_a_name_and_in_a_string(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""TikTok, in a docstring."""\n\ntiktok_limit = 1  # YouTube, in a comment\nname = "Facebook"\n')

    assert list(platforms_named(module)) == [(3, "tiktok"), (4, "facebook")]


def platforms_named(path: Path) -> Iterator[tuple[int, str]]:
    text = path.read_text(encoding="utf-8")
    free = docstring_lines(ast.parse(text))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT and token.start[0] not in free:
            for match in PLATFORM.finditer(token.string):
                yield token.start[0], match.group().lower()


def docstring_lines(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=int(last)):
                lines.update(range(first, last + 1))
            case _:
                pass
    return lines
