"""Instagram Login: the consent page, the code, the short token, the long one and its refresh (section 2)."""

import hmac
import re
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.instagram.caller import SCOPES, known_token
from playout_sandbox.instagram.records import Code, Grant, Token
from playout_sandbox.instagram.state import State
from playout_sandbox.meta.consent_page import Choice, Group, consent_page, error_page
from playout_sandbox.meta.graph import Call, Refusal, invalid, missing
from playout_sandbox.meta.redirects import back, registered

_CARRIED = ("client_id", "redirect_uri", "response_type", "scope", "state")
_BASIC = SCOPES[0]


class FlatError(Exception):
    """What api.instagram.com answers: not the Graph shape (section 2.2)."""

    def __init__(self, message: str, *, status: int = 400, kind: str = "OAuthException") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind

    def answer(self) -> Response:
        """Flat, the code being the HTTP status."""
        body = {"error_type": self.kind, "code": self.status, "error_message": self.message}
        return JSONResponse(body, self.status)


class InstagramLogin:
    """The person's side and the app's side of signing in."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """The authorisation request; with auto_consent it is granted at once."""
        asked = dict(request.query_params)
        scopes = _scopes(asked)
        problem = self._problem(asked, scopes)
        if problem:
            return error_page("Invalid Request", problem)
        accounts = self._accounts()
        if self._state.world.config.auto_consent:
            name = self._state.config.consent_account
            chosen = next((a for a in accounts if name in {a.value, a.note}), accounts[0])
            return self._allow(asked, chosen.value, scopes)
        return consent_page(
            "Allow access to Instagram",
            "This is an emulated Instagram. An app asks for access to a professional account.",
            {name: asked[name] for name in _CARRIED if name in asked},
            [
                Group("Account", "account", accounts, one=True),
                Group("The app may", "allow", [Choice(scope, scope) for scope in scopes]),
            ],
        )

    async def decide(self, request: Request) -> Response:
        """The person's decision: `decision`, `account`, and one `allow` for each scope ticked (row 2)."""
        pairs = parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        asked = dict(pairs)
        scopes = _scopes(asked)
        problem = self._problem(asked, scopes)
        account = self._state.account(asked.get("account", ""))
        if problem or (account is None and asked.get("decision") == "allow"):
            return error_page("Invalid Request", problem or "There is no such account.")
        if account is None or asked.get("decision") != "allow":
            denied = {
                "error": "access_denied",
                "error_reason": "user_denied",
                "error_description": "The user denied your request",
            }
            return back(asked, denied)
        ticked = {value for name, value in pairs if name == "allow"}
        return self._allow(asked, account.id, tuple(s for s in scopes if s in ticked or s == _BASIC))

    async def short_token(self, request: Request) -> Response:
        """`POST /oauth/access_token` (rows 3, 4, 5)."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        config, state = self._state.config, self._state
        if form.get("client_id") != config.client_id:
            raise FlatError("Invalid platform app")
        if not hmac.compare_digest(config.client_secret.encode(), form.get("client_secret", "").encode()):
            raise FlatError("Error validating client secret.")
        if form.get("grant_type") != "authorization_code":
            raise FlatError("Invalid grant_type")
        code = state.codes.get(form.get("code", ""))
        if code is None or code.expires <= state.now:
            raise FlatError("Matching code was not found or was already used")
        if code.redirect_uri != form.get("redirect_uri"):
            raise FlatError(
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you "
                "used in the OAuth dialog request"
            )
        del state.codes[form["code"]]
        grant = Grant(code.account, code.scopes)
        return JSONResponse(self.short_answer(state.issue(grant, request.state.n, "token_issued", long=False)))

    def short_answer(self, token: Token) -> dict[str, object]:
        """The documentation wraps it in `data`; what answers in production is flat."""
        config = self._state.config
        account = self._state.account(token.grant.account)
        scopes = list(token.grant.scopes)
        answer: dict[str, object] = {
            "access_token": token.token,
            "user_id": account.scoped_id if account else "",
            "permissions": scopes if config.permissions_as == "list" else ",".join(scopes),
        }
        return {"data": [answer]} if config.token_shape == "data" else answer  # noqa: S105  # a shape

    async def exchange(self, call: Call) -> Response:
        """`GET /access_token`: short to long; only from a server, with the secret."""
        self._check(call, "ig_exchange_token")
        secret = call.need("client_secret")
        if not hmac.compare_digest(self._state.config.client_secret.encode(), secret.encode()):
            raise Refusal(1, "Error validating client secret.")
        token = known_token(self._state, call.token)
        if token.long:
            raise invalid("Session key invalid. The token is long-lived already")
        return JSONResponse(long_answer(self._state.issue(token.grant, call.n, "token_issued", long=True)))

    async def refresh(self, call: Call) -> Response:
        """`GET /refresh_access_token` (rows 7 and 8)."""
        self._check(call, "ig_refresh_token")
        state = self._state
        token = known_token(state, call.token)
        if not token.long:
            raise invalid("Only long-lived tokens can be refreshed")
        if state.now < token.issued + state.config.refresh_after:
            raise invalid("The token must be at least 24 hours old to be refreshed")
        if _BASIC not in token.grant.scopes:
            raise Refusal(10, "(#10) Application does not have permission for this action")
        if state.config.refresh_ends_old:
            del state.tokens[token.token]
        return JSONResponse(long_answer(state.issue(token.grant, call.n, "token_refreshed", long=True)))

    def _check(self, call: Call, grant_type: str) -> None:
        if call.need("grant_type") != grant_type:
            raise invalid(f"Param grant_type must be {grant_type}")
        if not call.token:
            raise missing("access_token")

    def _accounts(self) -> list[Choice]:
        """Those that may sign in: personal accounts may not (section 2.5)."""
        professional = [a for a in self._state.meta.config.accounts if a.account_type.upper() != "PERSONAL"]
        return [Choice(a.id, a.name, a.username, chosen=place == 0) for place, a in enumerate(professional)]

    def _problem(self, asked: Mapping[str, str], scopes: tuple[str, ...]) -> str:
        """Row 1, and the other ways to ask wrongly: the page never leads back."""
        if asked.get("client_id") != self._state.config.client_id:
            return "Invalid platform app"
        if not registered(asked.get("redirect_uri", ""), self._state.config.redirect_uris):
            return "Invalid redirect_uri"
        if asked.get("response_type") != "code":
            return "Invalid response_type"
        if not self._accounts():
            return "Only professional accounts can be connected"
        return "" if scopes and set(scopes) <= set(SCOPES) else "Invalid scope"

    def _allow(self, asked: Mapping[str, str], account: str, scopes: tuple[str, ...]) -> Response:
        state = self._state
        code = f"AQ{secrets.token_urlsafe(100)}"
        state.codes[code] = Code(account, asked["redirect_uri"], scopes, state.now + state.config.code_seconds)
        return back(asked, {"code": code}, fragment="#_")


def long_answer(token: Token) -> dict[str, object]:
    """What both long-token calls answer."""
    lasts = int(token.expires - token.issued)
    return {"access_token": token.token, "token_type": "bearer", "expires_in": lasts}


def _scopes(asked: Mapping[str, str]) -> tuple[str, ...]:
    """Separated by commas or spaces."""
    return tuple(dict.fromkeys(name for name in re.split(r"[,\s]+", asked.get("scope", "")) if name))
