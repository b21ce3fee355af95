"""ETag, If-Match and If-None-Match: edits of what one has seen, and answers that need not be sent twice."""

import asyncio

import httpx
import pytest

from playout.domain.delivery import Next, begin
from tests.api.stage import API, Stage, problem

PLACE = f"{API}/workspace"


async def test_a_workspace_carries_an_etag_that_follows_its_changes(stage: Stage) -> None:
    before = await stage.alice.get(PLACE)

    changed = await stage.alice.patch(PLACE, json={"late_posts": "send"})

    assert before.headers["etag"] != changed.headers["etag"]
    assert changed.headers["etag"] == (await stage.alice.get(PLACE)).headers["etag"]


async def test_a_workspace_is_changed_if_it_is_as_it_was_seen(stage: Stage) -> None:
    seen = (await stage.alice.get(PLACE)).headers["etag"]

    assert (await change(stage, seen)).status_code == 200


async def test_a_workspace_that_somebody_changed_meanwhile_is_left_alone(stage: Stage) -> None:
    seen = (await stage.alice.get(PLACE)).headers["etag"]
    await stage.alice.patch(PLACE, json={"late_after_hours": 3})

    problem(await change(stage, seen), 412, "stale")

    assert (await stage.alice.get(PLACE)).json()["late_posts"] == "hold"


async def test_of_two_who_saw_the_same_workspace_one_changes_it(stage: Stage) -> None:
    seen = (await stage.alice.get(PLACE)).headers["etag"]

    both = await asyncio.gather(change(stage, seen), change(stage, seen))

    assert sorted(one.status_code for one in both) == [200, 412]


async def test_without_if_match_a_change_is_made_whatever_was_there(stage: Stage) -> None:
    await stage.alice.patch(PLACE, json={"late_after_hours": 3})

    assert (await stage.alice.patch(PLACE, json={"late_posts": "send"})).status_code == 200


@pytest.mark.parametrize("given", ["{tag}", '"other", {tag}', '"oth,er" ,,{tag},', "*", " * "])
async def test_a_list_of_tags_matches_by_any_of_them(stage: Stage, given: str) -> None:
    tag = (await stage.alice.get(PLACE)).headers["etag"]

    assert (await change(stage, given.format(tag=tag))).status_code == 200


@pytest.mark.parametrize("given", ["W/{tag}", '"other"', '"*"', '""', 'W/{tag}, "other"'])
async def test_a_weak_tag_or_another_one_does_not_match(stage: Stage, given: str) -> None:
    tag = (await stage.alice.get(PLACE)).headers["etag"]

    problem(await change(stage, given.format(tag=tag)), 412, "stale")


@pytest.mark.parametrize("given", ["", "v1", '"v1', 'w/"v1"', '"v1" "v2"', '*, "v1"', "W/*", ",", '"v 1"'])
async def test_what_is_no_tag_is_refused_as_not_readable(stage: Stage, given: str) -> None:
    problem(await change(stage, given), 400, "malformed_header")


async def test_tags_on_several_lines_are_one_list(stage: Stage) -> None:
    tag = (await stage.alice.get(PLACE)).headers["etag"]
    lines = [("If-Match", '"other"'), ("If-Match", tag)]

    assert (await stage.alice.patch(PLACE, json={"late_posts": "send"}, headers=lines)).status_code == 200


async def test_a_malformed_condition_does_not_hide_a_scope_that_is_too_small(stage: Stage) -> None:
    assert (await stage.bob.patch(PLACE, json={"late_posts": "send"}, headers={"If-Match": "*"})).status_code == 403


# ── posts: their deliveries go on by themselves ──────────────────────────────────────────────────


async def test_a_post_has_another_etag_once_a_delivery_of_it_has_moved(stage: Stage) -> None:
    address, seen = await a_post(stage)
    await moved(stage)

    now = await stage.alice.get(address, headers={"If-None-Match": seen})

    assert now.status_code == 200
    assert now.headers["etag"] != seen


async def test_the_version_alone_is_condition_enough_for_an_edit(stage: Stage) -> None:
    address, _seen = await a_post(stage)
    version = (await stage.alice.get(address)).json()["version"]

    answer = await stage.alice.patch(address, json={"caption": "Second"}, headers={"If-Match": f'"v{version}"'})

    assert answer.status_code == 200


async def test_an_edit_answers_with_the_etag_of_what_is_there_now(stage: Stage) -> None:
    address, seen = await a_post(stage)

    first = await stage.alice.patch(address, json={"caption": "Second"}, headers={"If-Match": seen})
    second = await stage.alice.patch(address, json={"caption": "Third"}, headers={"If-Match": first.headers["etag"]})

    assert (first.status_code, second.status_code) == (200, 200)
    problem(await stage.alice.patch(address, json={"caption": "Fourth"}, headers={"If-Match": seen}), 412, "stale")


# ── answers that are known ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("given", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
async def test_what_is_known_already_is_not_sent_again(stage: Stage, given: str) -> None:
    tag = (await stage.alice.get(PLACE)).headers["etag"]

    answer = await stage.alice.get(PLACE, headers={"If-None-Match": given.format(tag=tag)})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert "content-type" not in answer.headers


async def test_what_has_changed_is_sent_again(stage: Stage) -> None:
    tag = (await stage.alice.get(PLACE)).headers["etag"]
    await stage.alice.patch(PLACE, json={"late_posts": "send"})

    answer = await stage.alice.get(PLACE, headers={"If-None-Match": tag})

    assert (answer.status_code, answer.json()["late_posts"]) == (200, "send")


async def test_a_post_that_is_known_is_not_sent_again(stage: Stage) -> None:
    address, seen = await a_post(stage)

    assert (await stage.alice.get(address, headers={"If-None-Match": seen})).status_code == 304


async def test_a_condition_opens_nothing_to_a_stranger(stage: Stage) -> None:
    address, seen = await a_post(stage)

    assert (await stage.charlie.get(address, headers={"If-None-Match": seen})).status_code == 404
    assert (await stage.nobody.get(address, headers={"If-None-Match": "*"})).status_code == 401


async def test_a_malformed_question_is_refused_where_there_is_an_etag(stage: Stage) -> None:
    problem(await stage.alice.get(PLACE, headers={"If-None-Match": "v1"}), 400, "malformed_header")

    assert (await stage.alice.get(f"{API}/posts", headers={"If-None-Match": "v1"})).status_code == 200


async def a_post(stage: Stage) -> tuple[str, str]:
    """The address of a scheduled post, and the ETag that it was made with."""
    made = await stage.alice.post(f"{API}/posts", json=await stage.new_post())
    return f"{API}/posts/{made.json()['id']}", made.headers["etag"]


async def moved(stage: Stage) -> None:
    cast = stage.cast
    page = await cast.services.deliveries.list(cast.alice)
    await cast.saved(begin(page.items[0], Next("send", repeatable=True), None))


async def change(stage: Stage, if_match: str) -> httpx.Response:
    return await stage.alice.patch(PLACE, json={"late_posts": "send"}, headers={"If-Match": if_match})
