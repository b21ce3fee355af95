"""A real process to run against: `playout serve` on SQLite beside a sandbox, with something of everything in it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playout.domain import delivery as moves
from playout.domain.delivery import Delivery, Next, State
from playout.domain.retry import Reason, Turn
from playout.door.sandbox import settings as sandbox_settings
from playout.media.clip import Clip, make_clip
from playout.settings import PREFIX
from playout.wiring import open_house
from tests.fuzz.known import NOWHERE, Known
from tests.fuzz.run import Finding, Report
from tests.trust.machine import Machine, Serving
from tests.trust.other_side import OtherSide, other_side
from tests.trust.talk import Talk

OPTIONS: dict[str, dict[str, Any]] = {
    "tiktok": {"privacy_level": "SELF_ONLY"},
    "youtube": {"privacy": "private", "made_for_kids": False},
    "instagram": {},
    "facebook": {},
}
#: Of TikTok there are several, so that some may be disconnected.
CREATORS = ("alice.films", "bob.at.home", "charlie.cooks")
SETTINGS = {"RATE_LIMIT": "0", "LOG_FORMAT": "json", "EGRESS_ALLOW": NOWHERE}
VIDEOS, POSTS, UPLOADS = 4, 12, 4


@dataclass(frozen=True, slots=True)
class Scene:
    """The process, a token with all scopes, and what is there."""

    serving: Serving
    token: str
    known: Known

    def mistakes(self, report: Report) -> None:
        """Adds what the process itself took for a mistake of ours, as its log has it."""
        for line in self.serving.told().splitlines():
            told = _read(line)
            if told.get("level") in {"error", "critical"}:
                report.note(Finding("the process", str(told.get("event")), None, line[:4000]))
        if self.serving.process.poll() is not None:
            report.note(Finding("the process", "it ended", None, self.serving.told()[-4000:]))


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Everything below `folder`; it ends with the block."""
    with other_side(folder / "sandbox") as there:
        machine = Machine(folder / "machine")
        machine.settings |= {name.removeprefix(PREFIX): value for name, value in sandbox_settings(there.url).items()}
        machine.settings |= SETTINGS
        token = machine.token()
        with machine.serving() as serving:
            known = _furnished(Talk(serving.url, token), there, folder / "clip.mp4")
        asyncio.run(_stopped(machine))
        with machine.serving() as serving:
            yield Scene(serving, token, known)


async def _stopped(machine: Machine) -> None:
    """Puts what waits where it would get by the platforms' failures."""
    async with open_house(machine.loaded) as house:
        operator = house.services.people.operator("cli")
        waiting = await house.services.deliveries.list(operator, states=[State.WAITING], limit=100)
        for one, move in zip(waiting.items, cycle((failed, unconfirmed)), strict=False):
            await house.services.store.deliveries.save(move(one))


def failed(delivery: Delivery) -> Delivery:
    """The platform refused it."""
    return moves.fail(delivery, Reason("refused", "It was refused.", Turn.PLATFORM))


def unconfirmed(delivery: Delivery, step: str = "init") -> Delivery:
    """The answer of its first step was lost."""
    begun = moves.begin(delivery, Next(step, repeatable=False), None)
    return moves.unconfirm(
        moves.put_fence(begun, delivery.created_at), Reason("lost", "The answer was lost.", Turn.YOU)
    )


def _furnished(user: Talk, there: OtherSide, clip: Path) -> Known:
    make_clip(clip, Clip(seconds=3.2, muxer_options={"use_editlist": "0"}))
    channels = _channels(user, there)
    videos = [user.take_in(clip) for _ in range(VIDEOS)]
    posts = [_post(user, number, list(channels), videos) for number in range(POSTS)]
    uploads = [_upload(user) for _ in range(UPLOADS)]
    _asked_for(user, posts[0]["id"])
    token = user.api("POST", "/tokens", {"name": "spare", "scopes": ["read"]})["id"]
    own = user.api("GET", "/me")["actor"]["id"]
    ids = {
        "channel_id": list(channels),
        "video_id": videos,
        "post_id": [post["id"] for post in posts],
        "delivery_id": [one["id"] for post in posts for one in post["deliveries"]],
        "upload_id": uploads,
        "token_id": [token],
    }
    when = datetime.now(UTC) + timedelta(days=30)  # noqa: TID251 -- the process under test has the real clock
    kept = frozenset({own, videos[0], *channels} - set(list(channels)[1 : len(CREATORS)]))
    options = {one: OPTIONS[platform] for one, platform in channels.items()}
    return Known(ids, options, when.isoformat(timespec="seconds"), clip.read_bytes(), kept=kept)


def _channels(user: Talk, there: OtherSide) -> dict[str, str]:
    """Ids with their platforms."""
    for creator in CREATORS:
        there.control("config", {"tiktok": {"consent_creator": creator}})
        _connect(user, "tiktok")
    for platform in ("youtube", "instagram", "facebook"):
        _connect(user, platform)
    return {one["id"]: one["platform"] for one in reversed(user.api("GET", "/channels")["items"])}


def _connect(user: Talk, platform: str) -> None:
    page = urlsplit(user.api("POST", "/channels/connect", {"platform": platform})["authorize_url"])
    there = Talk(f"http://{page.netloc}", "").ask("GET", f"{page.path}?{page.query}").headers
    back = urlsplit({name.lower(): value for name, value in there.items()}["location"])
    answer = user.ask("GET", f"{back.path}?{back.query}")
    assert answer.status == 200, answer.body


def _post(user: Talk, number: int, channels: list[str], videos: list[str]) -> Any:
    """Drafts, posts for later, and posts that go out now, to TikTok."""
    channel = channels[number % len(CREATORS)]
    later = {"scheduled_at": (datetime.now(UTC) + timedelta(days=9)).isoformat()}  # noqa: TID251 -- as above
    return user.api(
        "POST",
        "/posts",
        {
            "video_id": videos[number % len(videos)],
            "caption": f"Post {number}",
            "destinations": [{"channel_id": channel, "options": OPTIONS["tiktok"]}],
            **({"draft": True}, later, {})[number % 3],
        },
    )


def _asked_for(user: Talk, post_id: str) -> None:
    """Somebody who may not publish asks for it."""
    user.api("PATCH", "/workspace", {"approval": True})
    helper = user.api("POST", "/tokens", {"name": "helper", "scopes": ["read", "write"]})["token"]
    Talk(user.url, helper).api("POST", f"/posts/{post_id}/schedule", {})


def _upload(user: Talk) -> str:
    begun = user.ask("POST", "/api/v1/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "64"})
    assert begun.status == 201, begun.body
    headers = {name.lower(): value for name, value in begun.headers.items()}
    return headers["location"].rpartition("/")[2]


def _read(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {"level": "error", "event": "no JSON"} if "Traceback" in line else {}
    return told if isinstance(told, dict) else {}
