"""`demo`: a real clip reaches four sandbox platforms, by the real sign-ins and the real API, all on this machine.

No setting of the user is read, everything lies in a temporary folder, and nothing is left of it afterwards.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from playout.cli.desk import Call
from playout.cli.exits import Exit
from playout.cli.output import Progress, plain
from playout.domain.delivery import JsonValue
from playout.domain.errors import PlayoutError
from playout.door import signals
from playout.door.demo_client import Client, Record, text
from playout.door.demo_stage import NAME, Stage, stage
from playout.door.opening import quiet_logs

CAPTION = "The first clip that Playout published"
#: Everything that a person has to choose; in the demo, the demo does.
CHOICES: Mapping[str, Record] = {
    "tiktok": {"privacy_level": "PUBLIC_TO_EVERYONE"},
    "youtube": {"privacy": "public", "made_for_kids": False},
    "instagram": {},
    "facebook": {},
}
_GLANCE = 0.1  # seconds between two questions
_OVER = frozenset({"published", "failed", "unconfirmed", "held", "cancelled"})


def demo(call: Call, *, once: bool) -> int:
    """Runs it; stays on a terminal until Ctrl-C, unless `once`. Raises PlayoutError, Interrupted."""
    stays = not once and sys.stdout.isatty() and not call.out.as_json
    return signals.run(_demo(call, stays=stays), lambda: None)


async def _demo(call: Call, *, stays: bool) -> int:
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="playout-demo-")))
        quiet_logs(folder, debug=call.debug)
        call.out.say("Playout publishes a clip to four platforms that are sandboxes: nothing leaves this machine.\n")
        with call.out.progress() as progress:
            progress.hint("step", "Setting the stage")
            there = await stack.enter_async_context(stage(folder))
            progress.over("step")
            deliveries = await _publish(call, there, progress)
        published = [await _tell(call, there, one) for one in deliveries]
        if not all(published):
            return Exit.FAILED
        call.out.done(f"All {len(published)} published once each, by the sandbox's own ledger.")
        if stays:
            call.out.say(f"\nLook at it: {there.sandbox.url}/feed\nCtrl-C ends the demo and leaves nothing behind.")
            stack.enter_context(signals.caught(stop.set))
            await stop.wait()
    return Exit.DONE


async def _publish(call: Call, there: Stage, progress: Progress) -> Sequence[Record]:
    """The main job, as any program would do it."""
    client, out = there.client, call.out
    out.done(f"Four sandbox platforms {there.sandbox.url}")
    out.done(f"Playout                {there.url}")
    out.done(f"A clip                 {NAME}, {there.clip.stat().st_size / 1e6:.1f} MB of H.264 and AAC, 9:16")
    progress.hint("step", "Connecting channels")
    channels = [await _connect(client, platform) for platform in CHOICES]
    for channel in channels:
        out.done(f"A channel              @{plain(channel['username'])} at {channel['platform']}, by its own sign-in")
    progress.hint("step", "Taking the clip in")
    video = await _take_in(client, there.clip)
    out.done(
        f"Taken in and looked at {video['duration']:.1f} s, {video['width']}×{video['height']}, {video['video_codec']}"
    )
    progress.over("step")
    began = time.monotonic()
    deliveries = await _send(client, progress, channels, video)
    out.say(f"  Sent                   to {len(deliveries)} channels in {time.monotonic() - began:.1f} s")
    return deliveries


async def _connect(client: Client, platform: str) -> Record:
    invitation = await client.post("/channels/connect", {"platform": platform})
    await client.visit(text(invitation, "authorize_url"))
    for channel in await client.items("/channels"):
        if channel["platform"] == platform:
            return channel
    raise PlayoutError(f"The sign-in at {platform} did not lead to a channel.", code="demo")


async def _take_in(client: Client, clip: Path) -> Record:
    video = await client.send_file("/videos", clip)
    while video["state"] == "probing":
        await asyncio.sleep(_GLANCE)
        video = await client.get(f"/videos/{video['id']}")
    return video


async def _send(client: Client, progress: Progress, channels: Sequence[Record], video: Record) -> Sequence[Record]:
    wanted: list[JsonValue] = [{"channel_id": one["id"], "options": CHOICES[text(one, "platform")]} for one in channels]
    post = await client.post(
        "/posts", {"video_id": video["id"], "caption": CAPTION, "title": CAPTION, "destinations": wanted}
    )
    path = f"/deliveries?post_id={post['id']}"
    deliveries = await client.items(path)
    while any(one["state"] not in _OVER or one["url"] is None for one in deliveries if _goes_on(one)):
        for one in deliveries:
            _show(progress, one, video)
        await asyncio.sleep(_GLANCE)
        deliveries = await client.items(path)
    for one in deliveries:
        progress.over(text(one, "id"))
    return deliveries


def _goes_on(delivery: Record) -> bool:
    """Until it is over; a published one until its address is known."""
    return delivery["state"] not in _OVER or (delivery["state"] == "published" and delivery["url"] is None)


def _show(progress: Progress, delivery: Record, video: Record) -> None:
    counted, key, platform = delivery["progress"], text(delivery, "id"), text(delivery, "platform")
    sent, total = (counted["sent"], counted["total"]) if isinstance(counted, Mapping) else (0, 0)
    match delivery["state"]:
        case "processing":
            progress.hint(key, f"{platform} works on it")
        case "published":
            progress.over(key)
        case _:
            progress.show(key, f"Sending to {platform}", int(str(sent)), int(str(total or video["size"])))


async def _tell(call: Call, there: Stage, delivery: Record) -> bool:
    """What Playout says, beside what the other side has in its ledger."""
    published = [one for one in await there.ledger("published") if one["platform"] == delivery["platform"]]
    channel = await there.client.get(f"/channels/{delivery['channel_id']}")
    video = (await there.client.items("/videos"))[0]
    receipt: Record = {
        "state": delivery["state"],
        "what": CAPTION,
        "where": f"{delivery['platform']}, @{channel['username']}",
        "remote_id": delivery["remote_id"],
        "url": delivery["url"],
        "published_at": delivery["published_at"],
        "reason": delivery["reason"],
        "published_times": len(published),
        "same_bytes": [one.get("sha256") for one in published] == [video["sha256"]],
        "feed": f"{there.sandbox.url}/feed",
    }
    call.out.record(receipt, _shown(receipt))
    return delivery["state"] == "published" and len(published) == 1


def _shown(receipt: Record) -> str:
    if receipt["state"] != "published":
        return f"\n  {receipt['where']}: {receipt['state']}. {plain(receipt['reason'])}"
    bytes_told = "the same bytes" if receipt["same_bytes"] else "other bytes!"
    lines = {
        "where": receipt["where"],
        "id": receipt["remote_id"],
        "address": receipt["url"],
        "time": receipt["published_at"],
        "received": f"{receipt['published_times']}× by the sandbox's own ledger, {bytes_told}",
    }
    return "\n".join(["", "  Receipt", *(f"    {name:10}{plain(value)}" for name, value in lines.items())])
