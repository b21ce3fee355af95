"""How files are laid out, down to boxes that mean harm."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.media.boxes import check_matroska, layout
from playout.media.ranges import RangeFile
from playout.media.refusals import Refusal, Refused
from tests.media.stage import SMALL, made


def source(content: bytes) -> RangeFile:
    return RangeFile(lambda offset, length: content[offset : offset + length], len(content))


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return (8 + len(body)).to_bytes(4) + name + body


FTYP = box(b"ftyp", b"isom", bytes(4))
EDITED = box(b"moov", box(b"mvhd", bytes(100)), box(b"trak", box(b"tkhd"), box(b"edts", box(b"elst", bytes(12)))))
PLAIN = box(b"moov", box(b"mvhd", bytes(100)), box(b"trak", box(b"tkhd")))


def refusal(content: bytes) -> Refusal:
    with pytest.raises(Refused) as refused:
        layout(source(content))
    return refused.value.code


def test_an_index_before_the_data_is_a_faststart() -> None:
    assert layout(source(FTYP + PLAIN + box(b"mdat", b"x"))).faststart
    assert not layout(source(FTYP + box(b"mdat", b"x") + PLAIN)).faststart


def test_an_edit_list_is_found_inside_its_track() -> None:
    assert layout(source(FTYP + EDITED)).edit_list
    assert not layout(source(FTYP + PLAIN)).edit_list


def test_old_quicktime_has_no_brand() -> None:
    assert layout(source(PLAIN + box(b"mdat", b"x"))).brand == ""
    assert layout(source(FTYP + PLAIN)).brand == "isom"


def test_a_size_of_64_bits_is_understood() -> None:
    large = (1).to_bytes(4) + b"mdat" + (16 + 5).to_bytes(8) + b"hello"

    assert not layout(source(FTYP + large + PLAIN)).faststart


def test_a_box_past_the_end_means_a_missing_end() -> None:
    assert refusal(FTYP + PLAIN + box(b"mdat", b"hello")[:-1]) is Refusal.TRUNCATED


def test_a_missing_index_means_a_missing_end() -> None:
    assert refusal(FTYP + box(b"mdat", b"hello")) is Refusal.TRUNCATED


def test_boxes_that_turn_to_noise_are_damage() -> None:
    assert refusal(FTYP + b"\x00\x00\x00\x20\x01\x02\x03\x04" + bytes(40)) is Refusal.DAMAGED


def test_padding_behind_the_last_box_is_forgiven() -> None:
    assert layout(source(FTYP + PLAIN + bytes(37))).brand == "isom"


def test_a_very_long_row_of_boxes_is_not_walked_to_its_end() -> None:
    asked: list[int] = []
    content = FTYP + PLAIN + box(b"moof", bytes(1000)) * 20_000

    def ask(offset: int, length: int) -> bytes:
        asked.append(offset)
        return content[offset : offset + length]

    assert layout(RangeFile(ask, len(content))).faststart
    assert len(asked) < 10


def test_boxes_within_boxes_without_end_are_not_followed() -> None:
    nested = b""
    for _ in range(2000):
        nested = box(b"trak", nested)

    assert not layout(source(FTYP + box(b"moov", nested))).edit_list


def outcome(look: Callable[[RangeFile], object], content: bytes) -> Refusal | None:
    try:
        look(source(content))
    except Refused as refused:
        return refused.code
    return None


@given(st.binary(max_size=300))
def test_any_bytes_are_laid_out_or_refused(noise: bytes) -> None:
    for content in (noise, FTYP + noise, FTYP + PLAIN + noise, box(b"moov", box(b"trak", noise))):
        assert outcome(layout, content) in {None, Refusal.TRUNCATED, Refusal.DAMAGED}


@given(st.binary(max_size=60))
def test_any_bytes_are_matroska_or_refused(noise: bytes) -> None:
    for content in (noise, b"\x1a\x45\xdf\xa3" + noise):
        assert outcome(check_matroska, content) in {None, Refusal.TRUNCATED, Refusal.DAMAGED}


def test_a_segment_of_unknown_size_may_end_anywhere() -> None:
    live = made(replace(SMALL, container="matroska", muxer_options={"live": "1"}))

    check_matroska(source(live[:-100]))
