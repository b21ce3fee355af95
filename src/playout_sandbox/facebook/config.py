"""Facebook's own settings: `POST /_sandbox/config {"facebook": {...}}`. Those of its login are in `meta.config`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from playout_sandbox.config import BadSettingError, DataclassLike, merged
from playout_sandbox.meta.config import ALL, which

LARGEST_CHUNK = 4 * 1024 * 1024  #: bytes; a chunk of a long video is held in memory
_CHOICES = {
    "bytes_field": ("bytes_transferred", "bytes_transfered"),
    "complete_word": ("complete", "completed"),
    "errors_shape": ("list", "object"),
    "second_finish": ("ok", "error"),
}


@dataclass(frozen=True, slots=True)
class FacebookConfig(DataclassLike):
    """Defaults are what was seen live where the documentation differs; numbers in brackets are rows."""

    processing_seconds: float = 0.5
    publishing_seconds: float = 0.5
    session_seconds: float = 86_400  #: an unpublished video expires; not documented
    bytes_field: str = "bytes_transferred"  #: or the documentation's "bytes_transfered"
    complete_word: str = "complete"  #: or the documentation's table: "completed"
    errors_shape: str = "list"  #: `errors: [...]`, or "object": `error: {...}`
    relative_permalink: bool = True  #: "/reel/1/" instead of a whole address
    finish_tells_post_id: bool = False  #: finish answers {"success": true, "post_id": ...}
    publish_limit: int = 30  #: reels a Page may publish in 24 hours (29)
    publish_limit_code: str = "368/1390008"  #: code and subcode of the refusal, which nobody documented
    second_finish: str = "ok"  #: or "error": what a repeated finish answers; a second reel it never makes
    publish_fails_late: bool = False  #: finish is accepted, and publishing fails afterwards (32)
    media_errors_on_finish: bool = False  #: a bad file is refused by finish instead of in the status (27, 28)
    page_rate_limited: tuple[str, ...] = ()  #: Pages that answer 80001: true, false, or a list of ids (33)
    page_rate_minutes: int = 5  #: minutes in the header that goes with it
    chunk_bytes: int = 1_048_576  #: of the chunked way for long videos
    short_becomes_draft: bool = True  #: an upright video of at most 90 s sent to /videos is not published
    webhook_url: str = ""  #: events of Pages; empty: none are sent
    webhook_batch: bool = False  #: all that happens at once in one webhook
    webhook_permissions: bool = False  #: a person who withdraws a permission is told of too
    webhook_token: str = "sandbox-verify-token"  # noqa: S105  # what the control call verify-webhook presents

    def slow_down(self, page: str) -> bool:
        """Whether calls for the Page are refused."""
        return page in self.page_rate_limited or ALL in self.page_rate_limited

    def view(self) -> dict[str, object]:
        """For the control API."""
        return asdict(self)


def changed(config: FacebookConfig, changes: Mapping[str, object]) -> FacebookConfig:
    """A copy with the changes applied, all or none. Raises BadSettingError."""
    ready = dict(changes)
    if "page_rate_limited" in ready:
        ready["page_rate_limited"] = which("page_rate_limited", ready["page_rate_limited"])
    for name, choices in _CHOICES.items():
        if name in ready and ready[name] not in choices:
            raise BadSettingError(f"{name} is one of {', '.join(choices)}")
    made = merged(config, ready)
    if not 0 < made.chunk_bytes <= LARGEST_CHUNK:
        raise BadSettingError(f"chunk_bytes is at most {LARGEST_CHUNK}")
    return made
