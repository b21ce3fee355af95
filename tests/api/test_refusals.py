"""What a refusal looks like: one form for all of them, with a pointer to what is wrong."""

import dataclasses
from datetime import timedelta

import pytest

from playout.api.app import create_app
from playout.api.problems import kin_of
from playout.application.once import IdempotencyConflict
from playout.application.services import Services
from playout.domain import errors
from playout.domain.errors import Unavailable
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.storage.memory import MemoryStore
from tests.api.stage import API, Stage, client, problem
from tests.cast import stream


class Unwell(MemoryStore):
    """A store that does not answer."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def ping(self) -> None:
        raise self.error


async def test_a_field_that_is_missing_is_pointed_to(stage: Stage) -> None:
    answer = await stage.alice.post(f"{API}/posts", json={"caption": "x", "destinations": [{}]})

    told = {one["pointer"]: one["code"] for one in problem(answer, 422, "invalid")["errors"]}
    assert told == {"/video_id": "required", "/destinations/0/channel_id": "required"}


async def test_a_field_that_nobody_knows_is_refused(stage: Stage) -> None:
    body = await stage.new_post(**{"schedule~at/once": 1})

    errors = problem(await stage.alice.post(f"{API}/posts", json=body), 422, "invalid")["errors"]

    assert [(one["pointer"], one["code"]) for one in errors] == [("/schedule~0at~1once", "unknown_field")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("caption", 7),
        ("caption", None),
        ("caption", "nul \0"),
        ("draft", "yes"),
        ("hashtags", "one two"),
        ("scheduled_at", 1_800_000_000),
        ("scheduled_at", "2026-12-24T18:00:00"),
        ("scheduled_at", "0001-01-01T00:00:00+14:00"),
        ("scheduled_at", "9999-12-31T23:59:59-14:00"),
        ("scheduled_at", "tomorrow"),
        ("slot", "soon"),
    ],
)
async def test_a_value_of_the_wrong_kind_is_refused_where_it_stands(stage: Stage, field: str, value: object) -> None:
    body = await stage.new_post(**{field: value})

    errors = problem(await stage.alice.post(f"{API}/posts", json=body), 422, "invalid")["errors"]

    assert [one["pointer"] for one in errors] == [f"/{field}"]


@pytest.mark.parametrize(
    "options",
    ['{"a":NaN}', '{"a":1e999}', '{"a":99999999999999999999}', '{"a":"\\u0000"}', '{"\\ud800":1}', '{"a":[[[[[1]]]]]}'],
)
async def test_options_that_could_not_be_kept_are_refused(stage: Stage, options: str) -> None:
    text = f'{{"video_id":"v","caption":"c","draft":true,"destinations":[{{"channel_id":"c","options":{options}}}]}}'

    answer = await stage.alice.post(f"{API}/posts", content=text, headers={"Content-Type": "application/json"})

    assert problem(answer, 422, "invalid")["errors"][0]["pointer"].startswith("/destinations/0/options")


async def test_a_problem_of_a_channel_names_channel_field_and_mend(stage: Stage) -> None:
    body = await stage.new_post()
    channel_id = body["destinations"][0]["channel_id"]
    body["destinations"][0]["options"] = {}

    told = problem(await stage.alice.post(f"{API}/posts", json=body), 422, "option_required")

    assert told["errors"] == [
        {
            "pointer": "/destinations/0/options/privacy_level",
            "code": "option_required",
            "detail": "“privacy_level” must be chosen by a person.",
            "channel_id": channel_id,
        }
    ]


@pytest.mark.parametrize("body", [b"{", b'{"caption": ', b"\xff\xfe{"])
async def test_what_is_not_json_is_said_to_be_so(stage: Stage, body: bytes) -> None:
    answer = await stage.alice.post(f"{API}/posts", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert problem(answer, 400, answer.json()["code"])["code"] in {"malformed_json", "malformed_request"}


async def test_json_nested_without_end_is_refused(stage: Stage) -> None:
    answer = await stage.alice.post(
        f"{API}/posts", content=b"[" * 100_000, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400


async def test_a_body_that_is_not_declared_as_json_is_refused(stage: Stage) -> None:
    answer = await stage.alice.post(f"{API}/posts", data={"caption": "x"})

    problem(answer, 415, "wrong_content_type")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_past_one_mebibyte_is_refused(stage: Stage, announced: bool) -> None:
    big = b" " * (1024 * 1024 + 1)

    answer = await stage.alice.post(
        f"{API}/posts", content=big if announced else stream(big), headers={"Content-Type": "application/json"}
    )

    problem(answer, 413, "too_large")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer ", "Basic YWxpY2U6", "Bearer po_nobody", "po_nobody"])
async def test_a_token_that_is_none_is_refused(stage: Stage, token: str) -> None:
    answer = await stage.nobody.get(f"{API}/me", headers={"Authorization": token})

    problem(answer, 401, "unauthenticated")


async def test_a_token_ends_when_it_is_revoked(stage: Stage) -> None:
    made = (await stage.alice.post(f"{API}/tokens", json={"name": "script", "scopes": ["read"]})).json()
    script = client(stage.app, made["token"])
    assert (await script.get(f"{API}/me")).status_code == 200

    assert (await stage.alice.delete(f"{API}/tokens/{made['id']}")).status_code == 204

    problem(await script.get(f"{API}/me"), 401, "unauthenticated")


async def test_an_address_that_does_not_exist_says_where_the_others_are(stage: Stage) -> None:
    problem(await stage.nobody.get("/api/v1/nothing"), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "methods"), [("me", "GET"), ("videos", "GET, POST"), ("posts/pst_1", "DELETE, GET, PATCH")]
)
async def test_a_wrong_method_says_which_are_right(stage: Stage, path: str, methods: str) -> None:
    answer = await stage.alice.put(f"{API}/{path}")

    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == methods


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many"])
async def test_a_limit_out_of_bounds_names_the_parameter(stage: Stage, query: str) -> None:
    errors = problem(await stage.alice.get(f"{API}/posts?{query}"), 422, "invalid")["errors"]

    assert [(one["parameter"], one["pointer"]) for one in errors] == [("limit", "")]


async def test_a_store_that_does_not_answer_makes_it_not_ready(stage: Stage) -> None:
    services = with_store(stage, Unavailable("The database does not answer."))

    for path in ("/readyz", "/api/v1/readyz"):
        answer = await client(create_app(services)).get(path)
        problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0


async def test_a_mistake_of_ours_is_logged_under_an_id_and_not_shown(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(with_store(stage, RuntimeError("password-canary")))

    told = problem(await client(app).get("/readyz"), 500, "internal_error")

    assert "password-canary" not in str(told)
    request_id = told["instance"].rpartition(":")[2]
    logged = [record for record in caplog.records if record.getMessage() == "request.mistake"]
    assert [getattr(record, "request_id", "") for record in logged] == [request_id]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.AGAIN, 502),
        (Kind.LATER, 503),
        (Kind.SIGN_IN, 409),
        (Kind.CHOOSE, 409),
        (Kind.NEVER, 502),
        (Kind.UNSURE, 502),
    ],
)
async def test_a_platform_that_refuses_is_told_by_kind_and_turn(stage: Stage, kind: Kind, status: int) -> None:
    channel = await stage.cast.channel(stage.cast.alice)
    later = stage.cast.clock.now() + timedelta(minutes=3)
    stage.cast.platform.failure = PlatformFailure(kind, "their_code", "It said no.", turn=Turn.YOU, retry_at=later)

    answer = await stage.alice.get(f"{API}/channels/{channel.id}/options")

    told = problem(answer, status, "their_code")
    assert (told["detail"], told["whose_turn"]) == ("It said no.", "you")
    assert answer.headers["retry-after"] == "180"


def test_the_table_answers_what_the_contract_says() -> None:
    wanted = {
        errors.Invalid: 422,
        errors.TooLarge: 413,
        errors.Unplayable: 422,
        errors.NotFound: 404,
        errors.FileGone: 404,
        errors.Unauthenticated: 401,
        errors.Forbidden: 403,
        errors.Conflict: 409,
        errors.UnsafeToRepeat: 409,
        errors.StillRunning: 409,
        errors.Unavailable: 503,
        errors.StorageFull: 507,
        errors.SchemaAhead: 503,
        IdempotencyConflict: 422,
    }
    assert {kind: kin_of(kind("x")).status for kind in wanted} == wanted


def with_store(stage: Stage, error: Exception) -> Services:
    return dataclasses.replace(stage.cast.services, store=Unwell(error))
