"""Channels by any of their names, options by text."""

import asyncio

import pytest

from tests.cli.bench import Bench, fetch
from tests.cli.conftest import connect


@pytest.mark.parametrize(
    "name", ["alice.films", "@alice.films", "Alice.Films", "tiktok:alice.films", "tiktok:@alice.films", "tiktok"]
)
def test_a_channel_is_known_by_each_of_its_names(connected: Bench, name: str) -> None:
    [known] = connected("channels", "list", "--json").objects

    found = connected("channels", "options", name, "--json").objects[0]

    assert found["channel_id"] == known["id"]


def test_an_unknown_channel_is_told_with_those_that_are_known(connected: Bench) -> None:
    done = connected("channels", "options", "bob", "--json")

    assert (done.code, done.error["code"]) == (2, "unknown_channel")
    assert "tiktok:alice.films" in str(done.error["message"])


def test_a_name_of_two_channels_is_told_with_the_candidates(connected: Bench, sandbox: str) -> None:
    """Two accounts may have had the same name, one after the other."""
    twin = {"open_id": "-000twin", "username": "alice.films"}
    fetch(f"{sandbox}/_sandbox/config", {"tiktok": {"creators": [twin], "consent_creator": "-000twin"}})
    second = asyncio.run(connect(connected))

    done = connected("channels", "options", "alice.films", "--json")

    assert (done.code, done.error["code"]) == (2, "ambiguous_channel")
    assert second in str(done.error["message"])


def test_the_options_of_a_channel_say_what_it_is_offered_now(connected: Bench) -> None:
    found = connected("channels", "options", "alice.films", "--json").objects[0]

    options = found["options"]
    assert isinstance(options, dict)
    privacy = options["privacy_level"]
    assert isinstance(privacy, dict)
    assert privacy["values"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
