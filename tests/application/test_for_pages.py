"""What pages ask of the use cases beyond what programs ask: several posts at once, ways to sign in, safe addresses."""

from dataclasses import replace

import pytest

from playout.domain.delivery import Delivery, Fence, State
from playout.domain.errors import Forbidden, Invalid
from tests.cast import Cast


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


async def unconfirmed(cast: Cast) -> Delivery:
    delivery = (await cast.post(cast.alice)).deliveries[0]
    fence = Fence("send", cast.clock.now())
    return await cast.saved(replace(delivery, state=State.UNCONFIRMED, step="send", fence=fence, due_at=None))


async def test_several_posts_are_read_at_once_and_those_that_are_not_there_are_left_out(cast: Cast) -> None:
    both = {(await cast.post(cast.alice)).post.id for _ in range(2)}

    found = await cast.services.posts.several(cast.alice, {*both, "pst_nowhere"})
    assert {one.id for one in found} == both


async def test_nothing_of_another_workspace_is_among_them(cast: Cast) -> None:
    shown = await cast.post(cast.alice)

    assert list(await cast.services.posts.several(cast.charlie, [shown.post.id])) == []


async def test_who_may_not_read_gets_none(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        await cast.services.posts.several(replace(cast.alice, scopes=frozenset()), [])


async def test_of_each_platform_its_ways_to_sign_in_are_told(cast: Cast) -> None:
    cast.platform.logins = ("own", "through_another")

    assert cast.services.channels.logins() == {"memory": ("own", "through_another")}


async def test_a_persons_address_is_kept_in_the_receipt(cast: Cast) -> None:
    one = await unconfirmed(cast)
    there = await cast.services.deliveries.resolve(cast.alice, one.id, published=True, url="https://memory.invalid/7")

    assert there.receipt
    assert there.receipt.url == "https://memory.invalid/7"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "memory.invalid/7", "https://x/\n", "https://x/" + "y" * 2048]
)
async def test_what_is_no_address_of_the_web_is_refused_and_changes_nothing(cast: Cast, url: str) -> None:
    one = await unconfirmed(cast)
    with pytest.raises(Invalid) as refused:
        await cast.services.deliveries.resolve(cast.alice, one.id, published=True, url=url)

    assert refused.value.problems[0].field == "/url"
    assert (await cast.services.deliveries.get(cast.alice, one.id)).state is State.UNCONFIRMED
