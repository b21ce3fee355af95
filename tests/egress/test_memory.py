"""The egress without a network keeps the promises of the real one, as far as both have them."""

import pytest

from playout.application.ports import Egress, Reply
from playout.domain.errors import Invalid, TooLarge, Unavailable
from playout.egress.client import HttpsEgress
from playout.egress.memory import MemoryEgress, Posted
from tests.egress.stage import CLIP, Dns

URL = "https://clips.example/first.mp4"


@pytest.fixture(params=["memory", "https"])
def egress(request: pytest.FixtureRequest) -> Egress:
    return MemoryEgress() if request.param == "memory" else HttpsEgress(user_agent="Playout/test", resolve=Dns())


async def test_both_refuse_the_same_addresses(egress: Egress) -> None:
    egress.check(URL)
    for url in ("http://clips.example/", "https://127.0.0.1/", "https://clips.example:8443/", "https://nas.lan/"):
        with pytest.raises(Invalid):
            egress.check(url)
        with pytest.raises(Invalid):
            async with egress.fetch(url, limit=1):
                pass
        with pytest.raises(Invalid):
            await egress.post(url, headers={}, body=b"")


async def test_memory_gives_what_is_kept_under_an_address() -> None:
    egress = MemoryEgress({URL: CLIP})
    async with egress.fetch(URL, limit=len(CLIP)) as coming:
        assert (coming.filename, coming.size) == ("first.mp4", len(CLIP))
        assert b"".join([piece async for piece in coming.pieces()]) == CLIP
    with pytest.raises(TooLarge):
        async with egress.fetch(URL, limit=len(CLIP) - 1):
            pass
    assert egress.fetched == [URL, URL]


async def test_memory_keeps_what_was_posted() -> None:
    egress = MemoryEgress(replies={URL: Reply(410)})
    assert await egress.post(URL, headers={"a": "b"}, body=b"c") == Reply(410)
    assert egress.posted == [Posted(URL, {"a": "b"}, b"c")]


async def test_memory_cannot_reach_what_it_was_not_told_of() -> None:
    egress = MemoryEgress()
    with pytest.raises(Unavailable):
        await egress.post(URL, headers={}, body=b"")
    with pytest.raises(Unavailable):
        async with egress.fetch(URL, limit=1):
            pass
