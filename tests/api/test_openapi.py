"""The OpenAPI document as a whole: valid by somebody else's rules, complete, and true of what is sent."""

from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from playout.api.app import create_app
from playout.api.problems import CODES, KINDS
from playout.application.services import Services
from tests.api.stage import API, Stage

Doc = dict[str, Any]


@cache
def document() -> Doc:
    return create_app(cast("Services", SimpleNamespace(clock=None))).openapi()


def resolved(one: Doc) -> Doc:
    """What a reference means; anything else is itself."""
    if "$ref" not in one:
        return one
    found: Any = document()
    for step in one["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(found)


def operations() -> dict[str, Doc]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def parameters(operation: Doc) -> dict[str, Doc]:
    found = [resolved(one) for one in operation.get("parameters", [])]
    return {one["name"]: one for one in found}


def answers(*routes: str) -> Iterator[tuple[str, str, Doc]]:
    """Route, status, answer."""
    for route, operation in operations().items():
        if not routes or route in routes:
            for status, answer in operation["responses"].items():
                yield route, status, resolved(answer)


def bodies() -> Iterator[tuple[str, Doc]]:
    """Where it is, and a body with its type."""
    for route, operation in operations().items():
        for kind, body in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{route} {kind}", body
    for route, status, answer in answers():
        for kind, body in answer.get("content", {}).items():
            yield f"{route} {status} {kind}", body


def nodes(one: Any) -> Iterator[Doc]:
    if isinstance(one, dict):
        yield one
    for below in one.values() if isinstance(one, dict) else one if isinstance(one, list) else ():
        yield from nodes(below)


# ── valid ────────────────────────────────────────────────────────────────────────────────────────


def test_the_document_is_valid_openapi_3_1() -> None:
    assert [one.message for one in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_every_reference_leads_somewhere() -> None:
    assert [one["$ref"] for one in nodes(document()) if isinstance(one.get("$ref"), str) and not resolved(one)] == []


def test_nothing_is_kept_that_nobody_points_to() -> None:
    used = {one["$ref"] for one in nodes(document()) if isinstance(one.get("$ref"), str)}
    kept = {
        f"#/components/{kind}/{name}"
        for kind, named in document()["components"].items()
        if kind != "securitySchemes"
        for name in named
    }

    assert kept - used == set()


def test_every_example_has_the_form_it_is_an_example_of() -> None:
    checked = []
    for where, body in bodies():
        shown = [resolved(one)["value"] for one in body.get("examples", {}).values()]
        shown += [body["example"]] if "example" in body else []
        check = Draft202012Validator({**body.get("schema", {}), "components": document()["components"]})
        for value in shown:
            assert [f"{where}: {wrong}" for wrong in check.iter_errors(value)] == []
            checked.append(where)

    assert len(checked) > 500


def test_every_json_body_and_answer_has_an_example() -> None:
    without = [
        where
        for where, body in bodies()
        if where.endswith("json") and "schema" in body and not body.keys() & {"example", "examples"}
    ]

    assert without == []


# ── complete ─────────────────────────────────────────────────────────────────────────────────────


def test_every_operation_has_a_summary_and_a_description() -> None:
    assert [route for route, one in operations().items() if not (one["summary"] and one["description"])] == []
    assert [
        one["summary"] for one in operations().values() if one["summary"].count("(") != one["summary"].count(")")
    ] == []


def test_every_tag_is_described() -> None:
    used = {tag for one in operations().values() for tag in one["tags"]}

    assert {one["name"] for one in document()["tags"] if one["description"]} == used


def test_the_server_is_wherever_the_document_came_from() -> None:
    assert [one["url"] for one in document()["servers"]] == ["/"]


def test_every_refusal_has_an_example_with_its_status() -> None:
    for route, status, answer in answers():
        body = answer.get("content", {}).get("application/problem+json")
        if body:
            shown = [resolved(one)["value"] for one in body["examples"].values()]
            assert shown, (route, status)
            assert {one["status"] for one in shown} == {int(status)}, (route, status)


def test_refusals_are_told_as_the_table_has_them() -> None:
    examples = document()["components"]["examples"]
    kin = {error.code: one for error, one in KINDS.items()} | dict(CODES)
    shown = [one["value"] for one in examples.values() if one["value"].get("code") in kin and "title" in one["value"]]

    titles = {(code, one.title) for code, one in kin.items()}
    assert len(shown) > 20
    assert {(one["code"], one["title"]) for one in shown} <= titles | {("not_found", "Not Found")}
    assert all(one["detail"] and one["type"] == f"urn:playout:error:{one['code']}" for one in shown)


def test_refusals_of_uploads_stand_with_uploads_only() -> None:
    for route, _status, answer in answers():
        body = answer.get("content", {}).get("application/problem+json", {})
        codes = {resolved(one)["value"]["code"] for one in body.get("examples", {}).values()}
        if "/uploads" not in route:
            assert not codes & {"upload_gone", "wrong_tus_version", "being_written", "checksum_mismatch"}, route


# ── what holds for many routes ───────────────────────────────────────────────────────────────────


def test_every_post_takes_an_idempotency_key() -> None:
    posts = {route: one for route, one in operations().items() if route.startswith("POST /api/v1")}

    assert [route for route, one in posts.items() if "Idempotency-Key" not in parameters(one)] == []


@pytest.mark.parametrize("key", ["", "a", "a b", "ß", "k" * 255, "k" * 256, "a\tb", "\x7f", "\xad"])
async def test_an_idempotency_key_has_the_form_that_is_taken(stage: Stage, key: str) -> None:
    schema = parameters(operations()["POST /api/v1/posts"])["Idempotency-Key"]["schema"]
    headers = {b"Idempotency-Key": key.encode("latin-1")}

    answer = await stage.alice.post(f"{API}/channels/connect", json={"platform": "memory"}, headers=headers)

    assert (answer.status_code == 201) is Draft202012Validator(schema).is_valid(key)


def test_no_other_request_takes_an_idempotency_key() -> None:
    others = {route: one for route, one in operations().items() if not route.startswith("POST /api/v1")}

    assert [route for route, one in others.items() if "Idempotency-Key" in parameters(one)] == []


def test_every_repeatable_answer_tells_that_it_is_a_repeat() -> None:
    for route, status, answer in answers():
        repeatable = (
            route.startswith("POST /api/v1") and "/uploads" not in route and (status < "400" or status == "409")
        )
        assert ("Idempotent-Replayed" in answer.get("headers", {})) is repeatable, (route, status)


def test_every_request_may_be_named_and_every_answer_is() -> None:
    assert [route for route, one in operations().items() if "X-Request-Id" not in parameters(one)] == []
    assert [(route, status) for route, status, one in answers() if "X-Request-Id" not in one["headers"]] == []


def test_every_list_that_has_pages_links_to_the_next() -> None:
    for route, operation in operations().items():
        told = resolved(operation["responses"].get("200", {})).get("headers", {})
        assert ("Link" in told) is ("cursor" in parameters(operation)), route


def test_answers_behind_the_token_tell_what_is_left_of_the_limit() -> None:
    for route, status, answer in answers():
        guarded = "security" in operations()[route] and status != "401"
        assert ({"RateLimit", "RateLimit-Policy"} <= answer["headers"].keys()) is guarded, (route, status)


def test_refusals_that_may_pass_say_when_to_ask_again() -> None:
    assert all("Retry-After" in one["headers"] for _, status, one in answers() if status in {"423", "429", "503"})
    assert not any("Retry-After" in one["headers"] for _, status, one in answers() if status in {"401", "404", "422"})


def test_what_has_an_etag_need_not_be_sent_twice() -> None:
    for route, operation in operations().items():
        told = resolved(operation["responses"].get("200", {})).get("headers", {})
        known = route.startswith("GET /api/v1") and "ETag" in told
        assert ("304" in operation["responses"]) is ("If-None-Match" in parameters(operation)) is known, route


def test_what_can_be_edited_on_a_condition_can_refuse_by_it() -> None:
    conditional = {route: one for route, one in operations().items() if "If-Match" in parameters(one)}

    assert {"PATCH /api/v1/posts/{post_id}", "PATCH /api/v1/workspace"} <= conditional.keys()
    assert [route for route, one in conditional.items() if "412" not in one["responses"]] == []


def test_every_id_in_an_address_has_its_form() -> None:
    ids = [
        (route, name, one)
        for route, operation in operations().items()
        for name, one in parameters(operation).items()
        if one["in"] == "path" and name.endswith("_id")
    ]

    assert len(ids) > 20
    for route, name, one in ids:
        assert Draft202012Validator(one["schema"]).is_valid(one["example"]), (route, name)
        assert not Draft202012Validator(one["schema"]).is_valid("nonsense"), (route, name)


def test_no_parameter_is_said_to_be_null() -> None:
    """Neither an address nor a header can hold it."""
    given = [one for operation in operations().values() for one in parameters(operation).values()]

    assert [one["name"] for one in given if {"type": "null"} in one["schema"].get("anyOf", [])] == []
