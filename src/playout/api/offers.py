"""What a channel offers right now, and what its platform takes from anybody."""

from typing import Literal

from pydantic import Field

from playout.api.schemas import Remark
from playout.api.words import Shown, Told
from playout.application.channels import Offer
from playout.domain.limits import FileLimits, Limits, WordLimits


class Choice(Told):
    """One option of a destination."""

    kind: Literal["bool", "int", "str", "list"]
    required: bool = Field(description="A person must choose; it is never preset.")
    values: list[str] | None = Field(description="null: any of the kind, or only known live (see `choices`).")


class File(Told):
    """Which files it takes. What lies outside, but for its length, is mended by a rendition."""

    containers: list[str]
    video_codecs: list[str] | None = Field(description="null: all.")
    audio_codecs: list[str] | None = Field(description="null: all.")
    most_bytes: int
    least_seconds: float
    most_seconds: float
    least_fps: float
    most_fps: float
    least_width: int = Field(description="Pixels.")
    least_height: int
    most_width: int
    most_height: int
    least_aspect: float = Field(description="Width by height.")
    most_aspect: float


class Wording(Told):
    """How long wording may be."""

    caption_length: int
    caption_unit: str
    title_length: int | None = Field(description="null: it has no title.")
    title_required: bool
    most_hashtags: int | None
    most_mentions: int | None


class Cap(Told):
    """How many it takes in a time."""

    limit: int
    what: str
    span: str
    certain: bool = Field(description="false: roughly known.")


class PlatformLimits(Told):
    """What the platform takes from anybody."""

    file: File
    wording: Wording
    caps: list[Cap]
    options: dict[str, Choice]


class ChannelOptions(Told):
    """What can be chosen for a post on this channel right now."""

    channel_id: str
    platform: str
    choices: dict[str, list[str]] = Field(description="By option: what is offered to this account right now.")
    refused: dict[str, str] = Field(description="By option: why it cannot be switched on.")
    most_seconds: float | None = Field(description="The longest video this account may post; null: as in `limits`.")
    blocked: Remark | None = Field(description="Nothing can be posted right now, and why.")
    shown: Shown = Field(description="What a page shows beside the form, such as the account's name.")
    limits: PlatformLimits


def offered(offer: Offer) -> ChannelOptions:
    """As it is sent."""
    live, blocked = offer.live, offer.live.blocked
    return ChannelOptions(
        channel_id=offer.channel.id,
        platform=offer.channel.platform,
        choices={name: list(values) for name, values in live.choices.items()},
        refused=dict(live.refused),
        most_seconds=live.most_seconds,
        blocked=Remark(code=blocked.code, message=blocked.message) if blocked else None,
        shown=dict(live.shown),
        limits=_limits(offer.limits),
    )


def _limits(limits: Limits) -> PlatformLimits:
    caps = (
        Cap(limit=one.limit, what=one.what, span=one.in_words, certain=one.certain) for one in limits.caps if one.warns
    )
    return PlatformLimits(
        file=_file(limits.file),
        wording=_wording(limits.words),
        caps=list(dict.fromkeys(caps)),  # once, though several steps may count for it
        options={
            name: Choice.model_validate(
                {
                    "kind": choice.kind.__name__,
                    "required": choice.required,
                    "values": list(choice.values) if choice.values is not None else None,
                }
            )
            for name, choice in limits.choices.items()
        },
    )


def _file(file: FileLimits) -> File:
    lists = {"containers", "video_codecs", "audio_codecs"}
    plain = {name: getattr(file, name) for name in File.model_fields if name not in lists}
    sets = {name: None if (words := getattr(file, name)) is None else sorted(words) for name in lists}
    return File.model_validate(plain | sets)


def _wording(words: WordLimits) -> Wording:
    return Wording(
        caption_length=words.caption_length,
        caption_unit=words.unit,
        title_length=words.title_length,
        title_required=words.title_required,
        most_hashtags=words.most_hashtags,
        most_mentions=words.most_mentions,
    )
