"""`sandbox`: the emulated platforms, until a signal."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from playout.cli.desk import Call
from playout.cli.exits import Exit
from playout.domain.errors import Invalid, Unavailable
from playout.door import child, signals

PROFILES = ("real", "fast")
#: What a Playout needs to be told to publish there.
KEYS = {
    "PLAYOUT_TIKTOK_CLIENT_KEY": "sandbox-client-key",
    "PLAYOUT_TIKTOK_CLIENT_SECRET": "sandbox-client-secret",
    **{
        f"PLAYOUT_{platform}_CLIENT_{half}": f"sandbox-client-{half.lower()}"
        for platform in ("YOUTUBE", "INSTAGRAM", "FACEBOOK")
        for half in ("ID", "SECRET")
    },
}
#: Bases of the platforms: the setting without its `_URL`, and where the sandbox serves it.
BASES = (
    "TIKTOK_WWW",
    "TIKTOK_API",
    "YOUTUBE_ACCOUNTS",
    "YOUTUBE_OAUTH",
    "YOUTUBE_API",
    "YOUTUBE_ANALYTICS",
    "INSTAGRAM_WWW",
    "INSTAGRAM_API",
    "INSTAGRAM_GRAPH",
    "FACEBOOK_WWW",
    "FACEBOOK_GRAPH",
    "META_RUPLOAD",
)


def sandbox(call: Call, *, host: str, port: int, data: Path | None, profile: str) -> int:
    """Runs it. Raises Invalid, Unavailable."""
    if profile not in PROFILES:
        raise Invalid(f"There is no profile “{profile}”. Use real or fast.", code="unknown_profile")
    return asyncio.run(_run(call, host, port, data, profile))


async def _run(call: Call, host: str, port: int, data: Path | None, profile: str) -> int:
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(signals.caught(stop.set))
        if data is None:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="playout-sandbox-")))
        running = await stack.enter_async_context(child.sandbox(data, host=host, port=port, profile=profile))
        call.out.record(
            {"url": running.url, "port": running.port, "settings": settings(running.url)}, _words(running.url)
        )
        stopping = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(running.process.wait())
        await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            raise Unavailable("The sandbox ended by itself.", code="sandbox")
    return Exit.DONE


def settings(url: str) -> dict[str, str]:
    """The settings of a Playout that publishes to this sandbox."""
    return KEYS | {f"PLAYOUT_{base}_URL": f"{url}/{base.lower().replace('_', '-')}" for base in BASES}


def _words(url: str) -> str:
    lines = [f"export {name}={value}" for name, value in settings(url).items()]
    return "\n".join([f"# The sandbox: {url}   what went live: {url}/feed", *lines])
