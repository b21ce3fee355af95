"""What the form of the composer says: fields into what a person wants, and back.

Not here: whether that can be sent (the preflight knows), and how it is shown (composer.py and its other parts).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from starlette.datastructures import FormData

from playout.application.posts import NewPost
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Choice, Limits
from playout.domain.post import Destination, Post
from playout.domain.rendition import Fit
from playout.web import times
from playout.web.marks import N_

#: An option that asks for a moment of the video; its form is a switch and a slider.
COVER = "cover_at_ms"
WRONG_TIME = N_("Choose the day and the time.")


@dataclass(frozen=True, slots=True)
class Part:
    """What is wanted for one channel."""

    channel_id: str
    caption: str = ""  # counts when `own`
    title: str = ""
    own: bool = False  # unlinked: its own wording instead of the shared one
    fit: Fit | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    disclosed: bool = False  # the switch that shows whose promotion it is

    @property
    def destination(self) -> Destination:
        """As a post has it."""
        caption, title = (self.caption, self.title or None) if self.own else (None, None)
        return Destination(self.channel_id, caption, title, self.options, fit=self.fit)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that stands in the form."""

    video_id: str = ""
    caption: str = ""
    title: str = ""
    hashtags: tuple[str, ...] = ()
    local_time: str = ""  # as <input type="datetime-local"> has it
    zone: str = "UTC"
    parts: tuple[Part, ...] = ()
    version: int | None = None
    made_id: str = ""  # of the post, if it is to be made: a repeat finds what the first one made

    @property
    def scheduled_at(self) -> datetime | None:
        """The moment that is meant; None where none is given, or what is given is none."""
        try:
            local = datetime.fromisoformat(self.local_time)
        except ValueError:
            return None
        return local.replace(tzinfo=times.zone_named(self.zone)).astimezone(UTC)

    def part(self, channel_id: str) -> Part | None:
        """What is wanted for this channel; None where it is not chosen."""
        return next((one for one in self.parts if one.channel_id == channel_id), None)

    def wanted(self, *, draft: bool, at: datetime | None = None, slot: bool = False) -> NewPost:
        """As the services take it."""
        return NewPost(
            video_id=self.video_id,
            caption=self.caption,
            destinations=tuple(one.destination for one in self.parts),
            title=self.title or None,
            hashtags=self.hashtags,
            scheduled_at=at,
            timezone=self.zone,
            draft=draft,
            slot=slot,
        )

    def fitted(self, channel_id: str, fit: Fit | None) -> "Sheet":
        """With this copy chosen for this channel."""
        parts = (replace(one, fit=fit) if one.channel_id == channel_id else one for one in self.parts)
        return replace(self, parts=tuple(parts))


# ── from the form ────────────────────────────────────────────────────────────────────────────────


def read(form: FormData, limits: Mapping[str, Limits], zone: str) -> Sheet:
    """The form as it was sent. `limits`: of each channel there is; others are left out. `zone`: if none was sent."""
    chosen = dict.fromkeys(one for one in form.getlist("channel") if isinstance(one, str))
    said = _Said(form)
    return Sheet(
        video_id=said("video_id"),
        caption=said("caption"),
        title=said("title"),
        hashtags=tuple(said("hashtags").split()),
        local_time=said("local_time"),
        zone=said("timezone") or zone,
        parts=tuple(_part(said, one, limits[one]) for one in chosen if one in limits),
        version=int(said("version")) if said("version").isdigit() else None,
        made_id=said("made_id"),
    )


class _Said:
    """The texts of a form, with line ends as people mean them."""

    def __init__(self, form: FormData) -> None:
        self._form = form

    def __call__(self, name: str) -> str:
        value = self._form.get(name, "")
        return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _part(said: _Said, channel_id: str, limits: Limits) -> Part:
    disclosed = bool(said(f"{channel_id}-disclosed"))
    options = {name: _value(said, channel_id, name, choice) for name, choice in limits.choices.items()}
    if f"{channel_id}-disclosed-asked" in said._form and not disclosed:  # noqa: SLF001 -- whether it was asked at all
        options |= dict.fromkeys(DISCLOSURES, None)
    fit = said(f"{channel_id}-fit")
    return Part(
        channel_id,
        said(f"{channel_id}-caption"),
        said(f"{channel_id}-title"),
        own=bool(said(f"{channel_id}-own")),
        fit=Fit(fit) if fit in set(Fit) else None,
        options={name: value for name, value in options.items() if value is not None},
        disclosed=disclosed,
    )


#: What only counts while its switch is on.
DISCLOSURES = ("your_brand", "branded_content")


def _value(said: _Said, channel_id: str, name: str, choice: Choice) -> JsonValue:
    """None where nothing was chosen: nothing is ever filled in."""
    text = said(f"{channel_id}-{name}").strip()
    if name == COVER and not said(f"{channel_id}-cover"):
        return None
    if not text:
        return None
    if choice.kind is bool:
        return {"yes": True, "no": False}.get(text)
    if choice.kind is int:
        return int(text) if text.isascii() and text.isdigit() else text
    if choice.kind is str:
        return text
    return [one.strip() for one in text.split(",") if one.strip()]


# ── from a post ──────────────────────────────────────────────────────────────────────────────────


def of_post(post: Post) -> Sheet:
    """The form for a post that is there."""
    zone = times.zone_named(post.timezone)
    local = f"{post.scheduled_at.astimezone(zone):%Y-%m-%dT%H:%M}" if post.scheduled_at else ""
    return Sheet(
        video_id=post.video_id,
        caption=post.caption,
        title=post.title or "",
        hashtags=post.hashtags,
        local_time=local,
        zone=post.timezone,
        parts=tuple(map(_part_of, post.destinations)),
        version=post.version,
    )


def _part_of(one: Destination) -> Part:
    return Part(
        one.channel_id,
        one.caption or "",
        one.title or "",
        own=one.caption is not None or one.title is not None,
        fit=one.fit,
        options=one.options,
        disclosed=any(one.options.get(name) is True for name in DISCLOSURES),
    )


def by_field(problems: Sequence[Problem], sheet: Sheet) -> dict[str, list[Problem]]:
    """Id of a field of the form -> what is wrong there; "" for what belongs to no field."""
    found: dict[str, list[Problem]] = {}
    for one in problems:
        found.setdefault(field_of(one, sheet), []).append(one)
    return found


def field_of(problem: Problem, sheet: Sheet) -> str:
    """The name of the form's field that a problem points to."""
    head, _, rest = problem.field.lstrip("/").partition("/")
    if head == "destinations" and rest:
        number, _, rest = rest.partition("/")
        channel = problem.channel_id or (sheet.parts[int(number)].channel_id if number.isdigit() else "")
        return f"{channel}-{rest.removeprefix('options/')}"
    own = sheet.part(problem.channel_id) if problem.channel_id else None
    if head in {"caption", "title"} and own and own.own:
        return f"{own.channel_id}-{head}"
    if head == "video_id" and problem.channel_id:
        return f"{problem.channel_id}-fit"
    return {"scheduled_at": "local_time", "destinations": "channel"}.get(head, head)
