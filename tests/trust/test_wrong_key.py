"""The key file is lost and another one made: what needs it is held, and goes on once somebody has signed in again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from playout.domain.channel import ChannelState
from playout.domain.delivery import Delivery, State
from playout.domain.retry import PlatformFailure, Turn
from playout.settings import Settings
from playout.wiring import House, open_house
from tests.trust.inside import ALICE, connected, posted, rested, taken_in
from tests.trust.machine import Machine
from tests.trust.other_side import OtherSide, other_side


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherSide]:
    with other_side(tmp_path_factory.mktemp("sandbox"), processing_seconds=0.0, moderation_seconds=0.0) as there:
        yield there


@dataclass(frozen=True, slots=True)
class Lost:
    """An installation with a post that is due, and with another key than the one that its channel was sealed with."""

    settings: Settings
    key: bytes
    channel: str
    delivery: str
    published: int  # before

    def restore(self) -> None:
        (self.settings.data_dir / "secret.key").write_bytes(self.key)


@pytest.fixture
async def lost(tmp_path: Path, clip: Path, there: OtherSide) -> Lost:
    machine = Machine(tmp_path / "machine")
    machine.connected_to(there.url)
    async with open_house(machine.loaded) as house:
        channel = await connected(house)
        delivery = await posted(house, await taken_in(house, clip), channel)
    file = machine.data / "secret.key"
    key = file.read_bytes()
    file.unlink()
    return Lost(machine.loaded, key, channel, delivery, len(there.published()))


async def held(house: House, lost: Lost) -> Delivery:
    delivery = await rested(house, lost.delivery)
    channel = await house.services.channels.get(ALICE, lost.channel)
    assert (delivery.state, delivery.reason and delivery.reason.code) == (State.HELD, "key_missing")
    assert channel.state(house.services.clock.now()) is ChannelState.NEEDS_RECONNECT
    return delivery


async def test_what_a_lost_key_sealed_is_held_and_a_person_is_told_what_to_do(lost: Lost) -> None:
    async with open_house(lost.settings) as house, house.working():
        delivery = await held(house, lost)
    assert delivery.reason
    assert delivery.reason.whose_turn is Turn.YOU
    assert "reconnect the channel" in delivery.reason.message


async def test_without_the_lost_key_a_reconnect_lets_it_go_on(lost: Lost, there: OtherSide) -> None:
    async with open_house(lost.settings) as house, house.working():
        await held(house, lost)
        assert await connected(house) == lost.channel
        assert (await rested(house, lost.delivery)).state is State.PUBLISHED
    assert len(there.published()) == lost.published + 1


async def test_with_the_key_restored_a_reconnect_lets_it_go_on(lost: Lost, there: OtherSide) -> None:
    async with open_house(lost.settings) as house, house.working():
        await held(house, lost)
    lost.restore()
    async with open_house(lost.settings) as house, house.working():
        assert await connected(house) == lost.channel
        assert (await rested(house, lost.delivery)).state is State.PUBLISHED
    assert len(there.published()) == lost.published + 1


async def test_a_key_that_is_restored_before_it_was_missed_makes_no_difference(lost: Lost) -> None:
    async with open_house(lost.settings) as house:
        with pytest.raises(PlatformFailure, match="cannot be decrypted"):
            await house.services.channels.live(ALICE, lost.channel)
    lost.restore()
    async with open_house(lost.settings) as house, house.working():
        assert (await rested(house, lost.delivery)).state is State.PUBLISHED


async def test_a_channel_whose_key_is_lost_can_be_disconnected(lost: Lost) -> None:
    async with open_house(lost.settings) as house:
        await house.services.channels.disconnect(ALICE, lost.channel)
        channel = await house.services.channels.get(ALICE, lost.channel)
        assert channel.state(house.services.clock.now()) is ChannelState.DISCONNECTED
