"""Google's consent page: `/youtube-accounts/o/oauth2/v2/auth`. The person chooses a channel and what to allow."""

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from playout_sandbox.consent_form import HEADERS, Choice, consent_form, error_page
from playout_sandbox.youtube.records import Channel, Code
from playout_sandbox.youtube.redirects import may_redirect
from playout_sandbox.youtube.scopes import MEANING
from playout_sandbox.youtube.state import State

_CARRIED = (
    "access_type",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "include_granted_scopes",
    "prompt",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
)


class Consent:
    """GET shows the form (or, with auto_consent, answers at once); POST is the form."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """The authorisation request of an app."""
        asked = dict(request.query_params)
        problem = self._problem(asked)
        config = self._state.config
        if problem:
            return _error_page(problem)
        if self._state.world.config.auto_consent:
            return self._allow(asked, config.creator(config.consent_creator) or config.creators[0], _scopes(asked))
        carried = {name: asked[name] for name in _CARRIED if name in asked}
        accounts = [Choice(channel.id, f"{channel.title} (@{channel.handle})") for channel in config.creators]
        scopes = [Choice(scope, MEANING[scope]) for scope in _scopes(asked)]
        return HTMLResponse(consent_form("Google", carried, accounts, scopes), headers=HEADERS)

    async def decide(self, request: Request) -> Response:
        """The person's decision: form fields `decision`, `creator`, and one `allow` for each scope ticked."""
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        asked = {name: value for name, value in pairs if name != "allow"}
        problem = self._problem(asked)
        creator = self._state.config.creator(asked.get("creator", ""))
        granted = tuple(scope for scope in _scopes(asked) if ("allow", scope) in pairs)
        if problem:
            return _error_page(problem)
        if asked.get("decision") != "allow" or not granted:
            return _back(asked, error="access_denied")
        return self._allow(asked, creator, granted) if creator else _error_page("invalid_request: no such account")

    def _problem(self, asked: Mapping[str, str]) -> str:
        """Why the request cannot go on. All of it is shown to the person, nothing is sent to the app."""
        config = self._state.config
        scopes = _scopes(asked)
        problems = {
            "invalid_client: The OAuth client was not found.": config.secret_of(asked.get("client_id", "")) is None,
            "redirect_uri_mismatch": not may_redirect(asked.get("redirect_uri", ""), config.redirect_uris),
            "unsupported_response_type": asked.get("response_type") != "code",
            "invalid_scope": not scopes or not set(scopes) <= set(MEANING),
            "invalid_request: code_challenge_method": asked.get("code_challenge_method", "S256")
            not in {"S256", "plain"},
        }
        return next((problem for problem, met in problems.items() if met), "")

    def _allow(self, asked: Mapping[str, str], channel: Channel, scopes: tuple[str, ...]) -> Response:
        state = self._state
        grant, first = state.consent(channel.id, asked["client_id"], scopes)
        if asked.get("include_granted_scopes") == "true":
            scopes = grant.scopes
        # Real codes begin with "4/" and are escaped in the callback: a client that forgets to decode must fail.
        code = f"4/0A{secrets.token_urlsafe(40)}"
        state.codes[code] = Code(
            grant=grant,
            redirect_uri=asked["redirect_uri"],
            scopes=scopes,
            offline=asked.get("access_type") == "offline" and (first or "consent" in asked.get("prompt", "").split()),
            challenge=asked.get("code_challenge", ""),
            method=asked.get("code_challenge_method", "plain"),
            expires=state.now + state.config.code_seconds,
        )
        return _back(asked, code=code, scope=" ".join(scopes))


def _scopes(asked: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(asked.get("scope", "").split()))


def _back(asked: Mapping[str, str], **answer: str) -> Response:
    """302 to the app, with its state."""
    if "state" in asked:
        answer["state"] = asked["state"]
    joint = "&" if "?" in asked["redirect_uri"] else "?"
    return RedirectResponse(f"{asked['redirect_uri']}{joint}{urlencode(answer)}", 302, headers=HEADERS)


def _error_page(problem: str) -> Response:
    status = 401 if problem.startswith("invalid_client") else 400
    return HTMLResponse(error_page(f"Access blocked. Error {status}: {problem}"), status, headers=HEADERS)
