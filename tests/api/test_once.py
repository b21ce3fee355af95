"""Idempotency-Key: the same request sent twice has one effect and one answer."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from playout.domain.delivery import Delivery
from playout.domain.errors import Unavailable
from playout.storage.memory import MemoryDeliveries, MemoryStore
from tests.api.stage import API, Stage, problem
from tests.api.test_every_route import failed
from tests.cast import CLIP, Cast

KEY = {"Idempotency-Key": "once, and only once"}


async def test_the_same_post_sent_twice_is_one_post_and_one_answer(stage: Stage) -> None:
    body = await stage.new_post()

    first = await stage.alice.post(f"{API}/posts", json=body, headers=KEY)
    again = await stage.alice.post(f"{API}/posts", json=body, headers=KEY)

    assert (again.status_code, again.content) == (201, first.content)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert len((await stage.alice.get(f"{API}/posts")).json()["items"]) == 1


async def test_without_a_key_two_posts_are_two(stage: Stage) -> None:
    body = await stage.new_post()

    for _ in range(2):
        await stage.alice.post(f"{API}/posts", json=body)

    assert len((await stage.alice.get(f"{API}/posts")).json()["items"]) == 2


@pytest.mark.parametrize("change", ["body", "path", "query"])
async def test_a_key_used_for_another_request_is_refused(stage: Stage, change: str) -> None:
    body = await stage.new_post()
    await stage.alice.post(f"{API}/posts", json=body, headers=KEY)

    path = {"path": f"{API}/posts/validate", "query": f"{API}/posts?now"}.get(change, f"{API}/posts")
    other = body | ({"caption": "Second light"} if change == "body" else {})

    problem(await stage.alice.post(path, json=other, headers=KEY), 422, "idempotency_conflict")


async def test_the_same_key_of_another_token_is_another_key(stage: Stage) -> None:
    body = {"platform": "memory"}

    first = await stage.alice.post(f"{API}/channels/connect", json=body, headers=KEY)
    other = await stage.charlie.post(f"{API}/channels/connect", json=body, headers=KEY)

    assert first.json()["authorize_url"] != other.json()["authorize_url"]


async def test_a_repeat_while_the_first_still_runs_is_asked_to_wait(stage: Stage) -> None:
    body = await stage.new_post()
    stage.cast.platform.gate.clear()
    running = asyncio.create_task(stage.alice.post(f"{API}/posts", json=body, headers=KEY))
    await stage.cast.platform.asked.wait()

    meanwhile = await stage.alice.post(f"{API}/posts", json=body, headers=KEY)
    stage.cast.platform.gate.set()

    problem(meanwhile, 409, "still_running")
    assert int(meanwhile.headers["retry-after"]) > 0
    assert (await running).status_code == 201


async def test_a_repeat_after_the_first_died_meets_what_it_made(stage: Stage) -> None:
    """The process dies between effect and answer: the request is cut off, and nobody tells the store."""
    body = await stage.new_post()
    stage.cast.platform.gate.clear()
    running = asyncio.create_task(stage.alice.post(f"{API}/posts", json=body, headers=KEY))
    await stage.cast.platform.asked.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    stage.cast.platform.gate.set()

    problem(await stage.alice.post(f"{API}/posts", json=body, headers=KEY), 409, "still_running")
    stage.cast.clock.move(seconds=61)

    assert (await stage.alice.post(f"{API}/posts", json=body, headers=KEY)).status_code == 201
    assert len((await stage.alice.get(f"{API}/posts")).json()["items"]) == 1


async def test_an_answer_that_got_lost_behind_the_save_is_met_at_once() -> None:
    """The post is saved, then the store goes away before the answer is made: the repeat finds the saved one."""
    store = Forgetful()
    stage = await Stage.open(await Cast.open(store))
    body = await stage.new_post()

    store.forgetful.fails = 1
    lost = await stage.alice.post(f"{API}/posts", json=body, headers=KEY)
    again = await stage.alice.post(f"{API}/posts", json=body, headers=KEY)

    assert (lost.status_code, again.status_code) == (503, 201)
    posts = (await stage.alice.get(f"{API}/posts")).json()["items"]
    assert [one["id"] for one in posts] == [again.json()["id"]]
    assert len(posts[0]["deliveries"]) == 1


async def test_a_request_that_was_refused_leaves_its_key_free(stage: Stage) -> None:
    body = await stage.new_post()

    refused = await stage.alice.post(f"{API}/posts", json=body | {"caption": "x" * 200}, headers=KEY)
    unread = await stage.alice.post(f"{API}/posts", json=body | {"caption": None}, headers=KEY)
    mended = await stage.alice.post(f"{API}/posts", json=body, headers=KEY)

    assert (refused.status_code, unread.status_code, mended.status_code) == (422, 422, 201)


async def test_a_refused_repeat_does_not_free_the_key_of_a_run_that_may_have_had_its_effect(stage: Stage) -> None:
    body = await stage.new_post()
    stage.cast.platform.gate.clear()
    running = asyncio.create_task(stage.alice.post(f"{API}/posts", json=body, headers=KEY))
    await stage.cast.platform.asked.wait()
    stage.cast.clock.move(days=2)  # the first run hangs, and the time that the post was for passes
    stage.cast.platform.asked.clear()
    repeat = asyncio.create_task(stage.alice.post(f"{API}/posts", json=body, headers=KEY))
    await stage.cast.platform.asked.wait()
    stage.cast.platform.gate.set()
    problem(await repeat, 422, "in_the_past")
    assert (await running).status_code == 201

    mended = await stage.alice.post(f"{API}/posts", json=body | {"scheduled_at": None}, headers=KEY)

    problem(mended, 422, "idempotency_conflict")
    assert len((await stage.alice.get(f"{API}/posts")).json()["items"]) == 1


async def test_an_upload_sent_twice_is_one_video(stage: Stage) -> None:
    first = await stage.alice.post(f"{API}/videos?filename=a.mp4", content=CLIP, headers=KEY)
    again = await stage.alice.post(f"{API}/videos?filename=a.mp4", content=CLIP, headers=KEY)

    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    assert len((await stage.alice.get(f"{API}/videos")).json()["items"]) == 1


async def test_a_retry_sent_twice_is_one_retry(stage: Stage) -> None:
    address = f"{API}/deliveries/{(await failed(stage)).ids['delivery_id']}"

    answers = [await stage.alice.post(f"{address}/retry", headers=KEY) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    kinds = [one["kind"] for one in (await stage.alice.get(f"{address}/events")).json()["items"]]
    assert kinds.count("delivery.retried") == 1


async def test_a_tokens_secret_is_not_kept_for_a_repeat(stage: Stage) -> None:
    body = {"name": "script", "scopes": ["read"]}

    made = await stage.alice.post(f"{API}/tokens", json=body, headers=KEY)
    again = await stage.alice.post(f"{API}/tokens", json=body, headers=KEY)

    problem(again, 409, "token_already_made")
    assert again.headers["idempotent-replayed"] == "true"
    assert made.json()["token"] not in kept_by(stage)


async def test_a_sign_ins_state_is_not_kept_for_a_repeat(stage: Stage) -> None:
    """It would be a secret in clear text; beginning a second sign-in harms nobody."""
    body = {"platform": "memory"}

    first = await stage.alice.post(f"{API}/channels/connect", json=body, headers=KEY)
    again = await stage.alice.post(f"{API}/channels/connect", json=body, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["authorize_url"] not in kept_by(stage)


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_is_none_is_refused(stage: Stage, key: str) -> None:
    answer = await stage.alice.post(
        f"{API}/channels/connect", json={"platform": "memory"}, headers={"Idempotency-Key": key}
    )

    assert answer.status_code == 422


def kept_by(stage: Stage) -> str:
    store = stage.cast.store
    assert isinstance(store, MemoryStore)
    return str(store.ephemera._notes)


class ForgetfulDeliveries(MemoryDeliveries):
    """Does not answer for so many questions."""

    fails = 0

    async def of_posts(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Delivery]:
        if self.fails:
            self.fails -= 1
            raise Unavailable("The database does not answer.")
        return await super().of_posts(workspace_id, post_ids)


class Forgetful(MemoryStore):
    """A store that goes away right after a save."""

    def __init__(self) -> None:
        super().__init__()
        self.deliveries = self.forgetful = ForgetfulDeliveries(self.posts._tables)
