"""Who calls: the bearer token, its scopes, its rate, and the JSON it sent."""

import json
from collections.abc import Collection, Mapping

from starlette.requests import Request

from playout_sandbox.tiktok.envelope import Refusal
from playout_sandbox.tiktok.records import Access
from playout_sandbox.tiktok.state import State


def bearer(state: State, request: Request) -> Access:
    """The access token's meaning. Refuses 401 access_token_invalid (rows 10, 12)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    access = state.accesses.get(token) if scheme.lower() == "bearer" else None
    if access is None or access.grant.revoked or access.expires <= state.now:
        raise Refusal(401, "access_token_invalid", "The access token is invalid or not found in the request.")
    return access


def require_scope(access: Access, anyof: Collection[str]) -> None:
    """Refuses 401 scope_not_authorized unless one of the scopes was granted (row 13)."""
    if not set(anyof) & set(access.grant.scopes):
        raise Refusal(401, "scope_not_authorized", "The user did not authorize the scope required.")


async def json_body(request: Request) -> Mapping[str, object]:
    """The JSON object sent. Refuses 400 invalid_params."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise bad("Content-Type must be application/json")
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise bad("The body is not JSON") from None
    if not isinstance(body, dict):
        raise bad("The body is not a JSON object")
    return body


def bad(message: str) -> Refusal:
    """400 invalid_params, the code the live API uses (tiktok.md section 1.6)."""
    return Refusal(400, "invalid_params", message)


def section(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A required object inside the body."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise bad(f"{name} is missing")
    return value


def text(values: Mapping[str, object], name: str) -> str:
    """A string, empty if absent."""
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise bad(f"{name} is not a string")
    return value or ""


def number(values: Mapping[str, object], name: str) -> int:
    """A required integer."""
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad(f"{name} is missing or not an integer")
    return value
