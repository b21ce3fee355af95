"""Webhooks as Meta sends them (section 7.4): the question that comes first, the body, its signature.

Signed are the bytes that are sent, in which every letter beyond ASCII is escaped; no time is signed.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import aiohttp

CHALLENGE = "1158201444"
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened."""

    field: str
    value: Mapping[str, object]


def body(kind: str, whom: str, at: int, changes: Collection[Change], **more: str) -> bytes:
    """One entry, about one account of this kind of object."""
    told = [{"field": one.field, "value": one.value} for one in changes]
    return json.dumps({"object": kind, "entry": [{"id": whom, **more, "time": at, "changes": told}]}).encode()


def signer(secret: str) -> Callable[[bytes, int], Mapping[str, str]]:
    """`X-Hub-Signature-256: sha256=<hex>`: HMAC-SHA256 over the body with the app's secret."""

    def sign(sent: bytes, _: int) -> Mapping[str, str]:
        return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), sent, hashlib.sha256).hexdigest()}"}

    return sign


async def verify(url: str, token: str, challenge: str) -> tuple[int, str]:
    """Ask an address whether it wants webhooks: status (0: none) and body, which must be 200 and the challenge."""
    asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as client,
            client.get(url, params=asked, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.text()
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return 0, type(error).__name__
