"""The whole house and the sandbox: news from the platform shortens the wait, and takes a grant away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from playout.domain.channel import ChannelState
from playout.domain.delivery import Delivery, State
from tests.crash.stage import Flow
from tests.whole.stage import ALICE, Scene, scene

PATIENCE = 30.0  # seconds; far less than the wait that the news shortens
INBOX = Flow("inbox", {"mode": "inbox"})


@asynccontextmanager
async def told(folder: Path) -> AsyncIterator[tuple[Scene, str]]:
    """A house that the platform sends its webhooks to, and its channel."""
    async with scene(folder) as one:
        hook = {"webhook_url": f"{one.house.settings.public_url}/hooks/tiktok"}
        await one.control("config", {"tiktok": hook})
        yield one, await one.connected(INBOX)


async def delivery(one: Scene, there: Callable[[Delivery], bool]) -> Delivery:
    """The one delivery, as soon as it is so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (found,) = await one.deliveries()
            if there(found):
                return found
            await asyncio.sleep(0.05)


async def test_a_draft_that_the_creator_posts_is_known_to_be_published_by_its_webhook(tmp_path: Path) -> None:
    async with told(tmp_path) as (one, channel_id):
        now = one.clock.now()
        await one.scheduled(INBOX, channel_id, await one.video(tmp_path), "For the inbox", now)
        draft = await delivery(one, lambda it: it.state is State.HANDED_OVER and it.in_hand_until is None)
        await one.house.store.deliveries.save(replace(draft, due_at=now + timedelta(days=1)))

        await one.control("tiktok/finish-draft", {"publish_id": draft.handle})

        published = await delivery(one, lambda it: it.state is State.PUBLISHED)
        assert published.receipt


async def test_an_app_that_the_creator_removes_needs_to_be_connected_again(tmp_path: Path) -> None:
    async with told(tmp_path) as (one, channel_id):
        await one.control("tiktok/disconnect", {"creator": "alice.films"})

        async with asyncio.timeout(PATIENCE):
            while True:
                channel = await one.house.services.channels.get(ALICE, channel_id)
                if channel.state(one.clock.now()) is ChannelState.NEEDS_RECONNECT:
                    break
                await asyncio.sleep(0.05)
        assert channel.trouble
