"""The bodies of requests and answers: the contract's field names, and their examples.

How they are filled stands with each noun.
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict, JsonValue

from playout.api.words import NOT_BLANK, Given, GivenTime, Options, Shown, Text, Time, Told
from playout.domain.channel import ChannelState
from playout.domain.delivery import State
from playout.domain.person import LatePosts, Scope
from playout.domain.post import MOST_DESTINATIONS, PostState
from playout.domain.rendition import Fit
from playout.domain.retry import Turn
from playout.domain.video import RenditionState, VideoState

T = TypeVar("T", bound=Told)

Severity = Literal["error", "warning"]
FIX = "What mends it: `render` (set the destination's `fit`), `reconnect`, or null: only a person can."
Status = Literal["pending", "uploaded", "published", "failed"]
_CHANNEL = "chn_01kae7q2m3v5x8y9z0abcdefgh"
_VIDEO = "vid_01kae7q2m3v5x8y9z0abcdefgh"


def example(**fields: JsonValue) -> ConfigDict:
    """The model's configuration with an example for the schema."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class PageOf(Told, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(description="Where the next page begins; null: this is the last.")


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


class ProblemDetail(Told):
    """One thing that is wrong."""

    pointer: str = Field(description='JSON pointer into the body; "" for the whole, or where it is no body.')
    code: str
    detail: str
    parameter: str | None = Field(default=None, description="The parameter of the address, where it is about one.")
    channel_id: str | None = None
    fix: str | None = Field(default=None, description=FIX)
    severity: Severity = "error"


class Problem(Told):
    """Problem details (RFC 9457)."""

    model_config = example(
        type="urn:playout:error:option_required",
        title="The request is not valid",
        status=422,
        detail="“privacy_level” must be chosen by a person.",
        code="option_required",
        errors=[
            {
                "pointer": "/destinations/0/options/privacy_level",
                "code": "option_required",
                "detail": "“privacy_level” must be chosen by a person.",
                "channel_id": _CHANNEL,
            }
        ],
    )

    type: str = Field(description="`urn:playout:error:` and the code.")
    title: str
    status: int
    detail: str = Field(description="A sentence that names the mend.")
    code: str = Field(description="Stable, for programs.")
    errors: list[ProblemDetail]
    instance: str | None = Field(default=None, description="Under which id the log has it.")
    whose_turn: Turn | None = Field(
        default=None, description="Where a platform refused: who can do something about it."
    )


class Remark(Told):
    """Something that is in the way."""

    code: str
    message: str


class Reason(Told):
    """Why something is where it is."""

    code: str
    message: str
    whose_turn: Turn


# ── me, tokens ───────────────────────────────────────────────────────────────────────────────────


class MeActor(Told):
    """Who asks."""

    id: str
    via: str


class MeWorkspace(Told):
    """For which workspace."""

    id: str
    name: str


class Me(Told):
    """What this token is."""

    actor: MeActor
    workspace: MeWorkspace
    scopes: list[Scope]


class NewToken(Given):
    """A token to be made."""

    model_config = example(name="nightly script", scopes=["read", "publish"])

    name: Annotated[Text, Field(json_schema_extra={"pattern": NOT_BLANK})]
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(min_length=1)
    expires_at: GivenTime | None = None


class Token(Told):
    """A token, without its secret."""

    id: str
    name: str
    hint: str = Field(description="How its secret begins.")
    scopes: list[Scope]
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None


class MintedToken(Token):
    """A new token: the only time that its secret is shown."""

    token: str


# ── workspace ─────────────────────────────────────────────────────────────────────────────────────


class Workspace(Told):
    """The wall between tenants, and what holds within it."""

    id: str
    name: str
    late_posts: LatePosts = Field(description="What happens to a post whose time passed while nothing was running.")
    late_after_hours: float = Field(description="With `hold`: a post later than this waits for a person.")
    approval: bool = Field(description="Whoever may write but not publish asks for approval by scheduling.")


class WorkspaceChange(Given):
    """What is to be different."""

    model_config = example(late_posts="send")

    late_posts: Annotated[LatePosts, Field(strict=False)] | None = None
    late_after_hours: float | None = Field(default=None, gt=0, le=720)
    approval: bool | None = None


# ── channels ─────────────────────────────────────────────────────────────────────────────────────


class Connect(Given):
    """A sign-in to begin."""

    model_config = example(platform="tiktok", return_to="/channels")

    platform: Text
    login: Text | None = Field(
        default=None, description="Which of the platform's ways to sign in, where it has several. null: the usual one."
    )
    return_to: Text | None = Field(
        default=None,
        description="A path on this server to return to afterwards.",
        json_schema_extra={"pattern": r"^/([!-.0-\[\]-~][!-~]*)?$"},
    )


class Invitation(Told):
    """Where a person agrees."""

    authorize_url: str
    expires_at: Time


class Channel(Told):
    """A connected account."""

    id: str
    platform: str
    remote_id: str
    username: str
    display_name: str
    avatar_url: str | None
    state: ChannelState
    scopes: list[str]
    expires_at: Time | None
    last_published_at: Time | None
    connected_at: Time | None
    created_at: Time
    reason: Reason | None = Field(description="Why it needs reconnecting.")


# ── videos ───────────────────────────────────────────────────────────────────────────────────────


class Rendition(Told):
    """A copy of a video made to fit a platform."""

    name: str = Field(description="The platform and the fit: `instagram-pad`.")
    state: RenditionState
    size: int = Field(description="Bytes; 0 while it is being made.")
    reason: Reason | None = Field(description="Why it could not be made.")


class RenditionAtWork(Rendition):
    """The same, with how far it is."""

    progress: float = Field(description="The share that is done: 0 to 1.")


class NewRendition(Given):
    """A copy to be made."""

    model_config = example(platform="instagram", fit="pad")

    platform: Text
    fit: Annotated[Fit, Field(strict=False)] = Field(description="Bars around the picture, or its middle.")


class Video(Told):
    """A file taken in, with what was found in it."""

    id: str
    state: VideoState
    filename: str
    size: int = Field(description="Bytes.")
    sha256: str
    duration: float | None = Field(description="Seconds.")
    width: int | None
    height: int | None
    fps: float | None
    video_codec: str | None
    audio_codec: str | None
    thumbnail_url: str | None
    problems: list[Remark] = Field(description="Why it cannot be used.")
    renditions: list[Rendition] = Field(description="Copies that were asked for; the file itself stays as it is.")
    created_at: Time


# ── posts ────────────────────────────────────────────────────────────────────────────────────────


class NewDestination(Given):
    """Where it goes, and what differs there."""

    channel_id: Text
    caption: Text | None = Field(default=None, description="null: the post's own.")
    title: Text | None = None
    options: Options = Field(default_factory=dict)
    fit: Annotated[Fit, Field(strict=False)] | None = Field(
        default=None,
        description="Send a copy that fits, where the file itself is not taken (problems with the fix `render`). "
        "null: never send a changed file.",
    )


_DESTINATION: JsonDict = {"channel_id": _CHANNEL, "options": {"privacy_level": "SELF_ONLY"}}


class NewPost(Given):
    """What a person wants. Without `scheduled_at` and `slot`: now, unless it is a draft."""

    model_config = example(
        video_id=_VIDEO,
        caption="First light",
        hashtags=["morning"],
        scheduled_at="2026-12-24T18:00:00Z",
        timezone="Europe/Berlin",
        destinations=[_DESTINATION],
    )

    video_id: Text
    caption: Text
    title: Text | None = None
    hashtags: list[Text] = Field(default_factory=list, max_length=100)
    scheduled_at: GivenTime | None = None
    slot: Literal["next"] | None = Field(
        default=None, description="`next`: at the next free slot of its channels, instead of `scheduled_at`."
    )
    timezone: Text = Field(default="UTC", description="IANA name, for showing the time.")
    draft: bool = False
    destinations: list[NewDestination] = Field(
        max_length=MOST_DESTINATIONS, description="Each channel once. Only a draft may have none."
    )


class PostChange(Given):
    """What is to be different; what is not given stays."""

    model_config = example(caption="First light, second try")

    video_id: Text = ""
    caption: Text = ""
    title: Text | None = None
    hashtags: list[Text] = Field(default_factory=list, max_length=100)
    scheduled_at: GivenTime | None = Field(default=None, description="null: a draft without a time; or now.")
    timezone: Text = "UTC"
    destinations: list[NewDestination] = Field(default_factory=list, max_length=MOST_DESTINATIONS)


class Approving(Given):
    """It may go out; when, if not at its own time."""

    model_config = example(scheduled_at="2026-12-24T18:00:00Z")

    scheduled_at: GivenTime | None = Field(default=None, description="Left out: the post's own time, or now.")


class Scheduling(Approving):
    """When."""

    slot: Literal["next"] | None = Field(default=None, description="`next`: at the next free slot of its channels.")


class Rejection(Given):
    """Why not."""

    model_config = example(note="The price is out of date.")

    note: Text = Field(default="", max_length=1000)


class Approval(Told):
    """Somebody who may not publish asked for it."""

    asked_at: Time
    asked_by: str
    rejected_at: Time | None
    rejected_by: str | None
    note: str


class Destination(Told):
    """Where a post goes."""

    channel_id: str
    caption: str | None
    title: str | None
    options: Shown
    fit: Fit | None


class Progress(Told):
    """Bytes."""

    sent: int
    total: int


class Delivery(Told):
    """One post to one channel."""

    id: str
    post_id: str
    channel_id: str
    platform: str
    state: State
    status: Status
    progress: Progress
    due_at: Time | None
    scheduled_at: Time
    remote_id: str | None
    url: str | None
    published_at: Time | None
    reason: Reason | None
    attempts: int
    created_at: Time
    version: int


class Post(Told):
    """One video, its wording, and when."""

    id: str
    state: PostState
    caption: str
    title: str | None
    hashtags: list[str]
    scheduled_at: Time | None
    timezone: str
    video_id: str
    destinations: list[Destination]
    deliveries: list[Delivery]
    approval: Approval | None = Field(description="Of a draft that somebody asked to have sent.")
    created_at: Time
    version: int


class Finding(Told):
    """One problem of a post."""

    channel_id: str | None
    code: str
    field: str = Field(description="JSON pointer into the body.")
    message: str
    fix: str | None = Field(description=FIX)
    severity: Severity = Field(description="With a warning it can be sent all the same.")


class Verdict(Told):
    """Whether a post could be sent."""

    ok: bool = Field(description="No problem is an error.")
    problems: list[Finding]


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────


class Resolution(Given):
    """A person looked: it is there, or it is not."""

    model_config = example(published=True, url="https://www.tiktok.com/@alice/video/7300000000000000000")

    published: bool
    url: Text | None = None


class Event(Told):
    """What happened."""

    id: str
    kind: str
    at: Time
    state: str
    code: str
    message: str
    milliseconds: int | None


class Health(Told):
    """Whether it works."""

    status: Literal["ok"] = "ok"
