"""TikTok's settings: `POST /_sandbox/config {"tiktok": {...}}`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from playout_sandbox.config import BadSettingError, DataclassLike, merged
from playout_sandbox.tiktok.records import Creator

_CREATORS = (
    Creator("-000sandbox-alice", "alice.films", "Alice Films"),
    Creator("-000sandbox-bob", "bob.at.home", "Bob at Home", private=True, max_video_post_duration_sec=180),
    Creator(
        "-000sandbox-charlie",
        "charlie.cooks",
        "Charlie Cooks",
        comment_disabled=True,
        duet_disabled=True,
        max_video_post_duration_sec=3600,
    ),
)


@dataclass(frozen=True, slots=True)
class TikTokConfig(DataclassLike):
    """Defaults are the documentation's newest values; numbers in brackets are rows of tiktok.md section 9."""

    client_key: str = "sandbox-client-key"
    client_secret: str = "sandbox-client-secret"  # noqa: S105  # an emulator's default, worth nothing
    more_clients: tuple[tuple[str, str], ...] = ()  #: further apps, as [key, secret]
    redirect_uris: tuple[str, ...] = ()  #: exact list; empty: any http loopback address with a port (2.2, desktop)
    audited: bool = True  #: an unaudited app only posts SELF_ONLY to private accounts (19, 20)
    creators: tuple[Creator, ...] = _CREATORS
    consent_creator: str = ""  #: open_id or username that auto_consent chooses; empty: the first
    access_seconds: float = 7200  #: old documentation: 86400 (10)
    refresh_seconds: float = 15_552_000  #: old documentation: 31536000
    rotate: bool = True  #: a refresh ends the previous refresh token (9)
    code_seconds: float = 300  #: not documented
    oauth_error_status: int = 200  #: or 400 (5)
    omit_foreign_fields: bool = False  #: user/info leaves fields outside the scope out instead of 401
    processing_seconds: float = 0.5
    moderation_seconds: float = 0.5  #: from PUBLISH_COMPLETE to the post id (39)
    unknown_id_ms: float = 0  #: status does not know a publish_id for so long after init (38, mode B)
    upload_seconds: float = 3600  #: life of an upload address (31)
    pull_seconds: float = 3600  #: longest download (30)
    init_per_minute: int = 6
    creator_info_per_minute: int = 20
    status_per_minute: int = 30
    display_per_minute: int = 600
    daily_cap: int = 15  #: direct posts per creator in 24 hours, over all clients (15, 16)
    draft_cap: int = 5  #: unfinished drafts per creator in 24 hours (42)
    unaudited_creators: int = 5  #: distinct creators per unaudited client in 24 hours (18)
    verified_prefixes: tuple[str, ...] = ()  #: "example.org" (and below) or "https://host/path/" (27)
    spam_words: tuple[str, ...] = ()  #: a caption with one of them fails with spam_risk_text (47)
    app_too_old: bool = False  #: photo drafts answer app_version_check_failed
    webhook_url: str = ""  #: empty: none are sent

    def secret_of(self, client_key: str) -> str | None:
        """The secret of an app, None if there is no such app."""
        return dict((*self.more_clients, (self.client_key, self.client_secret))).get(client_key)

    def creator(self, name: str) -> Creator | None:
        """By open_id or username."""
        return next((c for c in self.creators if name in {c.open_id, c.username}), None)

    def view(self) -> dict[str, object]:
        """For the control API: without the secrets."""
        hidden = {"client_secret", "more_clients"}
        return {name: value for name, value in asdict(self).items() if name not in hidden}


def changed(config: TikTokConfig, changes: Mapping[str, object]) -> TikTokConfig:
    """A copy with the changes applied, all or none. Raises BadSettingError."""
    ready = dict(changes)
    if "creators" in ready:
        ready["creators"] = _creators(ready["creators"])
    if "more_clients" in ready:
        ready["more_clients"] = _pairs(ready["more_clients"])
    return merged(config, ready)


def _creators(value: object) -> tuple[Creator, ...]:
    if not isinstance(value, list) or not value:
        raise BadSettingError("creators takes a list with at least one creator")
    return tuple(_creator(one) for one in value)


def _creator(value: object) -> Creator:
    if not isinstance(value, dict) or not isinstance(value.get("username"), str):
        raise BadSettingError("a creator is an object with at least a username")
    unknown = set(value) - {field.name for field in fields(Creator)}
    if unknown:
        raise BadSettingError(f"a creator has no {', '.join(sorted(unknown))}")
    name = value["username"]
    start = Creator(open_id=f"-000sandbox-{name}", username=name, nickname=name)
    return Creator(**{**asdict(start), **value})


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    pair = 2
    if not isinstance(value, list) or not all(isinstance(one, list) and len(one) == pair for one in value):
        raise BadSettingError("more_clients takes a list of [key, secret]")
    return tuple((str(key), str(secret)) for key, secret in value)
