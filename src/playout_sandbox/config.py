"""Settings that every emulated platform shares, and how changes from the control API are checked and merged."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

Settings = TypeVar("Settings", bound="DataclassLike")


class DataclassLike:
    """Base of the settings dataclasses."""


class BadSettingError(ValueError):
    """A setting that does not exist, or a value that does not fit it. The message says which."""


@dataclass(frozen=True, slots=True)
class Config(DataclassLike):
    """What `POST /_sandbox/config` may change at its top level."""

    sink: bool = False  #: throw uploaded bytes away: no file, no hash, no media check (benchmarks)
    limits: bool = True  #: rate limits and caps; off for benchmarks
    durable: bool = True  #: fsync the ledger at each effect; off for benchmarks
    media_checks: bool = True  #: look into received files; off lets tests send any bytes
    auto_consent: bool = False  #: the consent page allows at once, everything that was asked for
    pull_insecure: bool = False  #: pulls may use http and IP addresses, to loopback only
    pull_delay: float = 0.2  #: seconds between an accepted pull and its first byte
    hook_backoff: float = 1.0  #: seconds before the first redelivery of a webhook; doubles each time
    hook_give_up: float = 72 * 3600.0  #: seconds after which a webhook is dropped
    hook_duplicate: bool = False  #: deliver each webhook twice
    hook_reorder: bool = False  #: deliver each webhook after the one that follows it


def merged(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """A copy with `changes` applied, all or none. Raises BadSettingError."""
    known = {field.name for field in fields(settings)}  # type: ignore[arg-type]  # every subclass is a dataclass
    fitted: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            raise BadSettingError(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
        fitted[name] = _fit(name, getattr(settings, name), value)
    return replace(settings, **fitted)  # type: ignore[type-var]  # as above


def _fit(name: str, current: object, value: object) -> object:
    if isinstance(current, bool):
        fits = isinstance(value, bool)
    elif isinstance(current, (int, float)):
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif isinstance(current, tuple):
        fits = isinstance(value, (list, tuple))
        value = tuple(value) if isinstance(value, (list, tuple)) else value
    else:
        fits = isinstance(value, type(current))
    if not fits:
        raise BadSettingError(f"setting {name!r} takes {type(current).__name__}, not {type(value).__name__}")
    return value
