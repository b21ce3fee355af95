"""signed_request: what Meta sends when a person removes the app, or wants their data deleted.

Source: Data Deletion Request Callback. Not here: what is done about it.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta

from playout.domain.errors import Forbidden
from playout.domain.secret import Secret
from playout.platforms.http import JsonObject
from playout.platforms.reading import number, stated

OLDEST = timedelta(hours=1)  # as long as the one in Meta's page says of itself
_AHEAD = timedelta(minutes=5)  # their clock may be ahead of ours
_LONGEST = 10_000


def read_signed_request(secret: Secret, signed_request: str, now: datetime) -> str:
    """The person (app-scoped id), or the Page, that removed the app.

    Raises Forbidden for what this app's secret did not just sign.
    """
    signature, _, payload = signed_request.partition(".")
    right = hmac.new(secret.reveal().encode(), payload.encode(), hashlib.sha256).digest()  # of the payload as received
    same = hmac.compare_digest(base64.urlsafe_b64encode(right).rstrip(b"="), signature.encode().rstrip(b"="))
    if len(signed_request) > _LONGEST or not same:
        raise Forbidden("The request's signature is not Meta's.", code="bad_signature")
    facts = _facts(payload)
    if stated(facts, "algorithm").upper() != "HMAC-SHA256":
        raise Forbidden("The request is signed in a way that we do not check.", code="bad_signature")
    issued = number(facts, "issued_at")
    age = timedelta.max if issued is None else timedelta(seconds=now.timestamp() - issued)
    if not -_AHEAD <= age <= OLDEST:
        raise Forbidden("The request is too old.", code="too_old")
    who = stated(facts, "user_id").lstrip("0") or stated(facts, "profile_id")  # a Page's removal names person 0
    if not who:
        raise Forbidden("The request names nobody.", code="bad_signature")
    return who


def _facts(payload: str) -> JsonObject:
    """base64url without padding, and JSON inside; nothing where it is none."""
    try:
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}
