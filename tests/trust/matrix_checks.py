"""What the matrix looks for: each check sends requests into a house, counts them, and says what it found."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from playout.domain.person import Scope
from tests.api.test_every_route import ROWS
from tests.trust.matrix import (
    EVERYTHING,
    OTHER,
    WORKSPACES,
    Answer,
    Call,
    Document,
    Place,
    Principal,
    is_kind,
    needs,
    places,
    twin,
)
from tests.trust.matrix_house import House

#: Names by which a request could pretend to come from elsewhere.
PRETENDING = ("X-Workspace-Id", "X-Workspace", "X-Tenant-Id", "X-Forwarded-User", "Playout-Workspace")
#: What may ask for an id in a way that is easily let through.
SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "in capitals": str.upper,
    "with its underscore encoded": lambda one: one.replace("_", "%5F"),
    "with a blank": lambda one: f"{one}%20",
    "with a slash": lambda one: f"{one}/",
    "with a nought": lambda one: f"{one}%00",
    "twice": lambda one: f"{one},{one}",
}


@dataclass
class Report:
    """How many combinations there were, and what was wrong with which."""

    combinations: int = 0
    found: list[str] = field(default_factory=list)

    def note(self, what: str, *wrong: str) -> None:
        """One combination."""
        self.combinations += 1
        self.found += [f"{what}: {one}" for one in wrong]

    def add(self, other: "Report") -> None:
        """All of another."""
        self.combinations += other.combinations
        self.found += other.found


@dataclass(frozen=True)
class Attempt:
    """Somebody names what is the other workspace's. `expected`: the statuses that are right; None: any but 5xx."""

    side: str
    principal: Principal
    call: Call
    #: The same, but that it names what is nowhere.
    control: Call
    named: tuple[str, ...]
    in_vain: tuple[str, ...]
    expected: frozenset[int] | None
    what: str

    async def made(self, house: House) -> list[str]:
        """What is wrong with the answer, and with the house afterwards."""
        who = house.clients[self.side, self.principal.name]
        before = house.snapshot()
        answer = await self.call.by(who)
        after = house.snapshot()
        control = await self.control.by(who)
        wrong = house.leaks(self.side, answer, *self.named)
        if answer.without(*self.named) != control.without(*self.in_vain):
            wrong.append(f"{answer}, and for what is nowhere {control}")
        if answer.status >= 500 or (self.expected is not None and answer.status not in self.expected):
            wrong.append(f"answered {answer}")
        return wrong + changes(house, self.side, answer, before, after)


def changes(
    house: House, side: str, answer: Answer, before: Mapping[str, object], after: Mapping[str, object]
) -> list[str]:
    """What became different though it may not: nothing by a refusal, and nothing of the other workspace by anything."""
    if answer.status < 400:
        before, after = house.of(OTHER[side], dict(before)), house.of(OTHER[side], dict(after))
    labels = before.keys() | after.keys()
    return [f"changed {one[:120]}" for one in sorted(labels) if before.get(one) != after.get(one)]


# ── what is the other's ──────────────────────────────────────────────────────────────────────────


async def foreign(house: House, document: Document, route: str, principal: Principal) -> Report:
    """Every place where this route takes an id, each with the other workspace's."""
    report = Report()
    for side in WORKSPACES:
        report.add(await tried(house, route, await attempts(house, document, route, side, principal)))
    return report


async def attempts(house: House, document: Document, route: str, side: str, principal: Principal) -> list[Attempt]:
    """All that this principal can try. Only whoever may do everything tries it in disguise."""
    asked = house, document, route, side, principal
    found = [*in_path(*asked), *within(*asked)]
    if principal is EVERYTHING:
        found += [*disguised(house, document, route, side), *await conditional(house, route, side)]
    return found


async def tried(house: House, route: str, several: Iterable[Attempt]) -> Report:
    """What came of them."""
    report = Report()
    for one in several:
        report.note(f"{route}, {one.side}, {one.principal.name}, {one.what}", *await one.made(house))
    return report


def in_path(house: House, document: Document, route: str, side: str, principal: Principal) -> Iterator[Attempt]:
    """Each id of the path, and any of them together."""
    mine, theirs = house.known[side], house.known[OTHER[side]]
    names = [one.name for one in places(document, route) if one.where == "path"]
    for taken in itertools.product((False, True), repeat=len(names)):
        foreigners = {name: theirs[name] for name, one in zip(names, taken, strict=True) if one}
        if foreigners:
            yield _attempt(
                route,
                side,
                principal,
                mine,
                foreigners,
                " and ".join(foreigners),
                not_there(document, route, principal),
            )


def _attempt(
    route: str,
    side: str,
    principal: Principal,
    mine: Mapping[str, str],
    foreigners: Mapping[str, str],
    what: str,
    expected: frozenset[int],
) -> Attempt:
    nowhere = {name: twin(one) for name, one in foreigners.items()}
    return Attempt(
        side,
        principal,
        Call.of(route, {**mine, **foreigners}),
        Call.of(route, {**mine, **nowhere}),
        tuple(foreigners.values()),
        tuple(nowhere.values()),
        expected,
        what,
    )


def not_there(document: Document, route: str, principal: Principal) -> frozenset[int]:
    """How this one is refused what is not his."""
    if principal.scopes is None:
        return frozenset({401})
    allowed = needs(document, route, principal) <= principal.scopes
    return frozenset({404} if allowed else {403, 404})


def within(house: House, document: Document, route: str, side: str, principal: Principal) -> Iterator[Attempt]:
    """Each id of the query or the body, with every shape of the body around it."""
    mine, theirs = house.known[side], house.known[OTHER[side]]
    own = Call.of(route, mine)
    for place in places(document, route):
        if place.where in {"query", "body"}:
            for name, one in theirs.items():
                if is_kind(name) and (principal is EVERYTHING or place.takes(name, own.path)):
                    for shape, call in shapes(own, place, name):
                        named = place.fill(call, one), place.fill(call, twin(one))
                        what = f"{name} as {place.where} {place.name}{shape}"
                        expected = None if principal.scopes is not None else frozenset({401})
                        yield Attempt(side, principal, *named, (one,), (twin(one),), expected, what)


def shapes(call: Call, place: Place, kind: str) -> Iterator[tuple[str, Call]]:
    """The call itself, and its body as a draft, for a slot."""
    yield "", call
    if place.where == "body" and place.takes(kind, call.path) and "destinations" in call.body:
        yield ", of a draft", replace(call, body=call.body | {"draft": True})
        untimed = {name: one for name, one in call.body.items() if name != "scheduled_at"}
        yield ", for a slot", replace(call, body=untimed | {"slot": "next"})


def disguised(house: House, document: Document, route: str, side: str) -> Iterator[Attempt]:
    """Ids of another kind, and in other letters."""
    mine, theirs = house.known[side], house.known[OTHER[side]]
    own = {place.name for place in places(document, route) if place.where == "path"}
    for name in own:
        for kind, one in theirs.items():
            if kind != name and is_kind(kind):
                yield _attempt(route, side, EVERYTHING, mine, {name: one}, f"{kind} as {name}", frozenset({404}))
        for how, spelt in SPELLINGS.items():
            one, nowhere = spelt(theirs[name]), spelt(twin(theirs[name]))
            calls = Call.of(route, {**mine, name: one}), Call.of(route, {**mine, name: nowhere})
            named = (theirs[name], theirs[name].upper()), (twin(theirs[name]), twin(theirs[name]).upper())
            yield Attempt(side, EVERYTHING, *calls, *named, frozenset({404, 405, 307}), f"{name} {how}")


#: Without the id it may fail earlier: another method lacks its headers.
_REFUSED = frozenset(range(400, 500))


async def conditional(house: House, route: str, side: str) -> list[Attempt]:
    """With what would be right for the thing itself: its tag, its key, its offset, another method."""
    mine, theirs = house.scenes[side].ids, house.scenes[OTHER[side]].ids
    foreigners = {name: one for name, one in theirs.items() if f"{{{name}}}" in route and name.endswith("_id")}
    if not foreigners:
        return []
    plain = _attempt(route, side, EVERYTHING, {**house.known[side], **mine}, foreigners, "", frozenset({404}))
    tag = await _tag(house, OTHER[side], plain.call.path)
    found = []
    for header, value in [
        *[(header, value) for header in ("If-Match", "If-None-Match") for value in (tag, "*")],
        ("Idempotency-Key", "somebody-else-s"),
        ("Range", "bytes=0-3"),
        ("If-Range", tag),
        ("Upload-Offset", "7"),
        ("Upload-Length", "7"),
        *[("X-HTTP-Method-Override", method) for method in ("HEAD", "PATCH", "DELETE")],
    ]:
        calls = [one.beside(**{header: value}) for one in (plain.call, plain.control)]
        found.append(replace(plain, call=calls[0], control=calls[1], expected=_REFUSED, what=f"{header}: {value}"))
    return found


async def _tag(house: House, side: str, path: str) -> str:
    """The entity tag of this thing, or of what it is a part of, as its owner sees it."""
    while path.count("/") > 3:
        answer = await Call("GET", path).by(house.clients[side, EVERYTHING.name])
        if tag := answer.header("etag"):
            return tag
        path = path.rpartition("/")[0]
    return '"v2"'


async def askew(house: House, document: Document, route: str, side: str, second: Mapping[str, str]) -> Report:
    """Things of one's own, but of two that do not belong together."""
    mine, report = house.scenes[side].ids, Report()
    for name in (one.name for one in places(document, route) if one.where == "path" and one.name in second):
        moved = {name: second[name]}
        attempt = _attempt(route, side, EVERYTHING, mine, moved, f"{name} of another", frozenset({404}))
        report.add(await tried(house, route, [attempt]))
    return report


# ── what is one's own ────────────────────────────────────────────────────────────────────────────


async def own(house: House, document: Document, route: str, side: str, principal: Principal) -> Report:
    """Somebody asks for what is his workspace's: he gets it, or may not; and nothing of the other's either way."""
    report, before = Report(), house.snapshot()
    answer = await Call.of(route, house.known[side]).by(house.clients[side, principal.name])
    after = house.snapshot()
    wrong = house.leaks(side, answer)
    if answer.status != (expected := due(document, route, principal)):
        wrong.append(f"{expected} expected, and it answered {answer}")
    wrong += changes(house, side, answer, before, after)
    if Scope.PUBLISH not in (principal.scopes or ()) and _deliveries(before) != _deliveries(after):
        wrong.append("something goes out though he may not publish")
    report.note(f"{route}, {side}, {principal.name}", *wrong)
    return report


def due(document: Document, route: str, principal: Principal) -> int:
    """The status that is right for this one."""
    if principal.scopes is None:
        return 401
    return ROWS[route].status if needs(document, route, principal) <= principal.scopes else 403


def _deliveries(kept: Mapping[str, object]) -> set[str]:
    return {label for label in kept if label.startswith("deliveries ")}


async def pretending(house: House, route: str, side: str) -> Report:
    """Somebody who may do everything here says that he comes from elsewhere."""
    report, elsewhere = Report(), WORKSPACES[OTHER[side]]
    call = Call.of(route, house.known[side]).beside(("workspace_id", elsewhere), ("workspace", elsewhere))
    call = replace(call, headers={**call.headers, **dict.fromkeys(PRETENDING, elsewhere)})
    if isinstance(call.body, dict):
        call = replace(call, body=call.body | {"workspace_id": elsewhere})
    before = house.snapshot()
    answer = await call.by(house.clients[side, EVERYTHING.name])
    wrong = house.leaks(side, answer, elsewhere) + changes(house, side, answer, before, house.snapshot())
    report.note(f"{route}, {side}, as if from elsewhere", *wrong)
    return report


# ── the same key ─────────────────────────────────────────────────────────────────────────────────

KEY: Mapping[str, Any] = {"Idempotency_Key": "the-very-same-key"}


async def same_key(house: House, document: Document, route: str, side: str) -> Report:
    """The other workspace has sent this very request with this very key; and so has the owner, to his own helpers."""
    report = Report()
    theirs = Call.of(route, house.known[OTHER[side]]).beside(**KEY)
    first = await theirs.by(house.clients[OTHER[side], EVERYTHING.name])
    report.note(f"{route}, {side}, the first of two", *([] if first.status == ROWS[route].status else [str(first)]))
    for what, call in (("the same", theirs), ("his own", Call.of(route, house.known[side]).beside(**KEY))):
        before = house.snapshot()
        answer = await call.by(house.clients[side, EVERYTHING.name])
        named = house.known[OTHER[side]].values() if what == "the same" else ()
        wrong = house.leaks(side, answer, *named) + changes(house, side, answer, before, house.snapshot())
        replayed = answer.header("idempotent-replayed") and not (what == "his own" and not _names(document, route))
        report.note(f"{route}, {side}, {what} with that key", *(["it was replayed"] if replayed else []), *wrong)
    for principal in house.principals:
        if principal is not EVERYTHING:
            answer = await Call.of(route, house.known[side]).beside(**KEY).by(house.clients[side, principal.name])
            expected = due(document, route, principal)
            right = answer.status == expected or (expected < 400 and answer.status == 409)  # done, by the owner
            wrong = [] if right else [f"{expected} expected, and it answered {answer}"]
            wrong += ["it was replayed"] if answer.header("idempotent-replayed") else []
            report.note(f"{route}, {side}, {principal.name} with the owner's key", *wrong)
    return report


def _names(document: Document, route: str) -> bool:
    return any(one.where in {"path", "body"} for one in places(document, route))


# ── without a token ──────────────────────────────────────────────────────────────────────────────


async def public(house: House, route: str) -> Report:
    """With anybody's token, or none, and with ids of things in place of what opens it."""
    report, (method, path) = Report(), route.split(" ")
    opens, clean = re.findall(r"{(\w+)}", path), set[bytes]()
    for side, principal in itertools.product(WORKSPACES, house.principals):
        tries = house.known[OTHER[side]] if opens and principal.name in {EVERYTHING.name, "nobody"} else {}
        for kind, one in {"nothing": "nothing", **tries}.items():
            address = path.format(**dict.fromkeys(opens, one) | {"platform": "memory"})
            given = tuple((name, one) for name in ("state", "code", "hub.verify_token", "hub.challenge", "id"))
            call = Call(method, address, query=given, body={"id": one, "account": one} if method == "POST" else None)
            before = house.snapshot()
            answer = await call.by(house.clients[side, principal.name])
            told = answer.without(one)
            wrong = [] if told.whole in clean else [*house.leaks(side, told), *house.leaks(OTHER[side], told)]
            clean |= set() if wrong else {told.whole}
            wrong += [] if answer.status < 500 else [f"answered {answer}"]
            wrong += ["it changed something"] if house.snapshot() != before else []
            report.note(f"{route}, {side}, {principal.name}, {kind}", *wrong)
    return report
