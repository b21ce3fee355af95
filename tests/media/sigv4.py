"""What AWS demands of a signed address, written down from its manual, apart from the library that makes ours.

Amazon S3 API reference, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)". Only addresses
that sign the host and leave the payload unsigned, as all that are handed out do.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

SKEW = timedelta(minutes=15)
LONGEST = timedelta(days=7)


def complaint(method: str, address: str, host: str, secret: str, now: datetime) -> str:
    """The code of the error with which S3 refuses this request; "" if it serves it."""
    query = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    begins = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    lifetime = timedelta(seconds=int(query["X-Amz-Expires"]))
    if lifetime > LONGEST:
        return "AuthorizationQueryParametersError"
    if not begins - SKEW <= now <= begins + lifetime:
        return "AccessDenied"
    if not hmac.compare_digest(query["X-Amz-Signature"], signature(method, address, host, secret)):
        return "SignatureDoesNotMatch"
    return ""


def signature(method: str, address: str, host: str, secret: str) -> str:
    parts = urlsplit(address)
    query = parse_qsl(parts.query, keep_blank_values=True)
    asked = dict(query)
    canonical_query = "&".join(
        f"{encoded(name)}={encoded(value)}"
        for name, value in sorted(query, key=lambda one: (encoded(one[0]), encoded(one[1])))
        if name != "X-Amz-Signature"
    )
    canonical = "\n".join(
        [method, parts.path, canonical_query, f"host:{host}", "", asked["X-Amz-SignedHeaders"], "UNSIGNED-PAYLOAD"]
    )
    scope = asked["X-Amz-Credential"].partition("/")[2]
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([asked["X-Amz-Algorithm"], asked["X-Amz-Date"], scope, hashed])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):  # day, region, service, "aws4_request"
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")
