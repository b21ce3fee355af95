"""Posts: made, checked, scheduled, changed, cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playout.application.channels import Channels
from playout.application.ports import Clock, Page, Platform, Store
from playout.domain import delivery as moves
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Conflict, Invalid, NotFound, Problem, Stale
from playout.domain.event import happened
from playout.domain.ids import new_id
from playout.domain.limits import Live, Wanted, check
from playout.domain.person import Actor, Scope
from playout.domain.post import MOST_DESTINATIONS, Consent, Destination, Post
from playout.domain.retry import PlatformFailure
from playout.domain.video import Video, VideoState

#: A time this far back is taken for "now" (clocks differ); anything earlier is a mistake to be told.
PAST_GRACE = timedelta(minutes=5)
FARTHEST = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class NewPost:
    """What a person wants. `scheduled_at` None: now, unless it is a draft."""

    video_id: str
    caption: str
    destinations: tuple[Destination, ...]
    title: str | None = None
    hashtags: tuple[str, ...] = ()
    scheduled_at: datetime | None = None
    timezone: str = "UTC"
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A post with its deliveries."""

    post: Post
    deliveries: tuple[Delivery, ...]


class Posts:
    """What faces can do with posts."""

    def __init__(self, store: Store, platforms: Mapping[str, Platform], channels: Channels, clock: Clock) -> None:
        self._store = store
        self._platforms = platforms
        self._channels = channels
        self._clock = clock

    async def get(self, actor: Actor, post_id: str) -> Shown:
        """Raises NotFound."""
        actor.need(Scope.READ)
        return await self._shown(await self._store.posts.get(actor.workspace_id, post_id))

    async def list(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[Shown]:
        """Newest first."""
        actor.need(Scope.READ)
        page = await self._store.posts.list(actor.workspace_id, cursor=cursor, limit=limit)
        return Page(tuple([await self._shown(post) for post in page.items]), page.next_cursor)

    async def validate(self, actor: Actor, new: NewPost) -> tuple[Problem, ...]:
        """All problems; creates nothing, changes nothing at a platform."""
        actor.need(Scope.READ)
        return await self._problems(actor, new, live=True)

    async def create(self, actor: Actor, new: NewPost, *, post_id: str | None = None) -> Shown:
        """A draft, or a post that goes out at its time. Raises Invalid with every problem.

        `post_id` given: a repeat of the same request finds what the first one made.
        """
        actor.need(Scope.WRITE if new.draft else Scope.PUBLISH)
        if post_id and (made := await self._made_before(actor, post_id)):
            return made
        problems = await self._problems(actor, new, live=not new.draft)
        if problems and not new.draft:
            raise _invalid(problems)
        _refuse_hopeless(problems)
        now = self._clock.now()
        post = Post(
            id=post_id or new_id("pst", now),
            workspace_id=actor.workspace_id,
            video_id=new.video_id,
            caption=new.caption,
            destinations=new.destinations,
            created_at=now,
            title=new.title,
            hashtags=new.hashtags,
            scheduled_at=new.scheduled_at,
            timezone=new.timezone,
            draft=new.draft,
        )
        if new.draft:
            return Shown(await self._store.posts.save(post), ())
        return await self._put_in_line(actor, post, new.scheduled_at or now)

    async def schedule(self, actor: Actor, post_id: str, at: datetime | None) -> Shown:
        """Sends a draft at `at` (None: its own time, or now), or moves a waiting post there."""
        actor.need(Scope.PUBLISH)
        shown = await self.get(actor, post_id)
        new = replace(as_new(shown.post), scheduled_at=at or shown.post.scheduled_at, draft=False)
        problems = await self._problems(actor, new, live=True)
        if problems:
            raise _invalid(problems)
        when = new.scheduled_at or self._clock.now()
        if not shown.deliveries:
            return await self._put_in_line(actor, shown.post, when)
        moved = [moves.reschedule(one, when) for one in shown.deliveries if one.state is State.WAITING]
        if not moved:
            msg = "Nothing of this post is waiting any more."
            raise Conflict(msg, code="too_late")
        return await self._save(actor, replace(shown.post, scheduled_at=when), moved, "post.scheduled")

    async def edit(self, actor: Actor, post_id: str, new: NewPost, version: int | None) -> Shown:
        """Changes the wording, the time or where it goes, as long as nothing of it is being sent."""
        actor.need(Scope.WRITE if new.draft else Scope.PUBLISH)
        shown = await self.get(actor, post_id)
        if version is not None and version != shown.post.version:
            raise Stale
        waiting = [one for one in shown.deliveries if one.state in {State.WAITING, State.HELD} and not one.step]
        if len(waiting) != len(shown.deliveries):
            msg = "A part of this post is being sent or was sent; it cannot be changed any more."
            raise Conflict(msg, code="too_late")
        problems = await self._problems(actor, new, live=not new.draft)
        if not new.draft and problems:
            raise _invalid(problems)
        _refuse_hopeless(problems)
        post = replace(_edited(shown.post, new), draft=shown.post.draft)
        if not waiting:
            return await self._save(actor, post, [], "post.changed")
        return await self._rearranged(actor, replace(post, draft=False), waiting)

    async def cancel(self, actor: Actor, post_id: str) -> Shown:
        """Takes back what is not yet at the platform. Raises Conflict if nothing can be taken back."""
        actor.need(Scope.PUBLISH)
        shown = await self.get(actor, post_id)
        cancelled = []
        refusal: Conflict | None = None
        for one in shown.deliveries:
            try:
                cancelled.append(moves.cancel(one))
            except Conflict as too_late:
                refusal = too_late
        if not cancelled:
            raise refusal or Conflict("There is nothing to cancel: it is a draft.", code="draft")
        return await self._save(actor, shown.post, cancelled, "post.cancelled")

    async def remove(self, actor: Actor, post_id: str) -> None:
        """Deletes the post here (never at a platform). Refused while something of it moves."""
        actor.need(Scope.WRITE)
        shown = await self.get(actor, post_id)
        if any(one.state not in moves.OVER | {State.HANDED_OVER} for one in shown.deliveries):
            msg = "A part of this post is still on its way. Cancel it first."
            raise Conflict(msg, code="in_use")
        await self._store.posts.remove(shown.post, shown.deliveries)

    # ── checks ──────────────────────────────────────────────────────────────────────────────────

    async def _problems(self, actor: Actor, new: NewPost, *, live: bool) -> tuple[Problem, ...]:
        found = list(self._check_frame(new))
        video = await self._video(actor, new.video_id)
        if video is None:
            found.append(Problem("unknown_video", "/video_id", "There is no such video. Upload it first."))
        elif video.state is VideoState.REJECTED:
            found.append(Problem("video_rejected", "/video_id", video.problems[0].message))
        for number, destination in enumerate(new.destinations):
            found += await self._check_destination(actor, new, number, destination, video, live=live)
        return tuple(found)

    def _check_frame(self, new: NewPost) -> Sequence[Problem]:
        found = []
        ids = [one.channel_id for one in new.destinations]
        if not ids:
            found.append(Problem("no_destination", "/destinations", "Choose at least one channel."))
        if len(ids) > MOST_DESTINATIONS:
            found.append(Problem("too_many", "/destinations", f"At most {MOST_DESTINATIONS} channels at once."))
        if len(set(ids)) < len(ids):
            found.append(Problem("twice", "/destinations", "The same channel is there twice."))
        now = self._clock.now()
        if new.scheduled_at and new.scheduled_at < now - PAST_GRACE:
            found.append(
                Problem("in_the_past", "/scheduled_at", f"That time has passed; it is {now:%Y-%m-%d %H:%M} UTC.")
            )
        if new.scheduled_at and new.scheduled_at > now + FARTHEST:
            found.append(Problem("too_far", "/scheduled_at", "That is more than two years ahead."))
        try:
            ZoneInfo(new.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            found.append(Problem("unknown_timezone", "/timezone", "Use a name such as Europe/Berlin."))
        return found

    async def _check_destination(
        self,
        actor: Actor,
        new: NewPost,
        number: int,
        destination: Destination,
        video: Video | None,
        *,
        live: bool,
    ) -> Sequence[Problem]:
        where = f"/destinations/{number}"
        try:
            channel = await self._store.channels.get(actor.workspace_id, destination.channel_id)
        except NotFound:
            return [Problem("unknown_channel", f"{where}/channel_id", "There is no such channel in this workspace.")]
        platform = self._platforms.get(channel.platform)
        if platform is None:
            sentence = f"Playout has no keys for {channel.platform}."
            return [Problem("not_configured", f"{where}/channel_id", sentence, channel.id)]
        if not channel.connected or channel.trouble:
            sentence = "This channel is not connected any more. Reconnect it first."
            return [Problem("needs_reconnect", f"{where}/channel_id", sentence, channel.id)]
        post = _edited(_BLANK, new)
        wanted = Wanted(channel.id, post.caption_for(destination), post.title_for(destination), destination.options)
        offered = await self._live(actor, channel, wanted) if live else None
        facts, size = (video.facts, video.size) if video else (None, 0)
        return [_placed(one, where) for one in check(platform.limits, wanted, facts, size, offered)]

    async def _live(self, actor: Actor, channel: Channel, wanted: Wanted) -> Live | None:
        """What is offered now; None where that cannot be asked now: the step asks again before anything is sent."""
        try:
            return await self._channels.live(actor, channel.id, wanted.options)
        except PlatformFailure:
            return None

    # ── saving ──────────────────────────────────────────────────────────────────────────────────

    async def _put_in_line(self, actor: Actor, post: Post, when: datetime) -> Shown:
        platforms = await self._platforms_of(post)
        agreed = self._agreed(actor, post, platforms)
        deliveries = self._deliveries(agreed, when, platforms)
        return await self._save(actor, replace(agreed, draft=False, scheduled_at=when), deliveries, "post.scheduled")

    async def _rearranged(self, actor: Actor, post: Post, waiting: Sequence[Delivery]) -> Shown:
        """Deliveries after an edit: kept ones move, dropped ones are cancelled, new ones are made."""
        when = post.scheduled_at or self._clock.now()
        platforms = await self._platforms_of(post)
        agreed = self._agreed(actor, post, platforms)
        wanted = {one.channel_id for one in agreed.destinations}
        kept = [_moved(one, when, self._clock.now()) for one in waiting if one.channel_id in wanted]
        dropped = [moves.cancel(one) for one in waiting if one.channel_id not in wanted]
        there = {one.channel_id for one in kept}
        fresh = [one for one in self._deliveries(agreed, when, platforms) if one.channel_id not in there]
        return await self._save(actor, agreed, [*kept, *dropped, *fresh], "post.changed")

    def _agreed(self, actor: Actor, post: Post, platforms: Mapping[str, str]) -> Post:
        """Keeps the consent: by scheduling, the person agrees to the words each platform asks for."""
        now = self._clock.now()

        def with_consent(one: Destination) -> Destination:
            platform = self._platforms.get(platforms[one.channel_id])
            if platform is None or platform.limits.consent is None:
                return one
            return replace(one, consent=Consent(now, actor.name, actor.via, platform.limits.consent))

        return replace(post, destinations=tuple(map(with_consent, post.destinations)))

    async def _platforms_of(self, post: Post) -> dict[str, str]:
        ids = [one.channel_id for one in post.destinations]
        return {one: (await self._store.channels.get(post.workspace_id, one)).platform for one in ids}

    def _deliveries(self, post: Post, when: datetime, platforms: Mapping[str, str]) -> Sequence[Delivery]:
        now = self._clock.now()
        return [
            Delivery(
                id=new_id("dlv", now),
                workspace_id=post.workspace_id,
                post_id=post.id,
                channel_id=channel_id,
                platform=platform,
                scheduled_at=when,
                due_at=when,
                created_at=now,
            )
            for channel_id, platform in platforms.items()
        ]

    async def _save(self, actor: Actor, post: Post, deliveries: Sequence[Delivery], kind: str) -> Shown:
        event = happened(post, kind, self._clock.now(), message=f"{actor.via} {actor.name}")
        return await self._shown(await self._store.posts.save(post, deliveries, [event]))

    async def _shown(self, post: Post) -> Shown:
        page = await self._store.deliveries.list(post.workspace_id, post_id=post.id, limit=200)
        return Shown(post, tuple(reversed(page.items)))

    async def _made_before(self, actor: Actor, post_id: str) -> Shown | None:
        try:
            return await self._shown(await self._store.posts.get(actor.workspace_id, post_id))
        except NotFound:
            return None

    async def _video(self, actor: Actor, video_id: str) -> Video | None:
        try:
            return await self._store.videos.get(actor.workspace_id, video_id)
        except NotFound:
            return None


_BLANK = Post("", "", "", "", (), datetime.min)  # noqa: DTZ901 -- a frame for wording only, never saved


def _edited(post: Post, new: NewPost) -> Post:
    return replace(
        post,
        video_id=new.video_id,
        caption=new.caption,
        destinations=new.destinations,
        title=new.title,
        hashtags=new.hashtags,
        scheduled_at=new.scheduled_at,
        timezone=new.timezone,
        draft=new.draft,
    )


def as_new(post: Post) -> NewPost:
    """What a person wanted when this post was last saved: to be changed and handed to `edit`."""
    return NewPost(
        video_id=post.video_id,
        caption=post.caption,
        destinations=post.destinations,
        title=post.title,
        hashtags=post.hashtags,
        scheduled_at=post.scheduled_at,
        timezone=post.timezone,
        draft=post.draft,
    )


def _moved(delivery: Delivery, when: datetime, now: datetime) -> Delivery:
    waiting = moves.release(delivery, now) if delivery.state is State.HELD else delivery
    return moves.reschedule(waiting, when)


def _placed(problem: Problem, where: str) -> Problem:
    """The pointer from the whole input's root: what a destination overrides is pointed to there."""
    return replace(problem, field=where + problem.field) if problem.field.startswith("/options") else problem


def _refuse_hopeless(problems: Sequence[Problem]) -> None:
    """A draft may be unfinished, but not point at what does not exist."""
    hopeless = [
        one
        for one in problems
        if one.code in {"unknown_video", "unknown_channel", "twice", "too_many", "unknown_timezone"}
    ]
    if hopeless:
        raise _invalid(hopeless)


def _invalid(problems: Sequence[Problem]) -> Invalid:
    return Invalid(problems[0].message, code=problems[0].code, problems=problems)
