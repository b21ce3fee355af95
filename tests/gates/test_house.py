"""What import-linter cannot say: no circle between single modules, a ground of standard library only."""

import ast
import graphlib
import sys
from collections.abc import Iterator

import grimp
import pytest

from tests.gates.tree import name_of, python_files

#: In platforms/: what the adapters have in common, below all of them.
SHARED = {"checkpoint", "cover", "http", "meta", "oauth", "reading", "waits"}
OWN = {"domain": ("playout.domain",), "application": ("playout.domain", "playout.application")}


@pytest.mark.parametrize("package", ["playout", "playout_sandbox"])
def test_no_module_reaches_itself_again(package: str) -> None:
    graph = grimp.build_graph(package, cache_dir=None)
    order = graphlib.TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )

    order.prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("room", OWN)
def test_the_ground_imports_the_standard_library_and_itself(room: str) -> None:
    foreign = [
        f"{name_of(path)}:{line} {module}"
        for path in python_files(f"src/playout/{room}/")
        for line, module in imports(path.read_text(encoding="utf-8"))
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith(OWN[room])
    ]

    assert foreign == []


def test_a_platform_and_its_parts_know_no_other_platform() -> None:
    graph = grimp.build_graph("playout", cache_dir=None)
    adapters = graph.find_descendants("playout.platforms")
    crossing = [
        f"{module} -> {imported}"
        for module in sorted(adapters)
        for imported in sorted(graph.find_modules_directly_imported_by(module) & adapters)
        if family(imported) not in SHARED | {family(module)}
    ]

    assert crossing == []


def family(module: str) -> str:
    """`tiktok` for `playout.platforms.tiktok`, `….tiktok_rules` and `….tiktok.rules`."""
    return module.split(".")[2].partition("_")[0]


def imports(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield node.lineno, module
            case _:
                pass
