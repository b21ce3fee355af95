"""Who calls: the bearer token, its scopes, what the call costs, and what it asked for."""

import json
from collections.abc import Collection, Mapping

from starlette.requests import Request

from playout_sandbox.youtube.errors import Refusal, parameter
from playout_sandbox.youtube.records import Access
from playout_sandbox.youtube.state import State


def bearer(state: State, request: Request) -> Access:
    """The access token's meaning. Refuses 401 (rows 10, 11, 39, 51)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(401, "required")
    access = state.accesses.get(token)
    if access is None or access.grant.revoked or access.expires <= state.now:
        raise Refusal(401, "authError")
    return access


def enter(state: State, request: Request, scopes: Collection[str], *, cost: int = 1) -> Access:
    """Rows 53, 12 and 23, in this order. A call that is refused afterwards has cost its units all the same (3.5)."""
    access = bearer(state, request)
    require(state, access, scopes)
    if state.world.config.limits:
        state.quota.units(access.client_id, state.now, state.config.units_per_day, cost=cost)
    return access


def require(state: State, access: Access, scopes: Collection[str]) -> None:
    """The API is switched on, and one of the scopes was granted. Refuses 403."""
    if state.config.api_disabled:
        raise Refusal(403, "accessNotConfigured")
    if not set(scopes) & set(access.scopes):
        raise Refusal(403, "insufficientPermissions")


def parts_of(request: Request, known: Collection[str]) -> tuple[str, ...]:
    """The `part` parameter. Refuses rows 14 and 15."""
    parts = [part.strip() for value in request.query_params.getlist("part") for part in value.split(",")]
    if not any(parts):
        raise parameter("missingRequiredParameter", "part", "No part selected.")
    unknown = [part for part in parts if part not in known]
    if unknown:
        raise parameter("unknownPart", "part", f"'{unknown[0]}'")
    return tuple(dict.fromkeys(parts))


def filter_of(request: Request, filters: Collection[str]) -> tuple[str, str]:
    """The one filter that was chosen, and its value. Refuses none and two (row 52)."""
    chosen = [name for name in filters if request.query_params.get(name)]
    if not chosen:
        names = ", ".join(filters)
        raise parameter("missingRequiredParameter", "parameters.", f"No filter selected. Expected one of: {names}")
    if len(chosen) > 1:
        names = ", ".join(chosen)
        raise parameter("incompatibleParameters", "parameters.", f"Incompatible parameters specified: {names}")
    return chosen[0], request.query_params[chosen[0]]


async def json_body(request: Request) -> Mapping[str, object]:
    """The resource sent; an empty body is an empty one. Refuses 400 parseError."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise Refusal(400, "parseError", "Parse Error") from None
    if not isinstance(body, dict):
        raise Refusal(400, "parseError", "Parse Error")
    return body
