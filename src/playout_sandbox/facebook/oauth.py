"""`oauth/access_token` and `debug_token` (1.1, 1.2, 1.4)."""

import hmac

from starlette.responses import JSONResponse, Response

from playout_sandbox.facebook.state import State
from playout_sandbox.meta.graph import Call, Refusal, invalid
from playout_sandbox.meta.records import Life, Token

_DATA_ACCESS = 90 * 86_400  #: seconds of the data access window


class OAuth:
    """Codes and short tokens go in, tokens come out."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def token(self, call: Call) -> Response:
        """A code becomes a short user token, a user token a long-lived one."""
        meta = self._state.meta
        self._check_app(call.need("client_id"), call.params.get("client_secret", ""))
        grant_type = call.params.get("grant_type", "authorization_code")
        if grant_type == "fb_exchange_token":
            token = meta.user_token(self._short(call).login, Life.LONG)
        elif grant_type == "client_credentials":
            app = f"{meta.config.client_id}|{meta.config.client_secret}"
            return _answer({"access_token": app, "token_type": "bearer"})
        elif grant_type == "authorization_code":
            login = meta.take_code(call.need("code"), call.need("redirect_uri"))
            token = meta.user_token(login, Life.SHORT)
        else:
            raise invalid(f"Invalid grant_type: {grant_type}")
        self.note(token, call.n)
        return _answer(self.spoken(token))

    async def debug(self, call: Call) -> Response:
        """About `input_token`, asked with the app's own token `id|secret`, or with a user's."""
        config = self._state.meta.config
        app, _, secret = call.token.partition("|")
        if secret:
            self._check_app(app, secret)
        else:
            self._state.meta.caller(call)
        token = self._state.meta.tokens.get(call.need("input_token"))
        if token is None:
            error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
            return JSONResponse({"data": {"error": error, "is_valid": False, "scopes": []}})
        return JSONResponse({"data": {"app_id": config.client_id, "application": "Sandbox", **self._about(token)}})

    def spoken(self, token: Token) -> dict[str, object]:
        """As the token endpoint says it."""
        left = max(0, round(token.expires - self._state.now))
        return {"access_token": token.value, "token_type": "bearer", "expires_in": left}

    def note(self, token: Token, request: int | None) -> None:
        """Into the ledger, without the token."""
        login = token.login
        self._state.record(
            "token_issued", request, creator=login.person, life=token.life.value, scopes=sorted(login.granted)
        )

    def _check_app(self, app: str, secret: str) -> None:
        """Row 5."""
        config = self._state.meta.config
        if app != config.client_id:
            why = "Error validating application. Cannot get application info due to a system error."
            raise Refusal(101, why)
        if not hmac.compare_digest(secret.encode(), config.client_secret.encode()):
            raise Refusal(1, "Error validating client secret.")

    def _short(self, call: Call) -> Token:
        token = self._state.meta.tokens.get(call.need("fb_exchange_token"))
        if token is None or token.page:
            raise Refusal(190, "Invalid OAuth access token - Cannot parse access token")
        problem = self._state.meta.problem(token)
        if problem is not None:
            raise problem
        return token

    def _about(self, token: Token) -> dict[str, object]:
        login, problem = token.login, self._state.meta.problem(token)
        pages = sorted(page.id for page in self._state.meta.pages_of(token))
        made: dict[str, object] = {
            "type": token.kind,
            "data_access_expires_at": int(token.issued) + _DATA_ACCESS,
            "expires_at": int(token.expires),
            "is_valid": problem is None,
            "issued_at": int(token.issued),
            "scopes": sorted(login.granted),
            "granular_scopes": [
                {"scope": scope, **({"target_ids": pages} if scope.startswith("pages_") else {})}
                for scope in sorted(login.granted)
            ],
            "user_id": login.person,
        }
        if token.page:
            made["profile_id"] = token.page
        if problem is not None:
            facts = problem.error
            made["error"] = {
                "code": facts["code"],
                "message": facts["message"],
                "subcode": facts["error_subcode"],
            }
        return made


def _answer(body: dict[str, object]) -> Response:
    return JSONResponse(body, headers={"Cache-Control": "no-store"})
