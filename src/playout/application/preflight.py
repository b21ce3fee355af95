"""Everything that can be said of a post before it is made: the rules of the domain, and what needs the store.

Not here: lengths, files and options against a platform's limits (`domain/preflight.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playout.application.channels import Channels
from playout.application.ports import Clock, Platform, Store
from playout.domain.caps import Cap
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.domain.errors import NotFound, Problem
from playout.domain.limits import Live, Wanted
from playout.domain.person import Actor
from playout.domain.post import MOST_DESTINATIONS, Destination, Post
from playout.domain.preflight import RECONNECT, check
from playout.domain.rendition import foreseen, is_needed, recipe_for
from playout.domain.retry import PlatformFailure
from playout.domain.video import Facts, Rendition, Video, VideoState

#: A time this far back is taken for "now" (clocks differ); anything earlier is a mistake to be told.
PAST_GRACE = timedelta(minutes=5)
FARTHEST = timedelta(days=730)
#: These never went out, and never will by themselves.
_NOT_SENT = {State.FAILED, State.CANCELLED}


@dataclass(frozen=True, slots=True)
class Case:
    """One destination of a post, with all that was looked up for it."""

    channel: Channel
    platform: Platform
    destination: Destination
    post: Post
    video: Video | None
    when: datetime


class Preflight:
    """Changes nothing, here or at a platform."""

    def __init__(self, store: Store, platforms: Mapping[str, Platform], channels: Channels, clock: Clock) -> None:
        self._store = store
        self._platforms = platforms
        self._channels = channels
        self._clock = clock

    async def check(self, actor: Actor, post: Post, *, live: bool) -> tuple[Problem, ...]:
        """All problems and remarks. `live`: also ask the platforms what they offer right now."""
        found = list(self._check_frame(post))
        video = await self._video(actor, post.video_id)
        if video is None:
            found.append(Problem("unknown_video", "/video_id", "There is no such video. Upload it first."))
        elif video.state is VideoState.REJECTED:
            found.append(Problem("video_rejected", "/video_id", video.problems[0].message))
        for number, destination in enumerate(post.destinations):
            where = f"/destinations/{number}"
            found += [_placed(one, where) for one in await self._check_one(actor, post, destination, video, live=live)]
        return tuple(found)

    def _check_frame(self, post: Post) -> Sequence[Problem]:
        found = []
        ids = [one.channel_id for one in post.destinations]
        if not ids:
            found.append(Problem("no_destination", "/destinations", "Choose at least one channel."))
        if len(ids) > MOST_DESTINATIONS:
            found.append(Problem("too_many", "/destinations", f"At most {MOST_DESTINATIONS} channels at once."))
        if len(set(ids)) < len(ids):
            found.append(Problem("twice", "/destinations", "The same channel is there twice."))
        now = self._clock.now()
        if post.scheduled_at and post.scheduled_at < now - PAST_GRACE:
            sentence = f"That time has passed; it is {now:%Y-%m-%d %H:%M} UTC."
            found.append(Problem("in_the_past", "/scheduled_at", sentence))
        if post.scheduled_at and post.scheduled_at > now + FARTHEST:
            found.append(Problem("too_far", "/scheduled_at", "That is more than two years ahead."))
        try:
            ZoneInfo(post.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            found.append(Problem("unknown_timezone", "/timezone", "Use a name such as Europe/Berlin."))
        return found

    async def _check_one(
        self, actor: Actor, post: Post, destination: Destination, video: Video | None, *, live: bool
    ) -> Sequence[Problem]:
        try:
            channel = await self._store.channels.get(actor.workspace_id, destination.channel_id)
        except NotFound:
            return [Problem("unknown_channel", "/channel_id", "There is no such channel in this workspace.")]
        platform = self._platforms.get(channel.platform)
        if platform is None:
            sentence = f"Playout has no keys for {channel.platform}."
            return [Problem("not_configured", "/channel_id", sentence, channel.id)]
        if not channel.connected or channel.trouble:
            sentence = "This channel is not connected any more. Reconnect it first."
            return [Problem("needs_reconnect", "/channel_id", sentence, channel.id, fix=RECONNECT)]
        now = self._clock.now()
        case = Case(channel, platform, destination, post, video, max(post.scheduled_at or now, now))
        found = [*_check_permission(case), *_check_end(case), *await self._check_content(actor, case, live=live)]
        found += [*await self._check_caps(case), *await self._check_duplicates(case)]
        return [replace(one, channel_id=channel.id) for one in found]

    # ── the content ─────────────────────────────────────────────────────────────────────────────

    async def _check_content(self, actor: Actor, case: Case, *, live: bool) -> Sequence[Problem]:
        caption, title = case.post.caption_for(case.destination), case.post.title_for(case.destination)
        wanted = Wanted(case.channel.id, caption, title, case.destination.options)
        offered = await self._live(actor, case.channel, wanted) if live else None
        facts, size = (case.video.facts, case.video.size) if case.video else (None, 0)
        limits = case.platform.limits
        if facts and case.destination.fit and (_copy(case) or is_needed(limits.file, facts, size)):
            fitted = _fitted(case, facts)
            if isinstance(fitted, Problem):
                return [fitted]
            facts, size = fitted
        return check(limits, wanted, facts, size, offered)

    async def _live(self, actor: Actor, channel: Channel, wanted: Wanted) -> Live | None:
        """What is offered now; None where that cannot be asked now: the step asks again before anything is sent."""
        try:
            return await self._channels.live(actor, channel.id, wanted.options)
        except PlatformFailure:
            return None

    async def _video(self, actor: Actor, video_id: str) -> Video | None:
        try:
            return await self._store.videos.get(actor.workspace_id, video_id)
        except NotFound:
            return None

    # ── beside the others ───────────────────────────────────────────────────────────────────────

    async def _check_caps(self, case: Case) -> Sequence[Problem]:
        caps = [cap for cap in case.platform.limits.caps if cap.warns and cap.applies(case.destination.options)]
        return [problem for cap in caps if (problem := await self._check_cap(case, cap))]

    async def _check_cap(self, case: Case, cap: Cap) -> Problem | None:
        start, end = cap.around(case.when)
        planned = await self._store.deliveries.planned(case.channel.workspace_id, start, end)
        others = [one.scheduled_at for one in planned if _shares(one, case, cap)]
        if not cap.is_full_at(case.when, others):
            return None
        known = f"{case.channel.platform} takes {cap.limit} {cap.what} {cap.in_words}, and as many are planned already."
        then = "This one would wait." if cap.certain else "This one may be refused for a day."
        return Problem("cap_reached", "/scheduled_at", f"{known} {then}", warning=True)

    async def _check_duplicates(self, case: Case) -> Sequence[Problem]:
        if case.video is None or not case.video.sha256:  # not here yet
            return []
        for video_id in await self._store.videos.same_bytes(case.video.workspace_id, case.video.sha256):
            for post_id in await self._store.posts.using(case.video.workspace_id, video_id):
                if post_id != case.post.id and (before := await self._sent_before(case, post_id)):
                    at = f"{before.scheduled_at:%Y-%m-%d %H:%M} UTC"
                    sentence = f"The same file goes to this channel already, on {at}."
                    return [Problem("duplicate", "/video_id", sentence, warning=True)]
        return []

    async def _sent_before(self, case: Case, post_id: str) -> Delivery | None:
        page = await self._store.deliveries.list(
            case.channel.workspace_id, post_id=post_id, channel_id=case.channel.id, limit=20
        )
        return next((one for one in page.items if one.state not in _NOT_SENT), None)


def _check_permission(case: Case) -> Sequence[Problem]:
    """What the person at the platform did not allow, in words."""
    return [
        Problem(
            "permission_missing",
            "/channel_id",
            f"{case.channel.platform} was not allowed to {need.words}. Reconnect the channel and allow it.",
            fix=RECONNECT,
        )
        for need in case.platform.limits.lacking(case.channel.scopes)
    ]


def _check_end(case: Case) -> Sequence[Problem]:
    ends_at = case.channel.expires_at
    if ends_at is None or ends_at > case.when:
        return []
    sentence = f"The connection ends on {ends_at:%Y-%m-%d}, before this is due, unless it can be renewed. Reconnect it."
    return [Problem("connection_ends", "/scheduled_at", sentence, fix=RECONNECT, warning=True)]


def _fitted(case: Case, facts: Facts) -> tuple[Facts, int] | Problem:
    """What the chosen copy is, or will be."""
    fit = case.destination.fit
    recipe = recipe_for(case.platform.limits.file, facts, fit) if fit else None
    if recipe is None:
        sentence = "No copy of bearable quality fits this platform's limits. Use a shorter video."
        return Problem("cannot_be_fitted", "/fit", sentence)
    made = _copy(case)
    if made and made.facts:
        return made.facts, made.size
    return foreseen(facts, recipe), 0


def _copy(case: Case) -> Rendition | None:
    return case.video.rendition(case.platform.name, case.destination.fit) if case.video else None


def _shares(other: Delivery, case: Case, cap: Cap) -> bool:
    """Whether the other one uses up the same cap. What its options are is not looked up: a few too many are counted."""
    same = other.platform == case.channel.platform if cap.of_app else other.channel_id == case.channel.id
    return same and other.state not in _NOT_SENT and other.post_id != case.post.id


def _placed(problem: Problem, where: str) -> Problem:
    """The pointer from the whole input's root: what a destination overrides is pointed to there."""
    own = problem.field.startswith(("/options", "/fit", "/channel_id"))
    return replace(problem, field=where + problem.field) if own else problem
