"""OAuth 2.0, what the platforms have in common: the address of a consent, PKCE, and the grant in an answer.

State and verifier are made and checked in `application/channels.py`. Not here: how a platform is asked, and what its
errors mean.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from playout.domain.channel import Grant
from playout.domain.delivery import JsonValue
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret

_TEN_YEARS = timedelta(days=3650)


def challenge(verifier: Secret) -> str:
    """PKCE S256 of RFC 7636: base64url without padding."""
    digest = hashlib.sha256(verifier.reveal().encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def consent_url(page: str, **query: str) -> str:
    """The page with its query."""
    return f"{page}?{urlencode(query)}"


def read_grant(answer: Mapping[str, JsonValue], old: Grant | None, now: datetime) -> Grant | None:
    """The grant in a token endpoint's answer; None where it holds no access token.

    What the answer leaves out (a refresh token, scopes) stays as it was in `old`. Lifetimes are the answer's: platforms
    have changed them before. Scopes are parted by commas or spaces.
    """
    access = answer.get("access_token")
    if not isinstance(access, str) or not access:
        return None
    refresh, scopes = answer.get("refresh_token"), answer.get("scope")
    told = tuple(scopes.replace(",", " ").split()) if isinstance(scopes, str) else ()
    ends_at = after(now, answer.get("refresh_expires_in", answer.get("refresh_token_expires_in")))
    return Grant(
        access_token=Secret(access),
        refresh_token=Secret(refresh) if isinstance(refresh, str) and refresh else (old.refresh_token if old else None),
        expires_at=after(now, answer.get("expires_in")),
        refresh_expires_at=ends_at or (old.refresh_expires_at if old else None),
        scopes=told or (old.scopes if old else ()),
    )


def after(now: datetime, seconds: JsonValue) -> datetime | None:
    """The time in so many seconds, ten years at most; None for anything else than a whole number."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    return now + min(timedelta(seconds=max(min(seconds, 10**9), 0)), _TEN_YEARS)


def nothing_to_renew_with(platform: str) -> PlatformFailure:
    """The failure of a renewal without a refresh token."""
    sentence = f"{platform} gave nothing to renew the connection with. Connect the account again."
    return PlatformFailure(Kind.SIGN_IN, "no_refresh_token", sentence, turn=Turn.YOU)


def no_account(sentence: str) -> PlatformFailure:
    """The failure of a consent that gave access to nothing."""
    return PlatformFailure(Kind.CHOOSE, "no_account", sentence, turn=Turn.YOU)
