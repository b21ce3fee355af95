"""`Meta`: who signed in, with which tokens, and what a token may do. One object, shared by Facebook and Instagram."""

import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from starlette.responses import Response

from playout_sandbox.meta.config import ALL, LoginConfig, changed
from playout_sandbox.meta.graph import Call, Refusal, check_proof, check_version, transient
from playout_sandbox.meta.records import Account, Code, Life, Login, Page, Token
from playout_sandbox.meta.usage import app_usage
from playout_sandbox.world import World

_HOUR = 3600.0


class Guest(Protocol):
    """A platform that serves nodes of its own on graph.facebook.com, as Instagram does with Facebook Login."""

    def kind_of(self, node: str, edge: str, method: str) -> str | None:
        """The kind of request, like "instagram.media"; None: the path is not this platform's."""

    async def answer(self, call: Call) -> Response:
        """Serve a call that `kind_of` claimed. The version was checked. May raise Refusal."""


class Meta:
    """Every method is one atomic step on the event loop. Refusals are those of the Graph API."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.config = LoginConfig()
        self.guests: list[Guest] = []
        self.codes: dict[str, Code | None] = {}  #: None once used
        self.tokens: dict[str, Token] = {}
        self.logins: dict[str, Login] = {}  #: in force, by person
        self._calls: deque[float] = deque()
        self._ids: set[str] = set()

    @property
    def now(self) -> float:
        """The sandbox's clock."""
        return self.world.clock.now()

    # -- settings ------------------------------------------------------------------------------------------------

    def configure(self, changes: Mapping[str, object]) -> None:
        """Merge settings. Raises BadSettingError and then changes nothing."""
        self.config = changed(self.config, changes)
        if changes.get("password_changed") is True:
            for token in self.tokens.values():
                token.dead = 460

    def reset(self) -> None:
        """Forget everything, settings included. Guests stay."""
        self.config = LoginConfig()
        for memory in (self.codes, self.tokens, self.logins, self._calls, self._ids):
            memory.clear()

    def welcome(self, guest: Guest) -> None:
        """Let another platform answer on graph.facebook.com."""
        self.guests.append(guest)

    def guest(self, node: str, edge: str, method: str) -> tuple[Guest, str] | None:
        """Who answers for a node and edge, and the kind of request; None: Facebook itself."""
        for guest in self.guests:
            kind = guest.kind_of(node, edge, method)
            if kind is not None:
                return guest, kind
        return None

    def new_id(self) -> str:
        """Fifteen digits that no other object has."""
        while (made := str(700_000_000_000_000 + secrets.randbelow(200_000_000_000_000))) in self._ids:
            pass
        self._ids.add(made)
        return made

    # -- signing in ----------------------------------------------------------------------------------------------

    def let_in(self, person: str, granted: set[str], declined: set[str], pages: set[str]) -> Login:
        """The person answers the dialog. Earlier permissions stay unless declined now; Pages are chosen anew."""
        login = self.logins.setdefault(person, Login(person))
        login.granted = (login.granted | granted | {"public_profile"}) - declined
        login.declined = (login.declined | declined) - granted
        login.pages = pages
        return login

    def new_code(self, login: Login, redirect_uri: str) -> str:
        """An authorisation code."""
        code = f"AQ{secrets.token_urlsafe(90)}"
        self.codes[code] = Code(login, redirect_uri, self.now + self.config.code_seconds)
        return code

    def take_code(self, code: str, redirect_uri: str) -> Login:
        """Use a code up (rows 3, 4)."""
        if code not in self.codes:
            raise Refusal(100, "Invalid verification code format.", subcode=36009)
        found = self.codes[code]
        if found is None:
            raise Refusal(100, "This authorization code has been used.", subcode=36009)
        if found.expires <= self.now:
            raise Refusal(100, "This authorization code has expired.", subcode=36007)
        if found.redirect_uri != redirect_uri:
            message = (
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you "
                "used in the OAuth dialog request"
            )
            raise Refusal(100, message, subcode=36008)
        self.codes[code] = None
        return found.login

    def user_token(self, login: Login, life: Life) -> Token:
        """A new user token."""
        lasts = self.config.short_seconds if life is Life.SHORT else self.config.long_seconds
        value = f"EAA{secrets.token_urlsafe(120).replace('-', 'Z').replace('_', 'D')}"
        return self._keep(Token(value, login, life, self.now, self.now + lasts))

    def page_token(self, user: Token, page: Page) -> Token:
        """The Page token that a user token gives: without end from a long-lived one, else it dies with it.

        One for each Page and person (from a short user token: for each Page and token), however often it is asked.
        """
        for token in self.tokens.values():
            same = token.page == page.id and token.login is user.login and token.life is user.life and not token.dead
            if same and (user.life is Life.LONG or token.expires == user.expires):
                return token
        value = f"EAAP{secrets.token_urlsafe(120).replace('-', 'Z').replace('_', 'D')}"
        expires = 0.0 if user.life is Life.LONG else user.expires
        return self._keep(Token(value, user.login, user.life, self.now, expires, page.id))

    def remove(self, person: str) -> bool:
        """De-authorise the app: every token of the person dies. False if the app was not let in."""
        login = self.logins.pop(person, None)
        if login is not None:
            login.revoked = True
        return login is not None

    # -- who calls -----------------------------------------------------------------------------------------------

    def enter(self, call: Call) -> None:
        """What every Graph call goes through before anything else: version, app limit, scripted hiccups."""
        check_version(call.version, self.config.versions)
        self._count()
        if self.config.transient > 0:
            self.config = replace(self.config, transient=self.config.transient - 1)
            raise transient()

    def caller(self, call: Call, *, status: int = 400) -> Token:
        """The token behind a call. Refuses 190 (`status` for one that is no token), and 100 for a wrong proof."""
        if not call.token:
            message = "An active access token must be used to query information about the current user."
            raise Refusal(2500, message, status=status)
        token = self.tokens.get(call.token)
        if token is None:
            raise Refusal(190, "Invalid OAuth access token - Cannot parse access token", status=status)
        required = self.config.require_proof
        check_proof(call, token.value, self.config.client_secret, required=required, now=self.now)
        problem = self.problem(token)
        if problem is not None:
            raise problem
        return token

    def problem(self, token: Token) -> Refusal | None:
        """Why a token is no good any more (rows 8 to 11), None if it is."""
        start = "Error validating access token: "
        if token.login.revoked:
            client = self.config.client_id
            return Refusal(190, f"{start}The user has not authorized application {client}.", subcode=458)
        if token.dead:
            why = (
                "The session has been invalidated because the user changed their password or Facebook has changed "
                "the session for security reasons."
            )
            return Refusal(190, start + why, subcode=token.dead)
        if token.expires and token.expires <= self.now:
            when = f"{_day(token.expires)}. The current time is {_day(self.now)}."
            return Refusal(190, f"{start}Session has expired on {when}", subcode=463)
        if token.page and self.config.lost(token.page):
            why = "The user must be an administrator, editor, or moderator of the page in order to impersonate it."
            return Refusal(190, f"{start}{why}", subcode=492)
        return None

    def require(self, token: Token, *scopes: str, deed: str = "This call") -> None:
        """Refuses G(200) unless every one of the permissions was granted (row 6)."""
        lacking = [scope for scope in scopes if scope not in token.login.granted]
        if lacking:
            names = " and ".join(scopes)
            raise Refusal(200, f"(#200) {deed} requires {names} permission; missing: {', '.join(lacking)}")

    # -- what a token sees ---------------------------------------------------------------------------------------

    def pages_of(self, token: Token) -> list[Page]:
        """The Pages that were ticked and on which the person still has a role."""
        login = token.login
        ticked = [p for p in self.config.pages if login.person in p.persons and login.pages & {p.id, ALL}]
        return [page for page in ticked if not self.config.lost(page.id)]

    def pages_of_businesses(self, token: Token) -> list[Page]:
        """The Pages of the person's businesses, ticked or not; business_management opens them."""
        if "business_management" not in token.login.granted:
            return []
        own = {one.id for one in self.config.businesses if token.login.person in one.persons}
        return [page for page in self.config.pages if page.business in own and not self.config.lost(page.id)]

    def sees_page(self, token: Token, page_id: str) -> Page | None:
        """The Page, if the token is its own or that of a person who reaches it."""
        seen = [*self.pages_of(token), *self.pages_of_businesses(token)]
        if token.page:
            return self.config.page(page_id) if page_id == token.page else None
        return next((page for page in seen if page.id == page_id), None)

    def sees_account(self, token: Token, account_id: str) -> Account | None:
        """The Instagram account, if a Page that the token reaches is linked to it (Facebook Login)."""
        linked = next((page for page in self.config.pages if page.instagram == account_id), None)
        reached = linked is not None and self.sees_page(token, linked.id) is not None
        account = self.config.account(account_id)
        return account if reached and account is not None and account.id == account_id else None

    def usage(self) -> Mapping[str, str]:
        """`X-App-Usage` as it stands."""
        self._forget_calls()
        return app_usage(len(self._calls), self.config.calls_per_hour)

    def _count(self) -> None:
        self._forget_calls()
        if self.world.config.limits and len(self._calls) >= self.config.calls_per_hour:
            raise Refusal(4, "(#4) Application request limit reached", transient=True, headers=self.usage())
        self._calls.append(self.now)

    def _forget_calls(self) -> None:
        while self._calls and self._calls[0] <= self.now - _HOUR:
            self._calls.popleft()

    def _keep(self, token: Token) -> Token:
        self.tokens[token.value] = token
        return token


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%A, %d-%b-%y %H:%M:%S} UTC"
