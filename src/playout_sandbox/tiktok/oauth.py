"""The token and revoke endpoints (tiktok.md 2.3-2.5). Answers are flat, and errors come with HTTP 200 by default."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.tiktok.envelope import OAuthRefusal
from playout_sandbox.tiktok.events import Events
from playout_sandbox.tiktok.records import Code
from playout_sandbox.tiktok.state import State, new_refresh_token

REVOKED_BY_APP = 5  #: reason in authorization.removed


class OAuth:
    """`POST /v2/oauth/token/` and `POST /v2/oauth/revoke/`."""

    def __init__(self, state: State, events: Events) -> None:
        self._state = state
        self._events = events

    async def token(self, request: Request) -> Response:
        """Exchange a code, or refresh."""
        form = await _form(request)
        self._check_client(form)
        if form.get("grant_type") == "authorization_code":
            answer = self._exchange(form, request.state.n)
        elif form.get("grant_type") == "refresh_token":
            answer = self._refresh(form, request.state.n)
        else:
            raise OAuthRefusal("unsupported_grant_type", "The grant type is not supported.")
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """Disconnect the creator from the app, not one token only (row 12)."""
        form = await _form(request)
        self._check_client(form)
        access = self._state.accesses.get(form.get("token", ""))
        if access is None or access.grant.revoked or access.client_key != form["client_key"]:
            raise OAuthRefusal("invalid_grant", "The access token is invalid.")
        self._state.end_grants(access.open_id, access.client_key)
        self._state.record("revoked", request.state.n, creator=access.open_id, client_key=access.client_key)
        self._events.disconnected(access.open_id, access.client_key, REVOKED_BY_APP)
        return JSONResponse({})

    def _check_client(self, form: Mapping[str, str]) -> None:
        secret = self._state.config.secret_of(form.get("client_key", ""))
        if secret is None or not hmac.compare_digest(secret.encode(), form.get("client_secret", "").encode()):
            raise OAuthRefusal("invalid_client", "Client key or secret is incorrect.")

    def _exchange(self, form: Mapping[str, str], n: int) -> dict[str, object]:
        state = self._state
        code = state.codes.get(form.get("code", ""))
        if code is None or code.client_key != form["client_key"] or code.expires <= state.now:
            raise OAuthRefusal("invalid_grant", "Authorization code is invalid or expired.")
        if code.redirect_uri != form.get("redirect_uri"):
            raise OAuthRefusal("invalid_request", "Redirect_uri is not matched with the uri when requesting code.")
        if code.challenge and not _verifies(code, form.get("code_verifier", "")):
            raise OAuthRefusal("invalid_request", "Code verifier or code challenge is invalid.")
        del state.codes[form["code"]]
        return state.issue(state.new_grant(code.open_id, code.client_key, code.scopes), n, "token_issued")

    def _refresh(self, form: Mapping[str, str], n: int) -> dict[str, object]:
        state = self._state
        grant = state.grants.get(form.get("refresh_token", ""))
        live = grant is not None and not grant.revoked and grant.refresh_expires > state.now
        if grant is None or not live or grant.client_key != form["client_key"]:
            raise OAuthRefusal("invalid_grant", "Refresh token is invalid or expired.")
        if state.config.rotate:
            del state.grants[grant.refresh_token]
            grant.refresh_token = new_refresh_token()
            grant.refresh_expires = state.now + state.config.refresh_seconds
        return state.issue(grant, n, "token_refreshed")


def _verifies(code: Code, verifier: str) -> bool:
    """TikTok's own PKCE: the challenge is the lower-case HEX SHA-256 of the verifier (row 7)."""
    return hmac.compare_digest(hashlib.sha256(verifier.encode()).hexdigest().encode(), code.challenge.encode())


async def _form(request: Request) -> dict[str, str]:
    if not request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        raise OAuthRefusal("invalid_request", "Content-Type must be application/x-www-form-urlencoded.")
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
