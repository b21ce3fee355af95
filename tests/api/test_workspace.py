"""/workspace over the wire."""

from typing import Any

import pytest

from tests.api.stage import API, Stage, problem

WORKSPACE = f"{API}/workspace"


async def test_a_workspace_holds_late_posts_after_six_hours(stage: Stage) -> None:
    assert (await stage.alice.get(WORKSPACE)).json() == {
        "id": "ws_home",
        "name": "Home",
        "late_posts": "hold",
        "late_after_hours": 6.0,
        "approval": False,
    }


@pytest.mark.parametrize(
    ("change", "becomes"),
    [
        ({"late_posts": "send"}, ("send", 6.0)),
        ({"late_after_hours": 0.5}, ("hold", 0.5)),
        ({"late_posts": "hold", "late_after_hours": 720}, ("hold", 720.0)),
        ({"late_posts": None, "late_after_hours": None}, ("hold", 6.0)),
        ({"approval": True}, ("hold", 6.0)),
        ({}, ("hold", 6.0)),
    ],
)
async def test_what_is_given_is_changed_and_stays(
    stage: Stage, change: dict[str, Any], becomes: tuple[str, float]
) -> None:
    answer = (await stage.alice.patch(WORKSPACE, json=change)).json()

    assert (answer["late_posts"], answer["late_after_hours"]) == becomes
    assert (await stage.alice.get(WORKSPACE)).json() == answer


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"late_posts": "forget"}, "/late_posts"),
        ({"late_after_hours": 0}, "/late_after_hours"),
        ({"late_after_hours": -1}, "/late_after_hours"),
        ({"late_after_hours": 721}, "/late_after_hours"),
        ({"late_after_hours": "six"}, "/late_after_hours"),
        ({"name": "Mine"}, "/name"),
    ],
)
async def test_what_is_not_right_changes_nothing(stage: Stage, change: dict[str, Any], pointer: str) -> None:
    before = (await stage.alice.get(WORKSPACE)).json()

    body = problem(await stage.alice.patch(WORKSPACE, json=change), 422, "invalid")

    assert [one["pointer"] for one in body["errors"]] == [pointer]
    assert (await stage.alice.get(WORKSPACE)).json() == before


async def test_charlies_workspace_is_his_own(stage: Stage) -> None:
    await stage.charlie.patch(WORKSPACE, json={"late_posts": "send"})

    assert (await stage.alice.get(WORKSPACE)).json()["late_posts"] == "hold"
    assert (await stage.charlie.get(WORKSPACE)).json()["id"] == "ws_elsewhere"
