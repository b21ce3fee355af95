"""/webhooks: secrets shown once, a log, and edits that know what they change."""

import pytest

from tests.api.stage import API, Stage, problem

URL = "https://hooks.example/playout"
KEY = {"Idempotency-Key": "hook"}


async def test_a_secret_is_shown_once_and_never_again(stage: Stage) -> None:
    made = await stage.alice.post(f"{API}/webhooks", json={"url": URL}, headers=KEY)
    again = await stage.alice.post(f"{API}/webhooks", json={"url": URL}, headers=KEY)
    address = f"{API}/webhooks/{made.json()['id']}"

    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    problem(again, 409, "secret_already_shown")
    for answer in (again, await stage.alice.get(address), await stage.alice.get(f"{API}/webhooks")):
        assert secret not in answer.text


async def test_a_new_secret_is_another_one(stage: Stage) -> None:
    made = (await stage.alice.post(f"{API}/webhooks", json={"url": URL})).json()

    rotated = (await stage.alice.post(f"{API}/webhooks/{made['id']}/rotate")).json()

    assert rotated["secret"] != made["secret"]
    assert rotated["former_secret_until"] == "2026-11-21T12:00:00.000Z"


async def test_a_test_is_in_the_log(stage: Stage) -> None:
    made = (await stage.alice.post(f"{API}/webhooks", json={"url": URL})).json()
    address = f"{API}/webhooks/{made['id']}"

    sent = (await stage.alice.post(f"{address}/test", headers=KEY)).json()
    again = (await stage.alice.post(f"{address}/test", headers=KEY)).json()

    assert (sent["event"], sent["state"], sent["code"]) == ("webhook.test", "failed", "unreachable")
    assert again == sent
    assert (await stage.alice.get(f"{address}/deliveries")).json()["items"] == [sent]


async def test_a_message_of_one_webhook_is_none_of_another(stage: Stage) -> None:
    one, other = [(await stage.alice.post(f"{API}/webhooks", json={"url": URL})).json()["id"] for _ in range(2)]
    sent = (await stage.alice.post(f"{API}/webhooks/{one}/test")).json()

    problem(await stage.alice.post(f"{API}/webhooks/{other}/deliveries/{sent['id']}/replay"), 404, "not_found")


async def test_a_change_meant_for_another_version_is_refused(stage: Stage) -> None:
    made = await stage.alice.post(f"{API}/webhooks", json={"url": URL})
    address = f"{API}/webhooks/{made.json()['id']}"
    seen = (await stage.alice.get(address)).headers["etag"]

    first = await stage.alice.patch(address, json={"enabled": False}, headers={"If-Match": seen})
    second = await stage.alice.patch(address, json={"enabled": True}, headers={"If-Match": seen})

    assert first.json()["enabled"] is False
    problem(second, 412, "stale")


@pytest.mark.parametrize("body", [{"url": "http://hooks.example/"}, {"url": URL, "events": ["post.exploded"]}, {}])
async def test_what_cannot_be_told_is_refused_with_where(stage: Stage, body: dict[str, object]) -> None:
    answer = await stage.alice.post(f"{API}/webhooks", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] in {"/url", "/events", "/events/0"}


async def test_what_is_switched_off_cannot_be_sent_again(stage: Stage) -> None:
    made = (await stage.alice.post(f"{API}/webhooks", json={"url": URL})).json()
    address = f"{API}/webhooks/{made['id']}"
    sent = (await stage.alice.post(f"{address}/test")).json()
    await stage.alice.patch(address, json={"enabled": False})

    problem(await stage.alice.post(f"{address}/deliveries/{sent['id']}/replay"), 409, "switched_off")
