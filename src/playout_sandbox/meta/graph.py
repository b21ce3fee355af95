"""The manners of the Graph API: error envelope, versions, parameters from anywhere, the token and its proof."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.meta.multipart import parts

GRAPH_METHOD = "GraphMethodException"
PROOF_SECONDS = 300  #: how long a time-stamped appsecret_proof is good for (1.6)
_FIELD = re.compile(r"([A-Za-z0-9_]+)(?:\.[a-z]+\([^)]*\))*(?:\{((?:[^{}]|\{[^{}]*\})*)\})?")
_BAD_TOKEN = 190
_BAD_CODES = {36007, 36008, 36009}
_VERSION = re.compile(r"v\d{1,3}\.\d")


class Refusal(Exception):
    """A call that the Graph API answers with its error envelope."""

    def __init__(  # noqa: PLR0913 -- the envelope has as many fields
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        status: int = 400,
        type_: str = "OAuthException",
        transient: bool | None = None,
        title: str | None = None,
        user_message: str | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        named = {
            "message": message,
            "type": type_,
            "code": code,
            "error_data": data,
            "error_subcode": subcode,
            "is_transient": transient,
            "error_user_title": title,
            "error_user_msg": user_message,
            "fbtrace_id": secrets.token_urlsafe(17)[:22],
        }
        self.error = {name: value for name, value in named.items() if value is not None}

    def answer(self) -> Response:
        """The envelope; keys without a value are left out, as Meta does."""
        headers = dict(self.headers or {})
        word = "invalid_token" if self.error["code"] == _BAD_TOKEN else "invalid_code"
        if self.error["code"] == _BAD_TOKEN or self.error.get("error_subcode") in _BAD_CODES:
            headers["WWW-Authenticate"] = f'OAuth "Facebook Platform" "{word}" "{self.error["message"]}"'
        return JSONResponse({"error": self.error}, self.status, headers=headers)


def missing(name: str) -> Refusal:
    """G(100): a parameter that must be there."""
    return Refusal(100, f"(#100) Missing parameter: {name}")


def invalid(message: str) -> Refusal:
    """G(100): a parameter with a wrong value."""
    return Refusal(100, f"(#100) {message}")


def gone(node: str, method: str = "GET") -> Refusal:
    """100/33: the object does not exist, or the token does not see it."""
    return Refusal(
        100,
        f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        subcode=33,
        type_=GRAPH_METHOD,
    )


def transient() -> Refusal:
    """Row 34: HTTP 500, code 2."""
    message = "An unexpected error has occurred. Please retry your request later."
    return Refusal(2, message, status=500, transient=True)


def scripted(status: int, code: str | None) -> Response:
    """The envelope of a scripted fault; `code` may be "190" or "190/463"."""
    if code is None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        usual = transient()
        usual.status = status
        return usual.answer()
    number, _, subcode = (code or {401: "190", 403: "200", 429: "4"}.get(status, "100")).partition("/")
    return Refusal(
        int(number) if number.lstrip("-").isdigit() else 1,
        f"(#{number}) Scripted by the sandbox.",
        subcode=int(subcode) if subcode.isdigit() else None,
        status=status,
    ).answer()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Graph API, taken apart."""

    request: Request
    version: str  #: "" if the path names none
    node: str  #: the first part of the path: an id, "me", "debug_token", ...
    edge: str  #: what follows, "" if nothing does
    params: Mapping[str, str]  #: query, form or JSON; values of a JSON body that are no strings are JSON again
    files: Mapping[str, bytes] = field(default_factory=dict)  #: the files in a multipart body

    @property
    def n(self) -> int:
        """The number of the platform request, for the ledger."""
        return int(self.request.state.n)

    @property
    def method(self) -> str:
        """GET, POST or DELETE."""
        return self.request.method

    @property
    def token(self) -> str:
        """The token as sent, `Authorization: Bearer` before the parameter; "" if there is none."""
        scheme, _, value = self.request.headers.get("authorization", "").partition(" ")
        bearer = value.strip() if scheme.lower() in {"bearer", "oauth"} else ""
        return bearer or self.params.get("access_token", "")

    @property
    def fields(self) -> list[str]:
        """The names in `fields`, those in braces left to `subfields`."""
        return [name for name, _ in _fields(self.params.get("fields", ""))]

    def subfields(self, name: str) -> list[str]:
        """What `fields=name{a,b}` asks for inside a field."""
        inner = dict(_fields(self.params.get("fields", ""))).get(name, "")
        return [one for one, _ in _fields(inner)]

    def need(self, name: str) -> str:
        """A parameter that must be there. Refuses G(100)."""
        value = self.params.get(name, "")
        if not value:
            raise missing(name)
        return value


def split(path: str) -> tuple[str, str, str]:
    """Version, node and edge of a path below a Graph host's prefix."""
    names = [name for name in path.split("/") if name]
    version = names.pop(0) if names and _VERSION.fullmatch(names[0]) else ""
    return version, names[0] if names else "", "/".join(names[1:])


async def read_call(request: Request, path: str, *, most: int = 12 * 1024 * 1024) -> Call:
    """Take a call apart. A body longer than `most` bytes is read no further, and refused."""
    version, node, edge = split(path)
    body = bytearray()
    async for piece in request.stream():
        body += piece[: most + 1 - len(body)]
    if len(body) > most:
        raise Refusal(1, "Please reduce the amount of data you're asking for, then retry your request", status=413)
    named, files = _body(request.headers.get("content-type", ""), bytes(body))
    return Call(request, version, node, edge, {**dict(request.query_params), **named}, files)


def check_version(version: str, known: tuple[str, ...]) -> None:
    """Refuses a version that has ended with 2635, and one that is still to come with 2500. None at all is taken."""
    if not version or version in known:
        return
    if _number(version) < _number(known[0]):
        message = f"You are calling a deprecated version of the API. Please update to the latest version: {known[-1]}."
        raise Refusal(2635, f"(#2635) {message}")
    raise Refusal(2500, f"Unknown path components: /{version}")


def check_proof(call: Call, token: str, secret: str, *, required: bool, now: float) -> None:
    """Row 13: a proof that is sent must be right; whether one must be sent is a setting of the app."""
    proof, at = call.params.get("appsecret_proof", ""), call.params.get("appsecret_time", "")
    if not proof and required:
        raise Refusal(100, "API calls from the server require an appsecret_proof argument", type_=GRAPH_METHOD)
    message = f"{token}|{at}" if at else token
    fresh = not at or (at.isdigit() and abs(now - int(at)) <= PROOF_SECONDS)
    right = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    if proof and not (fresh and hmac.compare_digest(right.encode(), proof.encode())):
        raise Refusal(100, "Invalid appsecret_proof provided in the API argument", type_=GRAPH_METHOD)


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.lstrip("v").partition(".")
    return int(major), int(minor)


def _body(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    media = content_type.partition(";")[0].strip().lower()
    if media == "multipart/form-data":
        return parts(content_type, body)
    if media == "application/json" and body:
        return _json(body), {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)), {}


def _json(body: bytes) -> dict[str, str]:
    try:
        whole = json.loads(body)
    except ValueError:
        raise Refusal(100, "(#100) The parameters must be valid JSON") from None
    if not isinstance(whole, dict):
        raise Refusal(100, "(#100) The parameters must be a JSON object")
    # A null is kept as text: an app that sends `description: null` shall see what comes of it.
    return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in whole.items()}


def _fields(text: str) -> list[tuple[str, str]]:
    """Names at the top level, with what stands in their braces."""
    return [(found[1], found[2] or "") for found in _FIELD.finditer(text)]
