"""Server-sent events, as the wire has them."""

from collections.abc import AsyncGenerator

from starlette.responses import StreamingResponse

from playout.web.live import Piece, as_text, stream


def test_each_line_of_a_piece_is_a_line_of_data() -> None:
    assert as_text(Piece("<p>one</p>\n<p>two</p>")) == "data: <p>one</p>\ndata: <p>two</p>\n\n"


def test_a_piece_may_be_an_event_with_an_id() -> None:
    assert as_text(Piece("", event="moved", id="7")) == "event: moved\nid: 7\ndata: \n\n"


def test_no_line_end_in_the_data_begins_a_field_of_its_own() -> None:
    told = as_text(Piece("a\revent: x\r\nid: 1\n\ndata: y"))

    assert [line for line in told.splitlines() if not line.startswith("data: ")] == [""]


async def test_pieces_are_handed_on_until_they_end() -> None:
    async def pieces() -> AsyncGenerator[Piece]:
        yield Piece("one")
        yield Piece("two")

    answer = stream(pieces())
    assert isinstance(answer, StreamingResponse)
    assert "".join([str(piece) async for piece in answer.body_iterator]) == ": open\n\ndata: one\n\ndata: two\n\n"
    assert answer.headers["content-type"].startswith("text/event-stream")
