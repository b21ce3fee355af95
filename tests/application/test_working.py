"""What `working` does when the work itself breaks down."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from playout.application.ports import Store
from playout.domain.errors import Unavailable
from playout.settings import Settings
from playout.wiring import open_house


class WithoutDeliveries:
    """A store with a mistake in it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if name == "deliveries":
            raise TypeError("a mistake")
        return getattr(self._store, name)


async def test_a_worker_that_breaks_down_ends_the_block_with_a_sentence(tmp_path: Path) -> None:
    opening = open_house(
        Settings.model_validate({"data_dir": tmp_path}),
        platforms={},
        around_store=lambda store: cast("Store", WithoutDeliveries(store)),
    )
    async with opening as house:
        with pytest.raises(Unavailable, match="The worker broke down"):
            async with house.working():
                await asyncio.sleep(30)


async def test_an_error_of_the_block_comes_through_as_it_is(tmp_path: Path) -> None:
    async with open_house(Settings.model_validate({"data_dir": tmp_path}), platforms={}) as house:
        with pytest.raises(KeyError):
            async with house.working():
                raise KeyError("mine")
