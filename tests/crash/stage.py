"""What every case of the crash table starts from: a sandbox, a connected channel, a video, and a post that is due."""

import asyncio
import hashlib
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from playout.application.ports.files import PIECE
from playout.application.posts import NewPost
from playout.domain.delivery import JsonValue
from playout.domain.post import Destination
from playout.domain.secret import Secret
from playout.door.sandbox import settings as sandbox_settings
from playout.media.clip import Clip, make_clip
from playout.settings import PREFIX, Settings
from playout.wiring import House, open_house
from tests.crash.databases import DYNAMODB, KINDS, POSTGRESQL, SQLITE, Addresses
from tests.crash.victim import ACTOR

#: Larger than one of TikTok's chunks may be, so that an upload has six.
CLIP_BYTES = 64_000_001
#: Enough for several of the other platforms' chunks.
SMALL_BYTES = 20_000_001
#: Seconds by which the platform's clock is ahead, so that the victim's, which runs faster, does not overtake it.
AHEAD = 800


@dataclass(frozen=True, slots=True)
class Flow:
    """One way of publishing that the table covers."""

    name: str
    options: Mapping[str, JsonValue]
    platform: str = "tiktok"
    login: str | None = None
    transfer: str = "file"
    access_seconds: int = 7200
    size: int = CLIP_BYTES  # bytes to which the clip is padded; 0: not at all
    most_in_bucket: int = SMALL_BYTES  # the same where it goes to a bucket, whose server in tests is a slow one
    seconds: float = 3
    offset: float = 0.0  # by so much the victim's clock is ahead: the first step has to renew the grant
    pulled: bool = False  # the platform fetches the file from us
    from_bucket: bool = False  # the platform fetches the file from the bucket
    databases: Sequence[str] = KINDS

    @property
    def renews(self) -> bool:
        """A case may renew its grant, which ends the old one for all that share it: each needs its own."""
        return self.offset > 0 or self.from_bucket


_SQL = (SQLITE, POSTGRESQL)
FLOWS = (
    Flow("direct", {"privacy_level": "PUBLIC_TO_EVERYONE"}, most_in_bucket=CLIP_BYTES),
    Flow("private", {"privacy_level": "SELF_ONLY"}),
    Flow("inbox", {"mode": "inbox"}),
    Flow("pull", {"privacy_level": "PUBLIC_TO_EVERYONE"}, transfer="pull", size=0, pulled=True),
    Flow(
        "pull from the bucket",
        {"privacy_level": "PUBLIC_TO_EVERYONE"},
        transfer="pull",
        size=0,
        from_bucket=True,
        databases=(DYNAMODB,),
    ),
    Flow("inbox pull", {"mode": "inbox"}, transfer="pull", pulled=True),
    Flow("renewing", {"privacy_level": "PUBLIC_TO_EVERYONE"}, access_seconds=300, offset=270.0),
    Flow("youtube", {"privacy": "public", "made_for_kids": False}, "youtube", size=SMALL_BYTES),
    Flow("instagram", {}, "instagram", "instagram", size=0, pulled=True),
    Flow("instagram through a page", {}, "instagram", "facebook", size=SMALL_BYTES, seconds=8, databases=_SQL),
    Flow("facebook reel", {}, "facebook", size=SMALL_BYTES),
    Flow("facebook long", {}, "facebook", size=SMALL_BYTES, seconds=91, databases=_SQL),
)
#: So fast that a case takes no longer than it must.
QUICK = {"processing_seconds": 0.05}


class Sandbox:
    """The other side, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "playout_sandbox", "--port", "0", "--data", str(folder)],
            stdout=subprocess.PIPE,
            stderr=(folder / "stderr").open("wb"),
        )
        assert self._process.stdout
        ready = json.loads(self._process.stdout.readline())
        self.url: str = ready["url"]
        self._cleaned = 0
        self.public_url = f"http://127.0.0.1:{_free_port()}"  #: of the victim, where a pull comes to
        self.configure(
            limits=False,
            durable=False,
            auto_consent=True,
            pull_insecure=True,
            pull_delay=0.05,
            media_checks=False,  # a padded clip is a small one with much air
            tiktok={**QUICK, "moderation_seconds": 0.05},
            youtube=QUICK,
            # What a second publication of one container does is documented nowhere: the worst.
            instagram={**QUICK, "second_publish": "second_post", "quota_total": 10**9},
            facebook=QUICK,
        )

        self.control("clock", {"advance": AHEAD})

    def configure(self, **changes: object) -> None:
        self.control("config", changes)

    def control(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 -- as below
            f"{self.url}/_sandbox/{path}", data, {"content-type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- loopback, our own child
            return json.loads(answer.read() or b"null")

    def clean(self) -> None:
        """Between two cases: forget the faults and the count of requests, take down what is up, drop the bytes."""
        for entry in self.effects("published"):
            self.control(f"{entry['platform']}/take-down", {"post_id": entry["post_id"]})
        self._cleaned = max([self._cleaned, *(entry["seq"] for entry in self.control(f"ledger?after={self._cleaned}"))])
        self.mend()
        self.control("requests", method="DELETE")
        for received in (self._folder / "videos").iterdir():
            received.unlink(missing_ok=True)

    def fail(self, number: int, action: str, pid: int) -> None:
        """At the request of this number. `pid`: whom to kill, if it is to kill."""
        fault: dict[str, object] = {"match": {"n": number}, "action": action}
        self.control("faults", fault | ({"pid": pid} if action.startswith("kill") else {}))

    def faults_left(self) -> bool:
        return bool(self.control("faults")["left"])

    def mend(self) -> None:
        self.control("faults", method="DELETE")

    def effects(self, effect: str) -> list[dict[str, Any]]:
        """Entries of the ledger since the last cleaning."""
        found: list[dict[str, Any]] = self.control(f"ledger?effect={effect}&after={self._cleaned}")
        return found

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def settings_for(folder: Path, sandbox: Sandbox, flow: Flow, there: Addresses) -> Settings:
    """The victim's settings."""
    return Settings.model_validate(
        {
            "data_dir": folder,
            "database_url": there.database,
            "files_url": there.files,
            "pull_url_base": there.bucket_host if flow.from_bucket else "",
            **{name.removeprefix(PREFIX).lower(): value for name, value in sandbox_settings(sandbox.url).items()},
            "tiktok_transfer": flow.transfer,
            "public_url": sandbox.public_url,
        }
    )


async def prepare(settings: Settings, flow: Flow) -> None:
    """Connects a channel through the real consent, takes a video in, and schedules a post for now.

    What the video's bytes are is kept beside, in the file `sha256`.
    """
    async with open_house(settings) as house:
        channel_id = await connect(house, flow)
        clip = settings.data_dir / "clip.mp4"
        await asyncio.to_thread(
            make_clip, clip, Clip(seconds=flow.seconds, fps=24, muxer_options={"use_editlist": "0"})
        )
        pad(clip, min(flow.size, flow.most_in_bucket) if settings.files_url else flow.size)
        with clip.open("rb") as file:
            (settings.data_dir / "sha256").write_text(hashlib.file_digest(file, "sha256").hexdigest())
        video = await house.services.videos.take_in(ACTOR, clip.name, _pieces(clip))
        clip.unlink()
        chore = await house.store.chores.get(video.workspace_id, f"probe:{video.id}")
        assert chore
        await house.services.videos.probe(chore)
        await house.store.chores.done(chore)
        await schedule(house, video.id, channel_id, flow)


async def connect(house: House, flow: Flow) -> str:
    """The real dance: consent page, code, exchange."""
    invitation = await house.services.channels.connect(ACTOR, flow.platform, login=flow.login)
    page = invitation.authorize_url
    async with aiohttp.ClientSession() as browser, browser.get(page, allow_redirects=False) as answer:
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
    connected = await house.services.channels.finish(
        flow.platform, Secret(query["state"][0]), code=Secret(query["code"][0]), error=None
    )
    return connected.channels[0].id


async def schedule(house: House, video_id: str, channel_id: str, flow: Flow) -> None:
    """A post that is due now."""
    wanted = NewPost(video_id, "Crash test", (Destination(channel_id, options=flow.options),), title="Crash test")
    await house.services.posts.create(ACTOR, wanted)


def pad(path: Path, size: int = CLIP_BYTES) -> None:
    """Appends an empty box to a clip, so that it takes several chunks and is still one."""
    padding = size - path.stat().st_size
    if padding > 0:
        with path.open("ab") as file:
            file.write(padding.to_bytes(4, "big") + b"free")
            file.truncate(size)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
