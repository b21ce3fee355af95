"""DynamoDB and S3 for tests: moto's server in a process of its own (tests/aws_server.py), started and killed at will.

Its data live in its memory and go with it.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, TextIO

import psutil

ROOT = Path(__file__).parent.parent

#: What obstore and botocore find in the environment: keys that open nothing, and no way to look for others.
CREDENTIALS: Mapping[str, str] = MappingProxyType(
    {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing@:/?[]",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
)


class AwsServer:
    """The server of a folder; several processes may name the same folder and mean the same server.

    It ends by itself when all who made one of these for its folder are gone. Without a folder it gets a new one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="playout-aws-"))
        self._address = self.folder / "address"
        self._users = self._join()
        self.start()

    def start(self) -> None:
        """Returns when it answers; does nothing if it does already."""
        with locked(self.folder):
            if not self._answers():
                self._launch()

    @property
    def url(self) -> str:
        """Its address, the endpoint of both services, for any process of this machine."""
        return str(json.loads(self._address.read_text())["url"])

    def bucket(self) -> str:
        """Name of a new bucket."""
        name = f"test-{uuid.uuid4()}"
        asked = urllib.request.Request(f"{self.url}/{name}", method="PUT")  # noqa: S310 -- our own address
        with urllib.request.urlopen(asked, timeout=30):  # noqa: S310 -- as above
            return name

    def control(self, verb: str, table: str, **said: object) -> Any:
        """Asks for what AWS has not, see tests/aws_control.py."""
        body = json.dumps({"table": table, **said}).encode()
        with urllib.request.urlopen(f"{self.url}/_playout/{verb}", body, timeout=30) as answer:  # noqa: S310 -- our own
            return json.loads(answer.read())

    def kill(self) -> None:
        """It is gone at once, with its data. `start` begins with none, at another address."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(json.loads(self._address.read_text())["pid"])
            process.kill()
            process.wait(30)
        self._address.unlink()

    def leave(self) -> None:
        """We need it no longer. The last to leave ends it."""
        self._users.close()

    def close(self) -> None:
        """Ends it for good, whoever uses it."""
        self.kill()
        self.leave()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _join(self) -> TextIO:
        self.folder.mkdir(exist_ok=True)
        users = (self.folder / "users").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)
        if os.fstat(users.fileno()).st_nlink:
            return users
        users.close()  # a server that nobody used took its folder with it while we came
        return self._join()

    def _answers(self) -> bool:
        if not self._address.exists():
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=30):  # noqa: S310 -- our own address
                return True
        except urllib.error.URLError:
            return False

    def _launch(self) -> None:
        command = [sys.executable, "-m", "tests.aws_server", self._users.name]
        with (self.folder / "log").open("w") as log:  # full of clients that were killed on purpose
            child = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        assert child.stdout is not None
        with child.stdout:
            said = child.stdout.readline()
        assert said, f"moto's server did not start: {(self.folder / 'log').read_text()}"
        child.returncode = 0  # it may outlive us: nobody waits for it here
        self._address.write_text(said)


@contextmanager
def shared_aws(run: str) -> Iterator[AwsServer]:
    """One server for all processes of a test run: the first to come starts it, it ends when the last is gone."""
    server = AwsServer(Path(tempfile.gettempdir()) / f"playout-aws-{run}")
    try:
        yield server
    finally:
        server.leave()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    with folder.with_name(f"playout-aws-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
