"""The probe by agreement, which other rooms' tests use."""

from dataclasses import replace

import pytest

from playout.application.ports import Probe
from playout.domain.errors import FileGone, Unplayable
from playout.media.memory import UPRIGHT, MemoryFiles, MemoryProbe
from tests.media.stage import KEY, stored


async def test_every_file_has_the_agreed_facts() -> None:
    files = await stored(b"x")

    probe: Probe = MemoryProbe(files)
    assert (await probe.probe(KEY)).facts == UPRIGHT
    short = replace(UPRIGHT, duration=1.0)
    assert (await MemoryProbe(files, short).probe(KEY)).facts == short


async def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Unplayable):
        await MemoryProbe(await stored(b"")).probe(KEY)


async def test_a_missing_file_is_gone() -> None:
    with pytest.raises(FileGone):
        await MemoryProbe(MemoryFiles()).probe(KEY)
