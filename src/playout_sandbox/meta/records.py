"""What emulated Meta remembers of people: persons, Pages, Instagram accounts, businesses, logins and tokens."""

from dataclasses import dataclass, field
from enum import StrEnum

TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MODERATE")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a Facebook profile. Like the next three a setting, so that tests can change it."""

    id: str  #: app-scoped, the id of `/me`
    name: str
    username: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A Page, and who works on it."""

    id: str
    name: str
    username: str
    persons: tuple[str, ...] = ()  #: ids of those who may tick it when they sign in
    tasks: tuple[str, ...] = TASKS
    business: str = ""  #: id of the business that it belongs to; such a Page is found there even if nobody ticked it
    client: bool = False  #: the business manages it for somebody: `client_pages`, not `owned_pages`
    instagram: str = ""  #: id of the professional account linked to it


@dataclass(frozen=True, slots=True)
class Account:
    """An Instagram professional account."""

    id: str  #: the id in `/{ig-id}/media`, and `user_id` of `/me` with Instagram Login
    scoped_id: str  #: `id` of `/me` with Instagram Login
    username: str
    name: str
    account_type: str = "BUSINESS"


@dataclass(frozen=True, slots=True)
class Business:
    """A business, and who sees it."""

    id: str
    name: str
    persons: tuple[str, ...] = ()


class Life(StrEnum):
    """How long a user token was made to live."""

    SHORT = "short"
    LONG = "long"


@dataclass(slots=True)
class Login:
    """That a person let the app in. Permissions hang on this, not on a token; a removal ends it for good."""

    person: str
    granted: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)  #: ids ticked in the dialog
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """An authorisation code on its way back."""

    login: Login
    redirect_uri: str
    expires: float


@dataclass(slots=True)
class Token:
    """A user token, or (with `page`) a Page token made from one."""

    value: str
    login: Login
    life: Life
    issued: float
    expires: float  #: 0: never, as a Page token from a long-lived user token
    page: str = ""  #: id of the Page whose token it is
    dead: int = 0  #: the subcode with which it was ended early (460: password changed)

    @property
    def kind(self) -> str:
        """Its type, as debug_token says it."""
        return "PAGE" if self.page else "USER"
