"""A process with a mistake in it: while a grant is open in its variables, an adapter fails with it on its lips.

Then the process ends by an exception that nobody caught, with the grant still in its variables.
"""

import asyncio
import sys

from playout import logs
from playout.application.ports import Task
from playout.domain.delivery import Outcome
from playout.domain.person import ALL_SCOPES, Actor
from playout.platforms.http import Http
from playout.platforms.tiktok import TikTok
from playout.settings import Settings, current
from playout.wiring import House, open_house

ACTOR = Actor("ws_home", "mistakes", ALL_SCOPES, "cli")
PATIENCE = 30.0  # seconds


class Clumsy(TikTok):
    """Quotes what it was handed when it stumbles."""

    async def step(self, task: Task) -> Outcome:
        if task.step != "finish":
            return await super().step(task)
        clear = task.grant.access_token.reveal()
        sentence = f"no step {task.step!r} with {task} and Authorization: Bearer {clear}"
        raise LookupError(sentence, clear, task.checkpoint) from ValueError(task.grant)


async def main(settings: Settings) -> None:
    assert settings.tiktok_client_secret
    async with Http(user_agent="Playout-tests") as http:
        adapter = Clumsy(
            http,
            client_key=settings.tiktok_client_key,
            client_secret=settings.tiktok_client_secret,
            www_url=settings.tiktok_www_url,
            api_url=settings.tiktok_api_url,
            transfer=settings.tiktok_transfer,
        )
        async with open_house(settings, platforms={"tiktok": adapter}) as house, house.working():
            async with asyncio.timeout(PATIENCE):
                while not await stumbled(house):
                    await asyncio.sleep(0.05)
            await fall(house)


async def stumbled(house: House) -> bool:
    found = await house.services.deliveries.list(ACTOR)
    return any(one.reason is not None and one.reason.code == "internal_error" for one in found.items)


async def fall(house: House) -> None:
    """Ends the process, with secrets in the clear in the variables around."""
    channel = (await house.services.channels.list(ACTOR)).items[0]
    assert channel.data_key
    assert channel.grant
    box = await house.ports.vault.unlock(channel.workspace_id, channel.id, channel.data_key)
    grant = box.open("grant", channel.grant)
    raise RuntimeError(f"nobody catches this, nor knows that {len(grant)} bytes were in the clear")


if __name__ == "__main__":
    logs.setup(level="debug", form=sys.argv[1])
    asyncio.run(main(current({}).settings))
