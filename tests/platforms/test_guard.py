"""The hold on a delivery is looked at where the bytes leave: whoever stood still sends nothing."""

import pytest

from playout.application.ports.guard import STILL_OURS
from playout.domain.errors import LostHand
from playout.platforms.http import Http
from tests.sandbox.app import App


def overtaken() -> None:
    raise LostHand


async def test_nothing_is_sent_once_the_work_is_somebody_elses(app: App, http: Http) -> None:
    address = f"{app.url}/tiktok-api/v2/oauth/token/"
    before = STILL_OURS.set(overtaken)
    with pytest.raises(LostHand):
        await http.send("POST", address, form={"code": "1"})
    STILL_OURS.reset(before)
    assert await app.control("requests") == []

    await http.send("POST", address, form={"code": "1"})
    assert len(await app.control("requests")) == 1
