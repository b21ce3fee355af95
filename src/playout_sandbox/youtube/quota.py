"""What a project has used today (section 6). Days are Pacific days; nothing tells the project what is left."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from playout_sandbox.youtube.errors import Refusal

_PACIFIC = ZoneInfo("America/Los_Angeles")
_DAILY_UPLOADS = (
    "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of service "
    "'youtube.googleapis.com' for consumer 'project_number:100000000001'."
)


def pacific_day(now: float) -> date:
    """The quota day of an instant: it begins at midnight in Los Angeles, summer and winter."""
    return datetime.fromtimestamp(now, UTC).astimezone(_PACIFIC).date()


class Quota:
    """Counters per project, bucket and day."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str, date], int] = {}

    def upload(self, project: str, now: float, most: int) -> None:
        """One videos.insert (row 22). Refuses 429."""
        if not self._charge((project, "uploads", pacific_day(now)), 1, most):
            raise Refusal(429, "rateLimitExceeded", _DAILY_UPLOADS)

    def units(self, project: str, now: float, most: int, *, cost: int, bucket: str = "units") -> None:
        """Any other call (row 23). Refuses 403."""
        if not self._charge((project, bucket, pacific_day(now)), cost, most):
            raise Refusal(403, "quotaExceeded")

    def clear(self) -> None:
        """Nothing was used."""
        self._used.clear()

    def _charge(self, key: tuple[str, str, date], cost: int, most: int) -> bool:
        used = self._used.get(key, 0) + cost
        if used <= most:
            self._used[key] = used
        return used <= most
