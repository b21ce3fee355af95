"""What a host calls a file, made fit to be shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.egress.filenames import LONGEST, named


@pytest.mark.parametrize(
    ("disposition", "path", "name"),
    [
        ('attachment; filename="First light.mp4"', "/x", "First light.mp4"),
        ("attachment; filename=first.mp4", "/x", "first.mp4"),
        ("attachment; filename*=UTF-8''Fr%C3%BCh.mp4", "/x", "Früh.mp4"),
        ("attachment; filename=\"f.mp4\"; filename*=UTF-8''Fr%C3%BCh.mp4", "/x", "Früh.mp4"),
        ('attachment; filename="../../etc/passwd"', "/x", "passwd"),
        ('attachment; filename="C:\\\\clips\\\\one.mp4"', "/x", "one.mp4"),
        ('attachment; filename="a\x00b\x1b[2J\u202e4pm.exe"', "/x", "ab[2J4pm.exe"),
        ('attachment; filename=""', "/clip.mp4", "clip.mp4"),
        ("attachment", "/clip.mp4", "clip.mp4"),
        ("attachment; filename*=utf-8''%ff%fe", "/clip.mp4", "clip.mp4"),
        (None, "/a/b/First%20light.mp4?sig=abc", "First light.mp4"),
        (None, "/a/..%2f..%2fclip.mov", "clip.mov"),
        (None, "/watch?v=clip.mp4", None),
        (None, "/d/0kXq9AsecretTokenOfAShare", None),
        (None, "/", None),
        (None, "", None),
        (None, "/.mp4", None),
        (None, "/clip.mp4/", None),
    ],
)
def test_the_name_of_a_file(disposition: str | None, path: str, name: str | None) -> None:
    assert named(disposition, path) == name


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=0x2FFF)), st.text())
def test_whatever_a_host_says_the_name_can_be_shown(disposition: str, path: str) -> None:
    found = named(f"attachment; filename={disposition}", "/" + path)

    assert found is None or (found.isprintable() and "/" not in found and 0 < len(found) <= LONGEST)
