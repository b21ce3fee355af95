"""Instagram's settings: `POST /_sandbox/config {"instagram": {...}}`.

The accounts are settings of Facebook Login, because both logins lead to the same ones.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from playout_sandbox.config import BadSettingError, DataclassLike, merged

_CHOICES = {
    "token_shape": ("flat", "data"),
    "permissions_as": ("string", "list"),
    "me_shape": ("flat", "data"),
    "second_publish": ("2207008", "9007", "same_id", "second_post"),
    "spam_block": ("off", "not_published", "published"),
    "error_status": ("prose", "subcode"),
    "bad_video_url": ("container", "create"),
    "caption_unit": ("utf16", "codepoints"),
    "caption_readback": ("as_sent", "no_at", "absent"),
    "published_after_a_day": ("PUBLISHED", "EXPIRED", "gone"),
    "container_limit_code": ("80002", "4"),
}


@dataclass(frozen=True, slots=True)
class InstagramConfig(DataclassLike):
    """Defaults are the documentation's newest values; numbers in brackets are rows of instagram.md section 11."""

    client_id: str = "sandbox-client-id"
    client_secret: str = "sandbox-client-secret"  # noqa: S105  # an emulator's default, worth nothing
    redirect_uris: tuple[str, ...] = ()  #: exact list; empty: https, and http on loopback (1)
    consent_account: str = ""  #: id or username that auto_consent chooses; empty: the first
    code_seconds: float = 3600
    short_seconds: float = 3600  #: life of a short token (6)
    long_seconds: float = 5_184_000  #: 60 days
    refresh_after: float = 86_400  #: age at which a long token may be refreshed (7)
    refresh_ends_old: bool = False  #: a refreshed token stops working; not documented
    token_shape: str = "flat"  # noqa: S105  # or "data": wrapped in data:[...]
    permissions_as: str = "string"  #: or "list"
    me_shape: str = "flat"  #: or "data"
    unparsable_status: int = 401  #: or 400 (10)
    processing_seconds: float = 2.0  #: from the last byte to FINISHED (22)
    container_seconds: float = 86_400  #: life of a container (23)
    pull_seconds: float = 600  #: longest download (20); not documented
    status_lag: float = 1.0  #: seconds for which a published container still reads FINISHED
    permalink_delay: float = 1.0  #: seconds for which a new reel cannot be read by its id
    list_delay: float = 0.0  #: seconds until a new reel is in the list of media
    insights_delay: float = 2.0  #: seconds until insights have data; up to 48 hours in the documentation (37)
    second_publish: str = "2207008"  #: "9007", "same_id", or the worst case "second_post" (26)
    spam_block: str = "off"  #: "not_published" or "published": 4/2207051 either way (29)
    publish_omits_id: bool = False  #: 200 without an id
    restricted: tuple[str, ...] = ()  #: ids or usernames of accounts that may neither create nor publish (31)
    trial_reels: bool = False  #: the accounts may use trial_params
    quota_total: int = 100  #: publishes in 24 hours (27); other pages say 50 and 25
    container_limit: int = 400  #: containers in 24 hours (28)
    container_limit_code: str = "80002"  #: or "4"; not documented
    calls_per_day: int = 48_000  #: calls per account in 24 hours, then 80002 (34)
    read_flake: bool = False  #: the first read of each container and reel answers 100/33 (38)
    error_status: str = "prose"  #: what `status` of a failed container says; or "subcode"
    bad_video_url: str = "container"  #: or "create": POST /media itself waits for the download and refuses (19)
    caption_unit: str = "utf16"  #: how 2200 is counted; not documented, this is the stricter way (16)
    caption_readback: str = "as_sent"  #: or "no_at", or "absent"
    published_after_a_day: str = "PUBLISHED"  #: how a published container reads later; not documented
    upload_any_login: bool = (
        False  #: upload_type=resumable with Instagram Login too; documented for Facebook Login only
    )
    largest: int = 300_000_000  #: bytes of a video; older documentation: 1 GB
    ignored_rules: tuple[str, ...] = ()  #: media rules that are not enforced, by the names in film.py
    deauthorize_url: str = ""  #: empty: none is sent
    deletion_url: str = ""
    webhook_url: str = ""  #: events of accounts (none tells of publications); empty: none are sent
    webhook_token: str = "sandbox-verify-token"  # noqa: S105  # what the control call verify-webhook presents

    def view(self) -> dict[str, object]:
        """For the control API: without the secret."""
        return {name: value for name, value in asdict(self).items() if name != "client_secret"}


def changed(config: InstagramConfig, changes: Mapping[str, object]) -> InstagramConfig:
    """A copy with the changes applied, all or none. Raises BadSettingError."""
    new = merged(config, changes)
    for name, choices in _CHOICES.items():
        if getattr(new, name) not in choices:
            raise BadSettingError(f"setting {name!r} takes one of {', '.join(choices)}")
    return new
