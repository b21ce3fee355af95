"""`demo`: a real clip reaches a sandbox TikTok, by way of the real sign-in and the real API, all on this machine.

No setting of the user is read, everything lies in a temporary folder, and nothing is left of it afterwards.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from playout.cli.desk import Call
from playout.cli.exits import Exit
from playout.cli.output import Progress, plain
from playout.domain.errors import PlayoutError
from playout.door import signals
from playout.door.demo_client import Client, Record, text
from playout.door.demo_stage import NAME, Stage, stage
from playout.door.opening import quiet_logs

CAPTION = "The first clip that Playout published"
CHOICE = "PUBLIC_TO_EVERYONE"  # in an app a person chooses this; in the demo, the demo does
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
        call.out.say("Playout publishes a clip to a TikTok that is a sandbox: nothing leaves this machine.\n")
        with call.out.progress() as progress:
            progress.hint("step", "Setting the stage")
            there = await stack.enter_async_context(stage(folder))
            progress.over("step")
            delivery = await _publish(call, there, progress)
        receipt = await _receipt(there, delivery)
        call.out.record(receipt, _shown(receipt))
        if delivery["state"] != "published":
            return Exit.FAILED
        if stays:
            call.out.say(f"\nLook at it: {there.sandbox.url}/feed\nCtrl-C ends the demo and leaves nothing behind.")
            stack.enter_context(signals.caught(stop.set))
            await stop.wait()
    return Exit.DONE


async def _publish(call: Call, there: Stage, progress: Progress) -> Record:
    """The main job, as any program would do it."""
    client, out = there.client, call.out
    out.done(f"A sandbox TikTok       {there.sandbox.url}")
    out.done(f"Playout                {there.url}")
    out.done(f"A clip                 {NAME}, {there.clip.stat().st_size / 1e6:.1f} MB of H.264 and AAC, 9:16")
    progress.hint("step", "Connecting a channel")
    channel = await _connect(client)
    out.done(f"A channel              @{plain(channel['username'])}, by the platform's own sign-in")
    progress.hint("step", "Taking the clip in")
    video = await _take_in(client, there.clip)
    out.done(
        f"Taken in and looked at {video['duration']:.1f} s, {video['width']}×{video['height']}, {video['video_codec']}"
    )
    progress.over("step")
    began = time.monotonic()
    delivery = await _send(client, progress, channel, video)
    if delivery["state"] == "published":
        out.done(f"Published              in {time.monotonic() - began:.1f} s")
    else:
        out.warn(f"It is {delivery['state']}.")
    return delivery


async def _connect(client: Client) -> Record:
    invitation = await client.post("/channels/connect", {"platform": "tiktok"})
    await client.visit(text(invitation, "authorize_url"))
    channels = await client.items("/channels")
    if not channels:
        raise PlayoutError("The sign-in did not lead to a channel.", code="demo")
    return channels[0]


async def _take_in(client: Client, clip: Path) -> Record:
    video = await client.send_file("/videos", clip)
    while video["state"] == "probing":
        await asyncio.sleep(_GLANCE)
        video = await client.get(f"/videos/{video['id']}")
    return video


async def _send(client: Client, progress: Progress, channel: Record, video: Record) -> Record:
    post = await client.post(
        "/posts",
        {
            "video_id": video["id"],
            "caption": CAPTION,
            "destinations": [{"channel_id": channel["id"], "options": {"privacy_level": CHOICE}}],
        },
    )
    found = await client.items(f"/deliveries?post_id={post['id']}")
    delivery = found[0]
    while delivery["state"] not in _OVER:
        counted = delivery["progress"]
        sent, total = (counted["sent"], counted["total"]) if isinstance(counted, Mapping) else (0, 0)
        if delivery["state"] == "processing":
            progress.hint("delivery", "The platform works on it")
        else:
            progress.show("delivery", "Publishing", int(str(sent)), int(str(total or video["size"])))
        await asyncio.sleep(_GLANCE)
        delivery = await client.get(f"/deliveries/{delivery['id']}")
    progress.over("delivery")
    return delivery


async def _receipt(there: Stage, delivery: Record) -> Record:
    """What Playout says, beside what the other side has in its ledger."""
    published = await there.ledger("published")
    channel = await there.client.get(f"/channels/{delivery['channel_id']}")
    video = (await there.client.items("/videos"))[0]
    return {
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


def _shown(receipt: Record) -> str:
    if receipt["state"] != "published":
        return plain(receipt["reason"])
    bytes_told = "the same bytes" if receipt["same_bytes"] else "other bytes!"
    lines = {
        "what": f"“{receipt['what']}”",
        "where": receipt["where"],
        "id": receipt["remote_id"],
        "address": receipt["url"],
        "time": receipt["published_at"],
        "received": f"{receipt['published_times']}× by the sandbox's own ledger, {bytes_told}",
        "feed": receipt["feed"],
    }
    return "\n".join(["", "  Receipt", *(f"    {name:10}{plain(value)}" for name, value in lines.items())])
