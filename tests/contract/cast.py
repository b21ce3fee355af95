"""Who acts in the store's tests: alice's house with its channels, video and posts, and charlie's beside it."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from playout.application.ports import Ref, Store
from playout.domain.channel import Channel, Profile, WrappedKey
from playout.domain.delivery import Delivery
from playout.domain.event import Event
from playout.domain.ids import new_id
from playout.domain.person import Workspace
from playout.domain.post import Destination, Post
from playout.domain.video import Facts, Video, VideoState
from playout.domain.webhook import Sending, Webhook

NOW = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
SOON = NOW + timedelta(seconds=60)
_counter = itertools.count()

FACTS = Facts(
    container="mp4",
    duration=12.345678901,
    width=1080,
    height=1920,
    rotation=90,
    fps=29.97002997,
    variable_fps=True,
    video_codec="h264",
    audio_codec=None,
    pixel_format="yuv420p",
    sample_rate=None,
    channels=None,
    bitrate=8_000_000_000,
    faststart=False,
    edit_list=True,
)


def name(prefix: str) -> str:
    """A new id; later ones sort after earlier ones, as by a clock that never stands still."""
    return new_id(prefix, NOW + timedelta(milliseconds=next(_counter)))


def event(workspace_id: str, subject_id: str, kind: str = "delivery.sending") -> Event:
    return Event(name("evt"), workspace_id, subject_id, kind, NOW, "sending", "ok", "It is on its way.", 12)


@dataclass(frozen=True)
class House:
    """One workspace. What it makes is saved, and given as it was saved."""

    store: Store
    workspace_id: str

    async def channel(self, platform: str = "tiktok") -> Channel:
        return await self.store.channels.save(self.new_channel(platform))

    async def video(self) -> Video:
        return await self.store.videos.save(self.new_video())

    async def post(self, video: Video | None = None) -> Post:
        return await self.store.posts.save(self.new_post(video or await self.video()))

    async def deliveries(self, channel: Channel, *due: datetime | None) -> list[Delivery]:
        """A post with one delivery for each time."""
        post = self.new_post(await self.video())
        made = [self.new_delivery(post, channel, at) for at in due]
        await self.store.posts.save(post, made)
        return [replace(one, version=1) for one in made]

    async def delivery(self, channel: Channel | None = None, due_at: datetime | None = NOW) -> Delivery:
        return (await self.deliveries(channel or await self.channel(), due_at))[0]

    async def claimed(self, now: datetime = NOW, until: datetime = SOON) -> Delivery:
        """A delivery that somebody has in hand."""
        delivery = await self.delivery()
        assert await self.store.deliveries.claim(now, until, 10) == [taken(delivery)]
        return await self.store.deliveries.get(self.workspace_id, delivery.id)

    async def webhook(self) -> Webhook:
        return await self.store.webhooks.save(self.new_webhook())

    async def sending(self, webhook: Webhook | None = None) -> Sending:
        return await self.store.sendings.save(self.new_sending(webhook or await self.webhook()))

    def new_channel(self, platform: str = "tiktok") -> Channel:
        channel_id = name("ch")
        profile = Profile(f"remote-{channel_id}", "alice", "Alice Ünïcode 🎬")
        return Channel(channel_id, self.workspace_id, platform, profile, NOW)

    def new_video(self) -> Video:
        video_id = name("vid")
        return Video(
            id=video_id,
            workspace_id=self.workspace_id,
            state=VideoState.READY,
            filename="häuschen.mp4",
            size=5_000_000_000,
            sha256="0" * 64,
            key=f"videos/{video_id}",
            created_at=NOW,
            version=0,
        )

    def new_post(self, video: Video) -> Post:
        return Post(name("post"), self.workspace_id, video.id, "Hello 👋 “world”", (), NOW)

    def new_delivery(self, post: Post, channel: Channel, due_at: datetime | None = NOW) -> Delivery:
        return Delivery(
            id=name("dlv"),
            workspace_id=self.workspace_id,
            post_id=post.id,
            channel_id=channel.id,
            platform=channel.platform,
            scheduled_at=due_at or NOW,
            due_at=due_at,
            created_at=NOW,
        )

    def new_webhook(self) -> Webhook:
        return Webhook(
            id=name("whk"),
            workspace_id=self.workspace_id,
            url="https://alice.example/hook?möwe=1",
            created_at=NOW,
            data_key=WrappedKey("key-1", b"\x00wrapped\xff"),
            secret=b"\x00sealed\xff",
        )

    def new_sending(self, webhook: Webhook) -> Sending:
        return Sending(name("snd"), self.workspace_id, webhook.id, "delivery.published", '{"type": "„ü“"}', NOW)


async def house(store: Store, owner: str) -> House:
    workspace = await store.workspaces.save(Workspace(name("ws"), f"{owner}'s", NOW))
    return House(store, workspace.id)


def ref(record: Delivery | Channel) -> Ref:
    return Ref(record.workspace_id, record.id)


def taken(record: Delivery) -> Ref:
    """What a claim gives for it."""
    return Ref(record.workspace_id, record.id, record.version + 1)


def destination(channel: Channel) -> Destination:
    return Destination(channel.id)
