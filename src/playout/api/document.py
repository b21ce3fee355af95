"""The OpenAPI document: what holds for many routes is said once, and each of them points there.

What is said of a header, a parameter or a refusal stands with whoever sends or reads it.
"""

import re
import sys
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from playout.api import etags, limits, tus, uploads
from playout.api.gate import REQUEST_ID, REQUEST_ID_GIVEN, REQUEST_ID_TOLD
from playout.api.paging import LINK
from playout.api.problems import MEDIA_TYPE
from playout.api.refusals import AGAIN, ETAG, RETRY_AFTER, SIGN_IN, Doc, Side, described, examples, is_plain
from playout.api.routes import IDEMPOTENCY_KEY, REPLAYED
from playout.api.samples import ID, SAMPLES
from playout.api.words import id_pattern
from playout.domain.delivery import JsonValue

ROOT = "/api/v1"
_SENTENCE = re.compile(r"[.;]\s|:\s(?![^(]*\))|\.$")  # where the first one ends: no colon within brackets
_UNTOLD = "Successful Response"  # FastAPI's own words
_PARAMETERS: Doc = {
    one["name"]: one for one in (REQUEST_ID_GIVEN, IDEMPOTENCY_KEY, etags.IF_MATCH, etags.IF_NONE_MATCH)
}
_HEADERS: Doc = {
    **limits.HEADERS,
    **ETAG,
    REQUEST_ID: REQUEST_ID_TOLD,
    "Idempotent-Replayed": REPLAYED,
    "Link": LINK,
    "Retry-After": RETRY_AFTER,
    "Tus-Resumable": {"description": "The version of tus.", "schema": {"type": "string", "const": tus.VERSION}},
    "WWW-Authenticate": SIGN_IN,
}


class Rest(FastAPI):
    """FastAPI, but for its OpenAPI document."""

    def openapi(self) -> Doc:
        """OpenAPI 3.1."""
        if self.openapi_schema is None:
            document = super().openapi()
            components = document["components"] | {"headers": _HEADERS, "parameters": _PARAMETERS}
            for name in ("HTTPValidationError", "ValidationError"):
                components["schemas"].pop(name, None)
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _Operation(operation, method, _side(path, method, operation), components).complete()
            tags = [{"name": name, "description": text} for name, text in _tags(self).items()]
            self.openapi_schema = document | {"components": components, "tags": tags}
        return self.openapi_schema


def _side(path: str, method: str, operation: Doc) -> Side:
    if path.startswith(f"{ROOT}{uploads.ROOT}"):
        return "Upload"
    if "security" not in operation:
        return "Public"
    return "Posted" if method == "post" else "Guarded"


def _tags(app: FastAPI) -> dict[str, str]:
    """By tag: what the module of its first route says of itself, behind the addresses that it begins with."""
    told: dict[str, str] = {}
    for route in (one.original_route for one in iter_route_contexts(app.routes)):
        if isinstance(route, APIRoute) and route.include_in_schema:
            about = " ".join((sys.modules[route.endpoint.__module__].__doc__ or "").split("\n\n")[0].split())
            words = about.partition(": ")[2] if about.startswith("/") else about
            told.setdefault(str(route.tags[0]), words[:1].upper() + words[1:])
    return told


# ── one operation of the document ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Operation:
    """As FastAPI describes it, to be completed; and the components of the document."""

    told: Doc
    method: str
    side: Side
    components: Doc

    def complete(self) -> None:
        """Summary, headers of the request, examples, and all that an answer may carry."""
        answers, given = self.told["responses"], self.told.setdefault("parameters", [])
        self.told["summary"] = _SENTENCE.split(self.told["description"], maxsplit=1)[0].replace("\n", " ")
        for parameter in given:
            _mend(parameter)
        if self.method == "get" and self.side == "Guarded" and "ETag" in answers.get("200", {}).get("headers", {}):
            answers["304"] = {"description": "It is what you have already.", "headers": ETAG}
            given.append(_PARAMETERS["If-None-Match"])
        given += [_PARAMETERS["Idempotency-Key"]] * (self.side == "Posted") + [_PARAMETERS[REQUEST_ID]]
        paged = any(one["name"] == "cursor" for one in given)
        for body in self.told.get("requestBody", {}).get("content", {}).values():
            self._show(body)
        self.told["parameters"] = [self._shared("parameters", one["name"], one) for one in given]
        self.told["responses"] = {
            status: self._answer(status, one, paged=paged) for status, one in answers.items() if not _is_fastapis(one)
        }

    def _answer(self, status: str, answer: Doc, *, paged: bool) -> Doc:
        content = answer.get("content", {})
        if status >= "400" and "schema" in content.get("application/json", {}):
            content[MEDIA_TYPE] = content.pop("application/json")
        if content.get("application/json") == {"schema": {}}:
            del answer["content"]  # FastAPI takes any answer for JSON that it is not told of
        headers = self._headers(int(status), paged=paged) | answer.get("headers", {})
        answer["headers"] = {name: self._shared("headers", name, one) for name, one in headers.items()}
        if is_plain(int(status), answer):
            name = f"{self.side}{status}"
            if name not in self.components.setdefault("responses", {}):
                self.components.setdefault("examples", {}).update(examples(int(status), self.side))
                self.components["responses"][name] = answer | described(int(status), self.side)
            return _ref("responses", name)
        abouts = [self._show(body) for body in content.values()]
        if answer["description"] == _UNTOLD:
            answer["description"] = next(filter(None, abouts), "Done.")
        return answer

    def _headers(self, status: int, *, paged: bool) -> Doc:
        """What may come with this status, besides what the route itself says."""
        posted, refused = self.side == "Posted", status >= HTTPStatus.BAD_REQUEST
        known = self.side != "Public" and status != HTTPStatus.UNAUTHORIZED
        there = {
            REQUEST_ID: True,
            **dict.fromkeys(limits.HEADERS, known),
            "Tus-Resumable": self.side == "Upload",
            "Idempotent-Replayed": posted and (not refused or status == HTTPStatus.CONFLICT),
            "Link": paged and not refused,
            "Retry-After": status in AGAIN and (posted or status != HTTPStatus.CONFLICT),
            "WWW-Authenticate": status == HTTPStatus.UNAUTHORIZED,
        }
        return {name: _HEADERS[name] for name, is_there in there.items() if is_there}

    def _shared(self, kind: str, name: str, one: Doc) -> Doc:
        """A reference to the component of this name, if it is one and says the same."""
        return _ref(kind, name) if self.components[kind].get(name) == one else one

    def _show(self, body: Doc) -> str:
        """Gives it an example if it has a form with a name; and the form's description."""
        schema = body.get("schema", {})
        form = next((one["$ref"] for one in (schema, *schema.get("anyOf", ())) if "$ref" in one), "").rpartition("/")[2]
        if not form or body.keys() & {"example", "examples"}:
            return ""
        told, shown = self.components["schemas"][form], self.components.setdefault("examples", {})
        shown[form] = {"summary": told["title"], "value": _sample(_ref("schemas", form), self.components["schemas"])}
        body["examples"] = {form: _ref("examples", form)}
        return str(told.get("description", ""))


def _is_fastapis(answer: Doc) -> bool:
    """FastAPI adds it where nothing can be invalid."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("/HTTPValidationError")


def _mend(parameter: Doc) -> None:
    """What FastAPI cannot know of it: no address and no header holds null, and an id has a form."""
    schema, about = parameter["schema"], parameter.get("description", "")
    kinds = [one for one in schema.pop("anyOf", ()) if one != {"type": "null"}]
    parameter["schema"] = schema = {
        name: one for name, one in (schema | dict(*kinds)).items() if (name, one) != ("description", about)
    }
    prefix = re.search(r": ([a-z]{2,4})_…$", about)
    if prefix:
        schema |= {"pattern": id_pattern(prefix[1])}
        parameter["example"] = f"{prefix[1]}{ID}"
    if parameter["name"] == "if-match":
        parameter.clear()
        parameter |= _PARAMETERS["If-Match"]


def _sample(schema: Doc, schemas: Doc, name: str = "", form: str = "") -> JsonValue:
    """What a value of this schema looks like; `name` and `form`: the field it is for."""
    known = [SAMPLES[one] for one in (f"{form}.{name}", name) if one in SAMPLES]
    known += [*schema.get("examples", ()), *([schema["const"]] if "const" in schema else ()), *schema.get("enum", ())]
    if known:
        return known[0]
    if "$ref" in schema:
        form = schema["$ref"].rpartition("/")[2]
        return _sample(schemas[form], schemas, "", form)
    if "anyOf" in schema:  # what may be null is left so
        return None if {"type": "null"} in schema["anyOf"] else _sample(schema["anyOf"][0], schemas, name, form)
    if schema.get("type") == "object":
        return {key: _sample(one, schemas, key, form) for key, one in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_sample(schema["items"], schemas, name.removesuffix("s"), form)]
    return {"boolean": False, "integer": 1, "number": 1.0}.get(str(schema.get("type")), name.replace("_", " "))


def _ref(kind: str, name: str) -> Doc:
    return {"$ref": f"#/components/{kind}/{name}"}
