"""Nothing in the tree belongs to one machine: no index address, no path of somebody's disk.

The patterns are put together from pieces, so that this file passes its own test.
"""

import re

from tests.gates.tree import ROOT, files, name_of

INDEX_HOSTS = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "yarnpkg" + ".com",
    "crates" + ".io",
    "golang" + ".org",
    "rubygems" + ".org",
    "anaconda" + ".org",
    "debian" + ".org",
    "ubuntu" + ".com",
)
MACHINE_PATHS = ("/wo" + "rk/", "/fa" + "rm/", "/tmp/" + "pl", "/ro" + "ot/", "bash_" + "jobs")
INDEX_OPTIONS = re.compile(rb"(?<!no-emit-)index-" + b"url|find-" + b"links|trusted-" + b"host")
LOCKS = ("requirements.lock", "requirements-dev.lock", "tools/installer.lock")


def test_no_file_names_a_package_index() -> None:
    assert mentions(INDEX_HOSTS) == []


def test_no_file_sets_an_index_option() -> None:
    assert [name_of(path) for path in files() if INDEX_OPTIONS.search(path.read_bytes())] == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert mentions(MACHINE_PATHS) == []


def test_lock_files_hold_hashes_and_no_address() -> None:
    for lock in LOCKS:
        text = (ROOT / lock).read_text(encoding="ascii")
        pins = re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)

        assert "://" not in text, lock
        assert text.count("--hash=sha256:") >= len(pins) > 0, lock


def mentions(words: tuple[str, ...]) -> list[str]:
    return [
        f"{name_of(path)}: {word}" for path in files() for word in words if word.encode() in path.read_bytes().lower()
    ]
