"""What runs of schemathesis have found, each once, so that it stays mended whatever a short run happens to send."""

from datetime import timedelta

import pytest

from playout.domain.retry import Kind, PlatformFailure, Turn
from tests.api.stage import API, Stage, problem
from tests.uploads.speaking import TUS


@pytest.fixture
async def stage() -> Stage:
    return await Stage.open()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/channels/connect"), ("DELETE", "/videos/import"), ("PATCH", "/posts/validate")]
)
async def test_an_address_with_another_method_is_no_id_of_nothing(stage: Stage, method: str, path: str) -> None:
    answer = await stage.alice.request(method, f"{API}{path}", json={} if method == "PATCH" else None)

    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


async def test_a_parameter_that_is_there_twice_is_refused(stage: Stage) -> None:
    problem(await stage.alice.get(f"{API}/videos?limit=5&limit=500"), 422, "invalid")


async def test_a_parameter_that_is_a_list_may_be_there_twice(stage: Stage) -> None:
    assert (await stage.alice.get(f"{API}/deliveries?state=waiting&state=held")).status_code == 200


@pytest.mark.parametrize("limit", ["%C2%857", "+7", "7_0", "%D9%A7", "7.0", "-7", ""])
async def test_a_limit_is_a_whole_number_to_every_reader(stage: Stage, limit: str) -> None:
    errors = problem(await stage.alice.get(f"{API}/videos?limit={limit}"), 422, "invalid")["errors"]

    assert [one["parameter"] for one in errors] == ["limit"]


async def test_a_return_to_nowhere_is_refused(stage: Stage) -> None:
    answer = await stage.alice.post(f"{API}/channels/connect", json={"platform": "memory", "return_to": ""})

    problem(answer, 422, "bad_return_to")


async def test_a_checksum_that_cannot_be_read_is_refused_without_bytes_too(stage: Stage) -> None:
    headers = TUS | {"Upload-Length": "10", "Upload-Checksum": "sha1 nonsense"}

    problem(await stage.alice.post(f"{API}/uploads", headers=headers), 400, "malformed_header")


async def test_a_question_that_would_break_the_platforms_rate_is_one_too_many(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)
    free_at = stage.cast.clock.now() + timedelta(seconds=40)
    stage.cast.platform.failure = PlatformFailure(
        Kind.LATER, "own_rate", "It waits its turn.", turn=Turn.US, retry_at=free_at
    )

    answer = await stage.alice.get(f"{API}/channels/{channel.id}/options")

    assert problem(answer, 429, "own_rate")["whose_turn"] == "us"
    assert answer.headers["retry-after"] == "40"


async def test_more_channels_than_a_post_can_have_are_refused_as_the_document_says(stage: Stage) -> None:
    body = await stage.new_post()

    answer = await stage.alice.post(f"{API}/posts/validate", json=body | {"destinations": body["destinations"] * 21})

    assert problem(answer, 422, "invalid")["errors"][0]["pointer"] == "/destinations"
