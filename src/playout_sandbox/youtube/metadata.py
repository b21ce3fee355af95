"""What a video's owner may say about it: the fields of section 4, read out of a video resource, and their rules."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from playout_sandbox.youtube.categories import ASSIGNABLE
from playout_sandbox.youtube.errors import Refusal, field

TITLE = 100  #: code points
DESCRIPTION = 5000  #: bytes of UTF-8
TAGS = 500  #: characters, as `tags_length` counts
_PRIVACIES = {"public", "unlisted", "private"}
_LICENSES = {"youtube", "creativeCommon"}


@dataclass(frozen=True, slots=True)
class Metadata:
    """Defaults are what YouTube assumes for a field left out; privacy is public then (section 1.4)."""

    title: str = "unknown"
    description: str = ""
    tags: tuple[str, ...] = ()
    category_id: str = "22"  #: not documented; the official sample's value
    default_language: str = ""
    default_audio_language: str = ""
    privacy: str = "public"
    publish_at: float | None = None  #: seconds since the epoch
    license: str = "youtube"
    embeddable: bool = True
    public_stats_viewable: bool = True
    made_for_kids: bool | None = None
    synthetic: bool | None = None
    paid_promotion: bool = False
    recording_date: str = ""
    localizations: tuple[tuple[str, str, str], ...] = ()  #: language, title, description


_DEFAULTS = Metadata()


class _Changes(TypedDict, total=False):
    title: str
    description: str
    tags: tuple[str, ...]
    category_id: str
    default_language: str
    default_audio_language: str
    privacy: str
    publish_at: float | None
    license: str
    embeddable: bool
    public_stats_viewable: bool
    made_for_kids: bool | None
    synthetic: bool | None
    paid_promotion: bool
    recording_date: str
    localizations: tuple[tuple[str, str, str], ...]


def read_metadata(body: Mapping[str, object], parts: Collection[str], base: Metadata) -> Metadata:
    """`base` with each part named in `parts` replaced as a whole (row 47). Refuses rows 16-20 and unexpectedPart."""
    unexpected = [name for name in body if name in _READERS and name not in parts]
    if unexpected:
        raise field("unexpectedPart", unexpected[0], f"{unexpected[0]} part not expected")
    result = base
    for name, read in _READERS.items():
        if name in parts:
            result = replace(result, **read(_section(body, name)))
    if result.localizations and not result.default_language:
        raise field("defaultLanguageNotSet", "snippet.defaultLanguage", "The default language is not set.")
    return result


def must_say_category(body: Mapping[str, object], parts: Collection[str]) -> None:
    """An update of the snippet has to name the category again (row 47)."""
    if "snippet" in parts and not _section(body, "snippet").get("categoryId"):
        raise field("invalidCategoryId", "snippet.categoryId", "The category is invalid or missing.")


def tags_length(tags: Sequence[str]) -> int:
    """A comma between neighbours; a tag with a space counts as if it stood in quotes."""
    return sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(0, len(tags) - 1)


def _snippet(values: Mapping[str, object]) -> _Changes:
    title, description = _text(values, "snippet.title"), _text(values, "snippet.description")
    if not title.strip() or len(title) > TITLE or _marked_up(title):
        raise field("invalidTitle", "snippet.title")
    if len(description.encode("utf-8", "surrogatepass")) > DESCRIPTION or _marked_up(description):
        raise field("invalidDescription", "snippet.description", "The video description is invalid.")
    category = _text(values, "snippet.categoryId") or _DEFAULTS.category_id
    if category not in ASSIGNABLE:
        raise field("invalidCategoryId", "snippet.categoryId", "The category is invalid or missing.")
    return {
        "title": title,
        "description": description,
        "tags": _tags(values.get("tags", [])),
        "category_id": category,
        "default_language": _text(values, "snippet.defaultLanguage"),
        "default_audio_language": _text(values, "snippet.defaultAudioLanguage"),
    }


def _tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise field("badRequest", "snippet.tags", "Invalid value at 'resource.snippet.tags'")
    if tags_length(value) > TAGS or any(_marked_up(tag) or not tag.strip() for tag in value):
        raise field("invalidTags", "snippet.tags", "The request metadata specifies invalid video keywords.")
    return tuple(value)


def _status(values: Mapping[str, object]) -> _Changes:
    privacy = _text(values, "status.privacyStatus") or _DEFAULTS.privacy
    licence = _text(values, "status.license") or _DEFAULTS.license
    if privacy not in _PRIVACIES:
        raise field("invalidVideoMetadata", "status.privacyStatus", "The request metadata is invalid.")
    if licence not in _LICENSES:
        raise Refusal(403, "forbiddenLicenseSetting", "The license setting is not allowed.")
    publish_at = _publish_at(_text(values, "status.publishAt"))
    if publish_at is not None and privacy != "private":
        raise _bad_publish_at()
    return {
        "privacy": privacy,
        "publish_at": publish_at,
        "license": licence,
        "embeddable": _flag(values, "status.embeddable") is not False,
        "public_stats_viewable": _flag(values, "status.publicStatsViewable") is not False,
        "made_for_kids": _flag(values, "status.selfDeclaredMadeForKids"),
        "synthetic": _flag(values, "status.containsSyntheticMedia"),
    }


def _publish_at(value: str) -> float | None:
    if not value:
        return None
    moment = _moment(value)
    if moment is None or moment.tzinfo is None:
        raise _bad_publish_at()
    return moment.timestamp()


def _bad_publish_at() -> Refusal:
    return field("invalidPublishAt", "status.publishAt", "The scheduled publishing time is invalid.")


def _paid(values: Mapping[str, object]) -> _Changes:
    return {"paid_promotion": _flag(values, "paidProductPlacementDetails.hasPaidProductPlacement") is True}


def _recording(values: Mapping[str, object]) -> _Changes:
    date = _text(values, "recordingDetails.recordingDate")
    if date and _moment(date) is None:
        raise field("invalidRecordingDetails", "recordingDetails.recordingDate", "The recording details are invalid.")
    return {"recording_date": date}


def _localizations(values: Mapping[str, object]) -> _Changes:
    one_each = [
        (language, _text(said, "localizations.title"), _text(said, "localizations.description"))
        for language, said in values.items()
        if isinstance(said, dict)
    ]
    return {"localizations": tuple(one_each)}


_READERS: Mapping[str, Callable[[Mapping[str, object]], _Changes]] = {
    "snippet": _snippet,
    "status": _status,
    "paidProductPlacementDetails": _paid,
    "recordingDetails": _recording,
    "localizations": _localizations,
}


def _section(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise field("badRequest", name, f"Invalid value at 'resource.{name}'")
    return value


def _text(values: Mapping[str, object], path: str) -> str:
    """A string, empty if absent. A number is not one (categoryId!)."""
    value = values.get(path.rpartition(".")[2], "")
    if not isinstance(value, str):
        raise field("badRequest", path, f"Invalid value at 'resource.{path}' (TYPE_STRING), {value}")
    return value


def _flag(values: Mapping[str, object], path: str) -> bool | None:
    value = values.get(path.rpartition(".")[2])
    if value is not None and not isinstance(value, bool):
        raise field("badRequest", path, f"Invalid value at 'resource.{path}' (TYPE_BOOL), {value}")
    return value


def _moment(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _marked_up(value: str) -> bool:
    return "<" in value or ">" in value
