"""What the pages take from others: copied out of tarballs, unchanged, and held to its hashes.

    python tools/vendor.py --from FOLDER   copies anew, makes the icon sprite, writes vendor.lock
    python tools/vendor.py --check         compares what lies in the tree with vendor.lock

`vendor.toml` says what is taken. Nothing is fetched here: whoever updates a package fetches its tarball themselves.
"""

import argparse
import base64
import hashlib
import re
import sys
import tarfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WANTED = ROOT / "src/playout/web/vendor.toml"
LOCK = ROOT / "src/playout/web/vendor.lock"
SPRITE = ROOT / "src/playout/web/static/icons.svg"
#: The folders in which nothing lies that the lock does not name.
FOLDERS = (ROOT / "src/playout/web/static/vendor", ROOT / "tests/web/vendor")


@dataclass(frozen=True, slots=True)
class Package:
    """One entry of vendor.toml."""

    name: str
    version: str
    license: str
    tarball: str  # sha512-… of the tarball
    folder: Path
    files: tuple[str, ...]
    icons: tuple[str, ...]

    @property
    def file_name(self) -> str:
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true")
    what.add_argument("--from", dest="tarballs", type=Path, metavar="FOLDER")
    given = parser.parse_args(arguments)
    if given.tarballs:
        copy(packages(), given.tarballs)
    wrong = list(differences())
    print("\n".join(wrong) or f"{len(locked())} files are as {LOCK.name} says.")
    return 1 if wrong else 0


def packages() -> list[Package]:
    entries = tomllib.loads(WANTED.read_text(encoding="utf-8"))["package"]
    return [
        Package(
            name=one["name"],
            version=one["version"],
            license=one["license"],
            tarball=one["tarball"],
            folder=ROOT / one["folder"],
            files=tuple(one["files"]),
            icons=tuple(one.get("icons", ())),
        )
        for one in entries
    ]


def differences() -> Iterator[str]:
    """A line for each file that is not as the lock says, is missing, or that the lock does not know."""
    known = locked()
    for name, told in known.items():
        path = ROOT / name
        if not path.is_file():
            yield f"{name} is missing"
        elif integrity("sha384", path.read_bytes()) != told:
            yield f"{name} is not what was locked"
    for path in (path for folder in FOLDERS for path in folder.rglob("*") if path.is_file()):
        if path.relative_to(ROOT).as_posix() not in known:
            yield f"{path.relative_to(ROOT).as_posix()} is not in {LOCK.name}"


def locked() -> Mapping[str, str]:
    """By path in the tree: `sha384-…`."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return {name: told for told, _, name in (line.partition("  ") for line in lines)}


def integrity(kind: str, content: bytes) -> str:
    """As browsers and package managers write it (Subresource Integrity)."""
    return f"{kind}-{base64.b64encode(hashlib.new(kind, content).digest()).decode()}"


# ── copying ──────────────────────────────────────────────────────────────────────────────────────


def copy(taken: Sequence[Package], tarballs: Path) -> None:
    symbols: list[str] = []
    made: dict[Path, bytes] = {}
    for package in taken:
        content = opened(package, tarballs / package.file_name)
        made |= {package.folder / name.rpartition("/")[2]: content[name] for name in package.files}
        for icon in package.icons:
            name, _, file = icon.rpartition("=")
            symbols.append(symbol(name or file, content[f"icons/{file}.svg"].decode()))
    made[SPRITE] = sprite(symbols).encode()
    for path, written in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written)
    lines = sorted((path.relative_to(ROOT).as_posix(), integrity("sha384", written)) for path, written in made.items())
    LOCK.write_text("".join(f"{told}  {name}\n" for name, told in lines), encoding="utf-8")


def opened(package: Package, path: Path) -> dict[str, bytes]:
    """What is in the tarball, by name. Ends the run if it is another one than vendor.toml means."""
    if integrity("sha512", path.read_bytes()) != package.tarball:
        sys.exit(f"{path.name} is not the tarball that vendor.toml means.")
    wanted = {
        f"package/{name}"
        for name in (*package.files, *(f"icons/{one.rpartition('=')[2]}.svg" for one in package.icons))
    }
    content = {}
    with tarfile.open(path) as archive:
        for one in archive:
            file = archive.extractfile(one) if one.name in wanted else None
            if file:
                content[one.name.removeprefix("package/")] = file.read()
    return content


def sprite(symbols: Sequence[str]) -> str:
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def symbol(name: str, svg: str) -> str:
    """One icon: drawn with a stroke where its own <svg> says so, else filled."""
    opening = re.search(r"<svg[^>]*>", svg)
    inner = re.sub(r"<title>.*?</title>", "", svg[opening.end() : svg.rindex("</svg>")] if opening else "")
    inner = re.sub(r">\s+<", "><", inner.replace(" />", "/>")).strip()
    stroked = 'stroke="currentColor"' in (opening[0] if opening else "")
    drawn = (
        'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
        if stroked
        else 'fill="currentColor"'
    )
    return f'<symbol id="{name}" viewBox="0 0 24 24" {drawn}>{inner}</symbol>'


if __name__ == "__main__":
    sys.exit(main())
