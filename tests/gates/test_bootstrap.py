"""The first minute on a new machine: whatever is missing there, a sentence says what to do about it.

Each test is a machine of its own: a copy of what bootstrap reads, and a folder of executables that is the
whole PATH, so that no test can reach the real package manager.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gates.tree import ROOT

TOOLS = ("cat", "cmp", "cp", "dirname", "grep", "mkdir", "mktemp", "rm", "sh", "tail")
TOO_OLD = 'case "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac'
NO_ENSUREPIP = 'case "$*" in *ensurepip*) exit 1;; *print*) echo 3.11;; --version) echo "Python 3.11.2";; esac'
NO_NETWORK = """case "$*" in
  --version) echo "Python 3.11.2";;
  "-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;;
  *"-m pip"*) echo "Temporary failure in name resolution" >&2; exit 1;;
esac"""
DISK_FULL = NO_NETWORK.replace("Temporary failure in name resolution", "[Errno 28] No space left on device")


class Machine:
    """A checkout in a folder with a space in its name, and a PATH that holds only what is put there."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "my videos"
        self.path = folder / "bin"
        self.path.mkdir()
        (self.checkout / "tools").mkdir(parents=True)
        for name in ("tools/bootstrap", "tools/installer.lock", "requirements-dev.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, self.checkout / name)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.path / tool).symlink_to(found)

    def has(self, name: str, script: str) -> None:
        executable = self.path / name
        executable.write_text(f"#!/bin/sh\n{script}\n")
        executable.chmod(0o755)

    def bootstrap(self, want: str = "dev") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tools/bootstrap", want],
            cwd=self.checkout,
            env={"PATH": str(self.path)},
            check=False,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_no_python_at_all(machine: Machine) -> None:
    done = machine.bootstrap()

    assert done.returncode == 1
    assert "needs Python 3.11 or newer; found: no python3 at all" in done.stderr


def test_a_python_too_old(machine: Machine) -> None:
    machine.has("python3", TOO_OLD)

    done = machine.bootstrap()

    assert done.returncode == 1
    assert "needs Python 3.11 or newer; found: Python 3.9.2" in done.stderr


def test_a_newer_python_beside_an_old_one_is_found(machine: Machine) -> None:
    machine.has("python3", TOO_OLD)
    machine.has("python3.12", NO_NETWORK)

    assert "Making .venv with Python 3.11.2" in machine.bootstrap().stderr


def test_an_ordinary_user_is_told_what_to_install(machine: Machine) -> None:
    machine.has("python3", NO_ENSUREPIP)
    machine.has("id", "echo 1000")

    done = machine.bootstrap()

    assert done.returncode == 1
    assert "apt-get install python3.11-venv" in done.stderr


def test_root_on_debian_has_it_installed(machine: Machine) -> None:
    machine.has("python3", NO_ENSUREPIP)
    machine.has("id", "echo 0")
    machine.has("apt-get", f'echo "$@" >> "{machine.checkout}/apt.log"')

    machine.bootstrap()

    assert "install -qq -y --no-install-recommends python3.11-venv" in (machine.checkout / "apt.log").read_text()


def test_no_network(machine: Machine) -> None:
    machine.has("python3", NO_NETWORK)

    done = machine.bootstrap()

    assert done.returncode == 1
    assert "The package index cannot be reached." in done.stderr


def test_a_full_disk(machine: Machine) -> None:
    machine.has("python3", DISK_FULL)

    done = machine.bootstrap()

    assert done.returncode == 1
    assert "The disk is full" in done.stderr


def test_an_unknown_wish(machine: Machine) -> None:
    done = machine.bootstrap("everything")

    assert done.returncode == 1
    assert "not 'everything'" in done.stderr
