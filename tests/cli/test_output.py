"""Where things are printed, and how they look there."""

import io
import json
from contextlib import redirect_stderr

import pytest

from playout.cli.output import Out, fields, plain, table
from playout.domain.errors import Problem


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """One that can show colours."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def test_data_and_messages_go_their_own_ways(capsys: pytest.CaptureFixture[str]) -> None:
    out = Out(as_json=False)
    out.record({"id": "vid_1"}, "vid_1")
    out.done("Took it in.")

    assert capsys.readouterr() == ("vid_1\n", "✓ Took it in.\n")


def test_with_json_each_line_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    out = Out(as_json=True)
    out.records([{"id": "a"}, {"id": "b"}], [("id", "id")])
    out.say("Two.", count=2)
    with out.progress() as progress:
        progress.show("x", "Sending", 1, 2)

    shown = capsys.readouterr()
    assert [json.loads(line) for line in shown.out.splitlines()] == [{"id": "a"}, {"id": "b"}]
    assert [json.loads(line)["message"] for line in shown.err.splitlines()] == ["Two.", "Sending"]


def test_an_error_carries_its_problems(capsys: pytest.CaptureFixture[str]) -> None:
    Out(as_json=True).fail("invalid", "Two things.", [Problem("a", "/a", "One."), Problem("b", "/b", "Two.", "chn_1")])

    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["code"], error["message"]) == ("invalid", "Two things.")
    assert [one["channel_id"] for one in error["problems"]] == [None, "chn_1"]


def test_a_terminal_sees_colour(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        Out(as_json=False).done("Well.")

    assert terminal.getvalue() == "\x1b[32m✓\x1b[0m Well.\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_it_is_not_wanted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with redirect_stderr(terminal):
        Out(as_json=False).done("Well.")

    assert terminal.getvalue() == "✓ Well.\n"


def test_bars_show_bytes_speed_and_time_left_on_a_terminal(terminal: Terminal) -> None:
    out = Out(as_json=False)
    with redirect_stderr(terminal), out.progress() as progress:
        progress.show("file", "Sending", 0, 10 * 2**20)
        progress.show("file", "Sending", 5 * 2**20, 10 * 2**20)
        out.done("A message in between.")
        progress.hint("file", "The platform works on it")
        progress.over("file")

    assert "MiB" in terminal.getvalue()
    assert "A message in between." in terminal.getvalue()


def test_without_a_terminal_a_line_stands_for_each_new_thing(capsys: pytest.CaptureFixture[str]) -> None:
    with Out(as_json=False).progress() as progress:
        for done in range(5):
            progress.show("file", "Sending", done, 5)
        progress.hint("file", "Waiting")

    assert capsys.readouterr().err == "Sending\n"


def test_what_is_shown_cannot_command_the_terminal() -> None:
    assert plain("a\x1b[31mb\x07\u202ec") == "a·[31mb··c"


def test_columns_are_as_wide_as_what_stands_in_them() -> None:
    assert table(["a", "b"], [["long cell", "x"], ["y", "z"]]) == "A          B\nlong cell  x\ny          z"


def test_what_is_not_there_is_left_out() -> None:
    assert fields({"id": "x", "url": None, "scopes": [], "ok": False}) == "id  x\nok  no"
