"""The settings of Facebook Login: `POST /_sandbox/config {"facebook": {...}}`, together with those of the platform."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from playout_sandbox.config import BadSettingError, DataclassLike, merged
from playout_sandbox.meta.records import Account, Business, Page, Person

ALL = "*"  #: stands for every Page in a setting that names some

_ALICE, _BOB, _CHARLIE = (
    Person("100000000000001", "Alice Archer", "alice"),
    Person("100000000000002", "Bob Baker", "bob"),
    Person("100000000000003", "Charlie Cook", "charlie"),
)
_ACCOUNTS = (
    Account("17841400000000001", "25000000000000001", "alice.films", "Alice Films"),
    Account("17841400000000002", "25000000000000002", "bob.at.home", "Bob at Home", "MEDIA_CREATOR"),
)
_PAGES = (
    Page("200000000000001", "Alice Films", "alicefilms", (_ALICE.id,), instagram=_ACCOUNTS[0].id),
    Page("200000000000002", "Alice Travels", "alicetravels", (_ALICE.id,)),
    Page("200000000000003", "Bob at Home", "bobathome", (_BOB.id,), instagram=_ACCOUNTS[1].id),
    Page("200000000000004", "Charlie Cooks", "charliecooks", business="300000000000001"),
    Page("200000000000005", "Charlie Bakes", "charliebakes", business="300000000000001", client=True),
)
_BUSINESSES = (Business("300000000000001", "Charlie and Company", (_CHARLIE.id,)),)


@dataclass(frozen=True, slots=True)
class LoginConfig(DataclassLike):
    """Facebook Login and the Graph API; numbers in brackets are rows."""

    client_id: str = "sandbox-client-id"
    client_secret: str = "sandbox-client-secret"  # noqa: S105  # an emulator's default, worth nothing
    redirect_uris: tuple[str, ...] = ()  #: exact list (1); empty: any loopback address with a port
    persons: tuple[Person, ...] = (_ALICE, _BOB, _CHARLIE)
    pages: tuple[Page, ...] = _PAGES
    accounts: tuple[Account, ...] = _ACCOUNTS  #: Instagram's, also for Instagram Login
    businesses: tuple[Business, ...] = _BUSINESSES
    consent_person: str = ""  #: whom auto_consent signs in, by id or username; empty: the first
    tick: tuple[str, ...] = (ALL,)  #: Pages that auto_consent ticks: "all", "none", or a list of ids (7)
    decline: tuple[str, ...] = ()  #: permissions that auto_consent unticks (6)
    code_seconds: float = 600  #: not documented
    short_seconds: float = 3600  #: life of a short user token (8)
    long_seconds: float = 5_184_000  #: life of a long-lived one: 60 days
    require_proof: bool = False  #: "Require App Secret" (13)
    password_changed: bool = False  #: set to true, every token that exists is ended (10); newer ones work
    role_lost: tuple[str, ...] = ()  #: Pages on which everybody lost the role: true, false, or a list of ids (11)
    transient: int = 0  #: so many Graph calls from now on answer 500 with code 2 (34)
    calls_per_hour: int = 200_000  #: of the app, over all tokens; more answers code 4
    versions: tuple[str, ...] = ("v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0")  #: oldest first
    deauthorize_url: str = ""  #: told when a person removes the app; empty: nobody is
    deletion_url: str = ""  #: asked by the control call delete-data

    def person(self, name: str) -> Person | None:
        """By id or username."""
        return next((one for one in self.persons if name in {one.id, one.username}), None)

    def page(self, page_id: str) -> Page | None:
        """By id only: a vanity name does not work where it matters."""
        return next((one for one in self.pages if one.id == page_id), None)

    def account(self, name: str) -> Account | None:
        """By Instagram id or username."""
        return next((one for one in self.accounts if name in {one.id, one.username}), None)

    def lost(self, page_id: str) -> bool:
        """Whether nobody has a role on the Page any more."""
        return page_id in self.role_lost or ALL in self.role_lost

    def view(self) -> dict[str, object]:
        """For the control API: without the secret."""
        return {name: value for name, value in asdict(self).items() if name != "client_secret"}


def login_fields() -> set[str]:
    """The names of the settings that belong here."""
    return {field.name for field in fields(LoginConfig)}


def changed(config: LoginConfig, changes: Mapping[str, object]) -> LoginConfig:
    """A copy with the changes applied, all or none. Raises BadSettingError."""
    ready = dict(changes)
    for name, kind in _KINDS.items():
        if name in ready:
            ready[name] = tuple(_record(kind, one) for one in _items(name, ready[name]))
    for name in ("tick", "role_lost"):
        if name in ready:
            ready[name] = which(name, ready[name])
    return merged(config, ready)


def which(name: str, value: object) -> tuple[str, ...]:
    """Some Pages: "all" or true, "none" or false, or a list of ids. Raises BadSettingError."""
    if value in ("all", True, ALL):
        return (ALL,)
    if value in ("none", False, ""):
        return ()
    return tuple(str(one) for one in _items(name, value))


_KINDS: Mapping[str, type[Person | Page | Account | Business]] = {
    "persons": Person,
    "pages": Page,
    "accounts": Account,
    "businesses": Business,
}


def _record(kind: type[Person | Page | Account | Business], value: object) -> Person | Page | Account | Business:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise BadSettingError(f"a {kind.__name__} is an object with at least an id")
    unknown = set(value) - {field.name for field in fields(kind)}
    if unknown:
        raise BadSettingError(f"a {kind.__name__} has no {', '.join(sorted(unknown))}")
    given: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in value.items()}
    empty = {one.name: "" for one in fields(kind) if one.default is MISSING}
    return kind(**{**empty, **given})


def _items(name: str, value: object) -> list[object]:
    if not isinstance(value, (list, tuple)):
        raise BadSettingError(f"{name} takes a list")
    return list(value)
