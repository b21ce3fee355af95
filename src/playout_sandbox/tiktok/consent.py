"""The consent page of Login Kit: `/tiktok-www/v2/auth/authorize/`. The creator chooses an account and what to allow."""

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from playout_sandbox.consent_form import HEADERS, error_page
from playout_sandbox.tiktok.consent_page import consent_page
from playout_sandbox.tiktok.records import Code, Creator
from playout_sandbox.tiktok.redirects import may_redirect
from playout_sandbox.tiktok.state import State

SCOPES = (
    "user.info.basic",
    "user.info.profile",
    "user.info.stats",
    "video.list",
    "video.upload",
    "video.publish",
)


class Consent:
    """GET shows the form (or, with auto_consent, answers at once); POST is the form."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """The authorisation request of an app."""
        asked = dict(request.query_params)
        refused = self._refused(asked)
        if refused is not None:
            return refused
        config = self._state.config
        scopes = _scopes(asked)
        if self._state.world.config.auto_consent:
            chosen = config.creator(config.consent_creator) or config.creators[0]
            return self._allow(asked, chosen, scopes)
        return HTMLResponse(consent_page(asked, scopes, config.creators), headers=HEADERS)

    async def decide(self, request: Request) -> Response:
        """The creator's decision: form fields `decision`, `creator`, and one `allow` for each scope ticked."""
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        asked = {name: value for name, value in pairs if name != "allow"}
        refused = self._refused(asked)
        if refused is not None:
            return refused
        if asked.get("decision") != "allow":
            return _back(asked, error="access_denied", error_description="The user denied the request.")
        creator = self._state.config.creator(asked.get("creator", ""))
        if creator is None:
            return _error_page("There is no such account.")
        ticked = {value for name, value in pairs if name == "allow"}
        # user.info.basic comes with signing in; it cannot be unticked
        granted = tuple(s for s in _scopes(asked) if s in ticked or s == "user.info.basic")
        return self._allow(asked, creator, granted)

    def _refused(self, asked: Mapping[str, str]) -> Response | None:
        """Rows 1 and 2, and the other ways to ask wrongly."""
        config = self._state.config
        if config.secret_of(asked.get("client_key", "")) is None:
            return _error_page("client_key: no such app.")
        if not may_redirect(asked.get("redirect_uri", ""), config.redirect_uris):
            return _error_page("redirect_uri: not registered for this app.")
        if asked.get("response_type") != "code":
            return _back(asked, error="unsupported_response_type", error_description="Only code is supported.")
        if not set(_scopes(asked)) <= set(SCOPES):
            return _back(asked, error="invalid_scope", error_description="A scope does not exist.")
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            return _back(asked, error="invalid_request", error_description="code_challenge_method must be S256.")
        return None

    def _allow(self, asked: Mapping[str, str], creator: Creator, scopes: tuple[str, ...]) -> Response:
        # Real codes carry characters that are escaped in the callback: a client that forgets to decode must fail.
        code = f"{secrets.token_urlsafe(30)}*0!{secrets.randbelow(10_000)}.s1"
        self._state.codes[code] = Code(
            open_id=creator.open_id,
            client_key=asked["client_key"],
            redirect_uri=asked["redirect_uri"],
            scopes=scopes,
            challenge=asked.get("code_challenge", ""),
            expires=self._state.now + self._state.config.code_seconds,
        )
        return _back(asked, code=code, scopes=",".join(scopes))


def _scopes(asked: Mapping[str, str]) -> tuple[str, ...]:
    wanted = [scope.strip() for scope in asked.get("scope", "").split(",") if scope.strip()]
    return tuple(dict.fromkeys(["user.info.basic", *wanted]))


def _back(asked: Mapping[str, str], **answer: str) -> Response:
    """302 to the app, with its state."""
    if "state" in asked:
        answer["state"] = asked["state"]
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302, headers=HEADERS)


def _error_page(message: str) -> Response:
    return HTMLResponse(error_page(message), 400, headers=HEADERS)
