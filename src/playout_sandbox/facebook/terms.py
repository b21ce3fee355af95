"""What a finish asks for: the state wanted, the time, the words. Rows 24 and 25."""

from playout_sandbox.facebook.records import Video, Wanted
from playout_sandbox.meta.graph import Call, invalid, missing

SOONEST, LATEST = 600, 29 * 86_400  #: seconds ahead of now
_STATES = ("DRAFT", "SCHEDULED", "PUBLISHED")


def wanted_state(call: Call) -> Wanted:
    """`video_state`. Refuses G(100)."""
    value = call.need("video_state")
    if value not in _STATES:
        raise invalid(f"Param video_state must be one of {{{', '.join(_STATES)}}}")
    return Wanted(value)


def describe(video: Video, call: Call, wanted: Wanted, now: float) -> None:
    """Put time and words on the video. Refuses G(100) for a wrong time, and then changes nothing."""
    video.scheduled = _due(call, wanted, now)
    video.request = call.n
    video.description = call.params.get("description", "")
    video.title = call.params.get("title", "")


def _due(call: Call, wanted: Wanted, now: float) -> float:
    """A time goes with SCHEDULED and with nothing else; 0 if there is none."""
    value = call.params.get("scheduled_publish_time", "")
    if wanted is Wanted.SCHEDULED and not value:
        raise missing("scheduled_publish_time")
    if not value:
        return 0.0
    in_window = value.isdigit() and SOONEST <= int(value) - now <= LATEST
    if wanted is not Wanted.SCHEDULED or not in_window:
        raise invalid("The specified scheduled publish time is invalid.")
    return float(value)
