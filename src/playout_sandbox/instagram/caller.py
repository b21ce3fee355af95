"""Who calls: what a token of either login lets its holder do on which accounts, and how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from playout_sandbox.instagram.records import Token
from playout_sandbox.instagram.rules import not_allowed
from playout_sandbox.instagram.state import DAY, State
from playout_sandbox.meta.graph import Call, Refusal, gone
from playout_sandbox.meta.records import Token as PageToken
from playout_sandbox.meta.usage import business_usage

SCOPES = (
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_insights",
    "instagram_business_manage_comments",
    "instagram_business_manage_messages",
)

_ABILITIES = {
    "basic": "basic",
    "content_publish": "publish",
    "manage_insights": "insights",
}  #: what both logins end their scopes with
_TASKS = {"MANAGE", "CREATE_CONTENT"}


@dataclass(frozen=True, slots=True)
class Caller:
    """A token, understood. Abilities are "basic", "publish" and "insights", whatever the login calls them."""

    accounts: frozenset[str]
    abilities: frozenset[str]
    facebook: bool
    without_task: frozenset[str] = frozenset()  #: accounts whose Page gives the person no right to publish (section 3)

    def need(self, ability: str, account: str) -> None:
        """Refuses G(10) (row 11)."""
        if ability not in self.abilities or (ability == "publish" and account in self.without_task):
            raise not_allowed()


def known_token(state: State, value: str) -> Token:
    """The meaning of a token of Instagram Login. Refuses 190 (rows 6, 9, 10)."""
    token = state.tokens.get(value)
    if token is None:
        message = "Invalid OAuth access token - Cannot parse access token"
        raise Refusal(190, message, status=state.config.unparsable_status)
    if token.grant.revoked:
        message = "Error validating access token: The user has not authorized application."
        raise Refusal(190, message, subcode=458)
    if token.expires <= state.now:
        raise Refusal(190, "Error validating access token: Session has expired on " + _day(token.expires), subcode=463)
    return token


def by_instagram(state: State, call: Call) -> Caller:
    """The holder of a token of Instagram Login."""
    if not call.token:
        raise Refusal(190, "Invalid OAuth 2.0 Access Token", status=state.config.unparsable_status)
    grant = known_token(state, call.token).grant
    return Caller(frozenset({grant.account}), _abilities(grant.scopes, "instagram_business_"), facebook=False)


def by_facebook(state: State, call: Call) -> Caller:
    """The holder of a user or Page token of Facebook Login: the accounts linked to Pages that it reaches."""
    token = state.meta.caller(call, status=state.config.unparsable_status)
    granted = set(token.login.granted)
    if "pages_read_engagement" not in granted:
        granted.discard("instagram_manage_insights")
    idle = frozenset(p.instagram for p in state.meta.config.pages if not _TASKS & set(p.tasks))
    return Caller(_reached(state, token), _abilities(granted, "instagram_"), facebook=True, without_task=idle)


def may_upload(state: State, value: str, account: str) -> bool:
    """Whether a token, of whichever login, may send bytes for an account; the upload host says no more than that."""
    own, page = state.tokens.get(value), state.meta.tokens.get(value)
    if own is not None:
        return own.grant.account == account and not own.grant.revoked and own.expires > state.now
    return page is not None and state.meta.problem(page) is None and account in _reached(state, page)


def own_account(caller: Caller, call: Call) -> str:
    """The account in the path; `me` is the only one of Instagram Login. Refuses 100/33 (row 12)."""
    if call.node == "me" and not caller.facebook:
        return next(iter(caller.accounts))
    if call.node not in caller.accounts:
        raise gone(call.node, call.method)
    return call.node


def count(state: State, account: str) -> None:
    """Row 34: calls for an account in a rolling day. Refuses 80002 with the minutes in a header."""
    allowed = state.config.calls_per_day
    if state.count_call(account, DAY) > allowed and state.world.config.limits:
        minutes = max(1, round((state.oldest_call(account) + DAY - state.now) / 60))
        raise Refusal(
            80002,
            "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again. For more "
            "info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.",
            transient=False,
            headers=business_usage(account, "instagram", minutes=minutes),
        )


def _reached(state: State, token: PageToken) -> frozenset[str]:
    return frozenset(a.id for a in state.meta.config.accounts if state.meta.sees_account(token, a.id))


def _abilities(scopes: Iterable[str], prefix: str) -> frozenset[str]:
    return frozenset(_ABILITIES[name] for s in scopes if (name := s.removeprefix(prefix)) in _ABILITIES)


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%A, %d-%b-%y %H:%M:%S} UTC"
