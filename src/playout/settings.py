"""Every knob, once: name, default, why. Read only by the door and the roof.

Order: defaults < `config.toml` in the data folder < `.env` in the working directory < environment < flags. Every
secret also as `NAME_FILE`, which names a file that holds it. A `PLAYOUT_` name that does not exist stops the start.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from playout.domain.errors import Misconfigured
from playout.domain.secret import Secret

PREFIX = "PLAYOUT_"
ConfidentialText = Annotated[
    Secret, BeforeValidator(lambda text: text if isinstance(text, Secret) else Secret(str(text)))
]


#: A password in an address: before the last `@`, or as a parameter.
_IN_ADDRESS = re.compile(r"(://[^:/?#@]*:).+(?=@)|([?&](?i:[a-z_]*(?:password|secret|token|key))=)[^&]*")


class Settings(BaseModel):
    """All settings. Addresses of platforms are bases: paths are joined to them, never replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("playout")),
        description="database, files and keys of the embedded set-up",
    )
    database_url: str = Field(
        default="",
        description="sqlite:///… (in DATA_DIR by default), postgresql://… or dynamodb://TABLE?region=…",
    )
    files_url: str = Field(
        default="",
        description="file://… (in DATA_DIR by default), s3://BUCKET/PREFIX?region=…[&endpoint=…][&style=virtual|path], "
        "gs://… or az://…",
    )
    engine_url: str = Field(
        default="", description="memory: or postgresql://…; by default the database, if it is a PostgreSQL"
    )
    worker_slots: int = Field(default=64, ge=1, le=4096, description="steps in flight per process")
    public_url: str = Field(
        default="http://127.0.0.1:8030", description="what browsers and platforms reach us by; no slash at the end"
    )
    pull_url_base: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="what stands before the bucket of FILES_URL (a CDN, a domain of yours), for platforms that fetch "
        "videos; unset: they fetch from PUBLIC_URL",
    )
    host: str = Field(default="127.0.0.1", description="where serve listens")
    port: int = Field(default=8030, ge=0, le=65535, description="where serve listens; 0 picks a free one")
    allowed_hosts: str = Field(default="", description="comma list of further host names to answer to")
    egress_allow: str = Field(
        default="",
        description="comma list of host:port that imports may reach although they are not public; all else must be "
        "public and on port 443",
    )
    rate_limit: int = Field(
        default=600, ge=0, description="requests a minute for each API token and process; 0: as many as one likes"
    )
    secret_keys: ConfidentialText | None = Field(
        default=None, description="id:base64 list of key-encryption keys, first one primary; made in DATA_DIR if unset"
    )
    sign_in: str = Field(default="password", description="comma list of ways in; none = one owner, no pages for others")
    upload_hours: int = Field(
        default=24, ge=1, le=24 * 30, description="how long an unfinished upload is kept after its last byte"
    )
    most_video_bytes: int = Field(default=4 * 1024**3, ge=1, description="largest file taken in")
    log_format: Literal["text", "json"] = Field(default="text", description="how log lines look")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="least level logged")

    tiktok_client_key: str = Field(default="", description="of the app at TikTok for Developers")
    tiktok_client_secret: ConfidentialText | None = Field(default=None, description="of the same app")
    tiktok_www_url: str = Field(default="https://www.tiktok.com", description="base of TikTok's pages")
    tiktok_api_url: str = Field(default="https://open.tiktokapis.com", description="base of TikTok's API")
    tiktok_transfer: Literal["file", "pull"] = Field(
        default="file", description="file: we send the bytes; pull: TikTok fetches them from us"
    )

    youtube_client_id: str = Field(default="", description="of the OAuth client at Google")
    youtube_client_secret: ConfidentialText | None = Field(default=None, description="of the same client")
    youtube_accounts_url: str = Field(default="https://accounts.google.com", description="base of Google's sign-in")
    youtube_oauth_url: str = Field(default="https://oauth2.googleapis.com", description="base of Google's tokens")
    youtube_api_url: str = Field(default="https://www.googleapis.com", description="base of YouTube's API")
    youtube_analytics_url: str = Field(
        default="https://youtubeanalytics.googleapis.com", description="base of YouTube's numbers"
    )

    instagram_client_id: str = Field(default="", description="Instagram app id, for Instagram Login")
    instagram_client_secret: ConfidentialText | None = Field(default=None, description="of the same app")
    instagram_www_url: str = Field(default="https://www.instagram.com", description="base of Instagram's sign-in")
    instagram_api_url: str = Field(default="https://api.instagram.com", description="base of its code exchange")
    instagram_graph_url: str = Field(default="https://graph.instagram.com", description="base of Instagram's API")

    facebook_client_id: str = Field(
        default="", description="app id for Facebook Login: Pages, and Instagram through a Page"
    )
    facebook_client_secret: ConfidentialText | None = Field(default=None, description="of the same app")
    facebook_www_url: str = Field(default="https://www.facebook.com", description="base of Facebook's sign-in")
    facebook_graph_url: str = Field(default="https://graph.facebook.com", description="base of the Graph API")
    meta_rupload_url: str = Field(default="https://rupload.facebook.com", description="base of Meta's uploads")
    meta_graph_version: str = Field(default="v25.0", pattern=r"v[0-9]{1,3}\.[0-9]", description="of the Graph APIs")

    @property
    def sqlite_path(self) -> Path | None:
        """Where the embedded database lies; None with another one.

        As SQLAlchemy reads it: three slashes and a path from the working directory, or four and one from the root.
        """
        if not self.database_url:
            return self.data_dir / "playout.db"
        scheme, _, rest = self.database_url.partition("://")
        return Path(rest.removeprefix("/")) if scheme == "sqlite" else None

    @property
    def database(self) -> str:
        """Address of the database, the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'playout.db'}"

    @property
    def files(self) -> str:
        """Address of the file store, the default filled in."""
        return self.files_url or (self.data_dir.absolute() / "files").as_uri()

    @property
    def pulled_from(self) -> str:
        """Where platforms fetch videos."""
        return self.pull_url_base or self.public_url

    @property
    def engine(self) -> str:
        """Address of the engine, the default filled in."""
        if self.engine_url:
            return self.engine_url
        return self.database if self.database.startswith(("postgresql://", "postgres://")) else "memory:"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with where each came from: `default`, `config.toml`, `.env`, `environment` or `flag`."""

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Name, value (secrets masked), origin."""
        for name in Settings.model_fields:
            value = getattr(self.settings, name)
            yield PREFIX + name.upper(), "" if value is None else _masked(str(value)), self.origins.get(name, "default")


def load(environment: Mapping[str, str], folder: Path, flags: Mapping[str, str | int | Path]) -> Loaded:
    """Reads all layers. Raises Misconfigured with a sentence that names the setting and the mend."""
    dotenv = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    layers: list[tuple[str, Mapping[str, object]]] = [
        (".env", _ours(dotenv, ".env")),
        ("environment", _ours(environment, "environment")),
        ("flag", dict(flags)),
    ]
    data_dir = Path(
        str(_merged(layers).get("data_dir") or Settings.model_fields["data_dir"].get_default(call_default_factory=True))
    )
    layers.insert(0, ("config.toml", _toml(data_dir / "config.toml")))
    try:
        settings = Settings.model_validate(_merged(layers))
    except ValidationError as error:
        raise Misconfigured(_sentence(error)) from None
    return Loaded(settings, {name: origin for origin, layer in layers for name in layer})


def _merged(layers: list[tuple[str, Mapping[str, object]]]) -> dict[str, object]:
    merged: dict[str, object] = {}
    for _, layer in layers:
        merged |= layer
    return merged


def _ours(names: Mapping[str, str], where: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in names.items():
        if name.upper().startswith(PREFIX):
            field, content = _resolve(name.upper().removeprefix(PREFIX).lower(), value, where)
            if content != "":
                found[field] = content
    return found


def _toml(path: Path) -> dict[str, object]:
    try:
        kept = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        msg = f"config.toml cannot be read: {error}"
        raise Misconfigured(msg) from error
    found: dict[str, object] = {}
    for name, value in kept.items():
        plain = name.lower().removeprefix(PREFIX.lower())
        field, content = (
            _resolve(plain, value, "config.toml") if isinstance(value, str) else (_known(plain, "config.toml"), value)
        )
        found[field] = content
    return found


def _resolve(field: str, value: str, where: str) -> tuple[str, str]:
    """The setting and its value; `name_file` reads the value from the file."""
    base = field.removesuffix("_file")
    if base == field or base not in Settings.model_fields:
        return _known(field, where), value
    try:
        return base, Path(value).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        msg = f"{PREFIX}{field.upper()} ({where}) names a file that cannot be read: {reason}."
        raise Misconfigured(msg) from error


def _known(field: str, where: str) -> str:
    if field in Settings.model_fields:
        return field
    near = difflib.get_close_matches(field, Settings.model_fields, n=1)
    hint = f" Did you mean {PREFIX}{near[0].upper()}?" if near else " `playout config` lists all names."
    msg = f"There is no setting {PREFIX}{field.upper()} ({where}).{hint}"
    raise Misconfigured(msg, code="unknown_setting")


def _sentence(error: ValidationError) -> str:
    """Names the settings, never their values."""
    told = [
        f"{PREFIX}{str(one['loc'][0]).upper()}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False)
    ]
    return "; ".join(told)


def _masked(value: str) -> str:
    """Without the password that an address may carry, before its host or among its parameters."""
    return _IN_ADDRESS.sub(lambda found: f"{found[1] or found[2]}***", value) if "://" in value else value


def current(flags: Mapping[str, str | int | Path]) -> Loaded:
    """The settings of this process."""
    return load(os.environ, Path.cwd(), flags)
