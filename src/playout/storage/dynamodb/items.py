"""Which item each record is: its key, and the attributes by which indexes find it."""

import secrets
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from playout.application.ports import Chore
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery
from playout.domain.event import Event
from playout.domain.person import Person, Token, Workspace
from playout.domain.post import Post
from playout.domain.video import Video
from playout.domain.webhook import Sending, Webhook
from playout.storage.dynamodb.actions import PRESENT, Check, Key, Put, Update, When, unchanged
from playout.storage.dynamodb.values import Item, Record, Shape, Value, said, text

R = TypeVar("R", bound=Record)

WORKSPACE = Shape(Workspace)
PERSON = Shape(Person)
TOKEN = Shape(Token)
CHANNEL = Shape(Channel)
VIDEO = Shape(Video)
POST = Shape(Post)
DELIVERY = Shape(Delivery)
EVENT = Shape(Event)
CHORE = Shape(Chore)
WEBHOOK = Shape(Webhook)
SENDING = Shape(Sending)

#: Of the notes among what is due, which are no deliveries.
REST = "REST#"
#: Of sendings, among what is found by a time; theirs is when they were made.
SENT = "SENT"
#: Marks a workspace that was found empty and goes in a moment: nothing new may come into it.
ENDING = "ending"
#: Ways into the index of what is due: enough for thousands of writes a second, few enough to ask all of them each tick.
SHARDS = range(4)


def sharded(kind: str, name: str) -> str:
    """The partition of the index in which what is called so waits; always the same."""
    return f"{kind}#{zlib.crc32(name.encode()) % len(SHARDS)}"


def partitions(kind: str) -> list[str]:
    """All partitions of a kind."""
    return [f"{kind}#{shard}" for shard in SHARDS]


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


def workspace_key(workspace_id: str) -> Key:
    """The tenant itself lies among what it owns."""
    return workspace_id, "WS"


def person_key(person_id: str) -> Key:
    """People lie outside of workspaces."""
    return f"PER#{person_id}", "PER"


def email_key(email: str) -> Key:
    """Whose an e-mail address is."""
    return f"EMAIL#{email}", "PER"


def token_key(token_hash: str) -> Key:
    """A token is found by its hash."""
    return f"TOK#{token_hash}", "TOK"


def token_of(workspace_id: str, token_id: str) -> Key:
    """Where a workspace notes the hash of its token."""
    return workspace_id, f"TOK#{token_id}"


def channel_key(workspace_id: str, channel_id: str) -> Key:
    """A channel."""
    return workspace_id, f"CH#{channel_id}"


def video_key(workspace_id: str, video_id: str) -> Key:
    """A video."""
    return workspace_id, f"VID#{video_id}"


def uses_key(workspace_id: str, video_id: str) -> Key:
    """Which posts use a video."""
    return workspace_id, f"USE#{video_id}"


def post_key(workspace_id: str, post_id: str) -> Key:
    """A post."""
    return workspace_id, f"POST#{post_id}"


def delivery_key(workspace_id: str, delivery_id: str) -> Key:
    """A delivery."""
    return workspace_id, f"DLV#{delivery_id}"


def hand_key(workspace_id: str, channel_id: str) -> Key:
    """Which delivery of a channel is in hand, and until when."""
    return workspace_id, f"HAND#{channel_id}"


def event_key(workspace_id: str, subject_id: str, event_id: str) -> Key:
    """History lies by what it is about: it grows more than all else."""
    return f"{workspace_id}#{subject_id}", f"EVT#{event_id}"


def way_key(way: str) -> Key:
    """Who has this identity or passkey."""
    return f"WAY#{way}", "PER"


def member_of(workspace_id: str, person_id: str) -> Key:
    """Where a workspace notes who is in it."""
    return workspace_id, f"PER#{person_id}"


def webhook_key(workspace_id: str, webhook_id: str) -> Key:
    """A webhook."""
    return workspace_id, f"WHK#{webhook_id}"


def sending_key(workspace_id: str, sending_id: str) -> Key:
    """What was sent to one."""
    return workspace_id, f"SND#{sending_id}"


def chore_key(workspace_id: str, chore_id: str) -> Key:
    """A chore."""
    return workspace_id, f"CHORE#{chore_id}"


def rest_key(workspace_id: str) -> Key:
    """What a step left to be done: another one each time."""
    return workspace_id, f"{REST}{secrets.token_hex(16)}"


# ── items ────────────────────────────────────────────────────────────────────────────────────────


def under(key: Key, attributes: Item) -> dict[str, Value]:
    """These attributes as an item."""
    return {"PK": text(key[0]), "SK": text(key[1]), **attributes}


def due(partition: str, at: str) -> dict[str, Value]:
    """Attributes by which the index of what is due finds it."""
    return {"due_pk": text(partition), "due_sk": text(at)}


def delivery_item(delivery: Delivery) -> Item:
    """With every way by which it is found."""
    found = {
        "channel_pk": text(f"{delivery.workspace_id}#{delivery.channel_id}"),
        "state_pk": text(state_partition(delivery.workspace_id, delivery.state)),
        "planned_pk": text(delivery.workspace_id),
        "planned_sk": text(f"{said(delivery.scheduled_at)}#{delivery.id}"),
    }
    if delivery.handle:
        found["named_pk"] = text(handle_partition(delivery.platform, delivery.handle))
    if delivery.wake_at:
        found |= due(sharded("DUE", delivery.id), said(delivery.wake_at))
    return under(delivery_key(delivery.workspace_id, delivery.id), DELIVERY.item(delivery) | found)


def planned_posts(workspace_id: str) -> str:
    """Posts by their times, beside the deliveries."""
    return f"{workspace_id}#POSTS"


def post_attributes(post: Post) -> dict[str, Value]:
    """With the time by which the calendar finds it, if it has one."""
    attributes = POST.item(post)
    if post.scheduled_at:
        attributes["planned_pk"] = text(planned_posts(post.workspace_id))
        attributes["planned_sk"] = text(f"{said(post.scheduled_at)}#{post.id}")
    return attributes


def sending_item(sending: Sending) -> Item:
    """Found by its webhook, and by when it was made."""
    found = {"channel_pk": text(sent_to(sending.workspace_id, sending.webhook_id))}
    found |= due(sharded(SENT, sending.id), said(sending.created_at))
    return under(sending_key(sending.workspace_id, sending.id), SENDING.item(sending) | found)


def sent_to(workspace_id: str, webhook_id: str) -> str:
    """Sendings of one webhook."""
    return f"{workspace_id}#{webhook_id}"


def state_partition(workspace_id: str, state: str) -> str:
    """Deliveries of one state."""
    return f"{workspace_id}#{state}"


def handle_partition(platform: str, handle: str) -> str:
    """Deliveries that a platform calls so."""
    return f"HANDLE#{platform}#{handle}"


def bytes_partition(workspace_id: str, sha256: str) -> str:
    """Videos of the same bytes."""
    return f"{workspace_id}#SHA#{sha256}"


def hand_attributes(channel_id: str, delivery_id: str, until: datetime) -> dict[str, Value]:
    """Of the hand of a channel, which is also found among the hands that have not ended."""
    found = due(sharded("HAND", channel_id), said(until))
    return {"channel_id": text(channel_id), "delivery_id": text(delivery_id)} | found


def video_item(video: Video) -> Item:
    """Found by its bytes too."""
    found = {"named_pk": text(bytes_partition(video.workspace_id, video.sha256))}
    return under(video_key(video.workspace_id, video.id), VIDEO.item(video) | found)


def event_item(event: Event) -> Item:
    """One line of history."""
    return under(event_key(event.workspace_id, event.subject_id, event.id), EVENT.item(event))


# ── writes that several kinds of record share ────────────────────────────────────────────────────


def saved(shape: Shape[R], key: Key, record: R, version: int) -> Put:
    """The record as it was given, if the one there is still version `version`."""
    return Put(under(key, shape.item(record)), unchanged(version))


def lives(workspace_id: str) -> Check:
    """Nothing new comes into a workspace that is not there, or goes at this moment."""
    return Check(workspace_key(workspace_id), PRESENT & When(f"attribute_not_exists(#{ENDING})"))


def notes(events: Iterable[Event]) -> list[Put]:
    """History."""
    return [Put(event_item(event)) for event in events]


def orders(chores: Iterable[Chore]) -> list[Update]:
    """Sets chores, or moves them; whoever has one in hand will see that it was put again."""
    return [_order(chore) for chore in chores]


def _order(chore: Chore) -> Update:
    fresh = replace(chore, in_hand_until=None)
    attributes = CHORE.item(fresh)
    del attributes["version"]
    found = due(sharded("CHORES", chore.subject_id), said(fresh.wake_at))
    return Update(
        chore_key(chore.workspace_id, chore.id),
        put=attributes | found,
        drop=("in_hand_until",),
        add={"version": {"N": "1"}},
    )


def chore_item(chore: Chore) -> Item:
    """Found by its time."""
    found = due(sharded("CHORES", chore.subject_id), said(chore.wake_at))
    return under(chore_key(chore.workspace_id, chore.id), CHORE.item(chore) | found)
