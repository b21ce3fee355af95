"""What the matrix asks: who knocks, with which request, and where in it an id can be named.

Nothing here lists routes: they come from the router, by the rows of tests/api.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx

from playout.application.people import HOME, Minted
from playout.domain.person import ALL_SCOPES, Actor, Role, Scope
from tests.api.test_every_route import ROWS, Scene
from tests.cast import ELSEWHERE, Cast

Document = Mapping[str, Any]
ALICE, CHARLIE = "alice", "charlie"
WORKSPACES = {ALICE: HOME, CHARLIE: ELSEWHERE}
OTHER = {ALICE: CHARLIE, CHARLIE: ALICE}
#: Of an answer: what names the request, and what every answer has of its own.
_OF_THE_REQUEST = frozenset({"x-request-id", "date"})


def word(workspace_id: str, what: str) -> str:
    """What nobody else says."""
    return "zq" + hashlib.sha256(f"{workspace_id} {what}".encode()).hexdigest()[:30]


# ── who knocks ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Principal:
    """`scopes` None: nobody whom we know. `approval`: of a workspace whose posts need it."""

    name: str
    scopes: frozenset[Scope] | None
    approval: bool = False


EVERYTHING = Principal("all scopes", ALL_SCOPES)
NOBODY = [
    Principal(name, None)
    for name in (
        "nobody",
        "another scheme",
        "an empty token",
        "a token that lacks a letter",
        "a token and a letter",
        "the hash of a token",
        "the id of a token",
        "an expired token",
        "a revoked token",
    )
]
#: Everybody.
PRINCIPALS = (
    *NOBODY,
    EVERYTHING,
    *(Principal(f"only {scope}", frozenset({scope})) for scope in Scope),
    *(Principal(f"all but {scope}", ALL_SCOPES - {scope}) for scope in Scope),
    *(Principal(role, role.scopes(approval=False)) for role in Role),
    *(Principal(f"{role}, with approval", role.scopes(approval=True), approval=True) for role in Role),
)


#: Where the document's sentence speaks of several cases: what the row's own request needs.
_NEEDS = {
    "POST /api/v1/posts": frozenset({Scope.READ, Scope.PUBLISH}),
    "PATCH /api/v1/posts/{post_id}": frozenset({Scope.READ, Scope.WRITE}),
    "POST /api/v1/tokens": frozenset({Scope.ADMIN, Scope.READ}),  # nobody gives what he does not have
}
#: Where whoever may write but not publish asks for approval instead.
_ASKS = frozenset({"POST /api/v1/posts", "POST /api/v1/posts/{post_id}/schedule"})
_SCOPES = re.compile(r"Scopes?: (\w+(?:, \w+)*)")


def needs(document: Document, route: str, principal: Principal) -> frozenset[Scope]:
    """The scopes without which this principal may not, as the document promises."""
    method, path = route.split(" ")
    told = _SCOPES.search(document["paths"][path][method.lower()]["description"])
    needed = _NEEDS.get(route) or frozenset(Scope(one) for one in (told[1].split(", ") if told else ()))
    asks = principal.approval and route in _ASKS and Scope.PUBLISH not in (principal.scopes or ())
    return needed - {Scope.PUBLISH} | {Scope.WRITE} if asks else needed


async def header(cast: Cast, maker: Actor, principal: Principal) -> str | None:
    """The header Authorization that this principal sends."""
    people, now = cast.services.people, cast.clock.now()
    called = word(maker.workspace_id, "token")

    async def mint(scopes: frozenset[Scope] = ALL_SCOPES, expires_at: datetime | None = None) -> Minted:
        return await people.mint(maker, called, sorted(scopes), expires_at=expires_at)

    if principal.scopes is not None:
        minted = await mint(principal.scopes)
        await people.actor(minted.secret)  # its first use is noted now, and not with the first request
        return f"Bearer {minted.secret.reveal()}"
    minted = await mint(expires_at=now if principal.name == "an expired token" else None)
    token = minted.secret.reveal()
    if principal.name == "a revoked token":
        await people.revoke(maker, minted.token.id)
    sent = {
        "nobody": None,
        "another scheme": f"Basic {base64.b64encode(token.encode()).decode()}",
        "an empty token": "Bearer ",
        "a token that lacks a letter": f"Bearer {token[:-1]}",
        "a token and a letter": f"Bearer {token}A",
        "the hash of a token": f"Bearer {minted.token.hash}",
        "the id of a token": f"Bearer {minted.token.id}",
    }
    return sent.get(principal.name, f"Bearer {token}")


# ── what is sent, and what is answered ───────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Call:
    """A request."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    raw: bytes | None = None

    @classmethod
    def of(cls, route: str, ids: Mapping[str, str]) -> "Call":
        """As its row says."""
        row, (method, path) = ROWS[route], route.split(" ")
        query = tuple(httpx.QueryParams("filename=clip.mp4" if row.raw else row.query.lstrip("?")).multi_items())
        body = row.body(Scene(dict(ids))) if row.body else None
        if body and CONFIRM in body:  # the name of the workspace, which is another here
            body |= {CONFIRM: ids[CONFIRM]}
        return cls(method, path.format(**ids), query, row.headers, body, row.raw)

    def beside(self, *query: tuple[str, str], **headers: str) -> "Call":
        """With more of these. If_Match → If-Match."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, query=(*self.query, *query), headers={**self.headers, **more})

    async def by(self, client: httpx.AsyncClient) -> "Answer":
        """Sends it."""
        got = await client.request(
            self.method,
            self.path,
            params=list(self.query) or None,
            content=self.raw,
            json=self.body,
            headers=dict(self.headers),
        )
        kept = sorted((name, value) for name, value in got.headers.multi_items() if name not in _OF_THE_REQUEST)
        return Answer(got.status_code, tuple(kept), got.content)


@dataclass(frozen=True)
class Answer:
    """All of it but what belongs to the request alone."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def without(self, *named: str) -> "Answer":
        """As if the request had named other things: what it said itself is not news."""
        headers, body = self.headers, self.body
        for one in named:
            headers = tuple((name, value.replace(one, "…")) for name, value in headers)
            body = body.replace(one.encode(), "…".encode())
        return Answer(self.status, headers, body)

    def header(self, wanted: str) -> str | None:
        return dict(self.headers).get(wanted)

    @property
    def whole(self) -> bytes:
        return "\n".join(f"{name}: {value}" for name, value in self.headers).encode() + b"\n\n" + self.body

    def __str__(self) -> str:
        return f"{self.status} {self.body[:200].decode(errors='replace')}"


# ── where an id can be named ─────────────────────────────────────────────────────────────────────

#: A workspace is named in one place only, by its name.
CONFIRM = "confirm"
_NAMED = re.compile(rf"(^|_)(id|ids|cursor|{CONFIRM})$")
_PATTERN = re.compile(r"\^[a-z]{2,4}_")
_HEADERS = frozenset({"If-Match", "If-None-Match", "Idempotency-Key"})


@dataclass(frozen=True, order=True)
class Place:
    """`where`: path, query, header or body; `name` of a parameter, or pointer into the body."""

    where: str
    name: str

    def takes(self, kind: str, path: str) -> bool:
        """Whether ids of this kind belong there. A cursor is an id of what is listed at this address."""
        listed = self.name == "cursor" and kind.removesuffix("_id").rstrip("y") in path
        return listed or self.name.rstrip("/*").endswith(kind)

    def fill(self, call: Call, value: str, beside: str | None = None) -> Call:
        """The call with this id there; in a list alone, or behind that of another."""
        if self.where == "query":
            return call.beside((self.name, value))
        body = json.loads(json.dumps(call.body))
        _set(body, self.name.strip("/").split("/"), value, beside)
        return replace(call, body=body)


#: What stands around an id in a list of a body, so that only the id can be wrong.
_AROUND: dict[str, dict[str, Any]] = {"channel_id": {"options": {"privacy_level": "SELF_ONLY"}}}


def _set(body: dict[str, Any], steps: list[str], value: str, beside: str | None) -> None:
    first, *rest = steps
    if not rest:
        body[first] = value
    elif rest[0] == "*" and rest[1:]:
        items = [one for one in (beside, value) if one]
        body[first] = [{rest[1]: one} | _AROUND.get(rest[1], {}) for one in items]
    elif rest[0] == "*":
        body[first] = [one for one in (beside, value) if one]
    else:
        _set(body.setdefault(first, {}), rest, value, beside)


def places(document: Document, route: str) -> list[Place]:
    """Wherever a request of this route can name something, as the document has it."""
    method, path = route.split(" ")
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    found = set()
    for given in operation.get("parameters", ()):
        one = _resolved(document, given)
        if one["in"] == "header":
            found |= {Place("header", one["name"])} if one["name"] in _HEADERS else set()
        elif names_something(one["name"], one["schema"]):
            found.add(Place(one["in"], one["name"]))
    for kind in operation.get("requestBody", {}).get("content", {}).values():
        found |= {Place("body", pointer) for pointer in _pointers(document, kind.get("schema", {}), "", ())}
    return sorted(found)


def names_something(name: str, schema: Document) -> bool:
    """By how it is called, or by its form."""
    kinds = [schema, *schema.get("anyOf", ())]
    return bool(_NAMED.search(name)) or any(_PATTERN.match(str(one.get("pattern", ""))) for one in kinds)


def _pointers(document: Document, schema: Any, pointer: str, seen: tuple[str, ...]) -> Iterator[str]:
    if "$ref" in schema and schema["$ref"] not in seen:
        yield from _pointers(document, _resolved(document, schema), pointer, (*seen, schema["$ref"]))
    for name, one in schema.get("properties", {}).items():
        if names_something(name, one):
            yield f"{pointer}/{name}" + ("/*" if "items" in one else "")
        else:
            yield from _pointers(document, one, f"{pointer}/{name}", seen)
    if isinstance(schema.get("items"), Mapping):
        yield from _pointers(document, schema["items"], f"{pointer}/*", seen)
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _pointers(document, one, pointer, seen)


def _resolved(document: Document, one: Document) -> Document:
    if "$ref" not in one:
        return one
    _, kind, name = one["$ref"].removeprefix("#/").split("/")
    found: Document = document["components"][kind][name]
    return found


def is_kind(name: str) -> bool:
    """Whether something of a workspace is called so in an address or a body."""
    return name.endswith("_id") or name == CONFIRM


def twin(one: str) -> str:
    """An id that nothing has, and that every list would put in the same place."""
    return one[:-1] + ("0" if one[-1] != "0" else "1")
