"""The OAuth host (sections 2.2 to 2.4): tokens, and revoking them. Answers and errors are flat."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.youtube.errors import OAuthRefusal
from playout_sandbox.youtube.records import Code
from playout_sandbox.youtube.state import State


class OAuth:
    """`POST /youtube-oauth/token` and `POST /youtube-oauth/revoke`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def token(self, request: Request) -> Response:
        """Exchange a code, or refresh."""
        form = await _form(request)
        self._check_client(form)
        match form.get("grant_type"):
            case "authorization_code":
                answer = self._exchange(form, request.state.n)
            case "refresh_token":
                answer = self._refresh(form, request.state.n)
            case other:
                raise OAuthRefusal("unsupported_grant_type", f"Invalid grant_type: {other}")
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """Either token ends the whole grant of that person for the project. No client secret is asked for."""
        token = (await _form(request)).get("token") or request.query_params.get("token", "")
        refresh, access = self._state.refreshes.get(token), self._state.accesses.get(token)
        grant = refresh.grant if refresh else access.grant if access and access.expires > self._state.now else None
        if grant is None or grant.revoked:
            raise OAuthRefusal("invalid_token", "Token expired or revoked")
        self._state.end_grant(grant)
        self._state.record("revoked", request.state.n, creator=grant.creator, client_id=grant.client_id)
        return JSONResponse({})

    def _check_client(self, form: Mapping[str, str]) -> None:
        """Row 8."""
        secret = self._state.config.secret_of(form.get("client_id", ""))
        if secret is None:
            raise OAuthRefusal("invalid_client", "The OAuth client was not found.", 401)
        if not hmac.compare_digest(secret.encode(), form.get("client_secret", "").encode()):
            raise OAuthRefusal("invalid_client", "The provided client secret is invalid.", 401)

    def _exchange(self, form: Mapping[str, str], n: int) -> dict[str, object]:
        state = self._state
        code = state.codes.get(_required(form, "code"))
        if code is None or code.grant.client_id != form["client_id"] or code.expires <= state.now or code.grant.revoked:
            raise OAuthRefusal("invalid_grant", "Bad Request")
        if code.redirect_uri != _required(form, "redirect_uri"):
            raise OAuthRefusal("redirect_uri_mismatch", "Bad Request")
        if code.challenge and not _verifies(code, form.get("code_verifier", "")):
            raise OAuthRefusal("invalid_grant", "Invalid code verifier.")
        del state.codes[form["code"]]
        return state.issue(code.grant, code.scopes, n, offline=code.offline)

    def _refresh(self, form: Mapping[str, str], n: int) -> dict[str, object]:
        refresh = self._state.live_refresh(_required(form, "refresh_token"), form["client_id"])
        if refresh is None:
            raise OAuthRefusal("invalid_grant", "Token has been expired or revoked.")
        refresh.used = self._state.now
        return self._state.issue(refresh.grant, refresh.scopes, n, offline=False, effect="token_refreshed")


def _verifies(code: Code, verifier: str) -> bool:
    """PKCE as RFC 7636 says: base64url without padding, unlike TikTok's hex (row 3)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest((digest if code.method == "S256" else verifier).encode(), code.challenge.encode())


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthRefusal("invalid_request", f"Missing required parameter: {name}")
    return form[name]


async def _form(request: Request) -> dict[str, str]:
    """The fields; a revocation may put its token into the query and send no body."""
    body = await request.body()
    if body and not request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        raise OAuthRefusal("invalid_request", "The body must be form encoded.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
