"""Kinds of values in bodies and addresses: times, texts, options, ids. Nothing about any noun."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from playout.domain.delivery import JsonValue
from playout.domain.errors import NotFound
from playout.domain.ids import is_id

#: Deeper than any option of any platform.
DEEPEST = 2
#: Every reader of JSON understands whole numbers up to here in the same way (RFC 7493).
LARGEST = 2**53 - 1
#: For schemas: any text without NUL.
STORABLE = "^[^\\u0000]*$"


def _from_text(value: object) -> object:
    if isinstance(value, str):
        return value
    msg = "Give the time as text, such as 2026-12-24T18:00:00Z."
    raise ValueError(msg)


def _utc(value: datetime) -> datetime:
    try:
        if value.tzinfo is not None:
            return value.astimezone(UTC)
    except OverflowError:
        pass
    msg = "Give the time with its offset, such as 2026-12-24T18:00:00Z or 2026-12-24T19:00:00+01:00."
    raise ValueError(msg)


def rfc3339(value: datetime) -> str:
    """In UTC, to the millisecond."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _storable(text: str) -> str:
    """NUL is the one character that PostgreSQL keeps in no text."""
    if "\0" in text:
        msg = "The character NUL cannot be kept."
        raise ValueError(msg)
    return text


def _options(value: Mapping[str, Any]) -> dict[str, JsonValue]:
    return {_text(name): _option(one, DEEPEST) for name, one in value.items()}


def _option(value: object, deepest: int) -> JsonValue:
    match value:
        case None | bool():
            return value
        case int() | float() if abs(value) <= LARGEST:  # no NaN either
            return value
        case str():
            return _text(value)
        case list() if deepest:
            return [_option(one, deepest - 1) for one in value]
        case dict() if deepest:
            return {_text(str(name)): _option(one, deepest - 1) for name, one in value.items()}
        case _:
            msg = (
                f"Options hold texts, numbers up to {LARGEST}, true, false, and lists or objects of them, at most "
                f"{DEEPEST} deep."
            )
            raise ValueError(msg)


def _text(text: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        msg = "The text contains characters that are none."
        raise ValueError(msg)
    return _storable(text)


def _option_schema(deepest: int) -> dict[str, Any]:
    """What `_option` takes, as a schema says it."""
    plain: list[dict[str, Any]] = [
        {"type": ["null", "boolean"]},
        {"type": "string", "pattern": STORABLE},
        {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
    ]
    if not deepest:
        return {"anyOf": plain}
    inner = _option_schema(deepest - 1)
    return {"anyOf": [*plain, {"type": "array", "items": inner}, _options_schema(inner)]}


def _options_schema(inner: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": STORABLE}, "additionalProperties": inner}


class Given(BaseModel):
    """A body of a request: no field that is not known, no guessing at types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Told(BaseModel):
    """A body of an answer: every field is always there, null where there is nothing to say."""

    model_config = ConfigDict(frozen=True)


_TIME = WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-24T18:00:00Z"]})
#: A time in a request: RFC 3339 with an offset; handed on in UTC.
GivenTime = Annotated[datetime, Field(strict=False), AfterValidator(_utc), BeforeValidator(_from_text), _TIME]
#: A time in an answer: RFC 3339, UTC, `Z`.
Time = Annotated[datetime, PlainSerializer(rfc3339, return_type=str), _TIME]
#: For schemas: the same, with at least one letter that no reader takes for a blank.
NOT_BLANK = r"^[^\u0000]*[^\s\u0000-\u001f\u0085\ufeff][^\u0000]*$"
Text = Annotated[str, AfterValidator(_storable), WithJsonSchema({"type": "string", "pattern": STORABLE})]
#: An address that a person gives, as every reader understands it in the same way. Where it may lead is asked later.
Address = Annotated[
    str,
    AfterValidator(_storable),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uri",
            "maxLength": 2048,
            "pattern": r"^[Hh][Tt][Tt][Pp][Ss]://(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(:[1-9][0-9]{0,4})?"
            r"([/?][!-\"$-\[\]-~]*)?$",
        }
    ),
]
Shown = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "additionalProperties": True})]
Options = Annotated[
    dict[str, Any],
    AfterValidator(_options),
    WithJsonSchema(_options_schema(_option_schema(DEEPEST)) | {"description": "What the platform lets one choose."}),
]


def id_pattern(prefix: str) -> str:
    """The form of an id, as a regular expression for the schema."""
    return f"^{prefix}_[0-9a-hjkmnp-tv-z]{{26}}$"


def known_form(prefix: str) -> Callable[[str], str]:
    """For ids in addresses: what cannot be an id is not looked up. Raises NotFound."""

    def check(text: str) -> str:
        if is_id(text, prefix):
            return text
        msg = "There is nothing with this id."
        raise NotFound(msg)

    return check


ChannelId = Annotated[str, AfterValidator(known_form("chn")), Path(description="Id of a channel: chn_…")]
VideoId = Annotated[str, AfterValidator(known_form("vid")), Path(description="Id of a video: vid_…")]
PostId = Annotated[str, AfterValidator(known_form("pst")), Path(description="Id of a post: pst_…")]
DeliveryId = Annotated[str, AfterValidator(known_form("dlv")), Path(description="Id of a delivery: dlv_…")]
TokenId = Annotated[str, AfterValidator(known_form("tok")), Path(description="Id of a token: tok_…")]
WebhookId = Annotated[str, AfterValidator(known_form("whk")), Path(description="Id of a webhook: whk_…")]
SendingId = Annotated[str, AfterValidator(known_form("snd")), Path(description="Id of a message to a webhook: snd_…")]
