"""The size gate: no function over 60 lines, no file over 520, and the figures that say where the code stands.

Counted are lines that are not blank, docstrings and comments included. What the project aims at (STYLE.md) is
printed beside what was measured; only the two hard limits fail. All else about style is ruff's to judge.
"""

import argparse
import ast
import math
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_LIMIT = 520
FUNCTION_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """A file or a function, and how many lines that are not blank it has."""

    where: str
    lines: int
    limit: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of each folder named; 1 if anything breaks a hard limit, else 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    folders: list[Path] = parser.parse_args(arguments).folders
    too_long: list[Piece] = []
    first = 0
    for folder in folders:
        pieces = [piece for path in sources(folder) for piece in measure(path)]
        too_long += [piece for piece in pieces if piece.lines > piece.limit]
        total = sum(piece.lines for piece in pieces if piece.limit == FILE_LIMIT)
        first = first or total
        print(f"{folder}: {total} lines ({total / max(first, 1):.2f} of {folders[0]}); {report(pieces)}")
    for piece in too_long:
        print(f"{piece.where}: {piece.lines} lines, the limit is {piece.limit}", file=sys.stderr)
    return 1 if too_long else 0


def sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.stat().st_size)


def measure(path: Path) -> Iterator[Piece]:
    """The file itself, then each of its functions and methods, the nested ones too."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    yield Piece(str(path), filled(lines), FILE_LIMIT)
    for node in ast.walk(ast.parse(text, str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = lines[node.lineno - 1 : node.end_lineno]
            yield Piece(f"{path}:{node.lineno} {node.name}", filled(body), FUNCTION_LIMIT)


def filled(lines: Iterable[str]) -> int:
    return sum(1 for line in lines if line.strip())


def report(pieces: Sequence[Piece]) -> str:
    files = [piece.lines for piece in pieces if piece.limit == FILE_LIMIT]
    functions = [piece.lines for piece in pieces if piece.limit == FUNCTION_LIMIT]
    return (
        f"files {spread(files)} (aim 120 / 400, limit {FILE_LIMIT}); "
        f"functions {spread(functions)} (aim 8 / 35, limit {FUNCTION_LIMIT})"
    )


def spread(sizes: Sequence[int]) -> str:
    """`count: median / p95 / max`."""
    if not sizes:
        return "0"
    ordered = sorted(sizes)
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    return f"{len(ordered)}: {statistics.median_low(ordered)} / {p95} / {ordered[-1]}"


if __name__ == "__main__":
    sys.exit(main())
