"""`/youtube-analytics/v2/reports` (section 5): a true table of the numbers that tests set, nothing more.

The emulated numbers have no history: all of a video's count for the day on which it was uploaded.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.youtube.access import bearer, require
from playout_sandbox.youtube.errors import Refusal, parameter
from playout_sandbox.youtube.quota import pacific_day
from playout_sandbox.youtube.records import Access, Video
from playout_sandbox.youtube.scopes import MAY_REPORT
from playout_sandbox.youtube.state import State

_MOST = 200
_SUMS = {
    "views": "view_count",
    "engagedViews": "view_count",
    "likes": "like_count",
    "dislikes": "dislike_count",
    "comments": "comment_count",
    "shares": "share_count",
    "estimatedMinutesWatched": "minutes_watched",
    "subscribersGained": "subscribers_gained",
    "subscribersLost": "subscribers_lost",
}
_DIMENSIONS: Mapping[str, Callable[[Video], str]] = {
    "video": lambda video: video.id,
    "day": lambda video: pacific_day(video.at).isoformat(),
}


class Analytics:
    """Reports of the token's own channel. Its quota is separate and not emulated."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def reports(self, request: Request) -> Response:
        """Rows are absent when there is no data."""
        access = bearer(self._state, request)
        require(self._state, access, MAY_REPORT)
        asked = request.query_params
        if asked.get("ids") not in {"channel==MINE", f"channel=={access.creator}"}:
            raise Refusal(403, "forbidden")
        metrics = _metrics(asked.get("metrics", ""))
        dimension = asked.get("dimensions", "")
        if dimension and dimension not in _DIMENSIONS:
            raise _unknown("dimensions", dimension)
        most = _max_results(request, dimension)
        groups: dict[str, list[Video]] = {}
        for video in self._counted(access, request):
            groups.setdefault(_DIMENSIONS[dimension](video) if dimension else "", []).append(video)
        rows: list[list[str | int]] = [
            [*([key] if dimension else []), *_row(videos, metrics)] for key, videos in groups.items()
        ]
        columns = [
            *([(dimension, "DIMENSION", "STRING")] if dimension else []),
            *((m, "METRIC", "INTEGER") for m in metrics),
        ]
        answer = {
            "kind": "youtubeAnalytics#resultTable",
            "columnHeaders": [{"name": name, "columnType": kind, "dataType": data} for name, kind, data in columns],
        }
        ordered = _ordered(rows, [name for name, _, _ in columns], asked.get("sort", ""))[:most]
        return JSONResponse({**answer, "rows": ordered} if ordered else answer)

    def _counted(self, access: Access, request: Request) -> list[Video]:
        first, last = (_day(request, name) for name in ("startDate", "endDate"))
        own = [video for video in self._state.uploads_of(access.creator) if first <= pacific_day(video.at) <= last]
        name, _, value = request.query_params.get("filters", "").partition("==")
        if name not in {"", "video"}:
            raise _unknown("filters", name)
        return [video for video in own if not name or video.id in value.split(",")]


def _metrics(value: str) -> list[str]:
    if not value:
        raise parameter("required", "metrics", "Required parameter: metrics")
    unknown = [name for name in value.split(",") if name not in _SUMS and name != "averageViewDuration"]
    if unknown:
        raise _unknown("metrics", unknown[0])
    return value.split(",")


def _row(videos: Sequence[Video], metrics: Sequence[str]) -> list[int]:
    views = sum(video.numbers["view_count"] for video in videos)
    minutes = sum(video.numbers["minutes_watched"] for video in videos)
    average = round(minutes * 60 / views) if views else 0
    return [sum(video.numbers[_SUMS[name]] for video in videos) if name in _SUMS else average for name in metrics]


def _ordered(rows: list[list[str | int]], columns: list[str], sort: str) -> list[list[str | int]]:
    """By the first column named; without one by the first column of all."""
    name = sort.partition(",")[0].removeprefix("-") or columns[0]
    if name not in columns:
        raise _unknown("sort", name)
    place = columns.index(name)
    return sorted(
        rows, key=lambda row: (str(row[place]) if place == 0 else "", _number(row[place])), reverse=sort.startswith("-")
    )


def _number(value: str | int) -> int:
    return value if isinstance(value, int) else 0


def _max_results(request: Request, dimension: str) -> int:
    """With dimension video both sort and maxResults are obligatory."""
    value = request.query_params.get("maxResults")
    if dimension == "video" and (value is None or not request.query_params.get("sort")):
        raise Refusal(400, "badRequest", "The query is not supported. Check sort and maxResults.")
    if value is not None and (not value.isdecimal() or not 1 <= int(value) <= _MOST):
        raise parameter("badRequest", "maxResults", "Invalid value for maxResults.")
    return int(value or _MOST)


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        raise parameter("badRequest", name, f"Invalid value for {name}: a date is expected.") from None


def _unknown(where: str, name: str) -> Refusal:
    return parameter("badRequest", where, f"Unknown identifier ({name}) given in field parameters.{where}.")
