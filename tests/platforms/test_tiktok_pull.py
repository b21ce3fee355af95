"""TikTok fetches the video itself: init is the point of no return, and each attempt has an address of its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from playout.application.ports import Fetched
from playout.domain.delivery import Receipt
from playout.domain.retry import Kind, PlatformFailure
from playout.platforms.http import Http
from tests.platforms.tiktok_stage import INBOX, PRIVATE, SMALL, Post, adapter


class Door:
    """The house's /pull: the addresses on offer, and how much left through each."""

    def __init__(self) -> None:
        self.url = ""
        self.open = asyncio.Event()  # until it is set, whoever fetches waits in the doorway
        self.open.set()
        self.fetched: dict[str, Fetched] = {}
        self.withdrawn: list[str] = []

    async def offer(self, nonce: str) -> str:
        self.fetched.setdefault(nonce, Fetched.NOTHING)
        return f"{self.url}/pull/{nonce}.mp4"

    async def withdraw(self, nonce: str) -> Fetched:
        if nonce not in self.withdrawn:
            self.withdrawn.append(nonce)
        return self.fetched.get(nonce, Fetched.NOTHING)

    async def serve(self, request: web.Request) -> web.Response:
        nonce = request.match_info["nonce"]
        await self.open.wait()
        if nonce not in self.fetched or nonce in self.withdrawn:
            raise web.HTTPNotFound
        self.fetched[nonce] = Fetched.EVERYTHING
        return web.Response(body=bytes(SMALL), content_type="video/mp4")


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    app = web.Application()
    app.router.add_get("/pull/{nonce}.mp4", door.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    door.url = f"http://{host}:{port}"
    yield door
    door.open.set()
    await runner.cleanup()


@pytest.fixture
async def puller(alice: Post, http: Http, door: Door) -> Post:
    await alice.app.control("config", {"pull_insecure": True, "pull_delay": 0.0})
    await alice.app.configure(verified_prefixes=[f"{door.url}/pull/"], pull_seconds=1e9)
    return replace(alice, platform=adapter(http, alice.app.url, "pull"), pulls=door)


async def lose_the_answer(show: Post, action: str = "reset_after") -> PlatformFailure:
    """Up to the init whose answer is lost; the fence stands."""
    await show.until("pull")
    await show.break_next(action, "tiktok.init")
    with pytest.raises(PlatformFailure) as lost:
        await show.once()
    assert show.fenced
    return lost.value


async def test_a_video_is_fetched_and_published(puller: Post, door: Door) -> None:
    receipt = await puller.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url is not None
    assert puller.taken[:2] == ["check", "pull"]
    assert len(door.fetched) == 1


async def test_an_address_that_was_used_is_withdrawn(puller: Post, door: Door) -> None:
    await puller.to_the_end()

    assert door.withdrawn == list(door.fetched)


async def test_a_pull_is_fenced_and_its_address_cannot_be_guessed(puller: Post) -> None:
    checkpoint = await puller.until("pull")

    assert puller.coming is not None
    assert not puller.coming.repeatable
    assert len(str(checkpoint["nonce"])) == 32
    assert puller.attempt not in str(checkpoint["nonce"])


async def test_a_draft_is_fetched_too(puller: Post) -> None:
    puller.options = INBOX
    await puller.to_the_inbox()

    assert puller.taken[0] == "pull"
    assert puller.coming is not None
    assert str(puller.coming.handle).startswith("v_inbox_url~")


@pytest.mark.parametrize(
    "action", ["reset_before", "reset_after", "status_after", "html", "malformed", "renamed", "half_body"]
)
async def test_a_lost_answer_withdraws_the_address_and_asks_again_with_another(
    puller: Post, door: Door, action: str
) -> None:
    door.open.clear()  # TikTok may have come, but nothing left the house
    assert (await lose_the_answer(puller, action)).kind is Kind.UNSURE
    await puller.once()
    first = door.withdrawn[0]
    door.open.set()

    assert isinstance(await puller.to_the_end(), Receipt)
    assert await puller.published() == 1
    assert door.fetched[first] is Fetched.NOTHING
    assert len(door.fetched) == 2


async def test_a_refused_pull_is_known_to_be_refused(puller: Post, door: Door) -> None:
    await puller.app.configure(verified_prefixes=[])

    failure = await puller.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.NEVER, "url_ownership_unverified")
    assert not puller.fenced


async def fetched_but_unknown(puller: Post, count: int = 1) -> None:
    """The answer to init is lost, and TikTok publishes nevertheless: it is the account's `count`th post."""
    await lose_the_answer(puller)
    await puller.published_are(count)


async def test_a_public_post_whose_answer_was_lost_is_found_in_the_list(puller: Post, door: Door) -> None:
    await fetched_but_unknown(puller)

    receipt = await puller.to_the_end()

    assert isinstance(receipt, Receipt)
    [entry] = await puller.app.ledger("published")
    assert receipt.remote_id == entry["post_id"]
    assert receipt.url is not None
    assert await puller.published() == 1


async def test_a_public_post_is_waited_for_while_tiktok_moderates(puller: Post, door: Door) -> None:
    await puller.app.configure(moderation_seconds=1800)
    await fetched_but_unknown(puller)
    with pytest.raises(PlatformFailure) as waiting:
        await puller.once()

    assert (waiting.value.kind, waiting.value.code) == (Kind.AGAIN, "not_seen_yet")
    assert isinstance(await puller.to_the_end(), Receipt)
    assert await puller.published() == 1


async def test_a_private_post_that_was_fetched_without_an_answer_is_for_a_person_to_settle(
    puller: Post, door: Door
) -> None:
    puller.options = PRIVATE
    await fetched_but_unknown(puller)

    failure = await puller.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert failure.kind is Kind.UNSURE
    assert puller.taken.count("pull") == 1
    assert await puller.published() == 1


async def test_two_posts_of_the_same_words_are_not_guessed_between(puller: Post, door: Door) -> None:
    other = replace(puller, attempt="dlv_2.1", taken=[], failures=[], receipts=[])
    await puller.until("pull")
    await other.until("follow")
    await other.published_are(1)
    await lose_the_answer(puller)
    await puller.published_are(2)
    with pytest.raises(PlatformFailure) as waiting:
        await puller.once()

    assert (waiting.value.kind, waiting.value.code) == (Kind.AGAIN, "not_seen_yet")


async def test_an_older_post_of_the_same_words_is_not_taken_for_this_one(puller: Post, door: Door) -> None:
    other = replace(puller, attempt="dlv_2.1", taken=[], failures=[], receipts=[])
    await other.until("follow")
    await other.published_are(1)
    await puller.pass_time(timedelta(minutes=2))
    await fetched_but_unknown(puller, 2)

    receipt = await puller.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.remote_id == (await puller.app.ledger("published"))[1]["post_id"]


async def test_what_was_fetched_is_not_believed_for_longer_than_a_day(puller: Post, door: Door) -> None:
    door.open.clear()
    puller.options = PRIVATE
    await lose_the_answer(puller)
    await puller.pass_time(timedelta(days=1, minutes=1))
    with pytest.raises(PlatformFailure) as given_up:
        await puller.once()

    assert given_up.value.kind is Kind.UNSURE


async def test_a_pull_that_a_quota_kept_waiting_begins_afresh(puller: Post, door: Door) -> None:
    before = await puller.until("pull")
    await puller.pass_time(timedelta(hours=3))
    await puller.once()
    after = await puller.until("pull")

    assert puller.taken == ["check", "pull", "check"]
    assert after["nonce"] != before["nonce"]
    assert door.fetched == {}


async def test_a_video_that_tiktok_could_not_fetch_is_offered_at_another_address(puller: Post, door: Door) -> None:
    await puller.until("pull")
    assert puller.coming is not None
    await door.withdraw(str(puller.coming.checkpoint["nonce"]))

    assert isinstance(await puller.to_the_end(), Receipt)
    assert puller.taken.count("pull") == 2
    assert await puller.published() == 1
