"""Posts: made, checked, scheduled, changed, cancelled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from playout.application.once import was_done
from playout.application.ports import Clock, Page, Platform, Store
from playout.application.preflight import Preflight
from playout.application.renditions import Renditions
from playout.application.shown import Shown, with_deliveries
from playout.application.slots import ChannelSlots
from playout.domain import delivery as moves
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Conflict, Invalid, NotFound, Problem, Stale
from playout.domain.event import happened
from playout.domain.ids import new_id
from playout.domain.person import Actor, Scope
from playout.domain.post import Approval, Consent, Destination, Post
from playout.domain.preflight import blocking

#: Characters of a word why something was rejected.
LONGEST_NOTE = 1000


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
    slot: bool = False  # at the next free slot of its channels


_BLANK = Post("", "", "", "", (), datetime.min)  # noqa: DTZ901 -- a frame for wording only, never saved


class Posts:
    """What faces can do with posts."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        preflight: Preflight,
        renditions: Renditions,
        slots: ChannelSlots,
        clock: Clock,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._preflight = preflight
        self._renditions = renditions
        self._slots = slots
        self._clock = clock

    async def get(self, actor: Actor, post_id: str) -> Shown:
        """Raises NotFound."""
        actor.need(Scope.READ)
        return await self._shown(await self._store.posts.get(actor.workspace_id, post_id))

    async def list(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[Shown]:
        """Newest first."""
        actor.need(Scope.READ)
        page = await self._store.posts.list(actor.workspace_id, cursor=cursor, limit=limit)
        return Page(await with_deliveries(self._store, actor.workspace_id, page.items), page.next_cursor)

    async def several(self, actor: Actor, post_ids: Collection[str]) -> Sequence[Post]:
        """Those of these ids that are there, in no order; at most 1000 ids. For faces that show deliveries."""
        actor.need(Scope.READ)
        return await self._store.posts.several(actor.workspace_id, post_ids)

    async def validate(self, actor: Actor, new: NewPost) -> tuple[Problem, ...]:
        """All problems and remarks; creates nothing, changes nothing at a platform."""
        actor.need(Scope.READ)
        return await self._problems(actor, new, live=True)

    async def create(self, actor: Actor, new: NewPost, *, post_id: str | None = None) -> Shown:
        """A draft, or a post that goes out at its time, or that waits for approval. Raises Invalid with every problem.

        `post_id` given: a repeat of the same request finds what the first one made.
        """
        asking = not new.draft and await self._asks(actor)
        actor.need(Scope.WRITE if new.draft or asking else Scope.PUBLISH)
        if post_id and (made := await self._made_before(actor, post_id)):
            return made
        now = self._clock.now()
        post_id = post_id or new_id("pst", now)
        problems = await self._problems(actor, new, live=not new.draft)
        if not new.draft:
            _refuse(problems)
        _refuse_hopeless(problems)
        new = await self._in_slot(actor, new, post_id)
        post = Post(
            id=post_id,
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
        if asking:
            return await self._ask(actor, post)
        return await self._put_in_line(actor, post, new.scheduled_at or now)

    async def schedule(self, actor: Actor, post_id: str, at: datetime | None, *, slot: bool = False) -> Shown:
        """Sends a draft, or moves a waiting post, at `at`; None: at its own time, or now (it has none, or is late).

        `slot`: at the next free slot of its channels. Who may not publish asks for it, where the workspace has that.
        """
        asking = await self._asks(actor)
        actor.need(Scope.WRITE if asking else Scope.PUBLISH)
        shown = await self.get(actor, post_id)
        if await was_done(self._store, actor, post_id):
            return shown
        if shown.deliveries:
            actor.need(Scope.PUBLISH)
        own = None if slot else shown.post.scheduled_at
        new = replace(as_new(shown.post), scheduled_at=at or own, draft=False, slot=slot)
        new = _late_as_now(new, shown, self._clock.now())
        _refuse(await self._problems(actor, new, live=True, post=shown.post))
        new = await self._in_slot(actor, new, post_id)
        if asking:
            return await self._ask(actor, replace(shown.post, scheduled_at=new.scheduled_at))
        when = new.scheduled_at or self._clock.now()
        if not shown.deliveries:
            return await self._put_in_line(actor, shown.post, when)
        now = self._clock.now()
        moved = [_moved(one, when, now) for one in shown.deliveries if _can_move(one)]
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
        waiting = [one for one in shown.deliveries if _can_move(one)]
        if len(waiting) != len(shown.deliveries):
            msg = "A part of this post is being sent or was sent; it cannot be changed any more."
            raise Conflict(msg, code="too_late")
        new = _late_as_now(new, shown, self._clock.now())
        problems = await self._problems(actor, new, live=not new.draft, post=shown.post)
        if not new.draft:
            _refuse(problems)
        _refuse_hopeless(problems)
        post = replace(_edited(shown.post, new), draft=shown.post.draft)
        if not waiting:
            return await self._save(actor, post, [], "post.changed")
        return await self._rearranged(actor, replace(post, draft=False), waiting)

    async def cancel(self, actor: Actor, post_id: str) -> Shown:
        """Takes back what is not yet at the platform. Raises Conflict if nothing can be taken back."""
        shown = await self.get(actor, post_id)
        actor.need(Scope.WRITE if shown.post.awaits_approval else Scope.PUBLISH)
        if await was_done(self._store, actor, post_id):
            return shown
        if shown.post.awaits_approval:
            return await self._save(actor, replace(shown.post, approval=None), [], "post.approval_withdrawn")
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

    async def approve(self, actor: Actor, post_id: str, at: datetime | None, version: int | None = None) -> Shown:
        """Sends what waits for approval, at `at` or its own time, or now if it has none.

        Raises Invalid where that time has passed meanwhile; Stale where it is no longer what was seen (`version`).
        """
        actor.need(Scope.PUBLISH)
        shown = await self.get(actor, post_id)
        if await was_done(self._store, actor, post_id):
            return shown
        _still_awaits(shown.post, version)
        new = replace(as_new(shown.post), scheduled_at=at or shown.post.scheduled_at, draft=False)
        _refuse(await self._problems(actor, new, live=True, post=shown.post))
        return await self._put_in_line(actor, shown.post, new.scheduled_at or self._clock.now(), "post.approved")

    async def reject(self, actor: Actor, post_id: str, note: str, version: int | None = None) -> Shown:
        """Back to a draft, with a word why."""
        actor.need(Scope.PUBLISH)
        shown = await self.get(actor, post_id)
        if await was_done(self._store, actor, post_id):
            return shown
        asked = _still_awaits(shown.post, version)
        rejected = replace(asked, rejected_at=self._clock.now(), rejected_by=actor.name, note=note[:LONGEST_NOTE])
        return await self._save(actor, replace(shown.post, approval=rejected), [], "post.rejected")

    async def remove(self, actor: Actor, post_id: str) -> None:
        """Deletes the post here (never at a platform). Refused while something of it moves."""
        actor.need(Scope.WRITE)
        shown = await self.get(actor, post_id)
        if any(one.state not in moves.OVER | {State.HANDED_OVER} for one in shown.deliveries):
            msg = "A part of this post is still on its way. Cancel it first."
            raise Conflict(msg, code="in_use")
        await self._store.posts.remove(shown.post, shown.deliveries)

    async def _asks(self, actor: Actor) -> bool:
        """Whether what this actor would send waits for somebody who may publish."""
        if Scope.PUBLISH in actor.scopes or Scope.WRITE not in actor.scopes:
            return False
        return (await self._store.workspaces.get(actor.workspace_id)).approval

    async def _in_slot(self, actor: Actor, new: NewPost, post_id: str) -> NewPost:
        """With its slot's time, where it wants one."""
        if not new.slot:
            return new
        channels = [one.channel_id for one in new.destinations]
        return replace(new, scheduled_at=await self._slots.take(actor, channels, post_id))

    async def _problems(self, actor: Actor, new: NewPost, *, live: bool, post: Post = _BLANK) -> tuple[Problem, ...]:
        found = await self._preflight.check(actor, _edited(post, new), live=live)
        return (*_two_times(new), *found)

    # ── saving ──────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, actor: Actor, post: Post) -> Shown:
        agreed = self._agreed(actor, post, await self._platforms_of(post))
        asked = replace(agreed, draft=True, approval=Approval(self._clock.now(), actor.name))
        return await self._save(actor, asked, [], "post.approval_requested")

    async def _put_in_line(self, actor: Actor, post: Post, when: datetime, *why: str) -> Shown:
        platforms = await self._platforms_of(post)
        agreed = self._agreed(actor, post, platforms)
        deliveries = self._deliveries(agreed, when, platforms)
        placed = replace(agreed, draft=False, approval=None, scheduled_at=when)
        saved = await self._save(actor, placed, deliveries, *why, "post.scheduled")
        await self._renditions.for_post(saved.post)
        return saved

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
        saved = await self._save(actor, agreed, [*kept, *dropped, *fresh], "post.changed")
        await self._renditions.for_post(saved.post)
        return saved

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

    async def _save(self, actor: Actor, post: Post, deliveries: Sequence[Delivery], *kinds: str) -> Shown:
        """The last of `kinds` is the deed: by its id a repeat of the same request knows that it was done."""
        now, by = self._clock.now(), f"{actor.via} {actor.name}"
        events = [happened(post, kind, now, message=by) for kind in kinds[:-1]]
        events.append(happened(post, kinds[-1], now, message=by, name=actor.deed))
        return await self._shown(await self._store.posts.save(post, deliveries, events))

    async def _shown(self, post: Post) -> Shown:
        (shown,) = await with_deliveries(self._store, post.workspace_id, [post])
        return shown

    async def _made_before(self, actor: Actor, post_id: str) -> Shown | None:
        try:
            return await self._shown(await self._store.posts.get(actor.workspace_id, post_id))
        except NotFound:
            return None


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


def _two_times(new: NewPost) -> Sequence[Problem]:
    if not new.slot or new.scheduled_at is None:
        return ()
    return (Problem("time_and_slot", "/slot", "Give a time or ask for the next slot, not both."),)


def _late_as_now(new: NewPost, shown: Shown, now: datetime) -> NewPost:
    """The post's own time is no mistake because it has passed: what was held since then goes out now."""
    own = shown.post.scheduled_at
    late = bool(shown.deliveries) and own is not None and own < now
    return replace(new, scheduled_at=now) if late and new.scheduled_at == own else new


def _still_awaits(post: Post, version: int | None) -> Approval:
    """What was asked. Raises Stale, Conflict (`not_awaiting_approval`)."""
    if version is not None and version != post.version:
        raise Stale
    if post.approval is None or not post.awaits_approval:
        msg = "This post does not wait for approval."
        raise Conflict(msg, code="not_awaiting_approval")
    return post.approval


def _can_move(delivery: Delivery) -> bool:
    """Nothing of it was begun."""
    return delivery.state in {State.WAITING, State.HELD} and not delivery.step


def _moved(delivery: Delivery, when: datetime, now: datetime) -> Delivery:
    waiting = moves.release(delivery, now) if delivery.state is State.HELD else delivery
    return moves.reschedule(waiting, when)


def _refuse(problems: Sequence[Problem]) -> None:
    """Raises Invalid with every problem, if one of them stands in the way."""
    if blocking(problems):
        raise _invalid([*blocking(problems), *(one for one in problems if one.warning)])


def _refuse_hopeless(problems: Sequence[Problem]) -> None:
    """A draft may be unfinished, but not point at what does not exist."""
    hopeless = [
        one
        for one in problems
        if one.code in {"unknown_video", "unknown_channel", "twice", "too_many", "unknown_timezone", "time_and_slot"}
    ]
    if hopeless:
        raise _invalid(hopeless)


def _invalid(problems: Sequence[Problem]) -> Invalid:
    return Invalid(problems[0].message, code=problems[0].code, problems=problems)
