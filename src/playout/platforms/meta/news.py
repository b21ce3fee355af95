"""Webhooks of a Meta app: the question that comes before them, whether Meta sent one, and what it is about.

The signature is of the raw bytes and nothing else. **Meta signs no time**: what an entry calls `time` is when that
copy was sent, and copies come for a day and a half. So nothing is refused for its age, and a body that was signed once
may be sent again for ever. That does no harm: news says where to look and is not believed, a copy changes nothing for
days, and a delivery that waits for nothing is not touched (application/news.py).

Events of a Page reach an app only if the Page has subscribed it (`/{page-id}/subscribed_apps`), for which Playout asks
no permission: whoever wants them subscribes the Page, and nobody needs them. Not here: what people ask for at Meta
(signed.py). Sources: Webhooks, getting started, for Pages; references of `page` and `permissions`; field reports for
the fields of a video (2026).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from playout.application.ports import Removed, Webhook
from playout.domain.errors import Forbidden, Invalid
from playout.domain.retry import Reason, Turn
from playout.domain.secret import Secret
from playout.platforms.http import JsonObject
from playout.platforms.reading import items, part, stated, text

_PURPOSE = b"playout: verify token of webhooks"
_HEADER = "x-hub-signature-256"
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})", re.IGNORECASE)
_ASKED = ("hub.mode", "hub.verify_token", "hub.challenge")
_CHALLENGE = re.compile(r"[0-9]{1,32}")  # never markup, nor words of somebody else's
_ID = re.compile(r"[0-9]{1,32}")
#: What others do with a video that stands there already.
_OTHERS = frozenset({"comment", "reaction", "like", "share"})
_TAKEN = frozenset({"revoked", "denied", "disconnected"})
_WITHDRAWN = Reason("permission_withdrawn", "Permissions were withdrawn at Meta. Connect the account again.", Turn.YOU)


def verify_token(secret: Secret) -> Secret:
    """Follows from the app's secret, so that it needs no setting; and nothing of the secret follows from it."""
    return Secret(hmac.new(secret.reveal().encode(), _PURPOSE, hashlib.sha256).hexdigest()[:32])


def challenge_of(secrets: Sequence[Secret], query: Sequence[tuple[str, str]]) -> str:
    """What Meta wants to hear from an address before it sends webhooks there, which is what it sent: digits.

    Raises Forbidden unless it asked with the verify token of one of these apps, each parameter once.
    """
    given = [[value for name, value in query if name == asked] for asked in _ASKED]
    mode, token, challenge = (values[0] if len(values) == 1 else "" for values in given)
    known = any([verify_token(secret).matches(token) for secret in secrets])  # noqa: C419 -- each, whichever it is
    if mode != "subscribe" or not known or not _CHALLENGE.fullmatch(challenge):
        raise Forbidden("This is not how Meta asks for this address.", code="bad_verify_token")
    return challenge


def read_news(secrets: Sequence[Secret], headers: Mapping[str, str], body: bytes) -> Sequence[Webhook]:
    """What is of use in a webhook of one of these apps: Meta sends up to 1000 changes at once, mostly of other things.

    Raises Forbidden for what none of them signed, Invalid for what is no JSON object.
    """
    _check_signature(secrets, headers, body)
    told, copy = _object(body), hashlib.sha256(body).hexdigest()
    found: dict[Webhook, Webhook] = {}
    for entry in items(told, "entry"):
        for change in items(entry, "changes"):
            for news in _read(text(told, "object"), entry, change):
                found.setdefault(news, replace(news, id=f"{copy}:{news.handle or news.account}"))
    return tuple(found.values())


def _check_signature(secrets: Sequence[Secret], headers: Mapping[str, str], body: bytes) -> None:
    given = next((value for name, value in headers.items() if name.lower() == _HEADER), "")
    found = _SIGNATURE.fullmatch(given.strip())
    digest = found[1].lower() if found else ""
    right = [hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest() for secret in secrets]
    if not any([hmac.compare_digest(one, digest) for one in right]):  # noqa: C419 -- each, whichever it is
        raise Forbidden("The webhook's signature is not Meta's.", code="bad_signature")


def _object(body: bytes) -> JsonObject:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid("The webhook cannot be read.", code="unreadable_webhook")
    return found


def _read(kind: str, entry: JsonObject, change: JsonObject) -> Iterator[Webhook]:
    if kind == "page":
        yield from _of_page(entry, change)
    elif kind == "permissions":
        yield from _of_permission(entry, change)


def _of_page(entry: JsonObject, change: JsonObject) -> Iterator[Webhook]:
    """`videos` tells what becomes of a video, `feed` that it stands on the Page."""
    field, value = text(change, "field"), part(change, "value")
    video = stated(value, "video_id") or (stated(value, "id") if field == "videos" else "")
    wanted = field in {"videos", "feed"} and text(value, "item") not in _OTHERS
    if wanted and _ID.fullmatch(video):
        yield Webhook("", stated(entry, "id"), handle=video)


def _of_permission(entry: JsonObject, change: JsonObject) -> Iterator[Webhook]:
    """The person who withdrew one, and the accounts that it was for."""
    value = part(change, "value")
    if (text(value, "verb") or text(change, "verb")) in _TAKEN:
        targets = value.get("target_ids")
        named = targets if isinstance(targets, list) else []
        for account in (stated(entry, "uid") or stated(entry, "id"), *(str(one) for one in named)):
            if _ID.fullmatch(account):
                yield Webhook("", account, removed=Removed(_WITHDRAWN))
