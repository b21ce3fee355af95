"""Renditions: copies of a video made to fit a platform, because a person asked for them; the original stays."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from playout.application.ports import Chore, Clock, Files, Platform, Probe, Render, Store, Stored
from playout.domain.errors import Conflict, FileGone, Invalid, NotFound, Problem, Stale, TooLarge, Unplayable
from playout.domain.event import happened
from playout.domain.person import Actor, Scope
from playout.domain.post import Post
from playout.domain.rendition import Fit, is_needed, recipe_for
from playout.domain.retry import Reason, Turn
from playout.domain.video import Rendition, RenditionState, Video, VideoState, rendition_name

#: The chore that makes one; its subject is `video.rendition`.
RENDER = "render"
_NOTED = timedelta(hours=1)
_NO_COPY = "No copy of bearable quality fits this platform's limits. Use a shorter video."


class Renditions:
    """Asked for by a person, or by a post that a person made with a `fit`."""

    def __init__(
        self,
        store: Store,
        files: Files,
        probe: Probe,
        render: Render,
        platforms: Mapping[str, Platform],
        clock: Clock,
    ) -> None:
        self._store = store
        self._files = files
        self._probe = probe
        self._render = render
        self._platforms = platforms
        self._clock = clock

    async def ask(self, actor: Actor, video_id: str, platform: str, fit: Fit) -> Video:
        """Begins one, or finds what is there; a failed one is begun again. Raises Invalid where none is possible."""
        actor.need(Scope.WRITE)
        video = await self._store.videos.get(actor.workspace_id, video_id)
        if platform not in self._platforms:
            sentence = f"Playout has no keys for “{platform}”. Configured: {', '.join(sorted(self._platforms))}."
            raise Invalid(
                sentence, code="unknown_platform", problems=[Problem("unknown_platform", "/platform", sentence)]
            )
        if video.state is not VideoState.READY or video.facts is None:
            raise Conflict("The file is still being looked into, or cannot be used.", code="not_ready")
        if recipe_for(self._platforms[platform].limits.file, video.facts, fit) is None:
            raise Invalid(_NO_COPY, code="cannot_be_fitted", problems=[Problem("cannot_be_fitted", "/fit", _NO_COPY)])
        there = video.rendition(platform, fit)
        if there and there.state is RenditionState.FAILED:
            video = await self._store.videos.save(video.without_rendition(there.name))
        return await self.want(video, platform, fit)

    async def want(self, video: Video, platform: str, fit: Fit) -> Video:
        """Sees to it that it is being made, once. Raises Stale where the video changed meanwhile."""
        if video.rendition(platform, fit):
            return video
        name = rendition_name(platform, fit)
        asked = video.with_rendition(Rendition(name, f"{video.key}.{name}.mp4"))
        chore = Chore(video.workspace_id, RENDER, f"{video.id}.{name}", self._clock.now())
        return await self._store.videos.save(asked, [chore])

    async def for_post(self, post: Post) -> None:
        """Begins the copies that this post will need. What cannot begin now begins when it is due."""
        for one in post.destinations:
            if one.fit is None:
                continue
            try:
                channel = await self._store.channels.get(post.workspace_id, one.channel_id)
                platform = self._platforms[channel.platform]
                video = await self._store.videos.get(post.workspace_id, post.video_id)
                if video.facts and is_needed(platform.limits.file, video.facts, video.size):
                    await self.want(video, platform.name, one.fit)
            except (Stale, NotFound, KeyError):
                continue

    async def drop(self, actor: Actor, video_id: str, name: str) -> Video:
        """Removes one, or ends its making. Raises NotFound."""
        actor.need(Scope.WRITE)
        video = await self._store.videos.get(actor.workspace_id, video_id)
        there = next((one for one in video.renditions if one.name == name), None)
        if there is None:
            raise NotFound("There is no such rendition of this video.")
        dropped = await self._store.videos.save(video.without_rendition(name))
        await self._files.delete(there.key)
        return dropped

    async def progress(self, video: Video, rendition: Rendition) -> float:
        """The share that is done, 0 to 1."""
        if rendition.state is not RenditionState.RENDERING:
            return float(rendition.state is RenditionState.READY)
        return float(await self._store.ephemera.get(_note(video, rendition), self._clock.now()) or 0)

    # ── the chore ───────────────────────────────────────────────────────────────────────────────

    async def make(self, chore: Chore) -> datetime | None:
        """Makes one and looks into it. Safe to repeat; ends early when nobody wants it any more."""
        video_id, _, name = chore.subject_id.partition(".")
        platform, _, fit = name.partition("-")
        video = await self._store.videos.get(chore.workspace_id, video_id)
        wanted = video.rendition(platform, fit)
        if wanted is None or wanted.state is not RenditionState.RENDERING:
            return None
        try:
            done = await self._made(video, wanted, self._platforms[platform], Fit(fit))
        except (Unplayable, TooLarge, FileGone) as error:
            reason = Reason(error.code, error.sentence, Turn.YOU)
            done = replace(wanted, state=RenditionState.FAILED, reason=reason)
        except _NotWanted:
            return None
        await self._keep(video, done)
        return None

    async def _made(self, video: Video, wanted: Rendition, platform: Platform, fit: Fit) -> Rendition:
        limits = platform.limits.file
        recipe = recipe_for(limits, video.facts, fit) if video.facts else None
        if recipe is None:
            raise Unplayable(_NO_COPY, code="cannot_be_fitted")

        async def note(done: float) -> None:
            await self._still_wanted(video, wanted)
            await self._note_progress(_note(video, wanted), f"{done:.3f}")

        stored: Stored = await self._render.render(
            video.key, wanted.key, recipe, limit=limits.most_bytes, progress=note
        )
        probed = await self._probe.probe(wanted.key)
        return replace(
            wanted, state=RenditionState.READY, size=stored.size, sha256=stored.sha256, facts=probed.facts, reason=None
        )

    async def _still_wanted(self, video: Video, wanted: Rendition) -> None:
        try:
            now = await self._store.videos.get(video.workspace_id, video.id)
        except NotFound:
            raise _NotWanted from None
        if wanted not in now.renditions:
            raise _NotWanted

    async def _note_progress(self, key: str, done: str) -> None:
        now = self._clock.now()
        before = await self._store.ephemera.put_new(key, done, now + _NOTED, now)
        if before is not None:
            await self._store.ephemera.replace(key, before, done, now + _NOTED)

    async def _keep(self, video: Video, done: Rendition) -> None:
        """On the record, unless somebody took it back meanwhile: then the bytes go."""
        current = await self._store.videos.get(video.workspace_id, video.id)
        if all(one.name != done.name for one in current.renditions):
            await self._files.delete(done.key)
            return
        event = happened(current, f"video.rendition_{done.state}", self._clock.now(), state=done.state, why=done.reason)
        try:
            await self._store.videos.save(current.with_rendition(done), events=[event])
        except Stale:
            await self._keep(video, done)


class _NotWanted(Exception):
    """The video, or this copy of it, was removed."""


def _note(video: Video, rendition: Rendition) -> str:
    return f"render:{video.workspace_id}:{video.id}:{rendition.name}"
