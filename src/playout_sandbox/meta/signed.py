"""signed_request, and the two callbacks that carry it: deauthorize and data deletion (section 7 of the notes)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from playout_sandbox.hooks import Hook

FORM = "application/x-www-form-urlencoded"
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LIFE = 3600


@dataclass(frozen=True, slots=True)
class Reply:
    """What a callback was answered."""

    status: int  #: 0 if nobody answered
    body: object  #: read as JSON, else the text

    @property
    def proper(self) -> bool:
        """Whether it is what Meta wants of a deletion: 200, `url` and `confirmation_code`, both text."""
        body = self.body
        keys = ("url", "confirmation_code")
        return (
            self.status == HTTPStatus.OK and isinstance(body, dict) and all(isinstance(body.get(k), str) for k in keys)
        )


def signed_request(secret: str, user_id: str, now: float, **more: object) -> str:
    """`<signature>.<payload>`, both base64url without padding, HMAC-SHA256 over the payload as it is sent."""
    facts = {
        "algorithm": "HMAC-SHA256",
        "expires": int(now) + _LIFE,
        "issued_at": int(now),
        "user_id": user_id,
        **more,
    }
    payload = _b64(json.dumps(facts).encode())
    signature = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    return f"{_b64(signature)}.{payload}"


def tampered(request: str) -> str:
    """The same with one character of the payload changed: a receiver must refuse it (row 35)."""
    signature, _, payload = request.partition(".")
    middle = len(payload) // 2
    other = "A" if payload[middle] != "A" else "B"
    return f"{signature}.{payload[:middle]}{other}{payload[middle + 1 :]}"


def deauthorize_hook(platform: str, url: str, secret: str, user_id: str, now: float) -> Hook:
    """The callback after a removal, for `World.hooks`, which repeats it until it is answered 200."""
    body = f"signed_request={signed_request(secret, user_id, now)}".encode()
    return Hook(platform, "deauthorize", url, body, _form, {"creator": user_id})


async def ask_deletion(url: str, request: str) -> Reply:
    """Send a deletion callback once, and give back what was answered."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as client,
            client.post(url, data={"signed_request": request}, allow_redirects=False) as answer,
        ):
            text = await answer.text()
            try:
                return Reply(answer.status, json.loads(text))
            except ValueError:
                return Reply(answer.status, text)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return Reply(0, type(error).__name__)


def _form(body: bytes, at: int) -> Mapping[str, str]:  # noqa: ARG001 -- the shape that Hook asks for
    return {"Content-Type": FORM}


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
