"""Fetching a file from an address that an app named, as Meta's "cURL" does: `file_url`, `video_url`, `cover_url`."""

import ipaddress
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import aiohttp

from playout_sandbox.pull import PullError, pull
from playout_sandbox.world import World

AGENT = "facebookexternalhit"
_ROBOTS = aiohttp.ClientTimeout(total=10)
_LONGEST = 500_000


async def fetch(
    world: World, url: str, to: Path | None, *, limit: int, progress: Callable[[bytes], None], robots: bool = False
) -> None:
    """Download into `to` (None: discard). With `robots`, the host's robots.txt must let facebookexternalhit in.

    Raises PullError for an address that Meta would not reach or take, and for anything but a 200 of `limit` bytes.
    """
    check_reachable(url, insecure=world.config.pull_insecure)
    await world.clock.sleep(world.config.pull_delay)
    if robots and not await _let_in(url):
        raise PullError("robots.txt")
    await pull(url, to, limit=limit, progress=progress, root=world.pull_root)


def check_reachable(url: str, *, insecure: bool) -> None:
    """Refuses what is not http or https, fbcdn, and this machine; `pull_insecure` lets http reach loopback."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        raise PullError("not an address") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise PullError("not an address")
    if host == "fbcdn.net" or host.endswith(".fbcdn.net"):
        raise PullError("fbcdn")
    if _private(host) and not insecure and not (host == "localhost" and parts.scheme == "https"):
        raise PullError("private")


def _private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"


async def _let_in(url: str) -> bool:
    """No robots.txt lets everybody in, and so does one that cannot be read."""
    parts = urlsplit(url)
    try:
        async with (
            aiohttp.ClientSession(timeout=_ROBOTS) as client,
            client.get(f"{parts.scheme}://{parts.netloc}/robots.txt", allow_redirects=False, ssl=False) as answer,
        ):
            said = await answer.content.read(_LONGEST) if answer.status == HTTPStatus.OK else b""
    except (TimeoutError, aiohttp.ClientError, OSError):
        return True
    rules = RobotFileParser()
    rules.parse(said.decode("utf-8", "replace").splitlines())
    return rules.can_fetch(AGENT, url)
