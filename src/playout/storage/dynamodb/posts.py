"""Posts in DynamoDB. A post knows the ids of its deliveries, a video those of the posts that use it."""

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from playout.application.ports import Page
from playout.domain.delivery import Delivery
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.domain.post import Post
from playout.storage.dynamodb.actions import Action, Check, Delete, Put, Update, When, unchanged
from playout.storage.dynamodb.deliveries import hands_of, keep_delivery, only_hands
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.history import announcements
from playout.storage.dynamodb.items import (
    POST,
    channel_key,
    delivery_key,
    notes,
    planned_posts,
    post_attributes,
    post_key,
    uses_key,
    video_key,
)
from playout.storage.dynamodb.lists import behind, keys_of, newest, page_of
from playout.storage.dynamodb.rest import finish_soon, forgetting, putting
from playout.storage.dynamodb.table import MOST_WRITES, Span, Table
from playout.storage.dynamodb.values import Item, a_set, names, number, said


class DynamoPosts:
    """Keeps the promises of `Posts`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, workspace_id: str, post_id: str) -> Post:
        found = await self._table.get(post_key(workspace_id, post_id))
        if found is None:
            raise NotFound("There is no such thing here.")
        return POST.record(found)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Post]:
        return await newest(self._table, workspace_id, "POST#", POST.record, cursor, limit)

    async def several(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Post]:
        found = await self._table.batch(post_key(workspace_id, one) for one in post_ids)
        return [POST.record(one) for one in found.values()]

    async def planned(self, workspace_id: str, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Post]:
        span = Span(planned_posts(workspace_id), said(start), said(end), "planned")
        found = behind(self._table, keys_of(self._table, span), POST.record)
        shown = (await page_of(_between(found, start, end), limit)).items
        return sorted(shown, key=lambda one: (one.scheduled_at or start, one.id))  # an old index has another order

    async def using(self, workspace_id: str, video_id: str) -> Sequence[str]:
        found = await self._table.get(uses_key(workspace_id, video_id)) or {}
        return sorted(a_set(found, "posts"))

    async def save(self, post: Post, deliveries: Sequence[Delivery] = (), events: Sequence[Event] = ()) -> Post:
        if any((one.workspace_id, one.post_id) != (post.workspace_id, post.id) for one in deliveries):
            raise Stale
        await self._channels_are_there(deliveries)
        new = [one.id for one in deliveries if one.version == 0]
        saving: list[Action] = [_kept(post, new), *await self._video_used(post)]
        saving += [keep_delivery(one) for one in deliveries if one.version]
        saving += await announcements(self._table, events)
        fresh = [*notes(events), *(keep_delivery(one) for one in deliveries if one.version == 0)]
        await self._write(post.workspace_id, saving, deliveries, fresh)
        return replace(post, version=post.version + 1)

    async def remove(self, post: Post, deliveries: Sequence[Delivery] = ()) -> None:
        found = await self._table.get(post_key(post.workspace_id, post.id)) or {}
        if a_set(found, "deliveries") != {one.id for one in deliveries}:
            raise Stale
        history = forgetting(post.workspace_id, [post.id, *(one.id for one in deliveries)])
        removing: list[Action] = [
            Delete(post_key(post.workspace_id, post.id), unchanged(post.version) & _has(len(deliveries))),
            Update(uses_key(post.workspace_id, post.video_id), take={"posts": names([post.id])}),
            history,
        ]
        removing += [Delete(delivery_key(one.workspace_id, one.id), unchanged(one.version)) for one in deliveries]
        await self._write(post.workspace_id, removing, [replace(one, in_hand_until=None) for one in deliveries])
        await finish_soon(self._table, history.key)

    async def _write(
        self, workspace_id: str, actions: Sequence[Action], deliveries: Sequence[Delivery], new: Sequence[Put] = ()
    ) -> None:
        """Together with the hands that these deliveries have on their channels.

        `new` cannot be refused, so what of it does not fit into one transaction may follow: its last, and not
        history, which is there as soon as somebody can hear of it.
        """
        while True:
            hands = await hands_of(self._table, deliveries)
            room = MOST_WRITES - len(actions) - len(hands)
            note = putting(workspace_id, new[room - 1 :]) if len(new) > room else None
            together = [*actions, *(new if note is None else [*new[: room - 1], note])]
            try:
                await self._table.write(*together, *hands)
            except Refused as refused:
                if only_hands(refused, len(together)):
                    continue
                raise Stale from None
            if note:
                await finish_soon(self._table, note.key)
            return

    async def _channels_are_there(self, deliveries: Sequence[Delivery]) -> None:
        """Looked at beforehand: channels stay as long as posts do."""
        wanted = {channel_key(one.workspace_id, one.channel_id) for one in deliveries if one.version == 0}
        if len(await self._table.batch(wanted)) < len(wanted):
            raise Stale("What this belongs to is gone. Load it again.")

    async def _video_used(self, post: Post) -> Sequence[Action]:
        """Notes the use with the video, which must be there, and takes back the one of another video before."""
        before = await self._table.get(post_key(post.workspace_id, post.id)) if post.version else None
        video_before = POST.record(before).video_id if before else None
        if video_before == post.video_id:
            return []
        used = names([post.id])
        noted: list[Action] = [
            Check(video_key(post.workspace_id, post.video_id)),
            Update(uses_key(post.workspace_id, post.video_id), add={"posts": used}),
        ]
        if video_before:
            noted.append(Update(uses_key(post.workspace_id, video_before), take={"posts": used}))
        return noted


def _kept(post: Post, new: Sequence[str]) -> Update:
    """The post with its next version; the ids of deliveries that it had stay."""
    saved: Item = post_attributes(replace(post, version=post.version + 1))
    unplanned = () if post.scheduled_at else ("planned_pk", "planned_sk")
    return Update(
        post_key(post.workspace_id, post.id),
        put=saved,
        drop=[*POST.missing(saved), *unplanned],
        add={"deliveries": names(new)} if new else {},
        when=unchanged(post.version),
    )


async def _between(found: AsyncGenerator[Post, None], start: datetime, end: datetime) -> AsyncGenerator[Post, None]:
    async for one in found:
        if one.scheduled_at and start <= one.scheduled_at < end:
            yield one


def _has(count: int) -> When:
    """So many deliveries: they are only ever added, one by one, so the number tells whether there are others."""
    if count == 0:
        return When("attribute_not_exists(#deliveries)")
    return When("size(#deliveries) = :count", {":count": number(count)})
