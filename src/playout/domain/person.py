"""Who acts: people, API tokens, and the actor that every call carries."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from playout.domain.channel import WrappedKey
from playout.domain.errors import Forbidden


class Scope(StrEnum):
    """What an actor may do."""

    READ = "read"
    WRITE = "write"  # videos, drafts, channels' slots
    PUBLISH = "publish"  # schedule, cancel, retry, connect
    ADMIN = "admin"  # tokens, people, deletion


ALL_SCOPES = frozenset(Scope)


class Role(StrEnum):
    """What a person is in a workspace."""

    OWNER = "owner"
    EDITOR = "editor"
    APPROVER = "approver"
    VIEWER = "viewer"

    def scopes(self, *, approval: bool) -> frozenset[Scope]:
        """What it allows; where posts need approval, an editor asks for it instead of publishing."""
        return _MAY[self] | ({Scope.PUBLISH} if self is Role.EDITOR and not approval else frozenset())


_MAY = {
    Role.OWNER: ALL_SCOPES,
    Role.APPROVER: frozenset({Scope.READ, Scope.WRITE, Scope.PUBLISH}),
    Role.EDITOR: frozenset({Scope.READ, Scope.WRITE}),
    Role.VIEWER: frozenset({Scope.READ}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, for which workspace, with which scopes, through which face."""

    workspace_id: str
    name: str  # a person's or token's id
    scopes: frozenset[Scope]
    via: str  # api, cli, web, bot, mcp, engine
    deed: str | None = None  # id of the event that what he asks for leaves, where it follows from an Idempotency-Key

    def need(self, scope: Scope) -> None:
        """Raises Forbidden unless the actor has this scope."""
        if scope not in self.scopes:
            msg = f"This needs the scope “{scope}”, which this sign-in does not have."
            raise Forbidden(msg)


class LatePosts(StrEnum):
    """What happens to a post that could not go out at its time because nothing was running."""

    SEND = "send"  # late, one after the other with pauses
    HOLD = "hold"  # later than `late_after`: a person is asked first


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a workspace."""

    person_id: str
    role: Role
    since: datetime


@dataclass(frozen=True, slots=True)
class Workspace:
    """The wall between tenants."""

    id: str
    name: str
    created_at: datetime
    version: int = 0
    late_posts: LatePosts = LatePosts.HOLD
    late_after: timedelta = timedelta(hours=6)
    approval: bool = False  # whoever may write but not publish asks somebody who may
    closed_at: datetime | None = None  # it is being deleted: nobody gets in any more
    members: tuple[Member, ...] = ()

    def member(self, person_id: str) -> Member | None:
        """This person's part in it."""
        return next((one for one in self.members if one.person_id == person_id), None)

    def with_member(self, member: Member) -> "Workspace":
        """With this one, instead of an earlier part of the same person."""
        return replace(self, members=(*self.without_member(member.person_id).members, member))

    def without_member(self, person_id: str) -> "Workspace":
        """Without this person."""
        return replace(self, members=tuple(one for one in self.members if one.person_id != person_id))


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key that lives in somebody's device (WebAuthn); only its public half is here."""

    id: str  # credential id, base64url
    public_key: bytes  # COSE
    sign_count: int
    name: str  # as the person calls the device
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in. `email` is lower-case and unique; so is each of the other ways in."""

    id: str
    email: str
    password_hash: str | None
    created_at: datetime
    workspace_id: str  # where a new session begins
    version: int = 0
    name: str = ""
    workspaces: tuple[str, ...] = ()  # where he may look for himself among the members
    identities: tuple[str, ...] = ()  # `tiktok:…`, `oidc:…`: who he is elsewhere
    passkeys: tuple[Passkey, ...] = ()
    data_key: WrappedKey | None = None  # seals `totp`
    totp: bytes | None = None  # sealed secret of the codes that an app shows
    totp_used: int = 0  # the last step of time whose code was taken: none counts twice
    recovery: tuple[str, ...] = ()  # SHA-256 of codes that each work once
    locale: str = ""

    @property
    def ways(self) -> tuple[str, ...]:
        """By what else than the e-mail address the person is found."""
        return (*self.identities, *(f"passkey:{one.id}" for one in self.passkeys))


@dataclass(frozen=True, slots=True)
class Token:
    """An API token; only its SHA-256 is kept. `hint` is what a list may show of it."""

    id: str
    workspace_id: str
    name: str
    hash: str
    hint: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
