"""The size gate bites: it has to fail on what is too long, or its silence means nothing."""

from pathlib import Path

import pytest

from tools.size_gate import FILE_LIMIT, FUNCTION_LIMIT, main

Output = pytest.CaptureFixture[str]


def test_a_function_one_line_too_long_fails(tmp_path: Path, capsys: Output) -> None:
    write_function(tmp_path / "long.py", lines=FUNCTION_LIMIT + 1)

    assert main([str(tmp_path)]) == 1
    assert f"long.py:1 work: {FUNCTION_LIMIT + 1} lines" in capsys.readouterr().err


def test_a_function_of_the_limit_passes(tmp_path: Path) -> None:
    write_function(tmp_path / "fits.py", lines=FUNCTION_LIMIT)

    assert main([str(tmp_path)]) == 0


def test_a_method_inside_a_function_is_measured_too(tmp_path: Path) -> None:
    body = "".join(f"            x = {n}\n" for n in range(FUNCTION_LIMIT))
    (tmp_path / "nested.py").write_text(f"class A:\n    class B:\n        async def work(self):\n{body}")

    assert main([str(tmp_path)]) == 1


def test_blank_lines_do_not_count(tmp_path: Path) -> None:
    write_function(tmp_path / "airy.py", lines=FUNCTION_LIMIT, between="\n\n")

    assert main([str(tmp_path)]) == 0


def test_a_file_one_line_too_long_fails(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "long.py").write_text("x = 1\n" * (FILE_LIMIT + 1))

    assert main([str(tmp_path)]) == 1
    assert f"{FILE_LIMIT + 1} lines, the limit is {FILE_LIMIT}" in capsys.readouterr().err


def test_the_figures_are_median_p95_and_longest(tmp_path: Path, capsys: Output) -> None:
    for size in range(1, 101):
        (tmp_path / f"f{size:03}.py").write_text("x = 1\n" * size)

    assert main([str(tmp_path)]) == 0
    assert "files 100: 50 / 95 / 100" in capsys.readouterr().out


def write_function(path: Path, *, lines: int, between: str = "\n") -> None:
    path.write_text(between.join(["def work():", *["    x = 1"] * (lines - 1)]) + "\n")
