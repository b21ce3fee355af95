"""Lists of the Graph API: pages of `data` with cursors."""

import base64
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from playout_sandbox.meta.graph import Call, invalid

_USUAL, _MOST = 25, 100
_PRIVATE = {"access_token", "appsecret_proof", "appsecret_time"}


def listed(call: Call, rows: Sequence[object]) -> Response:
    """One page of the rows, by `limit`, `after` and `before`. An empty list comes without `paging`."""
    limit = _limit(call.params.get("limit", ""))
    start = _place(call.params["after"]) + 1 if "after" in call.params else 0
    if "before" in call.params:
        start = max(0, _place(call.params["before"]) - limit)
    shown = rows[start : start + limit]
    if not shown:
        return JSONResponse({"data": []})
    last = start + len(shown) - 1
    paging: dict[str, object] = {"cursors": {"before": _cursor(start), "after": _cursor(last)}}
    if last + 1 < len(rows):
        paging["next"] = _next(call, limit, _cursor(last))
    return JSONResponse({"data": list(shown), "paging": paging})


def _next(call: Call, limit: int, after: str) -> str:
    """The address of the following page. A token that was sent in a header is not in there."""
    kept = {name: value for name, value in call.params.items() if name not in {*_PRIVATE, "after", "before"}}
    if "access_token" in call.params:
        kept["access_token"] = call.params["access_token"]
    url = call.request.url
    return f"{url.scheme}://{url.netloc}{url.path}?{urlencode({**kept, 'limit': limit, 'after': after})}"


def _limit(value: str) -> int:
    if value and not value.isdigit():
        raise invalid("Param limit must be an integer")
    return max(1, min(int(value or _USUAL), _MOST))


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"place:{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("place:"))
    except ValueError:
        raise invalid("Invalid cursors values") from None
