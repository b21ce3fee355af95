"""Whatever switches a check off says why, in the same place."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.gates.tree import ROOT, name_of, python_files

CODE = ("src/", "tests/", "tools/", "bench/")
NOQA = re.compile(r"#\s*noqa: [A-Z0-9, ]+[A-Z0-9]\s+(--|-|–|#)\s*\w+")
TYPE_IGNORE = re.compile(r"#\s*type: ignore\[[\w, -]+\]\s+#\s*\w+")
NO_COVER = re.compile(r"#\s*pragma: no \w+\s+(--|-|–|#)\s*\w+")


def test_every_silenced_finding_has_its_reason() -> None:
    bare = [
        f"{name_of(path)}:{line} {comment}"
        for path in python_files(*CODE)
        for line, comment in comments(path)
        if is_bare(comment)
    ]

    assert bare == []


def test_no_test_is_skipped_without_a_reason() -> None:
    bare = [
        f"{name_of(path)}:{call.lineno} {ast.unparse(call)}"
        for path in python_files("tests/")
        for call in skips(path)
        if not has_reason(call)
    ]

    assert bare == []


def test_a_bare_skip_is_found(tmp_path: Path) -> None:
    module = tmp_path / "test_it.py"
    module.write_text(
        "@pytest.mark.skip\ndef test_a(): pass\n"
        "@pytest.mark.skipif(True)\ndef test_b(): pytest.skip()\n"
        "@pytest.mark.xfail(reason='the platform has no such call')\ndef test_c(): pytest.skip('no disk')\n"
    )

    assert [has_reason(call) for call in skips(module)] == [False, False, False, True, True]


def test_our_own_functions_are_never_patched() -> None:
    patched = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files("tests/")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"setattr", "delattr"}
        and isinstance(node.value, ast.Name)
        and "patch" in node.value.id
    ]

    assert patched == []


def test_each_ruff_exception_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    entries = re.findall(r'^\s+"[A-Z]+\d*",.*$|^"[^"]+" = \["[A-Z]+\d+".*$', text, re.MULTILINE)

    assert entries
    assert [entry for entry in entries if "#" not in entry] == []


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def is_bare(comment: str) -> bool:
    if re.match(r"#\s*ruff:\s*noqa", comment):
        return True
    if re.match(r"#\s*noqa", comment):
        return not NOQA.match(comment)
    if re.match(r"#\s*type: ignore", comment):
        return not TYPE_IGNORE.match(comment)
    if re.match(r"#\s*pragma: no", comment):
        return not NO_COVER.match(comment)
    return False


def skips(path: Path) -> Iterator[ast.Call | ast.Attribute]:
    """Each use of skip, skipif, xfail, importorskip, in order: the call, or the name that nobody calls."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    uses: list[ast.Call | ast.Attribute] = []
    called: set[ast.expr] = set()
    for node in ast.walk(tree):  # a call comes before the name it calls
        if isinstance(node, ast.Call) and is_skip(node.func):
            uses.append(node)
            called.add(node.func)
        elif isinstance(node, ast.Attribute) and is_skip(node) and node not in called:
            uses.append(node)
    yield from sorted(uses, key=lambda node: node.lineno)


def is_skip(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in {"skip", "skipif", "xfail", "importorskip"}
        and ast.unparse(node.value) in {"pytest", "pytest.mark"}
    )


def has_reason(use: ast.Call | ast.Attribute) -> bool:
    if isinstance(use, ast.Attribute):
        return False
    in_words = ast.unparse(use.func) in {"pytest.skip", "pytest.xfail", "pytest.mark.skip"} and bool(use.args)
    return in_words or any(keyword.arg == "reason" for keyword in use.keywords)
