"""DELETE /workspace: asked for with its name, answered at once, and told of without a token."""

import pytest

from tests.api.stage import API, Stage, problem


async def test_it_is_begun_with_the_name_and_its_address_tells_how_far_it_is(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)

    begun = await stage.alice.request("DELETE", f"{API}/workspace", json={"confirm": "Home"})
    address = begun.headers["location"]
    running = await stage.nobody.get(address)
    await stage.cast.work()
    done = await stage.nobody.get(address)

    assert begun.status_code == 202
    assert address == f"{API}/deletions/{begun.json()['id']}"
    assert running.json() == begun.json()
    assert (running.json()["state"], running.json()["finished_at"]) == ("running", None)
    assert done.json()["state"] == "done"
    assert done.json()["counts"]["posts"] == 1


async def test_the_token_that_asked_is_the_last_time_valid(stage: Stage) -> None:
    await stage.alice.request("DELETE", f"{API}/workspace", json={"confirm": "Home"})

    for who in (stage.alice, stage.bob):
        problem(await who.get(f"{API}/me"), 401, "unauthenticated")
    again = await stage.alice.request("DELETE", f"{API}/workspace", json={"confirm": "Home"})
    problem(again, 401, "unauthenticated")
    assert (await stage.charlie.get(f"{API}/me")).status_code == 200


@pytest.mark.parametrize("body", [None, {}, {"confirm": None}])
async def test_a_program_that_was_told_to_need_not_confirm(stage: Stage, body: dict[str, None] | None) -> None:
    begun = await stage.alice.request("DELETE", f"{API}/workspace", json=body)

    assert begun.status_code == 202
    assert (await stage.alice.get(f"{API}/me")).status_code == 401


async def test_another_name_changes_nothing_and_shows_the_right_one(stage: Stage) -> None:
    wrong = await stage.alice.request("DELETE", f"{API}/workspace", json={"confirm": "Elsewhere"})

    told = problem(wrong, 422, "not_confirmed")
    assert "“Home”" in told["detail"]
    assert told["errors"][0]["pointer"] == "/confirm"
    assert (await stage.alice.get(f"{API}/me")).status_code == 200


async def test_the_record_holds_nothing_but_times_and_counts(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)
    begun = await stage.alice.request("DELETE", f"{API}/workspace", json={"confirm": "Home"})
    await stage.cast.work()

    told = (await stage.nobody.get(begun.headers["location"])).json()

    assert told.keys() == {"id", "state", "started_at", "finished_at", "counts"}
    assert all(isinstance(count, int) for count in told["counts"].values())


async def test_an_unknown_deletion_is_not_found(stage: Stage) -> None:
    for unknown in ("del_00000000000000000000000000", "nothing", "%00"):
        problem(await stage.nobody.get(f"{API}/deletions/{unknown}"), 404, "not_found")


async def test_the_page_of_an_account_that_was_deleted_does_not_fail_over_a_workspace_that_is(stage: Stage) -> None:
    begun = await stage.alice.request("DELETE", f"{API}/workspace", json={"confirm": "Home"})

    assert (await stage.nobody.get(f"/hooks/meta/deletion/{begun.json()['id']}")).status_code == 404
