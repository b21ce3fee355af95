"""The guide of the API does what it says: every command of it, with the real curl, against a real server and a sandbox.

A block ```sh is run as it stands, all of them in one bash, one after the other. Its comments that are a number
(`# 201`) are the statuses that curl must see, one for each call; without any, each has to be a success. The block that
follows it, if it is no ```sh, is its answer, shortened: fields may be left out, and … stands for any text.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from playout.domain.webhook import ANNOUNCED
from playout.door.sandbox import settings as sandbox_settings
from playout.media.clip import Clip, make_clip
from playout.settings import PREFIX
from tests.egress.stage import Authority
from tests.gates.tree import ROOT
from tests.sandbox.process import sandbox
from tests.trust.machine import Machine

GUIDE = ROOT / "docs/api.md"
PATIENCE = 120.0  # seconds for the whole guide; only ever used up by a failure
#: Addresses that the guide makes up; the test has its own.
GIVEN = ("PLAYOUT", "PLAYOUT_DATA_DIR", "SANDBOX", "HOOK", "CLIP_URL")
#: Where the commands run, below the folder of the test.
HOME = "machine/home"
#: Since then curl knows --json.
OLDEST_CURL = (7, 82)
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"^# ([1-5]\d\d)$", re.MULTILINE)
_SEEN = re.compile(r"^@(\d{3})$\n?", re.MULTILINE)
_ENDS = "\0"
#: What every block runs in: curl tells its statuses beside the answer, and the first thing that fails ends it all.
_PRELUDE = r"""
set -eo pipefail
curl() { command curl -w '%{stderr}\n@%{http_code}\n' "$@"; }
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One block of commands, and what the guide says comes of it. `kind` "": it says nothing."""

    line: int
    commands: str
    kind: str = ""
    answer: str = ""

    @property
    def statuses(self) -> list[str]:
        return _STATUS.findall(self.commands)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a step."""

    out: str
    err: str
    statuses: Sequence[str]


@pytest.mark.slow
def test_every_command_of_the_guide_does_what_the_guide_says(tmp_path: Path) -> None:
    able()
    steps = read(GUIDE.read_text(encoding="utf-8"))

    came = played(steps, tmp_path)

    assert len(steps) > 30
    assert [told for step, one in zip(steps, came, strict=True) for told in misfits(step, one)] == []
    checked_in_python(tmp_path / HOME)


def test_every_kind_of_event_is_named() -> None:
    told = GUIDE.read_text(encoding="utf-8")

    assert [kind for kind in sorted(ANNOUNCED) if f"`{kind}`" not in told] == []


def test_every_link_of_the_guide_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", GUIDE.read_text(encoding="utf-8"))

    assert len(links) > 10
    for path, heading in links:
        page = (GUIDE.parent / path).resolve() if path else GUIDE
        assert page.is_file(), path
        assert not heading or heading in headings(page), (path, heading)


@pytest.mark.parametrize(
    ("told", "found", "is_so"),
    [
        ({"id": "pst_…"}, {"id": "pst_1", "state": "draft"}, True),
        ({"id": "pst_…"}, {"id": "vid_1"}, False),
        ({"url": None}, {}, False),
        ({"version": 1}, {"version": True}, False),
        ({"items": [{"a": 1}]}, {"items": [{"a": 1}, {"a": 2}]}, False),
        ({"items": [{"a": 1}, "…"]}, {"items": [{"a": 1}, {"a": 2}]}, True),
        ({"items": []}, {"items": [1]}, False),
    ],
)
def test_an_answer_may_say_more_than_the_guide_and_nothing_else(told: Any, found: Any, *, is_so: bool) -> None:
    assert fits(told, found) is is_so


def test_what_the_guide_says_wrongly_is_found() -> None:
    came = Came('{"id":"pst_1"}\n', "", ["201"])

    assert list(misfits(Step(1, "curl\n# 201\n", "json", '{"id": "pst_…"}\n'), came)) == []
    for wrong in (
        Step(1, "curl\n# 200\n", "json", '{"id": "pst_…"}\n'),
        Step(1, "curl\n# 201\n", "json", '{"id": "vid_…"}\n'),
        Step(1, "curl\n", "text", "pst_…\n"),
    ):
        assert len(list(misfits(wrong, came))) == 1


# ── reading the guide ────────────────────────────────────────────────────────────────────────────


def read(text: str) -> list[Step]:
    """Its steps, in order."""
    steps: list[Step] = []
    for found in _FENCE.finditer(text):
        kind, inside = found.groups()
        if kind == "sh":
            steps.append(Step(text[: found.start()].count("\n") + 1, inside))
        elif steps and not steps[-1].kind:
            steps[-1] = Step(steps[-1].line, steps[-1].commands, kind, inside)
    return steps


def headings(page: Path) -> set[str]:
    """As links name them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in found}


# ── running it ───────────────────────────────────────────────────────────────────────────────────


def able() -> None:
    """Says plainly what this machine lacks."""
    missing = [name for name in ("bash", "curl", "openssl", "python3") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"the commands of the guide need {', '.join(missing)}, which this machine does not have")
    told = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(map(int, told.split()[1].split(".")[:2]))
    if version < OLDEST_CURL:
        pytest.skip(f"the commands of the guide need curl {'.'.join(map(str, OLDEST_CURL))}: --json")


def played(steps: Sequence[Step], folder: Path) -> list[Came]:
    """What came of each. Fails at the first that failed."""
    machine = Machine(folder / "machine")
    home = folder / HOME
    make_clip(home / "clip.mp4", Clip(seconds=2, muxer_options={"use_editlist": "0"}))
    with elsewhere(home, folder / "certificates") as host, sandbox(folder / "sandbox") as other_side:
        known = {name.removeprefix(PREFIX): value for name, value in sandbox_settings(other_side).items()}
        machine.settings |= known | {"TIKTOK_TRANSFER": "pull", "EGRESS_ALLOW": f"localhost:{host.server_port}"}
        machine.outside["SSL_CERT_FILE"] = str(folder / "certificates/host.pem")
        with machine.serving() as serving:
            there = f"https://localhost:{host.server_port}"
            addresses = (f"{serving.url}/api/v1", machine.data, other_side, f"{there}/playout", f"{there}/clip.mp4")
            return run(steps, machine, dict(zip(GIVEN, addresses, strict=True)))


def run(steps: Sequence[Step], machine: Machine, given: Mapping[str, object]) -> list[Came]:
    """All in one bash, so that what one block keeps in a variable is there for the next."""
    environment = machine.environment({})
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    script = machine.root / "guide.sh"
    script.write_text("\n".join([_PRELUDE, *(f"{name}={value}" for name, value in given.items()), *map(_block, steps)]))
    outputs = [script.with_suffix(end) for end in (".out", ".err")]
    with outputs[0].open("wb") as out, outputs[1].open("wb") as err:
        bash = subprocess.Popen(["bash", script], stdout=out, stderr=err, cwd=machine.root / "home", env=environment)
        try:
            ended = f"ended with {bash.wait(PATIENCE)}"
        except subprocess.TimeoutExpired:
            ended = "did not end"
        finally:
            bash.kill()
    outs, errs = (path.read_text(errors="replace").split(_ENDS) for path in outputs)
    came = [Came(out, _SEEN.sub("", err), _SEEN.findall(err)) for out, err in zip(outs, errs, strict=False)]
    if len(came) <= len(steps):
        failed = steps[len(came) - 1]
        pytest.fail(f"api.md:{failed.line} {ended}:\n{failed.commands}\n{outs[-1]}\n{errs[-1]}")
    return came[:-1]


def _block(step: Step) -> str:
    """Without the addresses that it makes up; and with a mark behind it in both outputs."""
    made_up = re.compile(rf"^(?:export )?({'|'.join(GIVEN)})=.*\n", re.MULTILINE)
    return f"{made_up.sub('', step.commands)}\nprintf '\\0'; printf '\\0' >&2\n"


@contextmanager
def elsewhere(folder: Path, certificates: Path) -> Iterator[ThreadingHTTPServer]:
    """A host with https, as the guide's readers have one: it serves files and keeps the last webhook."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (folder / Path(self.path).name).read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            (folder / "body.json").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            (folder / "headers.txt").write_text("".join(f"{name}: {value}\n" for name, value in self.headers.items()))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    authority = Authority.founded(certificates, ["localhost"])
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as host:
        host.socket = authority.server.wrap_socket(host.socket, server_side=True)
        serving = threading.Thread(target=host.serve_forever)
        serving.start()
        try:
            yield host
        finally:
            host.shutdown()
            serving.join()


def checked_in_python(home: Path) -> None:
    """The lines of the guide for it, with the last message that came. They raise if it is not genuine."""
    (lines,) = [inside for kind, inside in _FENCE.findall(GUIDE.read_text(encoding="utf-8")) if kind == "python"]
    headers = dict(line.split(": ", 1) for line in (home / "headers.txt").read_text().splitlines())
    given = {"raw_body": (home / "body.json").read_bytes(), "headers": headers}
    secret = json.loads((home / "hook.json").read_text())["secret"]
    exec(lines, {"secret": secret, **given})  # noqa: S102 -- the guide's own lines, as its readers run them


# ── comparing ────────────────────────────────────────────────────────────────────────────────────


def misfits(step: Step, came: Came) -> Iterator[str]:
    """What the guide says of it that is not so."""
    where, seen = f"api.md:{step.line}", list(came.statuses)
    if step.statuses and seen != step.statuses:
        yield f"{where}: {step.statuses} are said, and {seen} came: {came.out}{came.err}"
    if not step.statuses and any(status[0] != "2" for status in seen):
        yield f"{where}: success is meant, and {seen} came: {came.out}{came.err}"
    match step.kind:
        case "json":
            found = (answers(came.out) or answers(came.err))[-1:]
            if not any(fits(json.loads(step.answer), one) for one in found):
                yield f"{where}: this did not come: {step.answer}but {found}"
        case "":
            return
        case _:
            lines = [re.compile(_pattern(line), re.IGNORECASE) for line in step.answer.splitlines() if line.strip()]
            there = (came.out + came.err).replace("\r", "").splitlines()
            for line in lines:
                if not any(line.fullmatch(one) for one in there):
                    yield f"{where}: no line is like {line.pattern!r}: {there}"


def answers(text: str) -> list[Any]:
    """Every JSON object that stands at the beginning of a line, or right behind another one."""
    decoder, found, at = json.JSONDecoder(), list[Any](), 0
    while start := re.compile(r"(?:^|(?<=\}))\{", re.MULTILINE).search(text, at):
        try:
            one, at = decoder.raw_decode(text, start.start())
            found.append(one)
        except json.JSONDecodeError:
            at = start.end()
    return found


def fits(told: Any, found: Any) -> bool:
    """Whether all that is told is there; a list has as many items as are told, or ends with "…"."""
    match told:
        case dict():
            return isinstance(found, dict) and all(
                name in found and fits(one, found[name]) for name, one in told.items()
            )
        case list():
            shortened = told[-1:] == ["…"]
            items = told[:-1] if shortened else told
            enough = isinstance(found, list) and (len(found) >= len(items) if shortened else len(found) == len(items))
            return enough and all(map(fits, items, found))
        case str():
            return isinstance(found, str) and re.fullmatch(_pattern(told), found, re.DOTALL) is not None
        case _:
            return bool(told == found) and type(told) is type(found)


def _pattern(told: str) -> str:
    return ".*".join(map(re.escape, told.split("…")))
