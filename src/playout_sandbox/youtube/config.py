"""YouTube's settings: `POST /_sandbox/config {"youtube": {...}}`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from playout_sandbox.config import BadSettingError, DataclassLike, merged
from playout_sandbox.youtube.records import Channel

DAY = 86_400.0


def channel_id(handle: str) -> str:
    """An id in YouTube's shape: "UC" and 22 characters."""
    plain = "".join(letter if letter.isalnum() else "_" for letter in handle)
    return f"UC{f'sandbox-{plain}':0<22}"[:24]


_CREATORS = (
    Channel(channel_id("alice.films"), "alice.films", "Alice Films"),
    Channel(channel_id("bob.at.home"), "bob.at.home", "Bob at Home", verified=False),
    Channel(channel_id("charlie.cooks"), "charlie.cooks", "Charlie Cooks"),
)


@dataclass(frozen=True, slots=True)
class YouTubeConfig(DataclassLike):
    """Defaults are the documentation's newest values; numbers in brackets are rows of youtube.md section 9."""

    client_id: str = "sandbox-client-id"
    client_secret: str = "sandbox-client-secret"  # noqa: S105  # an emulator's default, worth nothing
    more_clients: tuple[tuple[str, str], ...] = ()  #: further projects, as [id, secret]
    redirect_uris: tuple[str, ...] = ()  #: exact list (1); empty: any http loopback address
    creators: tuple[Channel, ...] = _CREATORS
    consent_creator: str = ""  #: id or handle that auto_consent chooses; empty: the first
    testing_mode: bool = False  #: publishing status "Testing": refresh tokens live for 7 days (6)
    access_seconds: float = 3600  #: (10); the answer says one second less, as Google does
    refresh_unused_seconds: float = 180 * DAY  #: a refresh token that nobody used for so long is dead
    most_refresh_tokens: int = 100  #: per account and client (7)
    code_seconds: float = 600  #: not documented
    api_disabled: bool = False  #: not enabled in the project (53)
    uploads_per_day: int = 100  #: videos.insert calls of a project in a Pacific day (22)
    units_per_day: int = 10_000  #: all other Data API calls, by their cost (23)
    stats_per_day: int = 10_000  #: videos.batchGetStats calls
    channel_daily_limit: int = 0  #: videos of a channel in 24 hours; 0: no limit (25)
    session_seconds: float = 7 * DAY  #: life of a session URI (38)
    completed_session_seconds: float = 7 * DAY  #: how long a complete one repeats its answer; not documented
    session_gone_status: int = 404  #: or 410 (38)
    completion_status: int = 201  #: or 200 (34)
    keep_half: bool = False  #: the server keeps half of what a request sent (32)
    strict_chunks: bool = False  #: a chunk that is no multiple of 256 KiB is refused, not rounded down (29)
    processing_seconds: float = 0.5  #: (41)
    list_delay: float = 0.5  #: seconds until playlistItems shows a new video
    long_uploads: bool = False  #: channels that are not verified may exceed 15 minutes too (43)
    reject_duplicates: bool = False  #: the same bytes twice on one channel (44)
    unverified_project_lock: bool = False  #: everything stays private, as from 2020 to 2026 (50)

    def secret_of(self, client_id: str) -> str | None:
        """The secret of a project, None if there is no such project."""
        return dict((*self.more_clients, (self.client_id, self.client_secret))).get(client_id)

    def creator(self, name: str) -> Channel | None:
        """By channel id or handle, with or without its @."""
        plain = name.removeprefix("@")
        return next((channel for channel in self.creators if plain in {channel.id, channel.handle}), None)

    def view(self) -> dict[str, object]:
        """For the control API: without the secrets."""
        hidden = {"client_secret", "more_clients"}
        return {name: value for name, value in asdict(self).items() if name not in hidden}


def changed(config: YouTubeConfig, changes: Mapping[str, object]) -> YouTubeConfig:
    """A copy with the changes applied, all or none. Raises BadSettingError."""
    ready = dict(changes)
    if isinstance(ready.get("creators"), list):
        ready["creators"] = [_channel(one) for one in _list(ready["creators"])]
    if isinstance(ready.get("more_clients"), list):
        ready["more_clients"] = [_pair(one) for one in _list(ready["more_clients"])]
    return merged(config, ready)


def _list(value: object) -> list[object]:
    if not isinstance(value, list) or not value:
        raise BadSettingError("creators and more_clients take a list with at least one entry")
    return value


def _channel(value: object) -> Channel:
    known = {one.name for one in fields(Channel)}
    handle = value.get("handle") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(handle, str) or not set(value) <= known:
        raise BadSettingError(f"a creator is an object with a handle, and perhaps: {', '.join(sorted(known))}")
    return Channel(**{"id": channel_id(handle), "title": handle, **value})


def _pair(value: object) -> tuple[str, str]:
    match value:
        case [str(client_id), str(secret)]:
            return client_id, secret
        case _:
            raise BadSettingError("more_clients takes a list of [id, secret]")
