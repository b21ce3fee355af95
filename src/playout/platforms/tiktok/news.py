"""Webhooks: whether TikTok sent it, how old it is, and which work or account it is about.

What the news says is not believed: the law asks for the status, or the hall for the grant. Source: Webhooks overview,
events and verification.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from playout.application.ports import Removed, Webhook
from playout.domain.errors import Forbidden, Invalid
from playout.domain.secret import Secret
from playout.platforms.http import JsonObject
from playout.platforms.reading import number, text
from playout.platforms.tiktok.errors import REMOVED

OLDEST = timedelta(seconds=300)
_HEADER = "tiktok-signature"
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),s=([0-9a-fA-F]{64})")


def read_news(
    headers: Mapping[str, str], body: bytes, now: datetime, client_key: str, client_secret: Secret
) -> Webhook:
    """Raises Forbidden for what TikTok did not just sign for this app, Invalid for what cannot be read."""
    _check_signature(headers, body, now, client_secret)
    news = _object(body)
    if text(news, "client_key") != client_key:
        raise Forbidden("This webhook is for another app.", code="wrong_app")
    content = _object(text(news, "content").encode() or b"{}")  # JSON inside JSON
    event, account, created = text(news, "event"), text(news, "user_openid"), number(news, "create_time")
    if not event or not account or created is None:
        raise _invalid()
    publish_id = text(content, "publish_id")
    post_id = text(content, "post_id") or str(number(content, "post_id") or "")
    removed = None
    if event == "authorization.removed":
        removed = Removed(REMOVED.get(number(content, "reason") or 0, REMOVED[0]))
    return Webhook(
        id="+".join((event, account, publish_id, post_id, str(created))),  # one draft may be posted several times
        account=account,
        handle=publish_id or None,
        removed=removed,
    )


def _check_signature(headers: Mapping[str, str], body: bytes, now: datetime, secret: Secret) -> None:
    given = next((value for name, value in headers.items() if name.lower() == _HEADER), "")
    found = _SIGNATURE.fullmatch(given.strip())
    moment = found[1] if found else "0"
    signed = hmac.new(secret.reveal().encode(), moment.encode() + b"." + body, hashlib.sha256)
    if not found or not hmac.compare_digest(signed.hexdigest(), found[2].lower()):
        raise Forbidden("The webhook's signature is not TikTok's.", code="bad_signature")
    if abs(now.timestamp() - int(moment)) > OLDEST.total_seconds():
        raise Forbidden("The webhook is too old.", code="too_old")


def _object(raw: bytes) -> JsonObject:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _invalid()
    return found


def _invalid() -> Invalid:
    return Invalid("The webhook cannot be read.", code="unreadable_webhook")
