"""The fixtures of the Instagram tests; a test module names this one in `pytest_plugins`, and imports it not."""

from collections.abc import AsyncIterator

import pytest

from playout.platforms.http import Http
from tests.platforms.instagram_stage import WAYS, Door, Reel, adapter, facebook_grant, instagram_grant
from tests.sandbox.app import App
from tests.sandbox.other_side import other_side


@pytest.fixture
async def insta_app(app: App) -> App:
    await app.control("config", {"pull_insecure": True, "pull_delay": 0.0, "instagram": {"pull_seconds": 1e9}})
    return app


@pytest.fixture
async def puller(insta_app: App, http: Http) -> AsyncIterator[Reel]:
    """Alice's account by Instagram Login: the video is fetched from us."""
    async with other_side() as side:
        side.video = b"any bytes"
        door = Door(side)
        grant = await instagram_grant(insta_app)
        yield Reel(insta_app, adapter(http, insta_app.url), grant, pulls=door, door=door)


@pytest.fixture
async def uploader(insta_app: App, http: Http) -> Reel:
    """The same account by Facebook Login: the video is uploaded."""
    return Reel(insta_app, adapter(http, insta_app.url), await facebook_grant(insta_app))


@pytest.fixture(params=WAYS)
def reel(request: pytest.FixtureRequest) -> Reel:
    """Either way."""
    found: Reel = request.getfixturevalue("puller" if request.param == "pull" else "uploader")
    return found
