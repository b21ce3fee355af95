"""The OpenAPI document, and whoever asks who they are."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from playout.api import schemas
from playout.api.words import Given
from tests.api.stage import API, Stage

GIVEN = sorted(Given.__subclasses__(), key=lambda one: one.__name__)


async def test_the_document_is_served_as_openapi_3_1(stage: Stage) -> None:
    document = (await stage.nobody.get(f"{API}/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert document == stage.app.openapi()


async def test_refusals_are_documented_as_problem_details(stage: Stage) -> None:
    document = stage.app.openapi()
    shared = document["components"]["responses"]
    for operation in operations(document):
        for status, told in operation["responses"].items():
            if status >= "400":
                answer = shared.get(told.get("$ref", "").rpartition("/")[2], told)
                assert answer["content"].keys() & {"application/problem+json", "text/html"}, operation["operationId"]


async def test_every_operation_has_a_name_of_its_own(stage: Stage) -> None:
    names = [operation["operationId"] for operation in operations(stage.app.openapi())]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("model", GIVEN, ids=lambda one: one.__name__)
def test_the_examples_are_examples(model: type[Given]) -> None:
    examples = model.model_json_schema().get("examples", [])

    assert examples or model is schemas.NewDestination
    for one in examples:
        TypeAdapter(model).validate_python(one)


async def test_a_token_says_who_it_is(stage: Stage) -> None:
    told = (await stage.bob.get(f"{API}/me")).json()

    assert told["actor"]["via"] == "api"
    assert told["workspace"] == {"id": "ws_home", "name": "Home"}
    assert told["scopes"] == ["read"]


async def test_a_list_of_tokens_shows_no_secret(stage: Stage) -> None:
    made = (await stage.alice.post(f"{API}/tokens", json={"name": "script", "scopes": ["read"]})).json()

    listed = await stage.alice.get(f"{API}/tokens")

    assert made["token"].startswith("po_")
    assert made["token"] not in listed.text
    assert made["id"] in {one["id"] for one in listed.json()["items"]}


async def test_options_tell_what_is_offered_now_and_what_holds_for_all(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)

    told = (await stage.alice.get(f"{API}/channels/{channel.id}/options")).json()

    limits = told.pop("limits")
    assert told == {
        "channel_id": channel.id,
        "platform": "memory",
        "choices": {"privacy_level": ["PUBLIC", "SELF_ONLY"]},
        "refused": {"allow_comment": "Comments are switched off in the account."},
        "most_seconds": 30.0,
        "blocked": None,
        "shown": {"nickname": "Alice"},
    }
    assert (limits["wording"]["caption_length"], limits["options"]["privacy_level"]["required"]) == (100, True)


async def test_a_disconnected_channel_is_revoked_there_and_shown_so_here(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)

    assert (await stage.alice.delete(f"{API}/channels/{channel.id}")).status_code == 204

    assert stage.cast.platform.revoked == ["act.alice"]
    assert (await stage.alice.get(f"{API}/channels/{channel.id}")).json()["state"] == "disconnected"


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]
