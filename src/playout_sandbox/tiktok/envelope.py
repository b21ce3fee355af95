"""TikTok's answer shapes: the data envelope, E(code, message), and OAuth's flat O(error, description)."""

import secrets
from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """A call that TikTok answers with E(code, message)."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or f"Refused: {code}."


class OAuthRefusal(Exception):
    """A call that TikTok answers with O(error, description); the status is a setting."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def ok(data: object, now: float) -> Response:
    """Success."""
    return JSONResponse({"data": data, "error": {"code": "ok", "message": "", "log_id": log_id(now)}})


def error(status: int, code: str, message: str, now: float) -> Response:
    """E(code, message): an object, and no `data`."""
    return JSONResponse({"error": {"code": code, "message": message, "log_id": log_id(now)}}, status)


def oauth_error(status: int, code: str, description: str, now: float) -> Response:
    """O(error, description): here `error` is a string."""
    return JSONResponse({"error": code, "error_description": description, "log_id": log_id(now)}, status)


def log_id(now: float) -> str:
    """14 digits of date and time, 20 upper-case hex digits."""
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%d%H%M%S}{secrets.token_hex(10).upper()}"
