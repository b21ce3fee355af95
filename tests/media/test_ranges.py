"""The file that the worker reads by asking."""

import os

import pytest

from playout.media.ranges import RangeFile

CONTENT = os.urandom(700_000)


def asking(asked: list[tuple[int, int]] | None = None) -> RangeFile:
    def ask(offset: int, length: int) -> bytes:
        if asked is not None:
            asked.append((offset, length))
        return CONTENT[offset : offset + length]

    return RangeFile(ask, len(CONTENT))


def test_reading_to_the_end_gives_every_byte() -> None:
    source, found = asking(), b""

    while piece := source.read(100_000):
        found += piece

    assert found == CONTENT


def test_a_place_can_be_sought_from_anywhere() -> None:
    source = asking()

    assert source.seek(10) == 10
    assert source.read(5) == CONTENT[10:15]
    assert source.seek(5, os.SEEK_CUR) == 20
    assert source.seek(-5, os.SEEK_END) == len(CONTENT) - 5
    assert source.read(100) == CONTENT[-5:]
    assert source.read(100) == b""
    assert source.tell() == len(CONTENT)


def test_there_is_nothing_before_the_start() -> None:
    with pytest.raises(ValueError, match="before the start"):
        asking().seek(-1)


def test_a_look_elsewhere_does_not_move_the_place() -> None:
    source = asking()

    assert source.at(262_140, 10) == CONTENT[262_140:262_150]
    assert source.at(len(CONTENT) - 2, 10) == CONTENT[-2:]
    assert source.tell() == 0


def test_what_was_just_seen_is_not_asked_again() -> None:
    asked: list[tuple[int, int]] = []
    source = asking(asked)

    for _ in range(3):
        source.at(0, 16)
        source.at(600_000, 16)

    assert asked == [(0, 262_144), (524_288, 175_712)]
